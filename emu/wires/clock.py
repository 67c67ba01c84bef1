# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual time as devices see it: nanoseconds since power-on, and alarms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["NEVER", "Clock", "TestClock", "Timer"]

NEVER = 2**64 - 1


class Timer(Protocol):
    """One alarm of a device."""

    def set(self, when: int) -> None:
        """Ring at virtual time ``when``, instead of what was set before; ``NEVER`` cancels."""


class Clock(Protocol):
    """A device makes its timers when it is constructed, always in the same order: then a deadline is a number in the
    machine's state, and no callback has to be saved with it."""

    def now(self) -> int:
        """Nanoseconds since power-on."""
        ...

    def timer(self, callback: Callable[[], None]) -> Timer: ...


class TestClock:
    """A clock that a test moves."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    def __init__(self) -> None:
        self._now = 0
        self._timers: list[_TestTimer] = []

    def now(self) -> int:
        return self._now

    def timer(self, callback: Callable[[], None]) -> _TestTimer:
        timer = _TestTimer(callback)
        self._timers.append(timer)
        return timer

    def call_at(self, when: int, callback: Callable[[], None]) -> None:
        """Call once at ``when``."""
        self.timer(callback).set(when)

    def advance(self, ns: int) -> None:
        """Let ``ns`` pass; alarms ring in order of time, then of making."""
        end = self._now + ns
        while due := [t for t in self._timers if t.when <= end and t.when != NEVER]:
            first = min(due, key=lambda t: t.when)
            self._now = max(self._now, first.when)
            first.when = NEVER
            first.callback()
        self._now = end


class _TestTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.when = NEVER

    def set(self, when: int) -> None:
        self.when = when
