# SPDX-License-Identifier: GPL-2.0-or-later
"""The local APICs of all CPUs (Intel SDM vol. 3, "Advanced Programmable Interrupt Controller"). Oracle of apic.c.

xAPIC mode, version 14h, six LVT entries. Bank 0 is the asking CPU's page. Input ``2 * cpu`` is LINT0, the next LINT1.
Output 0 is the EOI broadcast, value = vector. ``config`` is (timer frequency in Hz,).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .chip import NEVER, Chip, ChipFault, CpuInput, tick_ns, ticks

__all__ = ["EXTINT", "Apic"]

EXTINT = -2
"""What ``ack`` gives when the vector has to come from the PIC."""

FIXED, LOWEST, SMI, _, NMI, INIT, SIPI, EXT = range(8)
TIMER, THERMAL, PERFORMANCE, LINT0, LINT1, ERROR = range(6)
LVT_BITS = (0x300FF, 0x107FF, 0x107FF, 0x1A7FF, 0x1A7FF, 0x100FF)
MASKED, PERIODIC, LEVEL, REMOTE_IRR = 1 << 16, 1 << 17, 1 << 15, 1 << 14
SEND_ILLEGAL, RECEIVE_ILLEGAL, ILLEGAL_REGISTER = 0x20, 0x40, 0x80

PLAIN = {
    0x020: ("id", 0xFF000000, 0),
    0x080: ("tpr", 0xFF, 0),
    0x0D0: ("ldr", 0xFF000000, 0),
    0x0E0: ("dfr", 0xF0000000, 0x0FFFFFFF),
    0x310: ("icr_high", 0xFF000000, 0),
}
"""Registers that only hold: attribute, writable bits, bits that are one."""
READ_ONLY = (0x030, 0x090, 0x0A0, 0x390)


@dataclass
class LocalApic:
    """One APIC. ISR, TMR and IRR are 256-bit integers."""

    base: int = 0
    id: int = 0
    tpr: int = 0
    ldr: int = 0
    dfr: int = 0xFFFFFFFF
    svr: int = 0xFF
    icr_low: int = 0
    icr_high: int = 0
    esr: int = 0
    errors: int = 0
    isr: int = 0
    tmr: int = 0
    irr: int = 0
    lvt: list[int] = field(default_factory=lambda: [MASKED] * 6)
    initial: int = 0
    divide: int = 0
    start_tick: int = 0
    start_count: int = 0
    """The current count was this at that tick of the undivided clock; 0 when the timer stands."""
    lint: list[bool] = field(default_factory=lambda: [False, False])
    extint: bool = False

    @property
    def on(self) -> bool:
        return bool(self.base & 0x800)

    @property
    def software_on(self) -> bool:
        return self.on and bool(self.svr & 0x100)

    def ppr(self) -> int:
        served = max(self.isr.bit_length() - 1, 0) & 0xF0
        return self.tpr if self.tpr & 0xF0 >= served else served

    def deliverable(self) -> int:
        vector = self.irr.bit_length() - 1
        return vector if vector >> 4 > self.ppr() >> 4 else -1

    def extint_waits(self) -> bool:
        lint0 = self.lvt[LINT0]
        return self.extint or (self.lint[0] and not lint0 & MASKED and lint0 >> 8 & 7 == EXT)

    def divisor(self) -> int:
        return {0: 2, 1: 4, 2: 8, 3: 16, 8: 32, 9: 64, 10: 128, 11: 1}[self.divide & 11]

    def matches(self, logical: bool, destination: int) -> bool:
        if destination == 0xFF:
            return self.on
        if not logical:
            return self.on and self.id >> 24 == destination
        mine, model = self.ldr >> 24, self.dfr >> 28
        if model == 15:
            return self.on and mine & destination != 0
        if model == 0:
            cluster, members = destination >> 4, destination & 15
            return self.on and cluster in (15, mine >> 4) and mine & members != 0
        return False


class Apic(Chip):
    """All APICs and the bus between them."""

    name = "apic"

    def reset(self) -> None:
        self._deadlines, self._outputs = {}, {}
        self.apics = [LocalApic(base=0xFEE00800 | (0x100 if cpu == 0 else 0), id=cpu << 24) for cpu in range(self.ncpu)]
        for cpu in range(self.ncpu):
            self._power_up(cpu)
            self.host.timer(cpu, NEVER)
            self.host.cpu_input(cpu, CpuInput.IRQ, 0)

    def _power_up(self, cpu: int) -> None:
        old = self.apics[cpu]
        new = LocalApic(base=old.base, id=old.id, lint=old.lint)
        if new.base & 0x100:
            new.lvt[LINT0] = EXT << 8  # virtual wire mode, as firmware leaves it
        self.apics[cpu] = new
        self._update_timer(cpu)

    def _update(self, cpu: int) -> None:
        apic = self.apics[cpu]
        if apic.on:
            irq = (apic.software_on and apic.deliverable() >= 0) or apic.extint_waits()
        else:
            irq = apic.lint[0]
        self._set_cpu(cpu, CpuInput.IRQ, irq)

    # ---- what the CPU core calls ----

    def base(self, cpu: int) -> int:
        return self.apics[cpu].base

    def write_base(self, cpu: int, value: int) -> bool:
        """WRMSR IA32_APIC_BASE; false: it has to raise #GP(0)."""
        if value & ~0xFFFFFFFFFFFFF or value & 0x6FF:
            return False
        apic = self.apics[cpu]
        was_on = apic.on
        apic.base = value & ~0x100 | apic.base & 0x100
        if was_on != apic.on:
            self._power_up(cpu)
        self._update(cpu)
        return True

    def cr8(self, cpu: int) -> int:
        return self.apics[cpu].tpr >> 4

    def write_cr8(self, cpu: int, value: int) -> None:
        self.apics[cpu].tpr = (value & 15) << 4
        self._update(cpu)

    def init(self, cpu: int) -> None:
        self._power_up(cpu)
        self._update(cpu)

    def ack(self, cpu: int = 0) -> int:
        apic = self.apics[cpu]
        if not apic.on:
            return EXTINT if apic.lint[0] else -1
        vector = apic.deliverable() if apic.software_on else -1
        if vector >= 0:
            apic.irr &= ~(1 << vector)
            apic.isr |= 1 << vector
        elif apic.extint_waits():
            apic.extint = False
            vector = EXTINT
        self._update(cpu)
        return vector

    # ---- messages ----

    def message(self, message: int) -> None:
        """An interrupt message laid out as an IO-APIC redirection entry."""
        logical, destination = bool(message >> 11 & 1), message >> 56 & 0xFF
        to = [cpu for cpu, apic in enumerate(self.apics) if apic.matches(logical, destination)]
        self._deliver(to, message >> 8 & 7, message & 0xFF, bool(message & LEVEL))

    def _deliver(self, to: list[int], mode: int, vector: int, level: bool) -> None:
        if mode == LOWEST:
            able = [cpu for cpu in to if self.apics[cpu].software_on]
            to = [min(able, key=lambda cpu: self.apics[cpu].ppr())] if able else []
        for cpu in to:
            self._accept(cpu, mode, vector, level)

    def _accept(self, cpu: int, mode: int, vector: int, level: bool) -> None:
        apic = self.apics[cpu]
        if mode == SMI:
            self.host.cpu_input(cpu, CpuInput.SMI, 0)
        elif mode == NMI:
            self.host.cpu_input(cpu, CpuInput.NMI, 0)
        elif mode == INIT:
            self.init(cpu)
            self.host.cpu_input(cpu, CpuInput.INIT, 0)
        elif mode == SIPI:
            self.host.cpu_input(cpu, CpuInput.SIPI, vector)
        elif apic.software_on and mode == EXT:
            apic.extint = True
            self._update(cpu)
        elif apic.software_on and mode in (FIXED, LOWEST):
            if vector < 16:
                self._error(cpu, RECEIVE_ILLEGAL)
                return
            apic.irr |= 1 << vector
            apic.tmr = apic.tmr & ~(1 << vector) | level << vector
            self._update(cpu)

    def _error(self, cpu: int, bit: int) -> None:
        apic = self.apics[cpu]
        if not apic.errors & bit:
            apic.errors |= bit
            self._local(cpu, ERROR)

    def _local(self, cpu: int, entry: int) -> None:
        """A local source asks through its LVT entry."""
        apic = self.apics[cpu]
        lvt = apic.lvt[entry]
        mode = FIXED if entry in (TIMER, ERROR) else lvt >> 8 & 7
        if not apic.on or lvt & MASKED or mode not in (FIXED, SMI, NMI, INIT, EXT):
            return
        level = entry in (LINT0, LINT1) and mode == FIXED and bool(lvt & LEVEL)
        if level:
            if lvt & REMOTE_IRR:
                return
            apic.lvt[entry] |= REMOTE_IRR
        if mode == EXT:
            apic.extint |= entry != LINT0  # LINT0's level is looked at, not latched
            self._update(cpu)
        else:
            self._accept(cpu, mode, lvt & 0xFF, level)

    def line(self, input: int, level: bool) -> None:
        cpu, pin = divmod(input, 2)
        if cpu >= self.ncpu or self.apics[cpu].lint[pin] == level:
            return
        apic = self.apics[cpu]
        apic.lint[pin] = level
        if level and apic.on:
            self._local(cpu, LINT0 + pin)
        elif level and pin:
            self.host.cpu_input(cpu, CpuInput.NMI, 0)
        self._update(cpu)

    def _end_of_interrupt(self, cpu: int) -> None:
        apic = self.apics[cpu]
        vector = apic.isr.bit_length() - 1
        if vector < 0:
            return
        apic.isr &= ~(1 << vector)
        if apic.tmr >> vector & 1:
            for pin in (0, 1):
                if apic.lvt[LINT0 + pin] & (REMOTE_IRR | 0xFF) == REMOTE_IRR | vector:
                    apic.lvt[LINT0 + pin] &= ~REMOTE_IRR
                    if apic.lint[pin]:
                        self._local(cpu, LINT0 + pin)
            self.host.output(0, True, vector)
        self._update(cpu)

    def _send(self, cpu: int) -> None:
        apic = self.apics[cpu]
        icr = apic.icr_low
        mode, vector, everyone = icr >> 8 & 7, icr & 0xFF, range(self.ncpu)
        deassert = bool(icr & LEVEL) and not icr & 0x4000
        if mode not in (FIXED, LOWEST, SMI, NMI, INIT, SIPI) or (mode == INIT and deassert):
            return
        if mode in (FIXED, LOWEST) and vector < 16:
            self._error(cpu, SEND_ILLEGAL)
            return
        match icr >> 18 & 3:
            case 0:
                to = [n for n in everyone if self.apics[n].matches(bool(icr >> 11 & 1), apic.icr_high >> 24)]
            case 1:
                to = [cpu] if mode == FIXED else []
            case 2:
                to = list(everyone) if mode == FIXED else []
            case _:
                to = [n for n in everyone if n != cpu]
        self._deliver([n for n in to if self.apics[n].on], mode, vector, False)

    # ---- timer ----

    def _tick(self) -> int:
        return ticks(self.host.now(), self.config[0])

    def _count(self, cpu: int) -> int:
        apic = self.apics[cpu]
        if not apic.start_count:
            return 0
        return apic.start_count - (self._tick() - apic.start_tick) // apic.divisor()

    def _sync_timer(self, cpu: int) -> None:
        apic = self.apics[cpu]
        if not apic.start_count or self._count(cpu) > 0:
            return
        end = apic.start_tick + apic.start_count * apic.divisor()
        if apic.lvt[TIMER] & PERIODIC and apic.initial:
            period = apic.initial * apic.divisor()
            apic.start_tick = end + (self._tick() - end) // period * period
            apic.start_count = apic.initial
        else:
            apic.start_count = 0
        self._local(cpu, TIMER)

    def _start_timer(self, cpu: int, count: int) -> None:
        self.apics[cpu].start_tick, self.apics[cpu].start_count = self._tick(), count

    def _update_timer(self, cpu: int) -> None:
        apic = self.apics[cpu]
        deadline = NEVER
        if apic.start_count and not apic.lvt[TIMER] & MASKED:
            deadline = tick_ns(apic.start_tick + apic.start_count * apic.divisor(), self.config[0])
        self._set_deadline(cpu, deadline)

    def timer(self, index: int) -> None:
        if index < self.ncpu:
            self._sync_timer(index)
            self._update_timer(index)

    # ---- registers ----

    def _allowed(self, bank: int, offset: int, size: int, value: int, cpu: int) -> bool:
        if not self.apics[cpu].on or bank or offset >= 0x400 or offset % 16 > 3:
            self.host.fault(ChipFault.RESERVED, offset, size, value)
        elif size != 4 or offset % 16:
            self.host.fault(ChipFault.SIZE, offset, size, value)
        else:
            return True
        return False

    def read(self, bank: int, offset: int, size: int, cpu: int = 0) -> int:
        if not self._allowed(bank, offset, size, 0, cpu):
            return 0
        self.timer(cpu)
        apic = self.apics[cpu]
        if offset in PLAIN:
            return int(getattr(apic, PLAIN[offset][0]))
        if 0x100 <= offset < 0x280:
            bits = (apic.isr, apic.tmr, apic.irr)[(offset - 0x100) // 0x80]
            return bits >> offset % 0x80 * 2 & 0xFFFFFFFF
        if 0x320 <= offset < 0x380:
            return apic.lvt[(offset - 0x320) // 16]
        match offset:
            case 0x030:
                return 0x50014
            case 0x090 | 0x0A0:
                return apic.ppr()
            case 0x0F0:
                return apic.svr
            case 0x280:
                return apic.esr
            case 0x300:
                return apic.icr_low
            case 0x380:
                return apic.initial
            case 0x390:
                return self._count(cpu)
            case 0x3E0:
                return apic.divide
            case 0x0B0:
                self.host.fault(ChipFault.WRITE_ONLY, offset, size, 0)
                return 0
        self.host.fault(ChipFault.RESERVED, offset, size, 0)
        self._error(cpu, ILLEGAL_REGISTER)
        return 0

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int = 0) -> None:
        if not self._allowed(bank, offset, size, value, cpu):
            return
        self._sync_timer(cpu)
        value &= 0xFFFFFFFF
        apic = self.apics[cpu]
        if offset in PLAIN:
            name, writable, ones = PLAIN[offset]
            setattr(apic, name, value & writable | ones)
        elif offset in READ_ONLY or 0x100 <= offset < 0x280:
            self.host.fault(ChipFault.READ_ONLY, offset, size, value)
        elif 0x320 <= offset < 0x380:
            self._write_lvt(cpu, (offset - 0x320) // 16, value)
        elif offset == 0x0B0:
            self._end_of_interrupt(cpu)
        elif offset == 0x0F0:
            apic.svr = value & 0x3FF
            if not apic.svr & 0x100:
                apic.lvt = [lvt | MASKED for lvt in apic.lvt]
                apic.extint = False
            self._update(cpu)
        elif offset == 0x280:
            apic.esr, apic.errors = apic.errors, 0
        elif offset == 0x300:
            apic.icr_low = value & 0xCCFFF
            self._send(cpu)
        elif offset == 0x380:
            apic.initial = value
            self._start_timer(cpu, value)
        elif offset == 0x3E0:
            count = self._count(cpu)
            apic.divide = value & 0xB
            self._start_timer(cpu, count)
        else:
            self.host.fault(ChipFault.RESERVED, offset, size, value)
            self._error(cpu, ILLEGAL_REGISTER)
        self._update_timer(cpu)
        self._update(cpu)

    def _write_lvt(self, cpu: int, entry: int, value: int) -> None:
        apic = self.apics[cpu]
        count = self._count(cpu)
        lvt = value & LVT_BITS[entry]
        if lvt & LEVEL:
            lvt |= apic.lvt[entry] & REMOTE_IRR
        if not apic.svr & 0x100:
            lvt |= MASKED
        apic.lvt[entry] = lvt
        if entry == TIMER and count:
            self._start_timer(cpu, count)
        if entry in (LINT0, LINT1) and apic.lint[entry - LINT0] and lvt & LEVEL and lvt >> 8 & 7 == FIXED:
            self._local(cpu, entry)
