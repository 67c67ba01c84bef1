# SPDX-License-Identifier: GPL-2.0-or-later
"""Symbols of an ELF: by name, and the nearest one below an address.

The symbol table is read directly (see `elf.Elf.symbols`), when the first symbol is asked for: 4 ms for a kernel of
2,000 symbols (58 ms through pyelftools), 0.6 s for Linux's 150,000; there is no index on disk to keep in step.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from emu.image.elf import Elf
from emu.image.files import InputFile

__all__ = ["Symbol", "Symbols"]

STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE, STT_TLS = 0, 1, 2, 3, 4, 6
STB_LOCAL = 0
MAX_GAP = 1 << 20  # a symbol without a size names at most this much after it


class Symbol(NamedTuple):
    """One symbol: its address, size in bytes (0 if not known), name and ELF type."""

    address: int
    size: int
    name: str
    type: int


class Symbols:
    """All named symbols of a program.

    Args:
        symbols: (name, value, size, st_info), as `Elf.symbols` returns them.
    """

    def __init__(self, symbols: Iterable[tuple[str, int, int, int]] = ()) -> None:
        chosen: dict[int, tuple[int, Symbol]] = {}
        self._by_name: dict[str, Symbol] = {}
        for name, value, size, info in symbols:
            kind = info & 15
            # Mapping symbols ($x, $d) mark code and data inside functions; sections and files are no places.
            if kind in (STT_SECTION, STT_FILE, STT_TLS) or name.startswith("$"):
                continue
            symbol = Symbol(value, size, name, kind)
            local = info >> 4 == STB_LOCAL
            if name not in self._by_name or not local:
                self._by_name[name] = symbol
            # Of several at one address, the most telling: a function, then one with a size, then a global one.
            rank = (kind == STT_FUNC) * 4 + (size > 0) * 2 + (not local)
            if value not in chosen or rank > chosen[value][0]:
                chosen[value] = (rank, symbol)
        self._sorted = [s for _, (_, s) in sorted(chosen.items())]
        self._addresses = [s.address for s in self._sorted]

    @classmethod
    def load(cls, path: str | os.PathLike[str], machine: int) -> Symbols:
        """The symbols of an ELF file; none if it is stripped.

        Raises:
            ImageError: as `Elf` and `Elf.symbols` do.
        """
        with InputFile(path) as f:
            return cls(Elf(f, machine).symbols())

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Symbol]:
        return iter(self._by_name.values())

    def __getitem__(self, name: str) -> int:
        """The address of a name. Raises KeyError."""
        return self._by_name[name].address

    def get(self, name: str) -> Symbol | None:
        """The symbol of a name, or None."""
        return self._by_name.get(name)

    def at(self, address: int) -> tuple[Symbol, int] | None:
        """The symbol that holds an address, and the offset into it; None if the address is in no symbol."""
        index = bisect_right(self._addresses, address) - 1
        if index < 0:
            return None
        symbol = self._sorted[index]
        offset = address - symbol.address
        if offset >= symbol.size and ((symbol.size and offset > 0) or offset >= MAX_GAP):
            # A small object may lie inside a larger function or the padding after one; one step back finds it.
            before = self._sorted[index - 1] if index else None
            if before is None or not address < before.address + before.size:
                return None
            return before, address - before.address
        return symbol, offset

    def name(self, address: int) -> str | None:
        """`func+0x10`, `func`, or None."""
        found = self.at(address)
        if found is None:
            return None
        symbol, offset = found
        return f"{symbol.name}+{offset:#x}" if offset else symbol.name

    def text(self, address: int) -> str:
        """`0xffff000000081234 <func+0x10>`, or the bare address."""
        name = self.name(address)
        return f"{address:#x} <{name}>" if name else f"{address:#x}"
