# SPDX-License-Identifier: GPL-2.0-or-later
"""Cards: what happened at one exception or interrupt entry or at one return, as data.

How an architecture fills a card is in `emu.debug.arch`; how a card looks is in `text.py` and `html.py`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from emu.arch.walk import Access, Privilege, Walk, perm_text
from emu.bits import Reg
from emu.wires.events import Event, Kind

if TYPE_CHECKING:
    from emu.machine import Machine

__all__ = ["Card", "Describer", "Fact", "Moment", "Registers", "State", "WalkView", "bit_changes", "describer", "view"]


class Registers:
    """The registers of a CPU at one moment: `registers.pc`, `registers["pc"]`."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, int]) -> None:
        self.values = values

    def __getattr__(self, name: str) -> int:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name: str) -> int:
        return self.values[name]

    def but(self, **changes: int) -> Registers:
        """A copy with some of them changed."""
        return Registers({**self.values, **changes})


@dataclass(frozen=True, slots=True)
class Fact:
    """A named number and what it means; `value` is None where there is no number."""

    name: str
    value: int | None
    text: str = ""

    def to_json(self) -> dict[str, Any]:
        """With the value as hexadecimal text."""
        return {"name": self.name, "value": None if self.value is None else hex(self.value), "text": self.text}


@dataclass(frozen=True, slots=True)
class State:
    """Where a CPU stands.

    Attributes:
        privilege: `EL0`, `CPL 3`.
        pc, sp: program counter and stack pointer; sp_name says which one it is.
        flags: the processor state register, called flags_name; flags_text has its bits by name.
        place: `pc` with program and symbol; filled by the stepper.
    """

    privilege: str
    pc: int
    sp: int
    sp_name: str
    flags: int
    flags_name: str
    flags_text: str
    place: str = ""

    def to_json(self) -> dict[str, Any]:
        """All of it, numbers as hexadecimal text."""
        return {
            "privilege": self.privilege, "pc": hex(self.pc), "place": self.place, "sp": hex(self.sp),
            "sp_name": self.sp_name, "flags_name": self.flags_name, "flags": hex(self.flags),
            "flags_text": self.flags_text,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class WalkView:
    """The page walk of a faulting address.

    Attributes:
        question: `read 0x1234 by user`.
        levels: (level, table's physical address, index, descriptor or None, its meaning).
        answer: how it ended.
    """

    question: str
    levels: Sequence[tuple[int, int, int, int | None, str]]
    answer: str

    def to_json(self) -> dict[str, Any]:
        """All of it, numbers as hexadecimal text."""
        return {
            "question": self.question,
            "levels": [
                {"level": n, "table": hex(t), "index": i, "descriptor": None if d is None else hex(d), "text": text}
                for n, t, i, d, text in self.levels
            ],
            "answer": self.answer,
        }


@dataclass(slots=True)
class Card:
    """One exception or interrupt entry (`kind` "entry") or one return ("return").

    Attributes:
        name: the manual's short name: `SVC64`, `#PF`, `IRQ`, `ERET`.
        title: one short sentence.
        icount: instructions retired before it, as in the event.
        cause: syndrome or vector and error code, fault address, number and arguments of a system call.
        before, after: from-state and to-state.
        changes: bits of the processor state that changed, `I 0->1`.
        vector: the table slot or gate, and what it is found by.
        why: why this slot.
        saved: what the hardware wrote for the handler (an entry) or took back (a return), and where.
        hardware: what else it did.
        software: what it leaves to software.
    """

    kind: str
    name: str
    title: str
    icount: int
    before: State
    after: State
    cause: list[Fact] = field(default_factory=list)
    walk: WalkView | None = None
    changes: list[str] = field(default_factory=list)
    vector: list[Fact] = field(default_factory=list)
    why: str = ""
    saved: list[Fact] = field(default_factory=list)
    hardware: list[str] = field(default_factory=list)
    software: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The object that README.md documents."""
        return {
            "kind": self.kind,
            "name": self.name,
            "title": self.title,
            "icount": self.icount,
            "cause": [f.to_json() for f in self.cause],
            "walk": self.walk.to_json() if self.walk else None,
            "from": self.before.to_json(),
            "to": self.after.to_json(),
            "changes": self.changes,
            "vector": [f.to_json() for f in self.vector],
            "why": self.why,
            "saved": [f.to_json() for f in self.saved],
            "hardware": self.hardware,
            "software": self.software,
        }


@dataclass(frozen=True, slots=True)
class Moment:
    """One event with all that a card is made of.

    Attributes:
        machine: at the first instruction after it.
        event: its record.
        before, after: registers of its CPU before and after the step in which it happened.
        call: number of a system call -> its name and how many arguments it has.
        lines: (chip, input) of the interrupt lines that are high.
        probe: (chip, bank, offset) -> a 32-bit register of an interrupt controller that reading does not change.
    """

    machine: Machine
    event: Event
    before: Registers
    after: Registers
    call: Callable[[int], tuple[str, int]]
    lines: Sequence[tuple[str, int]]
    probe: Callable[[str, int, int], int]

    @property
    def interrupt(self) -> bool:
        """Whether it is an interrupt entry."""
        return self.event.kind == Kind.IRQ

    def word(self, address: int, size: int = 8) -> int | None:
        """A little-endian number of virtual memory, or None."""
        try:
            return int.from_bytes(self.machine.memory.virt(self.event.cpu)[address : address + size], "little")
        except (IndexError, ValueError):
            return None

    def bytes(self, address: int, size: int) -> bytes:
        """Virtual memory, or nothing where there is none."""
        try:
            return self.machine.memory.virt(self.event.cpu)[address : address + size]
        except (IndexError, ValueError):
            return b""

    def walk(self, va: int, access: Access, privileges: Sequence[Privilege], fault: int) -> WalkView | None:
        """The walk of an address with the CPU's registers as they are.

        Args:
            va: the address.
            access: what was done to it.
            privileges: on whose behalf it may have been; the first that explains the fault is meant, else the first.
            fault: status code or error code that the CPU reported.
        """
        try:
            walks = [self.machine.translate(va, access, p, self.event.cpu) for p in privileges]
        except ValueError:
            return None
        return view(next((walk for walk in walks if not walk.ok and walk.fault == fault), walks[0]))

    def syscall(self) -> list[Fact]:
        """Number and arguments of the system call."""
        name, count = self.call(self.event.d)
        names = self.machine.board.abi.arguments[:count]
        shown = ", ".join(f"{n}={self.before[n]:#x}" for n in names)
        where = f"number {self.event.d} in {self.machine.board.abi.number}"
        return [Fact("system call", self.event.d, f"{name}({shown}), {where}")]


class Describer(Protocol):
    """What each file of `emu.debug.arch` offers.

    HIDDEN: registers whose changes are not shown, as they are caches or follow others.
    """

    HIDDEN: frozenset[str]

    def state(self, registers: Registers) -> State:
        """Where the CPU stands."""

    def shadows(self, registers: Registers) -> frozenset[str]:
        """Registers that are only another view of one that is shown, at this privilege."""

    def entry(self, moment: Moment) -> Card:
        """The card of an EXCEPTION or IRQ."""

    def returned(self, moment: Moment) -> Card:
        """The card of a RETURN."""

    def interrupted(self, moment: Moment) -> Registers:
        """The registers just before the entry, from those after it and what the hardware saved."""

    def completes(self, event: Event, code: bytes) -> bool:
        """Whether an entry is what the instruction `code` does when it retires (svc, syscall, int n), and not what came
        after it."""

    def is_fault(self, event: Event) -> bool:
        """Whether an EXCEPTION is a page fault, a data abort or an instruction abort."""

    def disassembler(self, registers: Registers) -> str:
        """Which instruction set is executed: a key of `disasm.MODES`."""


def describer(arch: str) -> Describer:
    """The one of an architecture."""
    return cast(Describer, importlib.import_module(f"emu.debug.arch.{arch}"))


def bit_changes(register: Reg, old: int, new: int) -> list[str]:
    """The fields that differ, highest first: `I 0->1`, `M EL0t->EL1h`."""
    found = []
    for f in reversed(register.fields):
        a, b = f.of(old), f.of(new)
        if a != b:
            found.append(f"{f.name} {f.values.get(a, a)}->{f.values.get(b, b)}")
    return found


def view(walk: Walk) -> WalkView:
    """A walk for people."""
    verb = ("read", "write", "fetch")[walk.access]
    who = ("user", "kernel", "user rights")[walk.privilege]
    if walk.flat:
        answer = f"translation is off: physical {walk.pa:#x}"
    elif walk.ok:
        answer = f"physical {walk.pa:#x}, {perm_text(walk.perms)}: now the access would be permitted"
    else:
        answer = f"{walk.kind} fault, level {walk.level}"
    levels: Iterable[tuple[int, int, int, int | None, str]] = (
        (level.level, level.table, level.index, level.descriptor, level.text) for level in walk.levels
    )
    return WalkView(f"{verb} {walk.va:#x} ({who})", tuple(levels), answer)
