# SPDX-License-Identifier: GPL-2.0-or-later
"""Which source line an address comes from: DWARF line tables, read by pyelftools and kept by build-id.

Reading the table of a kernel takes 0.7 s, so the sorted result is kept in the user's cache folder. A file without a
build-id is known by the SHA-256 of its bytes. A cache file that is damaged or of another version is made again; where
none can be written, nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import zlib
from array import array
from bisect import bisect_right
from pathlib import Path
from typing import Any, NamedTuple

from emu.errors import TrapdoorError
from emu.image.bundle import cache_folder
from emu.image.elf import EM_AARCH64, EM_X86_64, Elf
from emu.image.files import InputFile

__all__ = ["Line", "LineTable", "Sources"]

MAGIC = b"TDLINES1"
ROOT = Path(__file__).resolve().parents[2]
SOURCES = (ROOT, ROOT / "toolchain" / "share")  # of a checkout, of an installed package
E_MACHINE = slice(18, 20)


class Line(NamedTuple):
    """A source file, as the compiler named it, and a line of it."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class LineTable:
    """Sorted addresses, each with file and line up to the next one; line 0 is a hole."""

    def __init__(self, files: list[str], addresses: array[int], numbers: array[int], lines: array[int]) -> None:
        self._files = files
        self._addresses = addresses
        self._numbers = numbers
        self._lines = lines

    def __len__(self) -> int:
        return len(self._addresses)

    def at(self, address: int) -> Line | None:
        """The line that holds an address, or None."""
        i = bisect_right(self._addresses, address) - 1
        if i < 0 or not self._lines[i]:
            return None
        return Line(self._files[self._numbers[i]], self._lines[i])

    # ---- made and kept ----

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LineTable:
        """The table of an ELF file; an empty one if it has none or cannot be read."""
        try:
            raw = Path(path).read_bytes()
        except OSError:
            return cls._from([])
        kept = cache_folder() / "lines" / f"{_identity(path, raw)}.lines"
        with contextlib.suppress(OSError, ValueError, zlib.error):
            return cls._unpack(kept.read_bytes())
        table = cls._from(_read(path))
        with contextlib.suppress(OSError):
            table._keep(kept)
        return table

    @classmethod
    def _from(cls, rows: list[tuple[int, str, int]]) -> LineTable:
        files: dict[str, int] = {}
        addresses, numbers, lines = array("Q"), array("I"), array("I")
        # Of several rows at one address the last counts, and a sequence's end only if nothing starts there.
        for address, file, line in sorted(rows, key=lambda row: (row[0], row[2] != 0)):
            number = files.setdefault(file, len(files))
            if addresses and addresses[-1] == address:
                numbers[-1], lines[-1] = number, line
            else:
                addresses.append(address)
                numbers.append(number)
                lines.append(line)
        return cls(list(files), addresses, numbers, lines)

    def _pack(self) -> bytes:
        head = json.dumps([self._files, len(self)]).encode()
        body = len(head).to_bytes(4, "little") + head
        body += self._addresses.tobytes() + self._numbers.tobytes() + self._lines.tobytes()
        return MAGIC + hashlib.sha256(body).digest() + zlib.compress(body, 1)

    @classmethod
    def _unpack(cls, raw: bytes) -> LineTable:
        if raw[:8] != MAGIC:
            raise ValueError("no line table")
        body = zlib.decompress(raw[40:])
        if hashlib.sha256(body).digest() != raw[8:40]:
            raise ValueError("a damaged line table")
        size = int.from_bytes(body[:4], "little")
        files, count = json.loads(body[4 : 4 + size])
        columns = array("Q"), array("I"), array("I")
        at = 4 + size
        for column in columns:
            column.frombytes(body[at : at + count * column.itemsize])
            at += count * column.itemsize
        return cls(files, *columns)

    def _keep(self, path: Path) -> None:
        """In one move, so that no reader sees half of it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self._pack())
            os.replace(name, path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _identity(path: str | os.PathLike[str], raw: bytes) -> str:
    machine = int.from_bytes(raw[E_MACHINE], "little")
    if machine in (EM_AARCH64, EM_X86_64):
        with contextlib.suppress(TrapdoorError), InputFile(path) as file:
            build_id = Elf(file, machine).build_id
            if build_id:
                return build_id.hex()
    return hashlib.sha256(raw).hexdigest()


def _read(path: str | os.PathLike[str]) -> list[tuple[int, str, int]]:
    """(address, file, line) of every row, line 0 at the end of a sequence."""
    from elftools.common.exceptions import DWARFError, ELFError  # 100 ms, so not before it is needed
    from elftools.construct import ConstructError
    from elftools.elf.elffile import ELFFile

    rows: list[tuple[int, str, int]] = []
    broken = (ELFError, DWARFError, ConstructError, ValueError, KeyError, IndexError, AttributeError, TypeError)
    with open(path, "rb") as file, contextlib.suppress(*broken):
        elf = ELFFile(file)
        if not elf.has_dwarf_info():
            return rows
        dwarf = elf.get_dwarf_info()
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            if program is not None:
                names = _names(program.header)
                for entry in program.get_entries():
                    row = entry.state
                    if row is not None:
                        line = 0 if row.end_sequence else row.line
                        rows.append((row.address, names.get(row.file, "?"), line))
    return rows


def _names(header: Any) -> dict[int, str]:
    """File number -> path. Up to DWARF 4 files count from 1 and directory 0 is the compiler's own."""
    folders = [os.fsdecode(d) for d in header["include_directory"]]
    if header["version"] < 5:
        folders = ["", *folders]
    names: dict[int, str] = {}
    for number, entry in enumerate(header["file_entry"], 0 if header["version"] >= 5 else 1):
        folder = folders[entry.dir_index] if entry.dir_index < len(folders) else ""
        names[number] = os.path.normpath(os.path.join(folder, os.fsdecode(entry.name)))
    return names


class Sources:
    """Line tables of several ELF files, each read when it is first asked, and the text of source lines."""

    def __init__(self) -> None:
        self._tables: dict[Path, LineTable] = {}
        self._texts: dict[str, list[str]] = {}

    def at(self, elf: Path, address: int) -> Line | None:
        """The line of an address in a file."""
        if elf not in self._tables:
            self._tables[elf] = LineTable.load(elf)
        return self._tables[elf].at(address)

    def text(self, line: Line) -> str:
        """The line itself, with single spaces; nothing if the source is not here."""
        if line.file not in self._texts:
            self._texts[line.file] = []
            for folder in SOURCES:
                with contextlib.suppress(OSError):
                    self._texts[line.file] = (folder / line.file).read_text(errors="replace").splitlines()
                    break
        lines = self._texts[line.file]
        return " ".join(lines[line.line - 1].split()) if 0 < line.line <= len(lines) else ""
