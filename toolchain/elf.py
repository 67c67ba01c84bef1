# SPDX-License-Identifier: GPL-2.0-or-later
"""The little that a build needs to read from an ELF file, by pyelftools."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_SHF_EXECINSTR = 0x4


@dataclass(frozen=True)
class Symbol:
    """A defined symbol; `value` is its address."""

    name: str
    value: int


@dataclass(frozen=True)
class Segment:
    """A PT_LOAD segment: physical address, bytes in the file, bytes in memory."""

    paddr: int
    data: bytes
    memsz: int


class Elf:
    """An ELF file that the linker has just made (so it is trusted to be well formed)."""

    def __init__(self, path: Path) -> None:
        # Only a build that links something pays for this import.
        from elftools.elf.elffile import ELFFile
        from elftools.elf.sections import NoteSection, SymbolTableSection

        self.path = path
        with path.open("rb") as file:
            elf = ELFFile(file)
            self.entry = int(elf.header["e_entry"])
            self.segments = [
                Segment(int(part["p_paddr"]), part.data(), int(part["p_memsz"]))
                for part in elf.iter_segments()
                if part["p_type"] == "PT_LOAD"
            ]
            self.build_id = ""
            for section in elf.iter_sections():
                if isinstance(section, NoteSection):
                    for note in section.iter_notes():
                        if note["n_type"] == "NT_GNU_BUILD_ID":
                            self.build_id = str(note["n_desc"])
            executable = {
                number for number, section in enumerate(elf.iter_sections()) if section["sh_flags"] & _SHF_EXECINSTR
            }
            table = elf.get_section_by_name(".symtab")
            rows = list(table.iter_symbols()) if isinstance(table, SymbolTableSection) else []
        self._all = [
            (Symbol(row.name, int(row["st_value"])), str(row["st_info"]["type"]), row["st_shndx"] in executable)
            for row in rows
            if row.name and row["st_shndx"] != "SHN_UNDEF"
        ]

    @cached_property
    def symbols(self) -> dict[str, Symbol]:
        """All defined symbols by name; of several local ones with one name, the last."""
        return {symbol.name: symbol for symbol, _, _ in self._all}

    def functions(self, start: str, end: str) -> dict[int, str]:
        """The name at each address from symbol `start` up to symbol `end`, ascending.

        Functions, and plain labels of assembly that are not the compiler's own; of several names at one address a
        function's, then the first in the alphabet. Raises ValueError when a bound is not there.
        """
        if start not in self.symbols or end not in self.symbols:
            raise ValueError(f"{self.path.name}: no {start} and {end}, which bound its code")
        low, high = self.symbols[start].value, self.symbols[end].value
        rows = [
            (symbol.value, kind != "STT_FUNC", symbol.name)
            for symbol, kind, executable in self._all
            if (kind == "STT_FUNC" or (kind == "STT_NOTYPE" and executable and symbol.name[0] not in ".$"))
            and low <= symbol.value < high
            and symbol.name != start
        ]
        table: dict[int, str] = {}
        for address, _, name in sorted(rows):
            table.setdefault(address, name)
        return table
