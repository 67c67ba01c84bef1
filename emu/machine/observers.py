# SPDX-License-Identifier: GPL-2.0-or-later
"""Instruments on a machine: which kinds of events the core has to make, and who gets them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from emu.core import Stop
from emu.wires.events import Event, Kind, decode, kind_mask
from emu.wires.instrument import Instrument

if TYPE_CHECKING:
    from emu.core._core import Core

__all__ = ["HASHED", "Observers"]

RING = 4096  # records
HASHED = frozenset(Kind) - {Kind.IDLE, Kind.WAKE, Kind.CODE}
"""What the event hash is over: all that is the same however a run is sliced."""


class Observers:
    """The instruments of one machine."""

    def __init__(self, core: Core, hashing: bool) -> None:
        self._core = core
        self._hash = kind_mask(HASHED) if hashing else 0
        self._break = 0
        self._instruments: list[Instrument] = []
        self._new: list[Instrument] = []
        self._observe()

    def _observe(self) -> None:
        want = kind_mask({kind for i in self._instruments for kind in i.wants})
        if want:
            self._core.on_events = self._events
        # A ring of one record is drained where the guest stands: then its registers are those of the event.
        size = 1 if any(getattr(i, "live", False) for i in self._instruments) else RING
        self._core.observe(want, self._hash, self._break, size if want else 0)

    def add(self, instrument: Instrument) -> None:
        """One more; it gets `on_start` before the next run."""
        self._instruments.append(instrument)
        self._new.append(instrument)
        self._observe()

    def break_on(self, kinds: Iterable[Kind]) -> None:
        """End runs at events of these kinds."""
        self._break = kind_mask(kinds)
        self._observe()

    def start(self) -> None:
        """A run begins."""
        while self._new:
            self._new.pop(0).on_start()

    def _events(self, records: bytes) -> None:
        events: list[Event] = list(decode(records))
        for instrument in self._instruments:
            wants = instrument.wants
            mine = [e for e in events if e.kind in wants]
            if mine:
                instrument.on_events(mine)

    def console(self, data: bytes) -> None:
        """The guest wrote to its console."""
        for instrument in self._instruments:
            instrument.on_console(data)

    def restored(self) -> None:
        """A snapshot was restored."""
        for instrument in self._instruments:
            instrument.on_restore()

    def stopped(self, stop: Stop) -> None:
        """A run ended."""
        for instrument in self._instruments:
            instrument.on_stop(stop)

    def close(self) -> None:
        """The machine goes away."""
        for instrument in self._instruments:
            instrument.on_close()
        self._instruments.clear()
