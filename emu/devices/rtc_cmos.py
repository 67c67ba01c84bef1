# SPDX-License-Identifier: GPL-2.0-or-later
"""MC146818A real-time clock with 128 bytes of CMOS RAM (Motorola MC146818A data sheet), at PC ports 70h (index) and
71h (data).

Time is ``epoch`` plus virtual time. Flags of the C register are worked out when something looks at them; alarms of the
host clock are set only for interrupts that are enabled.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ..wires.clock import NEVER, Clock
from ..wires.irq import Line
from .chip import NS_PER_S, ChipFault
from .device import Device, Register, State, Words

__all__ = ["CmosRtc", "pc_nvram"]

SECONDS, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM, WEEKDAY, DAY, MONTH, YEAR = range(10)
REG_A, REG_B, REG_C, REG_D, CENTURY, PS2_CENTURY = 0x0A, 0x0B, 0x0C, 0x0D, 0x32, 0x37
TIME = (SECONDS, MINUTES, HOURS, WEEKDAY, DAY, MONTH, YEAR, CENTURY)
A_UIP, B_SET, B_PIE, B_AIE, B_UIE, B_BINARY, B_24H = 0x80, 0x80, 0x40, 0x20, 0x10, 0x04, 0x02
C_IRQF, C_PF, C_AF, C_UF = 0x80, 0x40, 0x20, 0x10
UIP_NS = 244_000
"""UIP goes up at least 244 us before an update (data sheet, Update Cycle)."""
CRYSTAL = 32768
DAY_S = 86400
LAST_SECOND = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
"""Two digits of year and two of century end here."""


def pc_nvram(memory: int, ncpu: int = 1, above_4g: int = 0) -> dict[int, int]:
    """CMOS bytes that tell memory (bytes below 4 GiB, and above) and number of CPUs, as QEMU's pc sets them."""

    def words(at: int, high: int, value: int) -> dict[int, int]:
        return {at: value & 0xFF, high: value >> 8 & 0xFF}

    extended = min(max(memory - 2**20, 0) >> 10, 0xFFFF)
    above_16m = min(max(memory - 16 * 2**20, 0) >> 16, 0xFFFF)
    return (
        words(0x15, 0x16, min(memory >> 10, 640))
        | words(0x17, 0x18, extended)
        | words(0x30, 0x31, extended)
        | words(0x34, 0x35, above_16m)
        | {0x5B + k: above_4g >> 16 + 8 * k & 0xFF for k in range(3)}
        | {0x5F: ncpu - 1, 0x14: 0x06, 0x38: 0x30, 0x3D: 0x12}  # equipment: FPU, PS/2 mouse; boot order
    )


