# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines, clocks, and event records."""

from __future__ import annotations

import struct

import pytest

from emu.wires.clock import NEVER, TestClock
from emu.wires.events import EVENT_SIZE, Event, Kind, decode, encode, kind_mask
from emu.wires.instrument import Instrument
from emu.wires.irq import Line


def test_a_line_fans_out_and_passes_every_level_on() -> None:
    first: list[bool] = []
    second = Line("second")
    line = Line("first", first.append)
    line.connect(second.set)
    line.set(True)
    line.set(True)
    line.pulse()
    assert first == [True, True, True, False] and not second.level


def test_alarms_ring_in_order_and_may_be_moved() -> None:
    clock, rung = TestClock(), []
    a, b = clock.timer(lambda: rung.append(("a", clock.now()))), clock.timer(lambda: rung.append(("b", clock.now())))
    b.set(5)
    a.set(5)
    clock.call_at(3, lambda: b.set(7))
    clock.advance(6)
    a.set(NEVER)
    clock.advance(10)
    assert rung == [("a", 5), ("b", 7)] and clock.now() == 16


def test_event_records_are_those_of_core_h() -> None:
    events = [Event(5, Kind.MMIO, 1, 0x84, 2, 3, 4, 5, 6, 7, 8), Event(6, 77)]
    records = encode(events)
    assert len(records) == 2 * EVENT_SIZE == 128
    assert records[:16] == struct.pack("<QBBHI", 5, 4, 1, 0x84, 2)
    assert list(decode(records)) == events
    assert [e.name for e in events] == ["MMIO", "KIND77"]
    with pytest.raises(struct.error):
        list(decode(records[:100]))
    assert kind_mask(Instrument.wants) == 0xFFFE
