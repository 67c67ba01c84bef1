# SPDX-License-Identifier: GPL-2.0-or-later
"""The I/O APIC (Intel 82093AA, 290566), version 20h with an EOI register, as on QEMU's pc. Oracle of ioapic.c.

Inputs are the 24 pins, "asserted" whatever their polarity. Output n sends pin n's message, value = the redirection
entry without its status bits, bit 14 set.
"""

from __future__ import annotations

from dataclasses import dataclass

from .chip import Chip, ChipFault

__all__ = ["IoApic"]

PINS = 24
VERSION = 0x20


@dataclass
class Entry:
    """A redirection table entry taken apart."""

    vector: int = 0
    mode: int = 0
    logical: int = 0
    polarity: int = 0
    remote_irr: int = 0
    level: int = 0
    masked: int = 1
    destination: int = 0
    asserted: bool = False

    def pack(self, status: bool = True) -> int:
        value = self.vector | self.mode << 8 | self.logical << 11 | self.level << 15 | self.destination << 56
        if not status:
            return value | 1 << 14  # a message: asserted
        return value | self.polarity << 13 | self.remote_irr << 14 | self.masked << 16

    def unpack(self, value: int) -> None:
        self.vector, self.mode, self.logical = value & 0xFF, value >> 8 & 7, value >> 11 & 1
        self.polarity, self.level, self.masked = value >> 13 & 1, value >> 15 & 1, value >> 16 & 1
        self.destination = value >> 56
        if not self.level:
            self.remote_irr = 0


class IoApic(Chip):
    """24 pins, each with its entry."""

    name = "ioapic"

    def reset(self) -> None:
        self.entries = [Entry() for _ in range(PINS)]
        self.id = 0
        self.select = 0

    def _level(self, pin: int) -> None:
        entry = self.entries[pin]
        if entry.asserted and entry.level and not entry.masked and not entry.remote_irr:
            entry.remote_irr = 1
            self.host.output(pin, True, entry.pack(status=False))

    def line(self, input: int, level: bool) -> None:
        if input >= PINS or self.entries[input].asserted == level:
            return
        entry = self.entries[input]
        entry.asserted = level
        self._level(input)
        if level and not entry.level and not entry.masked:
            self.host.output(input, True, entry.pack(status=False))

    def eoi(self, vector: int) -> None:
        """A local APIC, or the EOI register, says that the level interrupts of a vector are done."""
        for pin, entry in enumerate(self.entries):
            if entry.vector == vector and entry.remote_irr:
                entry.remote_irr = 0
                self._level(pin)

    def message(self, value: int) -> None:
        """The EOI broadcast of a local APIC."""
        self.eoi(value & 0xFF)

    def _allowed(self, bank: int, offset: int, size: int, value: int) -> bool:
        if bank or offset not in (0, 0x10, 0x40):
            self.host.fault(ChipFault.RESERVED, offset, size, value)
        elif size != 4:
            self.host.fault(ChipFault.SIZE, offset, size, value)
        else:
            return True
        return False

    def read(self, bank: int, offset: int, size: int, cpu: int = 0) -> int:
        if not self._allowed(bank, offset, size, 0):
            return 0
        if offset == 0:
            return self.select
        if offset == 0x40:
            self.host.fault(ChipFault.WRITE_ONLY, offset, size, 0)
            return 0
        if self.select in (0, 2):
            return self.id << 24
        if self.select == 1:
            return PINS - 1 << 16 | VERSION
        pin, high = divmod(self.select - 0x10, 2)
        if 0 <= pin < PINS:
            return self.entries[pin].pack() >> 32 * high & 0xFFFFFFFF
        self.host.fault(ChipFault.RESERVED, self.select, 4, 0)
        return 0

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int = 0) -> None:
        if not self._allowed(bank, offset, size, value):
            return
        value &= 0xFFFFFFFF
        pin, high = divmod(self.select - 0x10, 2)
        if offset == 0:
            self.select = value & 0xFF
        elif offset == 0x40:
            self.eoi(value & 0xFF)
        elif self.select == 0:
            self.id = value >> 24 & 15
        elif 0 <= pin < PINS:
            entry = self.entries[pin]
            keep = entry.pack() & (0xFFFFFFFF if high else 0xFFFFFFFF << 32)
            entry.unpack(keep | value << 32 * high)
            self._level(pin)
        else:
            why = ChipFault.READ_ONLY if self.select in (1, 2) else ChipFault.RESERVED
            self.host.fault(why, self.select, 4, value)
