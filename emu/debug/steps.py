# SPDX-License-Identifier: GPL-2.0-or-later
"""What a step is: where, what stood there, what changed, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from emu.debug.cards import Card, Registers, State
from emu.debug.disasm import Instruction
from emu.wires.events import Event, Kind
from emu.wires.instrument import Instrument

__all__ = ["KERNEL", "Part", "Place", "Recorder", "Step"]

KERNEL = "kernel"


class Recorder(Instrument):
    """Entries and returns since they were last taken, and which interrupt lines are high."""

    wants: ClassVar[frozenset[Kind]] = frozenset({Kind.EXCEPTION, Kind.IRQ, Kind.RETURN, Kind.LINE})

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.high: dict[tuple[int, int], None] = {}
        self.keep = False

    def on_events(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.kind != Kind.LINE:
                if self.keep:
                    self.events.append(event)
            elif event.b:
                self.high[event.code, event.a] = None
            else:
                self.high.pop((event.code, event.a), None)

    def take(self) -> list[Event]:
        """The events, once."""
        events, self.events = self.events, []
        return events


@dataclass(frozen=True, slots=True)
class Place:
    """An address with whose code it is: `program` is "kernel", a path in the guest, or None."""

    address: int
    symbol: str | None
    program: str | None
    elf: Path | None

    def __str__(self) -> str:
        text = f"{self.address:#x}" + (f" <{self.symbol}>" if self.symbol else "")
        return f"{text} in {self.program}" if self.program and self.program != KERNEL else text


@dataclass(slots=True)
class Step:
    """One step.

    Attributes:
        number: counts from 1.
        icount: instructions retired before it; `retired` of them in it (0: it faulted, or an interrupt came first).
        state: where the CPU stood.
        place: the instruction's address.
        instruction: what stood there.
        source, source_text: file and line, and what is written there.
        interrupted: an interrupt was taken before the instruction, which did not run.
        changes: (register, old, new).
        cards: of what happened in it, in order.
    """

    number: int
    cpu: int
    icount: int
    retired: int
    state: State
    place: Place
    instruction: Instruction
    source: str | None
    source_text: str
    interrupted: bool
    changes: list[tuple[str, int, int]]
    cards: list[Card] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The object that README.md documents."""
        return {
            "step": self.number,
            "cpu": self.cpu,
            "icount": self.icount,
            "retired": self.retired,
            "privilege": self.state.privilege,
            "pc": hex(self.place.address),
            "symbol": self.place.symbol,
            "program": self.place.program,
            "bytes": self.instruction.raw.hex(),
            "instruction": str(self.instruction),
            "source": self.source,
            "source_text": self.source_text,
            "interrupted": self.interrupted,
            "changes": [{"register": name, "old": hex(old), "new": hex(new)} for name, old, new in self.changes],
            "cards": [card.to_json() for card in self.cards],
        }


@dataclass(frozen=True, slots=True)
class Part:
    """What a step is made from."""

    before: Registers
    after: Registers
    icount: int
    retired: int
    events: list[Event]
    code: bytes
