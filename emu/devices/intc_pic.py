# SPDX-License-Identifier: GPL-2.0-or-later
"""Two cascaded 8259As (Intel 231468) with the PIIX3's edge/level registers (290550). Oracle of pic.c.

Banks: 0 master, 1 slave (offset = A0), 2 the ELCRs. Inputs 0-15, 2 being the cascade. Output 0 is INTR.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .chip import Chip, ChipFault

__all__ = ["Pic"]

CASCADE = 2


@dataclass
class Pic8259:
    """One 8259A. Sets of IRs are lists of eight booleans."""

    lines: list[bool] = field(default_factory=lambda: [False] * 8)
    edges: list[bool] = field(default_factory=lambda: [False] * 8)
    isr: list[bool] = field(default_factory=lambda: [False] * 8)
    imr: int = 0
    elcr: int = 0
    base: int = 0
    expects: int = 0
    """The number of the ICW expected next, 0 when operating."""
    single: bool = False
    needs_icw4: bool = False
    auto_eoi: bool = False
    fully_nested: bool = False
    read_isr: bool = False
    poll: bool = False
    special_mask: bool = False
    rotate_in_auto_eoi: bool = False
    top: int = 0
    """The IR with the highest priority."""

    def requested(self, ir: int) -> bool:
        return self.lines[ir] if self.elcr >> ir & 1 else self.edges[ir]

    def masked(self, ir: int) -> bool:
        return bool(self.imr >> ir & 1)

    def by_priority(self) -> list[int]:
        return [(self.top + k) % 8 for k in range(8)]

    def request(self, cascaded: bool) -> int | None:
        """The IR that may interrupt now: of higher priority than everything in service."""
        for ir in self.by_priority():
            # Special fully nested: while its slave is served, the cascade may still ask for something higher there.
            passes = cascaded and self.fully_nested and ir == CASCADE
            if self.isr[ir] and not passes and not (self.special_mask and self.masked(ir)):
                return None
            if self.requested(ir) and not self.masked(ir):
                return ir
        return None

    def wire(self, ir: int, level: bool) -> None:
        if level and not self.lines[ir]:
            self.edges[ir] = True
        if not level:
            self.edges[ir] = False
        self.lines[ir] = level

    def acknowledge(self, ir: int) -> None:
        self.edges[ir] = False
        if not self.auto_eoi:
            self.isr[ir] = True
        elif self.rotate_in_auto_eoi:
            self.top = (ir + 1) % 8

    def icw1(self, value: int) -> None:
        self.needs_icw4, self.single = bool(value & 1), bool(value & 2)
        self.edges, self.isr, self.imr = [False] * 8, [False] * 8, 0
        self.top, self.expects = 0, 2
        self.special_mask = self.read_isr = self.poll = self.rotate_in_auto_eoi = False
        if not self.needs_icw4:
            self.auto_eoi = self.fully_nested = False

    def ocw2(self, value: int) -> None:
        rotate, specific, eoi = value >> 7 & 1, value >> 6 & 1, value >> 5 & 1
        ir: int | None = value & 7
        if not specific:
            if not eoi:
                self.rotate_in_auto_eoi = bool(rotate)
                return
            in_service = [i for i in self.by_priority() if self.isr[i] and not (self.special_mask and self.masked(i))]
            ir = in_service[0] if in_service else None
        if ir is None or not (rotate or eoi):
            return
        if eoi:
            self.isr[ir] = False
        if rotate:
            self.top = (ir + 1) % 8

    def ocw3(self, value: int) -> None:
        if value & 0x40:
            self.special_mask = bool(value & 0x20)
        self.poll = bool(value & 4)
        if value & 6 == 2:
            self.read_isr = bool(value & 1)

    def data(self, value: int) -> None:
        match self.expects:
            case 0:
                self.imr = value
            case 2:
                self.base = value & 0xF8
                self.expects = 3 if not self.single else 4 if self.needs_icw4 else 0
            case 3:
                self.expects = 4 if self.needs_icw4 else 0
            case 4:
                self.auto_eoi, self.fully_nested = bool(value & 2), bool(value & 0x10)
                self.expects = 0


class Pic(Chip):
    """The pair and the wire between them."""

    name = "pic"

    def reset(self) -> None:
        self.master, self.slave = Pic8259(), Pic8259()
        self._outputs = {}
        self.host.output(0, False, 0)

    def _update(self) -> None:
        self.master.wire(CASCADE, self.slave.request(False) is not None)
        self._set_output(0, self.master.request(True) is not None)

    def line(self, input: int, level: bool) -> None:
        if input < 16 and input != CASCADE:
            (self.slave if input >= 8 else self.master).wire(input % 8, level)
            self._update()

    def ack(self, cpu: int = 0) -> int:
        ir = self.master.request(True)
        if ir is None:
            vector = self.master.base + 7
        else:
            self.master.acknowledge(ir)
            vector = self.master.base + ir
            if ir == CASCADE:
                below = self.slave.request(False)
                vector = self.slave.base + (7 if below is None else below)
                if below is not None:
                    self.slave.acknowledge(below)
                    self.master.wire(CASCADE, False)  # so that the slave's next request is an edge
        self._update()
        return vector

    def _chip(self, bank: int, offset: int, size: int, value: int) -> Pic8259 | None:
        if size != 1:
            self.host.fault(ChipFault.SIZE, offset, size, value)
        elif bank > 2 or offset > 1:
            self.host.fault(ChipFault.RESERVED, offset, size, value)
        else:
            return (self.master, self.slave)[offset if bank == 2 else bank]
        return None

    def read(self, bank: int, offset: int, size: int, cpu: int = 0) -> int:
        chip = self._chip(bank, offset, size, 0)
        if chip is None:
            return 0
        if bank == 2:
            return chip.elcr
        if chip.poll:
            chip.poll = False
            ir = chip.request(bank == 0)
            if ir is None:
                return 0
            chip.acknowledge(ir)
            if bank == 1:
                self.master.wire(CASCADE, False)
            self._update()
            return 0x80 | ir
        if offset == 1:
            return chip.imr
        return sum((chip.isr[ir] if chip.read_isr else chip.requested(ir)) << ir for ir in range(8))

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int = 0) -> None:
        chip = self._chip(bank, offset, size, value)
        if chip is None:
            return
        value &= 0xFF
        if bank == 2:
            chip.elcr = value & (0xDE if offset else 0xF8)
        elif offset == 1:
            chip.data(value)
        elif value & 0x10:
            chip.icw1(value)
        elif value & 0x08:
            chip.ocw3(value)
        else:
            chip.ocw2(value)
        self._update()
