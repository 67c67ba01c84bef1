# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutated kernels, initramfs and devicetrees: every boot ends in a named stop, or in one line and exit status 2.

Half of the mutations hit headers (tests/unit/mutate.py). The bodies are real programs: a bare guest and Hatch, so a
flipped bit also makes a guest that does what no compiler would. A slice of them runs in each of some processes, with
limits on time and memory; the full number runs on a core built with AddressSanitizer and UndefinedBehaviorSanitizer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from emu.errors import ImageFault
from emu.machine import Machine, Options
from tests.core.variant import Variant, sanitized
from tests.guest.hatch import ROOT, build
from tests.guest.mutation_worker import ARCH, MAX_INSNS, MEMORY
from tests.unit import samples
from tests.unit.image.test_loader_errors import elf, patched
from tests.unit.mutate import FORMATS

FEW, MANY = 200, 2000
SLICE = 50
SLICE_SECONDS = 600
MAX_RSS_MIB = 2048
NAMED = {"budget", "idle", "poweroff", "reset", "exit", "triple_fault", "stuck", "timeout"}
"""How a guest may end; INTERNAL and DEVICE_ERROR would be our own fault."""


@cache
def bases(folder: Path) -> Path:
    """A folder with a valid file of each format."""
    hatch = build("aarch64")
    assert hatch.initrd is not None
    with Machine(hatch, Options(memory=Options.parse_memory(MEMORY))) as machine:
        assert machine.plan.dtb is not None
        at, size = machine.plan.dtb
        tree = bytes(machine.memory.phys[at : at + size])
    bare = {arch: build(arch, "exceptions").path("exceptions.elf").read_bytes() for arch in ARCH.values()}
    files = {
        "elf": bare["aarch64"],
        "image": hatch.path(hatch.kernel).read_bytes(),
        "pvh-elf": bare["x86_64"],
        "pvh-note": bare["x86_64"],
        "cpio": hatch.path(hatch.initrd).read_bytes(),
        "dtb": tree,
    }
    assert files.keys() == FORMATS.keys()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def run_slice(variant: Variant | None, folder: Path, count: int, first: int) -> list[dict[str, Any]]:
    """One process: the results of a slice. Fails if it dies, hangs or prints anything else."""
    scratch = folder / f"scratch-{first}"
    scratch.mkdir()
    last = min(first + SLICE, count)
    words = [str(bases(folder)), str(scratch), "1", str(count), str(first), str(last)]
    command = [sys.executable, "-m", "tests.guest.mutation_worker", *words]
    environment = dict(os.environ)
    if variant is not None:
        code = f"import sys\nsys.argv[1:] = {words!r}\nfrom tests.guest.mutation_worker import main\nmain()\n"
        command = variant.command(code)
        environment.update(variant.environment)
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        env=environment,
        cwd=ROOT,
        timeout=SLICE_SECONDS,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and not done.stderr, f"after {lines[-1:]}: {done.returncode}\n{done.stderr[-4000:]}"
    return [line for line in lines if "status" in line]


def check(result: dict[str, Any]) -> None:
    """The rule for one boot."""
    lines = result["stderr"].splitlines()
    assert result["rss_mib"] < MAX_RSS_MIB, result
    if result["stop"] is None:
        assert result["status"] == 2 and len(lines) == 1 and lines[0].startswith("emu: "), result
        assert result["kinds"], result
    else:
        assert result["stop"] in NAMED and result["status"] not in (2, 126) and len(lines) <= 1, result


def campaign(variant: Variant | None, folder: Path, count: int) -> None:
    bases(folder)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = [
            r for part in pool.map(lambda n: run_slice(variant, folder, count, n), range(0, count, SLICE)) for r in part
        ]
    assert len(results) == count
    for result in results:
        check(result)
    assert sum(r["header"] for r in results) >= count * 4 // 10
    assert sum(r["stop"] == "timeout" for r in results) <= count // 50
    stops = {r["stop"] for r in results}
    assert {None, "budget"} <= stops and len(stops) >= 4, stops


def test_some_mutated_inputs_end_in_a_stop_or_in_one_line(tmp_path: Path) -> None:
    campaign(None, tmp_path, FEW)


@pytest.fixture(scope="module")
def sanitized_core(tmp_path_factory: pytest.TempPathFactory) -> Variant:
    return sanitized(tmp_path_factory.mktemp("sanitized"))


@pytest.mark.heavy
def test_many_mutated_inputs_make_no_sanitizer_report(sanitized_core: Variant, tmp_path: Path) -> None:
    campaign(sanitized_core, tmp_path, MANY)


BASE = 0x4020_0000
IMAGE, PVH = samples.arm64_image(), samples.pvh_elf()
Files = dict[str, bytes]