class CmosRtc(Device):
    """Index at offset 0, data at offset 1."""

    SIZES = (1,)

    INDEX = Register(0, width=8, fields=("ADDRESS 6:0", "NMI_DISABLE 7"))
    DATA = Register(1, width=8)

    ram = Words(16)
    """The 128 bytes; time bytes count only while SET is 1."""
    second = State()
    """Calendar time at ``since``, in seconds of the Unix epoch."""
    since = State()
    """ns at which that second began."""
    seen = State()
    """ns up to which C's flags are worked out."""

    def __init__(
        self,
        epoch: int = 0,
        nvram: dict[int, int] | None = None,
        irq: Line | None = None,
        clock: Clock | None = None,
        faults: Callable[[ChipFault, int, int, int], None] | None = None,
    ) -> None:
        super().__init__(irq, clock, faults)
        self.epoch = epoch
        self.nvram = dict(nvram or {})
        self._alarm = self.clock.timer(self._on_alarm)

    def on_reset(self) -> None:
        for index, value in {REG_A: 0x26, REG_B: B_24H, REG_D: 0x80}.items():
            self._put(index, value)
        for index, value in self.nvram.items():
            self._put(index, value)
        self.second, self.since, self.seen = self.epoch, 0, self.clock.now()
        self._alarm.set(NEVER)

    def _get(self, index: int) -> int:
        return int(self.ram[index // 8] >> index % 8 * 8 & 0xFF)

    def _put(self, index: int, value: int) -> None:
        shift = index % 8 * 8
        self.ram[index // 8] = self.ram[index // 8] & ~(0xFF << shift) | value << shift

    # ---- the calendar ----

    def _code(self, value: int) -> int:
        return value if self._get(REG_B) & B_BINARY else value // 10 << 4 | value % 10

    def _decode(self, value: int) -> int:
        return value if self._get(REG_B) & B_BINARY else (value >> 4) * 10 + (value & 15)

    def _code_hour(self, hour: int) -> int:
        if self._get(REG_B) & B_24H:
            return self._code(hour)
        return self._code((hour + 11) % 12 + 1) | (0x80 if hour >= 12 else 0)

    def _decode_hour(self, value: int) -> int:
        if self._get(REG_B) & B_24H:
            return self._decode(value)
        return self._decode(value & 0x7F) % 12 + (12 if value & 0x80 else 0)

    def _time_bytes(self, second: int) -> dict[int, int]:
        t = datetime.fromtimestamp(min(second, LAST_SECOND), UTC)
        return {
            SECONDS: self._code(t.second),
            MINUTES: self._code(t.minute),
            HOURS: self._code_hour(t.hour),
            WEEKDAY: self._code(t.isoweekday() % 7 + 1),
            DAY: self._code(t.day),
            MONTH: self._code(t.month),
            YEAR: self._code(t.year % 100),
            CENTURY: self._code(t.year // 100),
        }

    def _seconds_gone(self, now: int) -> int:
        return (now - self.since) // NS_PER_S if self._counting() else 0

    def _counting(self) -> bool:
        """SET stops updates, and so do divider chain settings other than the PC's 32 kHz."""
        return not self._get(REG_B) & B_SET and self._get(REG_A) & 0x70 == 0x20

    def _freeze(self) -> None:
        """The running time goes to the time bytes, where a program may change it."""
        for index, value in self._time_bytes(self.second + self._seconds_gone(self.clock.now())).items():
            self._put(index, value)

    def _thaw(self) -> None:
        """The clock goes on from the time bytes; what is no date is taken as the nearest."""
        hour, day, month = self._decode_hour(self._get(HOURS)), self._decode(self._get(DAY)), self._get(MONTH)
        year = self._decode(self._get(CENTURY)) * 100 + self._decode(self._get(YEAR))
        start = datetime(min(max(year, 1970), 9999), min(max(self._decode(month), 1), 12), 1, tzinfo=UTC)
        minutes, seconds = self._decode(self._get(MINUTES)), self._decode(self._get(SECONDS))
        moment = start.timestamp() + timedelta(max(day, 1) - 1, seconds, 0, 0, minutes, hour).total_seconds()
        self.second, self.since = int(moment), self.clock.now()

    # ---- flags and interrupts ----

    def _period(self) -> int:
        """Crystal cycles between periodic interrupts, 0 for none (data sheet, table 5)."""
        rate = self._get(REG_A) & 15
        return 0 if rate == 0 else 1 << (rate + 6 if rate <= 2 else rate - 1)

    def _alarm_at(self, second: int) -> bool:
        now = self._time_bytes(second)
        pairs = ((SECONDS_ALARM, SECONDS), (MINUTES_ALARM, MINUTES), (HOURS_ALARM, HOURS))
        return all(self._get(alarm) >= 0xC0 or self._get(alarm) == now[time] for alarm, time in pairs)

    def _look(self) -> None:
        """Work out the flags up to now."""
        now, flags = self.clock.now(), self._get(REG_C)
        if self._counting():
            first = max(self.seen - self.since, 0) // NS_PER_S + 1
            last = self._seconds_gone(now)
            if last >= first:
                flags |= C_UF
                span = range(first, min(last, first + DAY_S - 1) + 1)
                if not flags & C_AF and any(self._alarm_at(self.second + k) for k in span):
                    flags |= C_AF
        period = self._period()
        if period and now * CRYSTAL // NS_PER_S // period > self.seen * CRYSTAL // NS_PER_S // period:
            flags |= C_PF
        flags &= ~C_IRQF
        if flags & self._get(REG_B) & (C_PF | C_AF | C_UF):
            flags |= C_IRQF
        self._put(REG_C, flags)
        self.seen = now

    def interrupt(self) -> bool:
        return bool(self._get(REG_C) & C_IRQF)

    def _schedule(self) -> None:
        """Ring at the next event that may interrupt: a period, or a second (an alarm is only ever then)."""
        b, now, when = self._get(REG_B), self.clock.now(), NEVER
        period = self._period()
        if b & B_PIE and period:
            tick = (now * CRYSTAL // NS_PER_S // period + 1) * period
            when = -(-tick * NS_PER_S // CRYSTAL)
        if b & (B_UIE | B_AIE) and self._counting():
            when = min(when, self.since + (self._seconds_gone(now) + 1) * NS_PER_S)
        self._alarm.set(when)

    def _on_alarm(self) -> None:
        self._look()
        self._schedule()
        self._update_irq()

    # ---- what a program sees ----

    def read_INDEX(self) -> int:
        return 0xFF  # write-only on a PC

    def read_DATA(self) -> int:
        index, now = self.INDEX & 0x7F, self.clock.now()
        if index == PS2_CENTURY:
            index = CENTURY
        if index in TIME and not self._get(REG_B) & B_SET:
            return self._time_bytes(self.second + self._seconds_gone(now))[index]
        if index == REG_A:
            within = (now - self.since) % NS_PER_S
            updating = self._counting() and within >= NS_PER_S - UIP_NS
            return self._get(REG_A) | (A_UIP if updating else 0)
        if index == REG_C:
            self._look()
            flags = self._get(REG_C)
            self._put(REG_C, 0)
            self._update_irq()
            return flags
        return self._get(index)

    def write_DATA(self, value: int) -> None:
        index = self.INDEX & 0x7F
        if index == PS2_CENTURY:
            index = CENTURY
        self._look()
        if index in TIME:
            running = not self._get(REG_B) & B_SET
            if running:
                self._freeze()
            self._put(index, value)
            if running:
                self._thaw()
        elif index in (REG_A, REG_B):
            self._write_control(index, value)
        elif index not in (REG_C, REG_D):
            self._put(index, value)
        self._look()
        self._schedule()

    def _write_control(self, index: int, value: int) -> None:
        was_set = self._get(REG_B) & B_SET
        if index == REG_B and value & B_SET:
            value &= ~B_UIE  # setting SET clears UIE
        if not was_set:
            self._freeze()  # in the format of the old register B, or with the old divider
        if index == REG_A:
            value &= ~A_UIP
        self._put(index, value)
        changed_format = index == REG_B and not was_set and not value & B_SET
        if was_set and not self._get(REG_B) & B_SET:
            self._thaw()
        elif index == REG_A or changed_format:
            # The time itself goes on; only how it is written changes.
            gone = self._seconds_gone(self.clock.now())
            self.second, self.since = self.second + gone, self.since + gone * NS_PER_S
