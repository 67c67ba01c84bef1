# SPDX-License-Identifier: GPL-2.0-or-later
"""The same guests on us and on QEMU, in turn: `python -m tests.bench [--arch A] [--rounds N] [--json FILE]`.

Every figure is host time for one operation, taken when the guest's markers arrive on its console; a ratio is QEMU's
time divided by ours in the same round, so above 1 we are faster. Our runs count instructions exactly; QEMU runs plain
and with `-icount shift=0`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from elftools.elf.elffile import ELFFile

from emu.machine.machine import Machine
from emu.machine.options import Options
from toolchain.compile import find_compiler

HERE = Path(__file__).resolve().parent
BUNDLES = HERE.parent.parent / "images" / "build"
LOOPS = {
    "a": ("ALU instruction", "ALU"),
    "m": ("load/add/store instruction", "MEM"),
    "c": ("call/return instruction", "CALL"),
    "b": ("branchy instruction", "BRANCHY"),
    "s": ("null system call, bare", "SYSCALL"),
    "n": ("int 0x80, bare", "INT80"),
    "p": ("page fault, bare, map and unmap", "FAULT"),
    "t": ("TLB miss", "TLB"),
    "i": ("interrupt, raise to EOI", "INTERRUPT"),
    "w": ("interrupt controller register write", "WRITES"),
}
HATCH = {"getppid": ("getppid() on Hatch", 200_000), "fault": ("first touch of a page on Hatch", 51_200),
         "switch": ("sched_yield() to another process on Hatch", 100_000)}  # fmt: skip
QEMU = {
    "aarch64": "qemu-system-aarch64 -M virt -cpu cortex-a72",
    "x86_64": "qemu-system-x86_64 -M pc -cpu max -device isa-debug-exit,iobase=0xf4,iosize=4",
}
COMMON = "-m 512 -nodefaults -display none -serial stdio -no-reboot -accel tcg,thread=single"
VARIANTS = {"qemu": (), "icount": ("-icount", "shift=0")}
Figures = dict[str, float]  # ns per operation


def counts() -> dict[str, int]:
    """The constants of counts.h."""
    words = (line.split() for line in (HERE / "counts.h").read_text().splitlines() if line.startswith("#define"))
    return {name: int(value) for _, name, value in words}


def assemble(arch: str, folder: Path) -> Path:
    """loops.S as the kernel file that both machines boot: a flat binary on virt, a PVH ELF on pc."""
    tools = find_compiler()
    obj, elf = folder / f"{arch}.o", folder / f"{arch}.elf"
    source = HERE / arch / "loops.S"
    target = ["-target", f"{arch}-linux-gnu", "-nostdinc", "-I", str(HERE)]
    subprocess.run([*tools.clang, *target, "-c", str(source), "-o", str(obj)], check=True)
    place = {
        "aarch64": ["-Ttext=0x40080000", "--omagic"],
        "x86_64": ["--image-base=0x100000", "-Ttext=0x101000", "-n", "--no-rosegment"],
    }
    subprocess.run([*tools.lld, "-static", *place[arch], "-e", "_start", str(obj), "-o", str(elf)], check=True)
    if arch == "x86_64":
        return elf
    with elf.open("rb") as file:
        parts = [(s["p_vaddr"], s.data()) for s in ELFFile(file).iter_segments() if s["p_type"] == "PT_LOAD"]
    base = min(address for address, _ in parts)
    flat = bytearray(max(address + len(data) for address, data in parts) - base)
    for address, data in parts:
        flat[address - base : address - base + len(data)] = data
    path = folder / f"{arch}.bin"
    path.write_bytes(flat)
    return path


Marks = Generator[tuple[str, float], None, None]


def our_marks(image: str, options: Options, marks: Sequence[str]) -> Marks:
    """(marker, host time at which it came) from our machine."""
    with Machine(image, options) as machine:
        for mark in marks:
            stop = machine.expect(mark)
            if mark not in machine.console.text:
                raise RuntimeError(f"{image}: no {mark!r}: {stop}")
            yield mark, time.perf_counter()


def qemu_marks(command: Sequence[str], marks: Sequence[str]) -> Marks:
    """The same from a QEMU process."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        text, at, todo = "", 0, list(marks)
        try:
            while todo:
                data = os.read(process.stdout.fileno(), 4096)
                if not data:
                    raise RuntimeError(f"{command[0]} ended without {todo[0]!r}: {text[-200:]!r}")
                text += data.decode(errors="replace")
                while todo and (found := text.find(todo[0], at)) >= 0:
                    at = found + len(todo[0])
                    yield todo.pop(0), time.perf_counter()
        finally:  # also where no more marks are asked for: a shell would wait for ever
            process.kill()


def oracle(arch: str, kernel: Path, extra: Sequence[str]) -> list[str]:
    """QEMU's command line."""
    return [*QEMU[arch].split(), *COMMON.split(), *extra, "-kernel", str(kernel)]