def bundle(folder: Path, change: Callable[[Path], object] = lambda _: None, **manifest: object) -> list[str]:
    """A bundle as IMAGE, changed after it was made."""
    made = samples.bundle(folder / "bundle", **manifest)
    change(made)
    return [str(made)]


def refused() -> Iterator[tuple[ImageFault, str, Files, list[str]]]:
    """For each kind of loader error: architecture, the files `kernel`, `initrd`, `dtb`, and more words."""
    fault, arm, pc = ImageFault, "aarch64", "x86_64"
    yield fault.EMPTY, arm, {"kernel": b""}, []
    yield fault.TOO_LARGE, arm, {"kernel": IMAGE, "dtb": bytes((2 << 20) + 1)}, []
    yield fault.TRUNCATED, arm, {"kernel": elf()[:100]}, []
    yield fault.WRONG_MACHINE, arm, {"kernel": PVH}, []
    yield fault.BAD_HEADER, arm, {"kernel": elf(kind=1)}, []
    yield fault.COMPRESSED, arm, {"kernel": b"\x1f\x8b" + bytes(100)}, []
    yield fault.UNSUPPORTED, arm, {"kernel": samples.arm64_image(flags=1)}, []
    yield fault.NO_SEGMENTS, arm, {"kernel": patched(elf(), 56, b"\0\0")}, []
    yield fault.OUT_OF_RAM, arm, {"kernel": elf((0x1000, b"\1", 64))}, []
    yield fault.OVERLAP, arm, {"kernel": elf((BASE, b"\1", 64), (BASE + 32, b"\1", 64))}, []
    yield fault.BAD_ENTRY, arm, {"kernel": elf(entry=0x10)}, []
    yield fault.NO_PVH_NOTE, pc, {"kernel": elf((0x100000, b"\1", 64), entry=0x100000, machine=samples.X86_64)}, []
    yield fault.INITRD_DOES_NOT_FIT, arm, {"kernel": IMAGE, "initrd": bytes(40 << 20)}, []
    yield fault.INITRD_CANNOT_BE_PASSED, arm, {"kernel": elf(), "initrd": samples.cpio()}, []
    yield fault.BAD_INITRD, arm, {"kernel": IMAGE, "initrd": patched(samples.cpio(), 20, b"xyz")}, []
    yield fault.BAD_DTB, arm, {"kernel": IMAGE, "dtb": b"\0" + samples.dtb()[1:]}, []
    yield fault.DTB_DOES_NOT_FIT, arm, {"kernel": IMAGE, "initrd": bytes(32 << 20)}, []
    yield fault.DTB_CANNOT_BE_PASSED, pc, {"kernel": PVH, "dtb": samples.dtb()}, []
    yield fault.BAD_COMMAND_LINE, arm, {"kernel": IMAGE}, ["--append", "x" * 5000]


def broken_bundles(folder: Path) -> Iterator[tuple[ImageFault, list[str]]]:
    """The kinds that need more than one file."""
    yield ImageFault.NOT_FOUND, [str(folder / "none")]
    os.mkfifo(folder / "fifo")
    yield ImageFault.UNREADABLE, [str(folder / "fifo")]
    yield ImageFault.BAD_MANIFEST, bundle(folder / "1", format=2)
    yield ImageFault.HASH_MISMATCH, bundle(folder / "2", lambda b: (b / "Image").write_bytes(bytes(8192)))


SHOW = """
import json, sys
from pathlib import Path
from tests.guest import mutation_worker
mutation_worker.record_kinds()
for line in Path(sys.argv[1]).read_text().splitlines():
    print(json.dumps(mutation_worker.boot(json.loads(line), Path(sys.argv[1]).parent)), flush=True)
"""


def test_each_loader_error_is_one_line_and_status_2(tmp_path: Path) -> None:
    cases: list[tuple[ImageFault, list[str]]] = []
    for number, (kind, arch, files, more) in enumerate(refused()):
        words = ["--arch", arch, "--memory", MEMORY, "--max-insns", str(MAX_INSNS), *more]
        for role, data in files.items():
            path = tmp_path / f"{number}-{role}"
            path.write_bytes(data)
            words += [str(path)] if role == "kernel" else [f"--{role}", str(path)]
        cases.append((kind, words))
    for name in "12":
        (tmp_path / name).mkdir()
    cases += broken_bundles(tmp_path)
    jobs = tmp_path / "jobs"
    jobs.write_text("".join(json.dumps(words) + "\n" for _, words in cases))
    done = subprocess.run(
        [sys.executable, "-c", SHOW, str(jobs)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    for (kind, words), result in zip(cases, results, strict=True):
        assert result["stop"] is None, (kind, words, result)
        check(result)
        assert result["kinds"][-1] == kind.value, (words, result)
    # No command asks a bundle for a file that its manifest does not list; tests/unit reaches that kind.
    assert {kind for kind, _ in cases} == set(ImageFault) - {ImageFault.NO_SUCH_FILE}
