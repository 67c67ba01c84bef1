# SPDX-License-Identifier: GPL-2.0-or-later
"""Transcripts written from the manuals hold in C and in Python; those recorded from QEMU hold but for listed lines."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .record_qemu import MACHINES, SCENARIOS, record
from .transcript import parse, run, targets

HERE = Path(__file__).parent
WRITTEN = sorted((HERE / "transcripts").glob("*.txt"))
RECORDED = sorted((HERE / "qemu").glob("*.txt"))
DIFFERENCES = HERE / "qemu" / "differences.list"


@pytest.mark.parametrize("path", WRITTEN, ids=lambda p: p.stem)
def test_a_written_transcript_holds(path: Path) -> None:
    first, *rest = parse(path.read_text(), path.name)
    for name, target in targets(first):
        found = [f"{name}: {difference}" for difference in run(target, rest)]
        assert not found, "\n".join(found)


Known = tuple[set[str], dict[str, int]]
"""Lines that may differ, and for a register the bits that may."""


def allowed() -> dict[str, Known]:
    """What may differ in a file. Entries are `file line[,line...]: reason` or `file register mask: reason`."""
    table: dict[str, Known] = {}
    for entry in DIFFERENCES.read_text().splitlines():
        if not entry or entry.startswith("#"):
            continue
        matched = re.fullmatch(r"(\S+) (?:(\d[\d,]*)|(\S+) (0x\w+)): \S.+", entry)
        assert matched, f"not `file lines: reason` or `file register mask: reason`: {entry}"
        lines, masks = table.setdefault(matched[1], (set(), {}))
        if matched[2]:
            lines.update(matched[2].split(","))
        else:
            masks[matched[3]] = int(matched[4], 0)
    return table


@pytest.mark.parametrize("path", RECORDED, ids=lambda p: p.stem)
def test_what_qemu_did_we_do_but_for_listed_lines(path: Path) -> None:
    first, *rest = parse(path.read_text(), path.name)
    lines, masks = allowed().get(path.name, (set(), {}))
    for name, target in targets(first):
        differences = list(run(target, rest))
        different = {d.line.where.rpartition(":")[2] for d in differences}
        unused = set(masks)
        new = []
        for d in differences:
            register = d.line.words[0]
            bits = d.got ^ int(d.line.expected or "0", 0)
            if register in masks and not bits & ~masks[register]:
                unused.discard(register)
            elif d.line.where.rpartition(":")[2] not in lines:
                new.append(f"{name}: {d}")
        assert not new, "\n".join(new)
        assert not lines - different, f"{name}: listed but equal: {path.name} {sorted(lines - different)}"
        assert not unused, f"{name}: listed but equal: {path.name} {sorted(unused)}"


def test_every_file_with_listed_differences_exists() -> None:
    assert set(allowed()) <= {path.name for path in RECORDED}


@pytest.mark.qemu
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_recordings_are_what_qemu_does(name: str) -> None:
    program = MACHINES[SCENARIOS[name][1]].split()[0]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    if "version 7.2." not in version:
        pytest.skip(f"the recordings are of QEMU 7.2, this is {version}")
    assert record(name) == (HERE / "qemu" / f"{name}.txt").read_text()
