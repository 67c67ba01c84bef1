# SPDX-License-Identifier: GPL-2.0-or-later
"""Interrupt lines: the one way by which a device reaches others."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Line"]


class Line:
    """A wire from an output to any number of inputs.

    ``set`` passes every level on, changed or not: an input that counts edges keeps the level it saw in its own state,
    so that restoring that state needs no help from wires. ``level`` is the last one set, for looking at.
    """

    __slots__ = ("_sinks", "level", "name")

    def __init__(self, name: str = "", *sinks: Callable[[bool], object]) -> None:
        self.name = name
        self.level = False
        self._sinks = list(sinks)

    def connect(self, sink: Callable[[bool], object]) -> None:
        """Lead the wire to one more input: a function of the level, or another line's ``set``."""
        self._sinks.append(sink)

    def set(self, level: bool) -> None:
        self.level = level
        for sink in self._sinks:
            sink(level)

    def pulse(self) -> None:
        """Up and down again: an edge."""
        self.set(True)
        self.set(False)

    def __repr__(self) -> str:
        return f"Line({self.name!r}, {'high' if self.level else 'low'})"
