# SPDX-License-Identifier: GPL-2.0-or-later
"""GICv2 without the Security Extensions (ARM IHI 0048B.b), as QEMU's virt board presents it. Oracle of gic.c.

Bank 0 is the distributor, bank 1 the CPU interface of the asking CPU. Inputs: ``n`` is shared interrupt n (32 up),
``1024 + 32 * cpu + n`` is private interrupt n (16 to 31) of a CPU. ``config`` is (number of interrupt IDs,).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .chip import Chip, ChipFault, CpuInput

__all__ = ["Gic"]

SPURIOUS = 1023
OTHER_GROUP = 1022
IDLE = 0x100

PERIPHERAL_ID = [0x04, 0, 0, 0, 0x90, 0xB4, 0x2B, 0, 0x0D, 0xF0, 0x05, 0xB1]
GICD_IIDR, GICC_IIDR = 0x0000043B, 0x0002043B


@dataclass
class Interrupt:
    """One interrupt as one CPU sees it; shared ones exist once."""

    enabled: bool = False
    latched: bool = False
    active: bool = False
    edge: bool = False
    line: bool = False
    group: int = 0
    priority: int = 0
    targets: int = 0
    sources: int = 0

    @property
    def pending(self) -> bool:
        return self.latched or (self.line and not self.edge)


@dataclass
class Interface:
    """One CPU interface."""

    ctlr: int = 0
    pmr: int = 0
    bpr: int = 0
    abpr: int = 1
    apr: list[int] = field(default_factory=lambda: [0] * 8)
    """GICC_APR0-3 then GICC_NSAPR0-3."""

    def running(self) -> int:
        for level in range(128):
            if (self.apr[level // 32] | self.apr[4 + level // 32]) >> level % 32 & 1:
                return level * 2
        return IDLE


class Gic(Chip):
    """The distributor and one CPU interface for each CPU."""

    name = "gicv2"

    def reset(self) -> None:
        self.lines = self.config[0]
        self.ctlr = 0
        sgi_targets = [1 << cpu for cpu in range(self.ncpu)]
        self.private = [
            [Interrupt(enabled=n < 16, edge=n < 16, targets=sgi_targets[cpu]) for n in range(32)]
            for cpu in range(self.ncpu)
        ]
        self.shared = [Interrupt(targets=1 if self.ncpu == 1 else 0) for _ in range(32, self.lines)]
        self.interface = [Interface() for _ in range(self.ncpu)]
        self._outputs = {}
        for cpu in range(self.ncpu):
            self.host.cpu_input(cpu, CpuInput.IRQ, 0)
            self.host.cpu_input(cpu, CpuInput.FIQ, 0)

    def _interrupt(self, cpu: int, n: int) -> Interrupt:
        return self.private[cpu][n] if n < 32 else self.shared[n - 32]

    # ---- which interrupt, and to whom ----

    def _group_priority(self, cpu: int, i: Interrupt) -> int:
        iface = self.interface[cpu]
        point = iface.abpr - 1 if i.group and not iface.ctlr & 0x10 else iface.bpr
        return i.priority >> (point + 1) << (point + 1)

    def _highest(self, cpu: int) -> int:
        """The ID of the highest priority pending interrupt that passes distributor and priority mask."""
        iface = self.interface[cpu]
        best, best_priority = SPURIOUS, iface.pmr
        if not iface.ctlr & 3:
            return best
        for n, i in enumerate(self.private[cpu] + self.shared):
            if (
                i.priority < best_priority
                and i.enabled
                and i.pending
                and not i.active
                and i.targets >> cpu & 1
                and self.ctlr >> i.group & 1
            ):
                best, best_priority = n, i.priority
        return best

    def _update(self) -> None:
        for cpu, iface in enumerate(self.interface):
            n = self._highest(cpu)
            irq = fiq = False
            if n != SPURIOUS:
                i = self._interrupt(cpu, n)
                if self._group_priority(cpu, i) < iface.running() and iface.ctlr >> i.group & 1:
                    fiq = i.group == 0 and bool(iface.ctlr & 8)
                    irq = not fiq
            self._set_cpu(cpu, CpuInput.IRQ, irq)
            self._set_cpu(cpu, CpuInput.FIQ, fiq)

    def line(self, input: int, level: bool) -> None:
        if input >= 1024:
            cpu, n = divmod(input - 1024, 32)
            if cpu >= self.ncpu or n < 16:
                return
        else:
            cpu, n = 0, input
            if not 32 <= n < self.lines:
                return
        i = self._interrupt(cpu, n)
        if i.line != level:
            i.line = level
            if level and i.edge:
                i.latched = True
            self._update()

    # ---- accesses ----

    def read(self, bank: int, offset: int, size: int, cpu: int = 0) -> int:
        if not self._allowed(bank, offset, size, 0):
            return 0
        if bank == 1:
            return self._gicc_read(offset, cpu)
        if self._by_byte(offset):
            return sum(self._byte_read(offset + k, cpu) << 8 * k for k in range(size))
        return self._gicd_read(offset, cpu)

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int = 0) -> None:
        if not self._allowed(bank, offset, size, value):
            return
        if bank == 1:
            self._gicc_write(offset, value & 0xFFFFFFFF, cpu)
        elif self._by_byte(offset):
            for k in range(size):
                self._byte_write(offset + k, value >> 8 * k & 0xFF, cpu)
        else:
            self._gicd_write(offset, value & 0xFFFFFFFF, cpu)
        self._update()

    @staticmethod
    def _by_byte(offset: int) -> bool:
        """Registers with a byte per interrupt allow byte accesses (4.1.4)."""
        return 0x400 <= offset < 0xC00 or 0xF10 <= offset < 0xF30

    def _allowed(self, bank: int, offset: int, size: int, value: int) -> bool:
        word = size == 4 and offset % 4 == 0
        if not word and not (bank == 0 and size == 1 and self._by_byte(offset)):
            self.host.fault(ChipFault.SIZE, offset, size, value)
            return False
        if offset >= (0x1000, 0x2000)[bank]:
            self.host.fault(ChipFault.RESERVED, offset, size, value)
            return False
        return True

    # ---- distributor (4.3) ----

    def _row(self, offset: int, cpu: int, per_word: int) -> list[tuple[int, int, Interrupt]]:
        """(bit number within the register in steps of 32 / per_word, ID, interrupt) of a bit-field register."""
        first = (offset & 0x7F) // 4 * 32 if per_word == 32 else (offset - 0xC00) // 4 * 16
        return [(k, first + k, self._interrupt(cpu, first + k)) for k in range(per_word) if first + k < self.lines]

    def _gicd_read(self, offset: int, cpu: int) -> int:
        if offset == 0:
            return self.ctlr
        if offset == 4:  # GICD_TYPER
            return self.lines // 32 - 1 | self.ncpu - 1 << 5
        if offset == 8:
            return GICD_IIDR
        if 0x80 <= offset < 0x400:
            attribute = ("group", "enabled", "pending", "active")[offset >> 8]
            return sum(int(getattr(i, attribute)) << k for k, _, i in self._row(offset, cpu, 32))
        if 0xC00 <= offset < 0xD00:
            return sum(int(i.edge) << 2 * k + 1 for k, _, i in self._row(offset, cpu, 16))
        if offset == 0xF00:
            self.host.fault(ChipFault.WRITE_ONLY, offset, 4, 0)
            return 0
        if offset >= 0xFD0:
            return PERIPHERAL_ID[(offset - 0xFD0) // 4]
        self.host.fault(ChipFault.RESERVED, offset, 4, 0)
        return 0

    def _gicd_write(self, offset: int, value: int, cpu: int) -> None:
        if offset == 0:
            self.ctlr = value & 3
        elif offset in (4, 8) or offset >= 0xFD0:
            self.host.fault(ChipFault.READ_ONLY, offset, 4, value)
        elif 0x80 <= offset < 0x100:
            for k, _, i in self._row(offset, cpu, 32):
                i.group = value >> k & 1
        elif 0x100 <= offset < 0x400:
            attribute = ("", "enabled", "latched", "active")[offset >> 8]
            for k, n, i in self._row(offset, cpu, 32):
                fixed = n < 16 and attribute != "active"  # SGIs: always enabled, pending through their own registers
                if value >> k & 1 and not fixed:
                    setattr(i, attribute, not offset & 0x80)
        elif 0xC00 <= offset < 0xD00:
            for k, n, i in self._row(offset, cpu, 16):
                if n >= 16:
                    i.edge = bool(value >> 2 * k + 1 & 1)
        elif offset == 0xF00:
            self._send_sgi(cpu, value)
        else:
            self.host.fault(ChipFault.RESERVED, offset, 4, value)

    def _byte_read(self, offset: int, cpu: int) -> int:
        n = offset & 0x3FF
        if offset >= 0xF10:
            return self.private[cpu][offset & 15].sources
        if n >= self.lines:
            return 0
        i = self._interrupt(cpu, n)
        if offset < 0x800:
            return i.priority
        return 0 if self.ncpu == 1 else i.targets

    def _byte_write(self, offset: int, value: int, cpu: int) -> None:
        n = offset & 0x3FF
        every = (1 << self.ncpu) - 1
        if offset >= 0xF10:
            i = self.private[cpu][offset & 15]
            i.sources = i.sources & ~value if offset < 0xF20 else i.sources | value & every
            i.latched = i.sources != 0
        elif n < self.lines:
            i = self._interrupt(cpu, n)
            if offset < 0x800:
                i.priority = value
            elif n >= 32 and self.ncpu > 1:
                i.targets = value & every

    def _send_sgi(self, cpu: int, value: int) -> None:
        every = (1 << self.ncpu) - 1
        targets = {0: value >> 16 & every, 1: every & ~(1 << cpu), 2: 1 << cpu, 3: 0}[value >> 24 & 3]
        for to in range(self.ncpu):
            if targets >> to & 1:
                i = self.private[to][value & 15]
                i.sources |= 1 << cpu
                i.latched = True

    # ---- CPU interface (4.4) ----

    def _visible(self, cpu: int, aliased: bool) -> int:
        """What GICC_HPPIR, or GICC_AHPPIR, shows."""
        n = self._highest(cpu)
        if n == SPURIOUS:
            return n
        i = self._interrupt(cpu, n)
        if aliased and i.group == 0:
            return SPURIOUS
        if not aliased and i.group == 1 and not self.interface[cpu].ctlr & 4:
            return OTHER_GROUP
        if n < 16:
            for source in range(8):
                if i.sources >> source & 1:
                    return n | source << 10
        return n

    def _acknowledge(self, cpu: int, aliased: bool) -> int:
        iface = self.interface[cpu]
        seen = self._visible(cpu, aliased)
        n = seen & 0x3FF
        if n in (SPURIOUS, OTHER_GROUP):
            return n
        i = self._interrupt(cpu, n)
        priority = self._group_priority(cpu, i)
        if priority >= iface.running() or not iface.ctlr >> i.group & 1:
            return SPURIOUS
        level = priority // 2
        iface.apr[4 * i.group + level // 32] |= 1 << level % 32
        i.active = True
        i.latched = False
        if n < 16:
            i.sources &= ~(1 << (seen >> 10))
            i.latched = i.sources != 0
        self._update()
        return seen

    def _end(self, cpu: int, n: int) -> None:
        iface = self.interface[cpu]
        if n >= self.lines or iface.running() == IDLE:
            return
        i = self._interrupt(cpu, n)
        for level in range(128):
            reg = 4 * i.group + level // 32
            if iface.apr[reg] >> level % 32 & 1:
                iface.apr[reg] &= ~(1 << level % 32)
                break
        if not iface.ctlr & 0x200:
            i.active = False

    def _gicc_read(self, offset: int, cpu: int) -> int:
        iface = self.interface[cpu]
        match offset:
            case 0x00:
                return iface.ctlr
            case 0x04:
                return iface.pmr
            case 0x08:
                return iface.bpr
            case 0x0C | 0x20:
                return self._acknowledge(cpu, offset == 0x20)
            case 0x14:
                return min(iface.running(), 0xFF)
            case 0x18 | 0x28:
                return self._visible(cpu, offset == 0x28)
            case 0x1C:
                return iface.abpr
            case 0xFC:
                return GICC_IIDR
        if 0xD0 <= offset < 0xF0:
            return iface.apr[(offset - 0xD0) // 4]
        write_only = offset in (0x10, 0x24, 0x1000)
        self.host.fault(ChipFault.WRITE_ONLY if write_only else ChipFault.RESERVED, offset, 4, 0)
        return 0

    def _gicc_write(self, offset: int, value: int, cpu: int) -> None:
        iface = self.interface[cpu]
        n = value & 0x3FF
        match offset:
            case 0x00:
                iface.ctlr = value & 0x21F
            case 0x04:
                iface.pmr = value & 0xFF
            case 0x08:
                iface.bpr = value & 7
            case 0x1C:
                iface.abpr = max(value & 7, 1)
            case 0x10 | 0x24:
                self._end(cpu, n)
            case 0x1000:
                if n < self.lines and iface.ctlr & 0x200:
                    self._interrupt(cpu, n).active = False
            case 0x0C | 0x14 | 0x18 | 0x20 | 0x28 | 0xFC:
                self.host.fault(ChipFault.READ_ONLY, offset, 4, value)
            case _ if 0xD0 <= offset < 0xF0:
                iface.apr[(offset - 0xD0) // 4] = value
            case _:
                self.host.fault(ChipFault.RESERVED, offset, 4, value)
