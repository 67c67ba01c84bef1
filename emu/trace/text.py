# SPDX-License-Identifier: GPL-2.0-or-later
"""Events as lines of text: names first, numbers second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from emu.devices.chip import ChipFault
from emu.machine import Machine
from emu.wires.events import Event, Kind
from emu.wires.instrument import Instrument

__all__ = ["KINDS", "TextTrace", "access_text"]

KINDS: dict[str, frozenset[Kind]] = {
    "exceptions": frozenset({Kind.EXCEPTION, Kind.RETURN}),
    "irq": frozenset({Kind.IRQ, Kind.LINE}),
    "mmio": frozenset({Kind.MMIO, Kind.PORT, Kind.UNASSIGNED, Kind.DEVICE_FAULT}),
}
"""The words of `--trace` and what they stand for."""


def access_text(machine: Machine, event: Event) -> str:
    """An access to a device: `uart0 write DR=0x48 (DATA=0x48)`, or to nothing."""
    size, write, chip = event.code & 0x7F, event.code >> 7 & 1, event.code >> 8
    verb = "write" if write else "read"
    if event.kind == Kind.UNASSIGNED:
        return f"nothing {verb}{8 * size} at {event.a:#x} = {event.b:#x}"
    name = machine.chip_name(chip)
    offset = machine.offset_of(chip, event.a)
    device = machine.devices.get(name)
    what = device.describe(offset, event.b, bool(write)) if device else f"+{offset:#x}={event.b:#x}"
    return f"{name} {verb}{8 * size} {what}"


class TextTrace(Instrument):
    """Writes a line for each event: instruction count, CPU, what happened, where.

    Args:
        machine: what is watched.
        write: takes each line, with its newline.
        kinds: keys of `KINDS`.
    """

    def __init__(self, machine: Machine, write: Callable[[str], object], kinds: Iterable[str]) -> None:
        self._machine = machine
        self._board = machine.board
        self._write = write
        self.wants = frozenset().union(*(KINDS[k] for k in kinds))  # type: ignore[misc]

    def on_events(self, events: Sequence[Event]) -> None:
        for event in events:
            self._write(f"{event.icount:>12} cpu{event.cpu} {self.line(event)}\n")

    def line(self, event: Event) -> str:
        """One event without count and CPU."""
        place = self._machine.symbols.text
        match event.kind:
            case Kind.EXCEPTION:
                what = self._board.describe_exception(event)
                name = self._board.exception_name(event.code)
                number = f" nr={event.d}" if self._board.is_syscall(event) else ""
                return f"exception {name}{number}: {what}; {place(event.pc)} -> {place(event.target)}"
            case Kind.RETURN:
                return f"return {place(event.pc)} -> {place(event.target)}, state {event.c:#x}"
            case Kind.IRQ:
                return f"interrupt {self._board.describe_irq(event)}; {place(event.pc)} -> {place(event.target)}"
            case Kind.LINE:
                level = "high" if event.b else "low"
                message = f" message {event.c:#x}" if event.c else ""
                return f"line {self._machine.chip_name(event.code)}[{event.a}] {level}{message}"
            case Kind.MMIO | Kind.PORT | Kind.UNASSIGNED:
                return f"{event.name.lower()} {access_text(self._machine, event)}; {place(event.pc)}"
            case Kind.DEVICE_FAULT:
                why = ChipFault(event.code & 0xFF).name.lower().replace("_", " ")
                name = self._machine.chip_name(event.code >> 8)
                return f"device fault {name} +{event.a:#x} size {event.c}: {why}, value {event.b:#x}"
            case _:
                return f"{event.name.lower()} code={event.code:#x} a={event.a:#x} b={event.b:#x}"
