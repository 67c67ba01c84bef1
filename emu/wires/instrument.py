# SPDX-License-Identifier: GPL-2.0-or-later
"""What watches a machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from .events import Event, Kind

__all__ = ["Instrument"]


class Instrument:
    """All of these methods are optional: the class is mostly documentation of what a machine calls.

    An instrument sees and changes nothing: with or without it the guest runs the same. It gets batches, some time after
    the fact but in order and without gaps; ``wants`` says of which kinds, and a kind nobody wants costs nothing.
    """

    wants: ClassVar[frozenset[Kind]] = frozenset(Kind)

    def on_start(self) -> None:
        """The machine is complete and has not run yet."""

    def on_events(self, events: Sequence[Event]) -> None:
        """What happened since the last batch, of the kinds wanted, oldest first."""

    def on_console(self, data: bytes) -> None:
        """Bytes that the guest wrote to its console."""

    def on_restore(self) -> None:
        """A snapshot was restored: what follows continues from there, not from the last batch."""

    def on_stop(self, stop: object) -> None:
        """A run ended, for the reason given; all its events have been delivered."""

    def on_close(self) -> None:
        """The machine is gone."""
