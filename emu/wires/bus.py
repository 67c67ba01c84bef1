# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses to devices. A bus is itself a device, so buses nest; the machine builds the core's map from one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Addressable", "Bus", "Window"]


class Addressable(Protocol):
    """What can be put on a bus. ``size`` is the access's, in bytes; the value is an unsigned integer of that size."""

    def read(self, offset: int, size: int) -> int: ...
    def write(self, offset: int, size: int, value: int) -> None: ...


@dataclass(frozen=True)
class Window:
    """``size`` bytes from ``base`` belong to a device, whose own offsets begin at 0."""

    base: int
    size: int
    device: Addressable
    name: str

    @property
    def end(self) -> int:
        return self.base + self.size


class Bus:
    """A map of windows that do not overlap.

    ``unassigned`` is told of accesses to nothing: (offset, size, value or None for a read). They read as all-ones.
    """

    def __init__(self, name: str = "bus", unassigned: Callable[[int, int, int | None], None] | None = None) -> None:
        self.name = name
        self._unassigned = unassigned
        self._windows: list[Window] = []

    def insert(self, base: int, size: int, device: Addressable, name: str = "") -> Window:
        """Give a device its addresses. Raises ValueError, naming both, if another has some of them."""
        new = Window(base, size, device, name or type(device).__name__)
        if base < 0 or size <= 0:
            raise ValueError(f"{self.name}: {new.name} has no addresses ({base:#x}, {size:#x} bytes)")
        for old in self._windows:
            if base < old.end and old.base < new.end:
                raise ValueError(
                    f"{self.name}: {new.name} at {base:#x}-{new.end - 1:#x} overlaps "
                    f"{old.name} at {old.base:#x}-{old.end - 1:#x}"
                )
        self._windows.append(new)
        self._windows.sort(key=lambda w: w.base)
        return new

    def __iter__(self) -> Iterator[Window]:
        """The windows in address order."""
        return iter(self._windows)

    def find(self, address: int, size: int = 1) -> Window | None:
        """The window that holds all ``size`` bytes from ``address``."""
        at = bisect_right(self._windows, address, key=lambda w: w.base) - 1
        if at >= 0 and address + size <= self._windows[at].end:
            return self._windows[at]
        return None

    def read(self, offset: int, size: int) -> int:
        window = self.find(offset, size)
        if window is not None:
            return window.device.read(offset - window.base, size)
        if self._unassigned is not None:
            self._unassigned(offset, size, None)
        return (1 << 8 * size) - 1

    def write(self, offset: int, size: int, value: int) -> None:
        window = self.find(offset, size)
        if window is not None:
            window.device.write(offset - window.base, size, value)
        elif self._unassigned is not None:
            self._unassigned(offset, size, value)