def differences(marks: Marks, names: dict[str, tuple[str, int]]) -> Figures:
    """ns per operation between a marker and the next."""
    seen = list(marks)
    pairs = zip(seen, seen[1:], strict=False)
    return {names[m][0]: (b - a) / names[m][1] * 1e9 for (m, a), (_, b) in pairs if m in names}


def loops(arch: str, kernel: Path) -> dict[str, Callable[[], Figures]]:
    """The bare loops, on each machine."""
    number = counts()
    letters = [m for m in LOOPS if m != "n" or arch == "x86_64"]
    names = {m: (LOOPS[m][0], number[LOOPS[m][1]]) for m in letters}
    marks = [*letters, "z"]
    runs: dict[str, Callable[[], Figures]] = {
        "ours": lambda: differences(our_marks(str(kernel), Options(arch=arch), marks), names)
    }
    for variant, extra in VARIANTS.items():
        command = oracle(arch, kernel, extra)
        runs[variant] = lambda command=command: differences(qemu_marks(command, marks), names)  # type: ignore[misc]
    return runs


def hatch(arch: str, program: str) -> dict[str, Callable[[], Figures]]:
    """A program of guest/user/bench, on each machine."""
    what, number = HATCH[program]
    bundle = BUNDLES / arch / "hatch"
    kernel = bundle / {"aarch64": "Image", "x86_64": "hatch.elf"}[arch]
    names = {"begin": (what, number)}
    runs: dict[str, Callable[[], Figures]] = {
        "ours": lambda: differences(
            our_marks("hatch", Options(arch=arch, exec=f"/bench/{program}"), ["begin", "end"]), names
        )
    }
    for variant, extra in VARIANTS.items():
        boot = ["-initrd", str(bundle / "initramfs.cpio"), "-append", f"exec=%2Fbench%2F{program}"]
        command = oracle(arch, kernel, (*extra, *boot))
        runs[variant] = lambda command=command: differences(qemu_marks(command, ["begin", "end"]), names)  # type: ignore[misc]
    return runs


def cold(arch: str) -> dict[str, Callable[[], Figures]]:
    """From the start of a process to the shell's prompt, and to the end of a guest that runs /bin/true."""
    bundle = BUNDLES / arch / "hatch"
    kernel = bundle / {"aarch64": "Image", "x86_64": "hatch.elf"}[arch]
    initrd = ["-initrd", str(bundle / "initramfs.cpio")]
    run = [sys.executable, "-m", "emu", "run", "--arch", arch]

    def until(command: list[str], mark: str) -> float:
        start = time.perf_counter()
        with contextlib.closing(qemu_marks(command, [mark])) as marks:
            return next(marks)[1] - start

    def measure(shell: list[str], true: list[str]) -> Figures:
        return {"process start to shell prompt": until(shell, "# ") * 1e9,
                "process start to `exit: 0` of true": until(true, "exit: 0") * 1e9}  # fmt: skip

    runs = {"ours": lambda: measure(run, [*run, "--exec", "true"])}
    for variant, extra in VARIANTS.items():
        shell = oracle(arch, kernel, (*extra, *initrd))
        runs[variant] = lambda shell=shell: measure(shell, [*shell, "-append", "exec=true"])  # type: ignore[misc]
    return runs


def rounds(runs: dict[str, Callable[[], Figures]], number: int) -> dict[str, list[Figures]]:
    """Each machine in turn, `number` times."""
    found: dict[str, list[Figures]] = {name: [] for name in runs}
    for _ in range(number):
        for name, run in runs.items():
            found[name].append(run())
    return found


def show(found: dict[str, list[Figures]], report: list[dict[str, object]], arch: str) -> None:
    """One line per operation: our median, and the ratios as min/median/max."""
    for what in found["ours"][0]:
        ours = [f[what] for f in found["ours"]]
        row: dict[str, object] = {"arch": arch, "what": what, "ns": ours}
        text = f"{arch:8} {what:44} {statistics.median(ours):14,.2f} ns"
        for variant in VARIANTS:
            ratios = sorted(q[what] / o for q, o in zip((f for f in found[variant]), ours, strict=True))
            row[variant] = ratios
            text += f"   x{ratios[0]:.2f}/{statistics.median(ratios):.2f}/{ratios[-1]:.2f} {variant}"
        report.append(row)
        print(text, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--arch", choices=[*QEMU, "all"], default="all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report: list[dict[str, object]] = []
    for arch in QEMU if options.arch == "all" else (options.arch,):
        if shutil.which(QEMU[arch].split()[0]) is None:
            print(f"{QEMU[arch].split()[0]} is not installed: nothing to compare with", file=sys.stderr)
            return 2
        with tempfile.TemporaryDirectory() as folder:
            show(rounds(loops(arch, assemble(arch, Path(folder))), options.rounds), report, arch)
            for program in HATCH:
                show(rounds(hatch(arch, program), options.rounds), report, arch)
            show(rounds(cold(arch), options.rounds), report, arch)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
