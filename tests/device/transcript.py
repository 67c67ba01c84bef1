# SPDX-License-Identifier: GPL-2.0-or-later
"""Register transcripts: text that drives a chip or a device and says what must come of it.

    on gicv2 cpus=2               what to drive: a chip (in C and in Python), or a device of DEVICES
    write gicd.CTLR 1             a register by name, or by place (gicd+0x104); `write1`, `read2`... for other sizes
    read gicc.IAR cpu1 -> 27      reads as CPU 1; without `->` the value does not matter
    line 33 1                     an input wire
    advance 1000                  ns of virtual time
    message 0x8000000000000931    a message-signalled interrupt;  `call NAME ARGS -> VALUE` for the other functions
    ack cpu0 -> 0x31              INTA
    input hello                   a console types;  `idle` lets a UART take it;  `output hello` has come out since
    expect irq cpu0 1             a CPU input's level;  `expect line 1` a device's;  `expect out 0 1` a chip's output
    expect pulse nmi cpu0         since the last pulse line, exactly these pulses came: `expect pulse none`
    expect fault READ_ONLY        since the last fault line exactly this fault: `expect fault none`

Numbers are C's; `#` begins a comment. A read that differs is an error naming file and line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from emu.devices.chip import ChipFault
from emu.devices.console import Console
from emu.devices.device import Device
from emu.devices.power_pc import I8042, AcpiPm
from emu.devices.rtc_cmos import CmosRtc, pc_nvram
from emu.devices.rtc_pl031 import Pl031
from emu.devices.uart_16550 import Uart16550
from emu.devices.uart_pl011 import Pl011
from emu.wires.clock import TestClock
from emu.wires.irq import Line

from .chipbench import TWINS, CBench, PyBench, compiler

__all__ = ["Difference", "Entry", "parse", "run"]

EPOCH = 1704067200
"""2024-01-01 00:00:00 UTC, the time of the recordings."""
MEMORY = 512 << 20


@dataclass(frozen=True)
class Entry:
    """One line of a transcript."""

    where: str
    verb: str
    words: tuple[str, ...]
    expected: str | None


@dataclass(frozen=True)
class Difference:
    """A read that gave something else than the transcript says."""

    line: Entry
    got: int

    def __str__(self) -> str:
        did = " ".join((self.line.verb, *self.line.words))
        return f"{self.line.where}: {did} gave {self.got:#x}, not {self.line.expected}"


def parse(text: str, name: str) -> Iterator[Entry]:
    for number, raw in enumerate(text.splitlines(), 1):
        code = raw.split("#")[0].strip()
        if code:
            head, _, expected = code.partition(" -> ")
            verb, *words = head.split()
            yield Entry(f"{name}:{number}", verb, tuple(words), expected.strip() or None)


def number(text: str) -> int:
    return int(text, 0)


# ---- registers by name ----


def _words(first: int, names: str) -> dict[str, int]:
    return {name: first + 4 * i for i, name in enumerate(names.split()) if name != "-"}


def _rows(**bases: int) -> dict[str, int]:
    return {f"{name}{i}": base + 4 * i for name, base in bases.items() for i in range(10)}


APIC_NAMES = {
    "ID": 0x20, "VERSION": 0x30, "TPR": 0x80, "APR": 0x90, "PPR": 0xA0, "EOI": 0xB0, "LDR": 0xD0, "DFR": 0xE0,
    "SVR": 0xF0, "ESR": 0x280, "ICR_LOW": 0x300, "ICR_HIGH": 0x310, "LVT_TIMER": 0x320, "LVT_THERMAL": 0x330,
    "LVT_PERF": 0x340, "LVT_LINT0": 0x350, "LVT_LINT1": 0x360, "LVT_ERROR": 0x370, "INITIAL": 0x380, "CURRENT": 0x390,
    "DIVIDE": 0x3E0,
}  # fmt: skip
APIC_NAMES |= {f"{n}{i}": at + 16 * i for n, at in (("ISR", 0x100), ("TMR", 0x180), ("IRR", 0x200)) for i in range(8)}
GICD_NAMES = {"CTLR": 0, "TYPER": 4, "IIDR": 8, "SGIR": 0xF00} | _rows(
    IGROUPR=0x80, ISENABLER=0x100, ICENABLER=0x180, ISPENDR=0x200, ICPENDR=0x280, ISACTIVER=0x300, ICACTIVER=0x380,
    IPRIORITYR=0x400, ITARGETSR=0x800, ICFGR=0xC00, CPENDSGIR=0xF10, SPENDSGIR=0xF20,
)  # fmt: skip
GICC_NAMES = _words(0, "CTLR PMR BPR IAR EOIR RPR HPPIR ABPR AIAR AEOIR AHPPIR") | {"IIDR": 0xFC, "DIR": 0x1000}
GICC_NAMES |= {f"APR{i}": 0xD0 + 4 * i for i in range(4)} | {f"NSAPR{i}": 0xE0 + 4 * i for i in range(4)}
TIMER_NAMES = {
    n: 8 * i
    for i, n in enumerate(
        "CNTP_CTL CNTP_CVAL CNTP_TVAL CNTV_CTL CNTV_CVAL CNTV_TVAL CNTPCT CNTVCT CNTFRQ CNTKCTL CNTVOFF".split()
    )
}
BANKS: dict[str, dict[str, tuple[int, Mapping[str, int]]]] = {
    "gicv2": {"gicd": (0, GICD_NAMES), "gicc": (1, GICC_NAMES)},
    "timer": {"timer": (0, TIMER_NAMES)},
    "apic": {"apic": (0, APIC_NAMES)},
    "ioapic": {"ioapic": (0, {"IOREGSEL": 0, "IOWIN": 0x10, "EOI": 0x40})},
    "pic": {
        "master": (0, {"COMMAND": 0, "DATA": 1}),
        "slave": (1, {"COMMAND": 0, "DATA": 1}),
        "elcr": (2, {"MASTER": 0, "SLAVE": 1}),
    },
    "pit": {"pit": (0, {"COUNTER0": 0, "COUNTER1": 1, "COUNTER2": 2, "CONTROL": 3}), "port61": (1, {"CONTROL": 0})},
}
NATURAL = {"gicv2": 4, "timer": 8, "apic": 4, "ioapic": 4, "pic": 1, "pit": 1}
INPUTS = ("irq", "fiq", "nmi", "smi", "init", "sipi")


# ---- what is driven ----


class Target(Protocol):
    """Something a transcript can drive."""

    natural: int

    def place(self, name: str) -> tuple[int, int]: ...
    def read(self, bank: int, offset: int, size: int, cpu: int) -> int: ...
    def write(self, bank: int, offset: int, size: int, value: int, cpu: int) -> None: ...
    def other(self, line: Entry, cpu: int) -> int | None: ...


class ChipTarget:
    """A chip on its bench."""

    def __init__(self, bench: CBench | PyBench) -> None:
        self.bench = bench
        self.natural = NATURAL[bench.name]
        self.marks = {"fault": 0, "pulse": 0}

    def place(self, name: str) -> tuple[int, int]:
        return _place(BANKS[self.bench.name], name)

    def read(self, bank: int, offset: int, size: int, cpu: int) -> int:
        value = self.bench.read(bank, offset, size, cpu)
        self.bench.collect()
        return value

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int) -> None:
        self.bench.write(bank, offset, size, value, cpu)
        self.bench.collect()

    def other(self, line: Entry, cpu: int) -> int | None:
        words, bench = line.words, self.bench
        match line.verb:
            case "line":
                bench.line(number(words[0]), words[1] == "1")
            case "advance":
                bench.advance(bench.now + number(words[0]))
            case "ack":
                result = bench.ack(cpu)
                bench.collect()
                return result
            case "message":
                bench.call("message", number(words[0]))
            case "call":
                result = bench.call(words[0], *map(number, words[1:])) or 0
                bench.collect()
                return result
            case "expect":
                self._expect(line, cpu)
            case _:
                raise ValueError(f"{line.where}: {line.verb}")
        bench.collect()
        return None

    def _since(self, kind: str) -> list[Any]:
        new = self.bench.log[self.marks[kind] :]
        self.marks[kind] = len(self.bench.log)
        return new

    def _expect(self, line: Entry, cpu: int) -> None:
        what, *rest = line.words
        if what == "fault":
            found = [ChipFault(e[1]).name for e in self._since("fault") if e[0] == "fault"]
            assert found == ([] if rest == ["none"] else rest), f"{line.where}: faults {found}"
        elif what == "pulse":
            pulses = [f"{INPUTS[e[2]]} cpu{e[1]}" for e in self._since("pulse") if e[0] == "cpu" and e[2] >= 2]
            assert pulses == ([] if rest == ["none"] else [" ".join(rest)]), f"{line.where}: pulses {pulses}"
        elif what == "out":
            level = self.bench.outputs.get(number(rest[0]), False)
            assert level == (rest[1] == "1"), f"{line.where}: output is {level}"
        else:
            level = bool(self.bench.inputs.get((cpu, INPUTS.index(what)), 0))
            assert level == (rest[-1] == "1"), f"{line.where}: {what} of CPU {cpu} is {level}"


class DeviceTarget:
    """A device in Python, alone with a test clock and a console."""

    def __init__(self, name: str) -> None:
        self.clock, self.console = TestClock(), Console()
        self.faults: list[str] = []
        self.device = DEVICES[name](self)
        self.name = name
        self.natural = max(s for s in self.device.SIZES if s <= 4)

    def on_fault(self, why: ChipFault, offset: int, size: int, value: int) -> None:
        self.faults.append(why.name)

    def place(self, name: str) -> tuple[int, int]:
        return _place({self.name: (0, {r.name: r.offset for r in self.device.registers})}, name)

    def read(self, bank: int, offset: int, size: int, cpu: int) -> int:
        return self.device.read(offset, size)

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int) -> None:
        self.device.write(offset, size, value)

    def other(self, line: Entry, cpu: int) -> int | None:
        words = line.words
        match line.verb:
            case "advance":
                self.clock.advance(number(words[0]))
            case "input":
                self.console.send(" ".join(words).encode().decode("unicode_escape").encode("latin-1"))
            case "idle":
                assert isinstance(self.device, Pl011 | Uart16550)
                self.device.feed()
            case "output":
                expected = " ".join(words).encode().decode("unicode_escape").encode("latin-1")
                assert bytes(self.console.output) == expected, f"{line.where}: {bytes(self.console.output)!r}"
                self.console.output.clear()
            case "expect" if words[0] == "line":
                assert self.device.irq.level == (words[1] == "1"), f"{line.where}: the line is {self.device.irq.level}"
            case "expect" if words[0] == "fault":
                assert self.faults == ([] if words[1] == "none" else list(words[1:])), f"{line.where}: {self.faults}"
                self.faults.clear()
            case _:
                raise ValueError(f"{line.where}: {line.verb}")
        return None


DEVICES: dict[str, Callable[[DeviceTarget], Device]] = {
    "pl011": lambda t: Pl011(t.console, Line("pl011"), t.clock, t.on_fault),
    "uart16550": lambda t: Uart16550(t.console, Line("16550"), t.clock, t.on_fault),
    "pl031": lambda t: Pl031(EPOCH, Line("pl031"), t.clock, t.on_fault),
    "cmos": lambda t: CmosRtc(EPOCH, pc_nvram(MEMORY), Line("cmos"), t.clock, t.on_fault),
    "i8042": lambda t: I8042(irq=Line("i8042"), faults=t.on_fault),
    "acpipm": lambda t: AcpiPm(irq=Line("sci"), clock=t.clock, faults=t.on_fault),
}


def _place(banks: Mapping[str, tuple[int, Mapping[str, int]]], name: str) -> tuple[int, int]:
    if "+" in name:
        bank, offset = name.split("+")
        return banks[bank][0], number(offset)
    bank, register = name.split(".")
    return banks[bank][0], banks[bank][1][register]


def targets(line: Entry) -> list[tuple[str, Target]]:
    """What an ``on`` line names, in each implementation that can be had here."""
    assert line.verb == "on", f"{line.where}: a transcript begins with `on`"
    name, *options = line.words
    if name in DEVICES:
        return [("Python", DeviceTarget(name))]
    assert name in TWINS, f"{line.where}: no chip {name}"
    ncpu = next((number(o[5:]) for o in options if o.startswith("cpus=")), 1)
    found: list[tuple[str, Target]] = [("Python", ChipTarget(PyBench(name, ncpu)))]
    if compiler() is not None:
        found.append(("C", ChipTarget(CBench(name, ncpu))))
    return found


def perform(target: Target, line: Entry) -> int | None:
    """Do one line; gives what a read read."""
    cpus = [word for word in line.words if word.startswith("cpu") and word[3:].isdigit()]
    cpu = number(cpus[0][3:]) if cpus else 0
    words = [word for word in line.words if word not in cpus]
    size = target.natural
    verb = line.verb
    if verb[:-1] in ("read", "write") and verb[-1].isdigit():
        verb, size = verb[:-1], number(verb[-1])
    if verb == "read":
        bank, offset = target.place(words[0])
        return target.read(bank, offset, size, cpu)
    if verb == "write":
        bank, offset = target.place(words[0])
        target.write(bank, offset, size, number(words[1]), cpu)
        return None
    return target.other(line, cpu)


def run(target: Target, lines: list[Entry]) -> Iterator[Difference]:
    """Do all lines after ``on``; yields reads that differ, stops at other failures with AssertionError."""
    for line in lines:
        got = perform(target, line)
        if line.expected is not None and got != number(line.expected):
            yield Difference(line, got if got is not None else 0)
