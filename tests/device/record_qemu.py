# SPDX-License-Identifier: GPL-2.0-or-later
"""Record what QEMU's own device models do: python -m tests.device.record_qemu [NAME...]

Each scenario is a seeded list of accesses, done through QEMU's qtest protocol on a machine whose CPUs and clock stand
still, and written to qemu/NAME.txt as a transcript with what each read gave. test_transcripts.py then runs it on ours;
where we differ on purpose, qemu/differences.list says in which line and why.

Time does not pass and there is no INTA in qtest, so timers and vectors are left to the hand-written transcripts.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from .transcript import BANKS, DEVICES, NATURAL

FOLDER = Path(__file__).parent / "qemu"
COMMON = "-m 512 -nodefaults -display none -S -rtc base=2024-01-01T00:00:00,clock=vm -serial null -qtest stdio"
MACHINES = {
    "aarch64": "qemu-system-aarch64 -M virt -cpu cortex-a72 " + COMMON,
    "x86_64": "qemu-system-x86_64 -M pc -cpu max " + COMMON,
}
SUFFIX = {1: "b", 2: "w", 4: "l"}


class Qemu:
    """One QEMU, spoken to by qtest."""

    def __init__(self, machine: str) -> None:
        command = [*MACHINES[machine].split(), "-qtest-log", "/dev/null"]
        self.ports = machine == "x86_64"
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ask(self, command: str) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        while (answer := self.process.stdout.readline()).startswith("IRQ"):
            pass
        if not answer.startswith("OK"):
            raise RuntimeError(f"QEMU answered {answer!r} to {command!r}")
        return answer[2:].strip()

    def read(self, port: bool, address: int, size: int) -> int:
        return int(self.ask(f"{'in' if port else 'read'}{SUFFIX[size]} {address:#x}"), 0)

    def write(self, port: bool, address: int, size: int, value: int) -> None:
        self.ask(f"{'out' if port else 'write'}{SUFFIX[size]} {address:#x} {value:#x}")

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def tree(machine: str) -> dict[str, list[str]]:
    """QOM type to paths of QEMU's nameless devices, for their input lines."""
    command = MACHINES[machine].replace("-qtest stdio", "-monitor stdio").split()
    done = subprocess.run(command, input="info qom-tree\nquit\n", capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = {}
    for match in re.finditer(r"/(device\[\d+\]) \(([\w-]+)\)", done.stdout):
        found.setdefault(match[2], []).append(f"/machine/unattached/{match[1]}")
    return found


Step = tuple[str, str, int]
"""("write", register, value), ("read", register, 0) or ("line", input, level)."""


def gic(r: random.Random) -> Iterator[Step]:
    """One CPU; group 0 and 1, levels and edges, nesting. EOIs in order: any other is UNPREDICTABLE."""
    names = ["TYPER", "IIDR", "CTLR", *(f"{n}{i}" for n in ("ISENABLER", "ISPENDR", "ICFGR") for i in (0, 1))]
    for name in names:
        yield "read", f"gicd.{name}", 0
    for offset in range(0xFD0, 0x1000, 4):
        yield "read", f"gicd+{offset:#x}", 0
    for name in ("CTLR", "PMR", "BPR", "IAR", "RPR", "HPPIR", "ABPR", "IIDR"):
        yield "read", f"gicc.{name}", 0
    yield from (("write", "gicd.CTLR", 3), ("write", "gicc.CTLR", 7), ("write", "gicc.PMR", 0xF0))
    ids = (33, 34, 40, 63, 64, 79)
    for n in ids:
        yield "write", f"gicd+{0x400 + n // 4 * 4:#x}", r.getrandbits(32) & 0xF0F8F0F8
        yield "write", f"gicd.ISENABLER{n // 32}", 1 << n % 32
    for _ in range(250):
        n = r.choice(ids)
        match r.randrange(12):
            case 0 | 1 | 2:
                yield "line", str(n), r.randrange(2)
            case 3 | 4:
                yield "iar", "gicc.IAR", 0
            case 5 | 6:
                yield "eoi", "gicc.EOIR", 0
            case 7:
                which = r.choice(("ISENABLER", "ICENABLER", "ISPENDR", "ICPENDR"))
                yield "write", f"gicd.{which}{n // 32}", 1 << n % 32
            case 8:
                yield "write", "gicd.SGIR", 2 << 24 | r.randrange(4)
            case 9:
                yield "write", r.choice(("gicc.PMR", "gicc.BPR")), r.choice((0xF0, 0xFF, 0x80, 3, 2))
            case 10:
                yield "write", f"gicd.ICFGR{n // 16}", r.getrandbits(32) & 0xAAAAAAAA
            case _:
                yield "write", f"gicd.IGROUPR{n // 32}", r.getrandbits(32)
        yield "read", r.choice(("gicc.HPPIR", "gicc.RPR", f"gicd.ISPENDR{n // 32}", f"gicd.ISACTIVER{n // 32}")), 0


def pic(r: random.Random) -> Iterator[Step]:
    """Acknowledged by the poll command. A request stays up until then: what happens to one that does not is the
    difference between the manual (it is gone, and an acknowledge finds IR7) and QEMU (it is kept)."""
    for chip, base, cascade in (("master", 0x20, 4), ("slave", 0x28, 2)):
        yield "write", f"{chip}.COMMAND", 0x11
        for value in (base, cascade, 1, 0):
            yield "write", f"{chip}.DATA", value
    for _ in range(300):
        chip = r.choice(("master", "slave"))
        match r.randrange(9):
            case 0 | 1 | 2:
                yield "line", str(r.choice((1, 3, 4, 5, 6, 7, 8, 9, 12, 15))), 1
            case 3 | 4:
                yield "write", f"{chip}.COMMAND", 0x0C
                yield "poll", f"{chip}.COMMAND", 0
            case 5:
                yield (
                    "write",
                    f"{chip}.COMMAND",
                    r.choice((0x20, 0x20, 0xA0, 0x60 + r.randrange(8), 0xC0 + r.randrange(8))),
                )
            case 6:
                yield "write", f"{chip}.DATA", r.getrandbits(8) & r.getrandbits(8)
            case 7:
                yield "write", f"{chip}.COMMAND", r.choice((0x0A, 0x0B))
            case _:
                yield "read", f"elcr.{chip.upper()}", 0
        yield "read", f"{chip}.{r.choice(('COMMAND', 'DATA'))}", 0


def ioapic(r: random.Random) -> Iterator[Step]:
    for select in range(0x40):
        yield "write", "ioapic.IOREGSEL", select
        yield "read", "ioapic.IOWIN", 0
    for _ in range(150):
        pin, high = r.randrange(24), r.randrange(2)
        yield "write", "ioapic.IOREGSEL", 0x10 + 2 * pin + high
        # No reserved bits, which QEMU stores; masked: a message would find no CPU on a standing machine.
        yield "write", "ioapic.IOWIN", r.getrandbits(32) & (0xFF000000 if high else 0xFFFF) | (0 if high else 0x10000)
        yield "read", "ioapic.IOWIN", 0
        yield "write", "ioapic.IOREGSEL", r.choice((0, 1, 2, 0x10 + r.randrange(48)))
        yield "read", "ioapic.IOWIN", 0


def pit(r: random.Random) -> Iterator[Step]:
    """At time zero: modes, latches and byte order, of a counter that was never loaded no count is read."""
    for counter in range(3):
        for mode in range(6):
            for rw in (1, 2, 3):
                yield "write", "pit.CONTROL", counter << 6 | rw << 4 | mode << 1 | r.randrange(2)
                yield "write", "pit.CONTROL", 0xE0 | 2 << counter
                yield "read", f"pit.COUNTER{counter}", 0
    yield "write", "port61.CONTROL", 3
    yield "read", "port61.CONTROL", 0
    yield "read", "pit.CONTROL", 0


def pl011(r: random.Random) -> Iterator[Step]:
    for name in "DR RSR FR ILPR IBRD FBRD LCR_H CR IFLS IMSC RIS MIS DMACR".split():
        yield "read", f"pl011.{name}", 0
    for offset in range(0xFE0, 0x1000, 4):
        yield "read", f"pl011+{offset:#x}", 0
    for _ in range(150):
        name = r.choice("DR RSR IBRD FBRD LCR_H IFLS IMSC ICR DMACR ILPR".split())
        yield "write", f"pl011.{name}", r.getrandbits(6)
        yield "read", f"pl011.{r.choice('FR RIS MIS IMSC IBRD FBRD LCR_H IFLS DMACR RSR'.split())}", 0


def pl031(r: random.Random) -> Iterator[Step]:
    for name in "DR MR LR CR IMSC RIS MIS".split():
        yield "read", f"pl031.{name}", 0
    for offset in range(0xFE0, 0x1000, 4):
        yield "read", f"pl031+{offset:#x}", 0
    for _ in range(60):
        name = r.choice("LR MR IMSC ICR CR".split())
        value = r.randrange(2) if name in ("IMSC", "ICR", "CR") else r.choice((5, 5, 6, r.getrandbits(31)))
        yield "write", f"pl031.{name}", value
        yield "read", f"pl031.{r.choice('DR MR IMSC RIS MIS CR'.split())}", 0


def uart16550(r: random.Random) -> Iterator[Step]:
    names = "RBR IER IIR LCR MCR LSR MSR SCR".split()
    for name in names:
        yield "read", f"uart16550.{name}", 0
    for _ in range(250):
        name = r.choice("THR THR IER FCR LCR MCR SCR".split())
        value = r.getrandbits(8)
        if name == "LCR":
            value &= 0x9F if r.random() < 0.2 else 0x1F
        if name == "FCR":
            value &= 0xC7
        if name == "MCR":
            value &= 0x0F if r.random() < 0.7 else 0x1F
        yield "write", f"uart16550.{name}", value
        yield "read", f"uart16550.{r.choice(names)}", 0


def cmos(r: random.Random) -> Iterator[Step]:
    for index in range(128):
        yield "write", "cmos.INDEX", index
        yield "read", "cmos.DATA", 0
    for index, value in ((0x0B, 0x82), (0, 0x58), (2, 0x59), (4, 0x23), (7, 0x28), (8, 2), (9, 0x23), (0x32, 0x20)):
        yield "write", "cmos.INDEX", index
        yield "write", "cmos.DATA", value
    for b in (0x02, 0x06, 0x04, 0x00, 0x02):
        yield from (("write", "cmos.INDEX", 0x0B), ("write", "cmos.DATA", b))
        for index in (*range(10), 0x0A, 0x0B, 0x0C, 0x0D, 0x32):
            yield "write", "cmos.INDEX", index
            yield "read", "cmos.DATA", 0
    for _ in range(40):
        yield "write", "cmos.INDEX", r.randrange(0x40, 0x80)
        yield r.choice((("write", "cmos.DATA", r.getrandbits(8)), ("read", "cmos.DATA", 0)))


def i8042(r: random.Random) -> Iterator[Step]:
    yield "read", "i8042.STATUS", 0
    for command in (0xAA, 0x20, 0xAB, 0xA9, 0xC0, 0xD0, 0xA7, 0xA8, 0xAD, 0xAE, 0xDD, 0xDF):
        yield "write", "i8042.COMMAND", command
        yield "read", "i8042.STATUS", 0
        yield "read", "i8042.DATA_OUT", 0
        yield "read", "i8042.STATUS", 0
    for command, data in ((0x60, 0x47), (0xD2, 0x5A), (0xD3, 0xA5), (0xD1, 0xCF)):
        yield "write", "i8042.COMMAND", command
        yield "write", "i8042.DATA_IN", data
        yield "read", "i8042.STATUS", 0
        yield "read", "i8042.DATA_OUT", 0
        yield "write", "i8042.COMMAND", 0x20
        yield "read", "i8042.DATA_OUT", 0
    for data in (0xEE, 0xF5, 0xF2, 0xED, 0x02, 0xF4, 0xFF):
        yield "write", "i8042.DATA_IN", data
        for _ in range(4):
            yield "read", "i8042.STATUS", 0
            yield "read", "i8042.DATA_OUT", 0


Place = tuple[bool, int]
"""Whether ports, and the address of offset 0 of each bank."""
SCENARIOS: dict[
    str, tuple[str, str, Callable[[random.Random], Iterator[Step]], bool, tuple[int, ...], tuple[str, int]]
] = {
    # name: what `on` names, machine, steps, ports?, bank addresses, (QOM type with the input lines, number of input 0)
    "gicv2": ("gicv2", "aarch64", gic, False, (0x08000000, 0x08010000), ("arm_gic", 32)),
    "pic": ("pic", "x86_64", pic, True, (0x20, 0xA0, 0x4D0), ("isa-i8259", 0)),
    "ioapic": ("ioapic", "x86_64", ioapic, False, (0xFEC00000,), ("", 0)),
    "pit": ("pit", "x86_64", pit, True, (0x40, 0x61), ("", 0)),
    "pl011": ("pl011", "aarch64", pl011, False, (0x09000000,), ("", 0)),
    "pl031": ("pl031", "aarch64", pl031, False, (0x09010000,), ("", 0)),
    "uart16550": ("uart16550", "x86_64", uart16550, True, (0x3F8,), ("", 0)),
    "cmos": ("cmos", "x86_64", cmos, True, (0x70,), ("", 0)),
    "i8042": ("i8042", "x86_64", i8042, True, (0x60,), ("", 0)),
}


def record(name: str) -> str:
    """The transcript of one scenario, as QEMU does it now."""
    with closing(Qemu(SCENARIOS[name][1])) as qemu:
        return _record(name, qemu)


def _record(name: str, qemu: Qemu) -> str:
    subject, machine, steps, ports, bases, (line_type, first_line) = SCENARIOS[name]
    banks = BANKS.get(subject)
    lines_at = tree(machine)[line_type] if line_type else []
    natural = NATURAL.get(subject) or max(s for s in _device_sizes(subject) if s <= 4)
    out = [f"# Recorded from QEMU by record_qemu.py: do not edit. {MACHINES[machine].split()[0]}.", f"on {subject}"]

    def wire(line: int, level: int) -> None:
        levels[line] = level
        chip, pin = (line // 8, line % 8) if len(lines_at) > 1 else (0, line - first_line)
        qemu.ask(f"set_irq_in {lines_at[chip]} unnamed-gpio-in {pin} {level}")
        out.append(f"line {line} {level}")

    active: list[int] = []
    levels: dict[int, int] = {}
    for verb, where, value in steps(random.Random(name)):
        if verb == "line":
            if levels.get(int(where), 0) != value:
                wire(int(where), value)
            continue
        address = _address(subject, banks, bases, where)
        if verb == "eoi":
            if not active:
                continue
            verb, value = "write", active.pop()
        if verb == "write":
            qemu.write(ports, address, natural, value)
            out.append(f"write {where} {value:#x}")
        else:
            got = qemu.read(ports, address, natural)
            out.append(f"read {where} -> {got:#x}")
            if verb == "iar" and got < 1022:
                active.append(got)
            line = (got & 7) + (8 if where.startswith("slave") else 0)
            if verb == "poll" and got & 0x80 and line != 2:
                wire(line, 0)
    return "\n".join(out) + "\n"


def _device_sizes(subject: str) -> tuple[int, ...]:
    from .transcript import DeviceTarget

    assert subject in DEVICES
    return DeviceTarget(subject).device.SIZES


def _address(subject: str, banks: object, bases: tuple[int, ...], where: str) -> int:
    from .transcript import DeviceTarget, _place

    if isinstance(banks, dict):
        bank, offset = _place(banks, where)
    else:
        bank, offset = DeviceTarget(subject).place(where)
    return bases[bank] + offset


def main(names: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in names or list(SCENARIOS):
        (FOLDER / f"{name}.txt").write_text(record(name))
        print(FOLDER / f"{name}.txt")


if __name__ == "__main__":
    main(sys.argv[1:])
