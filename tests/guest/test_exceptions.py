# SPDX-License-Identifier: GPL-2.0-or-later
"""Every exception, and what it saves: the bare guest `exceptions` on us and on QEMU, line by line.

`exceptions-ARCH.differences` is the whole list of lines that are not the same. Its blocks are

    # the manual's section, and what it says: who is right
    KEY
      ours  STATE
      qemu  STATE

where a line of the console is `KEY | STATE`; a heading holds for all blocks up to the next one.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from emu.core import StopReason
from emu.machine import Machine, Options
from tests.guest.hatch import build
from tests.guest.qemu import Qemu, missing

FEWEST = {"aarch64": 550, "x86_64": 400}  # lines: an image that ends early must not pass
BUDGET = 100_000_000
EXIT_STATUS = {"aarch64": 0, "x86_64": 33}  # PSCI SYSTEM_OFF; isa-debug-exit of 16 is 2 * 16 + 1
STOP = {"aarch64": (StopReason.POWEROFF, 0), "x86_64": (StopReason.EXIT, 33)}


@cache
def on_us(arch: str) -> str:
    """The console text on Trapdoor."""
    with Machine(build(arch, "exceptions")) as machine:
        stop = machine.run(BUDGET)
        assert (stop.reason, stop.code) == STOP[arch], f"{stop}\n{machine.console.text[-500:]}"
        return machine.console.text


def lines(text: str) -> dict[str, str]:
    """State by key, for a whole console text; the first and the last line say that it is whole."""
    all_lines = text.replace("\r\n", "\n").splitlines()
    assert all_lines[0].startswith("exceptions: ") and all_lines[-1] == "end"
    split = [line.partition(" | ") for line in all_lines[1:-1]]
    found = {key: state for key, _, state in split}
    assert len(found) == len(split), "two lines have the same key"
    assert all(found.values())
    return found


def differences(arch: str) -> dict[str, tuple[str, str]]:
    """The checked-in list: key -> (ours, QEMU's). Each block is below a heading that names a manual's section."""
    found: dict[str, tuple[str, str]] = {}
    heading, key, ours = "", "", ""
    path = Path(__file__).with_name(f"exceptions-{arch}.differences")
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line
        elif line.startswith("  ours  "):
            ours = line[8:]
        elif line.startswith("  qemu  "):
            assert any(manual in heading for manual in ("DDI 0487", "SDM", "APM")), f"{key}: no manual's section"
            found[key] = ours, line[8:]
        elif line:
            key = line
    return found


def test_every_probe_prints_what_the_handler_found(arch: str) -> None:
    found = lines(on_us(arch))
    assert len(found) >= FEWEST[arch]
    wrong = {key: found.get(key) for key, (ours, _) in differences(arch).items() if found.get(key) != ours}
    assert not wrong, "the list of differences is out of date"


@pytest.mark.qemu
def test_the_text_is_qemus_but_for_the_listed_lines(arch: str) -> None:
    bundle = build(arch, "exceptions")
    why = missing(bundle)
    if why is not None:
        pytest.skip(why)
    qemu = Qemu(bundle)
    try:
        text = qemu.finish()
    finally:
        qemu.close()
    assert qemu.status == EXIT_STATUS[arch], text[-500:]
    theirs, ours, listed = lines(text), lines(on_us(arch)), differences(arch)
    assert list(ours) == list(theirs)
    found = {key: (ours[key], theirs[key]) for key in ours if ours[key] != theirs[key]}
    assert found == listed


def test_a_triple_fault_ends_the_run() -> None:
    with Machine(build("x86_64", "exceptions"), Options(append="triple")) as machine:
        stop = machine.run(BUDGET)
        assert stop.reason is StopReason.TRIPLE_FAULT
        assert machine.console.text.replace("\r", "") == "triple fault\n"
