# SPDX-License-Identifier: GPL-2.0-or-later
"""The 8254 (Intel 231164) with port 61h (PIIX3, 290550). Oracle of pit.c.

Where the C chip computes counts by formula, this one lets the counting elements tick, skipping only ticks in which
nothing but a decrement can happen. Banks: 0 counters 0-2 and the control word at 3, 1 port 61h. Output 0: OUT 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .chip import NEVER, Chip, ChipFault, tick_ns, ticks

__all__ = ["PIT_HZ", "Pit"]

PIT_HZ = 1193182
REFRESH_TICKS = 18


@dataclass
class Counter:
    """One counter: count register, counting element, latches, OUT and GATE."""

    control: int = 0x36
    tick: int = 0
    """Everything below is the state in this tick of the clock."""
    cr: int = 0
    initial: int = 0
    """What the element was last loaded with."""
    ce: int = 0
    out: bool = True
    gate: bool = True
    running: bool = False
    expired: bool = False
    """Modes 0, 1, 4, 5: the count has been through zero."""
    load: bool = False
    """cr goes to the element at the next tick."""
    waiting: bool = False
    """cr goes there at the end of the period, or at a trigger."""
    null: bool = True
    first_byte: int = -1
    second_read: bool = False
    latched_count: int = -1
    latched_status: int = -1

    @property
    def mode(self) -> int:
        mode = self.control >> 1 & 7
        return mode - 4 if mode > 5 else mode

    @property
    def bcd(self) -> bool:
        return bool(self.control & 1)

    @property
    def span(self) -> int:
        return 10000 if self.bcd else 65536

    def counting(self) -> bool:
        return self.running and (self.gate or self.mode in (1, 5))

    def step(self) -> None:
        """One falling edge of the clock."""
        self.tick += 1
        if self.load:
            self.load = self.waiting = self.null = self.expired = False
            self.running = True
            self.reload()
            self.out = self.mode not in (0, 1)
        elif self.counting():
            match self.mode:
                case 2:
                    self.ce -= 1
                    if self.ce == 0:
                        self.reload()
                    self.out = self.ce != 1
                case 3:
                    self.ce -= 2
                    # An odd count is high one tick longer: there the element is let down to zero.
                    if self.ce < 0 or (self.ce == 0 and not (self.initial % 2 and self.out)):
                        self.out = not self.out
                        self.reload()
                case _:
                    self.ce -= 1
                    if self.mode in (4, 5):
                        self.out = not (self.ce == 0 and not self.expired)
                    elif self.ce == 0:
                        self.out = True
                    if self.ce == 0:
                        self.expired = True
                    if self.ce < 0:
                        self.ce += self.span

    def reload(self) -> None:
        """The element takes the count register, unless that waits for completion of a two-byte write."""
        if self.waiting or not self.null:
            self.initial = self.cr
            self.waiting = self.null = False
        self.ce = self.initial - (self.initial % 2 if self.mode == 3 else 0)

    def quiet(self) -> int:
        """How many of the next ticks do nothing but decrement."""
        if self.load:
            return 0
        if not self.counting():
            return NEVER
        return max(self.ce // (2 if self.mode == 3 else 1) - 3, 0)

    def run_to(self, tick: int) -> None:
        if self.mode in (2, 3) and self.counting() and not self.load and not self.waiting:
            self.tick += (tick - self.tick) // self.initial * self.initial  # whole periods change nothing
        while self.tick < tick:
            skip = min(self.quiet(), tick - self.tick)
            if skip:
                if self.counting():
                    self.ce -= skip * (2 if self.mode == 3 else 1)
                self.tick += skip
            else:
                self.step()

    def next_change(self) -> int:
        """The tick of the next load or change of OUT, or NEVER."""
        if self.load:
            return self.tick + 1
        if not self.counting() or (self.mode not in (2, 3) and self.expired and (self.mode in (0, 1) or self.out)):
            return NEVER
        future = replace(self)
        while future.out == self.out:
            future.run_to(future.tick + max(future.quiet(), 1))
        return future.tick

    # ---- what a program does ----

    def set_control(self, word: int) -> None:
        self.control = word & 0x3F
        self.out = self.mode != 0
        self.running = self.load = self.waiting = self.second_read = self.expired = False
        self.ce = self.initial - (self.initial % 2 if self.mode == 3 else 0)
        self.null = True
        self.first_byte = self.latched_count = self.latched_status = -1

    def write(self, byte: int) -> None:
        match self.control >> 4:
            case 1:
                self.set_count(byte)
            case 2:
                self.set_count(byte << 8)
            case 3 if self.first_byte < 0:
                self.first_byte = byte
                if self.mode == 0:
                    self.stop_low()
            case 3:
                count, self.first_byte = byte << 8 | self.first_byte, -1
                self.set_count(count)

    def stop_low(self) -> None:
        self.running = self.load = self.out = False
        self.ce = self.initial

    def set_count(self, count: int) -> None:
        if self.bcd:
            count = sum((count >> 4 * k & 15) * 10**k for k in range(4))
        self.cr = count or self.span
        if self.cr == 1 and self.mode in (2, 3):
            self.cr = 2
        self.null = True
        if self.mode in (1, 5) or (self.mode in (2, 3) and self.running):
            self.waiting = True
        else:
            if self.mode == 0:
                self.stop_low()
            self.load = True

    def set_gate(self, level: bool) -> None:
        if self.gate == level:
            return
        self.gate = level
        if self.mode in (2, 3):
            self.out = True
            if level:
                self.ce = self.initial - (self.initial % 2 if self.mode == 3 else 0)
        if level and self.mode in (1, 2, 3, 5) and (self.running or self.waiting):
            self.load = True

    def reading(self) -> int:
        value = self.ce % self.span
        if self.bcd:
            return sum(value // 10**k % 10 << 4 * k for k in range(4))
        return value

    def latch(self, count: bool, status: bool) -> None:
        if count and self.latched_count < 0:
            self.latched_count = self.reading()
        if status and self.latched_status < 0:
            self.latched_status = self.out << 7 | self.null << 6 | self.control

    def read(self) -> int:
        if self.latched_status >= 0:
            status, self.latched_status = self.latched_status, -1
            return status
        value = self.latched_count if self.latched_count >= 0 else self.reading()
        rw = self.control >> 4
        high = rw == 2 or (rw == 3 and self.second_read)
        if rw == 3:
            self.second_read = not self.second_read
        if not self.second_read:
            self.latched_count = -1
        return value >> 8 if high else value & 0xFF


class Pit(Chip):
    """Three counters; the gate of the last in port 61h."""

    name = "pit"

    def reset(self) -> None:
        self.counters = [Counter(gate=n != 2) for n in range(3)]
        self.speaker = False
        self._deadlines, self._outputs = {}, {0: 1}
        self.host.timer(0, NEVER)  # OUT 0 is high, which is no edge: it is not announced

    def _sync(self) -> int:
        tick = ticks(self.host.now(), PIT_HZ)
        for counter in self.counters:
            counter.run_to(tick)
        return tick

    def _update(self) -> None:
        tick = self.counters[0].next_change()
        self._set_deadline(0, NEVER if tick == NEVER else tick_ns(tick, PIT_HZ))
        self._set_output(0, self.counters[0].out)

    def timer(self, index: int) -> None:
        self._sync()
        self._update()

    def _allowed(self, bank: int, offset: int, size: int, value: int) -> bool:
        if bank > 1 or offset > (3, 0)[bank]:
            self.host.fault(ChipFault.RESERVED, offset, size, value)
        elif size != 1:
            self.host.fault(ChipFault.SIZE, offset, size, value)
        else:
            return True
        return False

    def read(self, bank: int, offset: int, size: int, cpu: int = 0) -> int:
        if not self._allowed(bank, offset, size, 0):
            return 0
        tick = self._sync()
        if bank == 1:
            second = self.counters[2]
            return second.gate | self.speaker << 1 | (tick // REFRESH_TICKS & 1) << 4 | second.out << 5
        if offset == 3:
            self.host.fault(ChipFault.WRITE_ONLY, offset, size, 0)
            return 0
        return self.counters[offset].read()

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int = 0) -> None:
        if not self._allowed(bank, offset, size, value):
            return
        self._sync()
        value &= 0xFF
        if bank == 1:
            self.speaker = bool(value & 2)
            self.counters[2].set_gate(bool(value & 1))
        elif offset < 3:
            self.counters[offset].write(value)
        elif value >> 6 == 3:
            for n, counter in enumerate(self.counters):
                if value >> n + 1 & 1:
                    counter.latch(not value & 0x20, not value & 0x10)
        elif value & 0x30 == 0:
            self.counters[value >> 6].latch(True, False)
        else:
            self.counters[value >> 6].set_control(value)
        self._update()
