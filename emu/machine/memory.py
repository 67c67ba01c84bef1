# SPDX-License-Identifier: GPL-2.0-or-later
"""Guest memory as bytes: `memory.phys[a:b]`, `memory.virt(cpu)[a:b]`. Looking changes nothing that a guest can see."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emu.arch.walk import Access, Walk

if TYPE_CHECKING:
    from emu.core._core import Core

__all__ = ["Memory", "PhysicalMemory", "VirtualMemory"]

PAGE = 4096
Translate = Callable[[int], Walk]


def _range(key: slice | int) -> tuple[int, int]:
    if isinstance(key, int):
        return key, key + 1
    if key.step not in (None, 1) or key.start is None or key.stop is None:
        raise IndexError("give both ends of the range, and no step")
    if not 0 <= key.start <= key.stop <= 1 << 64:
        raise IndexError(f"{key.start:#x}:{key.stop:#x} is no range of addresses")
    return key.start, key.stop


class PhysicalMemory:
    """RAM by physical address. IndexError where there is no RAM."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    def __getitem__(self, key: slice | int) -> bytes:
        start, stop = _range(key)
        try:
            return self._core.read_phys(start, stop - start)
        except ValueError:
            raise IndexError(f"{start:#x}:{stop:#x} is not all RAM") from None

    def __setitem__(self, key: slice | int, data: bytes) -> None:
        start, stop = _range(key)
        if len(data) != stop - start:
            raise ValueError(f"{len(data)} bytes for a range of {stop - start}")
        try:
            self._core.write_phys(start, data)
        except ValueError:
            raise IndexError(f"{start:#x}:{stop:#x} is not all RAM") from None

    def word(self, address: int, size: int = 8) -> int | None:
        """A little-endian number, or None where there is no RAM."""
        try:
            return int.from_bytes(self._core.read_phys(address, size), "little")
        except ValueError:
            return None


class VirtualMemory:
    """Memory as one CPU's kernel sees it now. IndexError where nothing is mapped or no RAM is behind it.

    Rights do not matter, accessed bits stay as they are, and the TLB is not asked: it is the tables that count.
    """

    __slots__ = ("_phys", "_translate")

    def __init__(self, phys: PhysicalMemory, translate: Translate) -> None:
        self._phys = phys
        self._translate = translate

    def _pages(self, start: int, stop: int) -> list[tuple[int, int]]:
        """(physical address, bytes) of each page's piece."""
        pieces = []
        while start < stop:
            size = min(PAGE - start % PAGE, stop - start)
            walk = self._translate(start)
            if not walk.ok:
                raise IndexError(f"{start:#x} is not mapped: {walk.kind}, level {walk.level}")
            pieces.append((walk.pa, size))
            start += size
        return pieces

    def __getitem__(self, key: slice | int) -> bytes:
        return b"".join(self._phys[pa : pa + size] for pa, size in self._pages(*_range(key)))

    def __setitem__(self, key: slice | int, data: bytes) -> None:
        start, stop = _range(key)
        if len(data) != stop - start:
            raise ValueError(f"{len(data)} bytes for a range of {stop - start}")
        at = 0
        for pa, size in self._pages(start, stop):
            self._phys[pa : pa + size] = data[at : at + size]
            at += size

    def string(self, address: int, limit: int = 4096) -> bytes:
        """Bytes up to a NUL, at most `limit`; what there is of it where the mapping ends."""
        out = b""
        while len(out) < limit:
            size = min(PAGE - address % PAGE, limit - len(out))
            try:
                piece = self[address : address + size]
            except IndexError:
                break
            end = piece.find(b"\0")
            if end >= 0:
                return out + piece[:end]
            out += piece
            address += size
        return out


class Memory:
    """Both views of a machine's memory."""

    __slots__ = ("_translate", "phys")

    def __init__(self, core: Core, translate: Callable[[int, int, int, int], Walk]) -> None:
        self.phys = PhysicalMemory(core)
        self._translate = translate

    def virt(self, cpu: int = 0) -> VirtualMemory:
        """Memory by the virtual addresses of a CPU."""
        return VirtualMemory(self.phys, lambda va: _readable(self._translate, va, cpu))


def _readable(translate: Callable[[int, int, int, int], Walk], va: int, cpu: int) -> Walk:
    walk = translate(va, Access.READ, 1, cpu)
    if not walk.ok and walk.shift:  # mapped, but not for the kernel: user pages under SMAP or PAN
        walk = translate(va, Access.READ, 0, cpu)
    return walk
