# SPDX-License-Identifier: GPL-2.0-or-later
"""ELF64 files: program headers, notes and the symbol table, each number checked before it is used.

Source: System V ABI, edition 4.1 with the ELF-64 object file format: "ELF Header", "Program Header", "Note Section".
Parsed by hand, as any field of a file may be hostile: an input can end only in an answer or in `ImageError`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property

from emu.errors import ImageError, ImageFault
from emu.image.files import InputFile

__all__ = ["ELF_MAGIC", "EM_AARCH64", "EM_X86_64", "Elf", "Note", "Segment", "is_elf"]

ELF_MAGIC = b"\x7fELF"
ELFCLASS64 = 2
ELFDATA2LSB = 1
ET_EXEC, ET_DYN = 2, 3
EM_X86_64, EM_AARCH64 = 62, 183
PT_LOAD, PT_NOTE = 1, 4
PF_X = 1
PN_XNUM = 0xFFFF
MAX_SEGMENTS = 128  # no kernel has more than a dozen; a hostile file could make us compare millions of pairs
SHT_SYMTAB, SHT_NOBITS = 2, 8
NT_GNU_BUILD_ID = 3

_MACHINES = {
    3: "i386",
    8: "MIPS",
    20: "PowerPC",
    21: "PowerPC64",
    40: "Arm (32-bit)",
    62: "x86-64",
    183: "AArch64",
    243: "RISC-V",
}
_TYPES = {0: "none", 1: "a relocatable object (.o)", 4: "a core dump"}
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM = struct.Struct("<IIQQQQQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_NOTE = struct.Struct("<III")


@dataclass(frozen=True, slots=True)
class Segment:
    """A PT_LOAD program header: file bytes offset..offset+filesz go to paddr, zeroes follow up to memsz."""

    index: int
    flags: int
    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int


@dataclass(frozen=True, slots=True)
class Note:
    """One entry of a PT_NOTE segment."""

    name: bytes
    type: int
    desc: bytes


def is_elf(head: bytes) -> bool:
    """Whether a file's first bytes say ELF."""
    return head[:4] == ELF_MAGIC


class Elf:
    """An ELF64 little-endian executable, its headers validated.

    Args:
        file: an open file, kept for later reads; the caller closes it.
        machine: the `e_machine` that is wanted.

    Raises:
        ImageError: TRUNCATED, WRONG_MACHINE, BAD_HEADER, NO_SEGMENTS.
    """

    def __init__(self, file: InputFile, machine: int) -> None:
        self.file = file
        self.path = file.path
        header = file.read(0, _HEADER.size, "the ELF header")
        ident: bytes = header[:16]
        numbers: tuple[int, ...] = _HEADER.unpack(header)[1:]
        self.type, self.machine, version, self.entry, phoff, self._shoff, self.flags = numbers[:7]
        ehsize, phentsize, phnum, self._shentsize, self._shnum, _ = numbers[7:]
        if not is_elf(ident):
            raise self._bad("has no ELF magic")
        if ident[4] != ELFCLASS64:
            raise self._wrong(f"is {'a 32-bit ELF' if ident[4] == 1 else f'an ELF of class {ident[4]}'}", machine)
        if ident[5] != ELFDATA2LSB:
            raise self._wrong("is a big-endian ELF", machine)
        if self.machine != machine:
            raise self._wrong(f"is for {_MACHINES.get(self.machine, f'machine {self.machine}')}", machine)
        if ident[6] != 1 or version != 1:
            raise self._bad(f"has ELF version {version}, not 1")
        if self.type not in (ET_EXEC, ET_DYN):
            raise self._bad(f"is {_TYPES.get(self.type, f'of ELF type {self.type}')}, not an executable")
        if ehsize < _HEADER.size:
            raise self._bad(f"e_ehsize is {ehsize}, less than {_HEADER.size}")
        if phnum == 0:
            raise ImageError(self.path, "has no program headers", "link it as an executable", ImageFault.NO_SEGMENTS)
        if phnum == PN_XNUM or phentsize != _PROGRAM.size:
            raise self._bad(f"has {phnum} program headers of {phentsize} bytes, not of {_PROGRAM.size}")
        table = file.read(phoff, phnum * phentsize, "the program header table")
        self.segments: list[Segment] = []
        self._notes: list[tuple[int, int, int]] = []
        for index, (kind, flags, offset, vaddr, paddr, filesz, memsz, align) in enumerate(_PROGRAM.iter_unpack(table)):
            if kind == PT_LOAD and memsz:
                self._add(Segment(index, flags, offset, vaddr, paddr, filesz, memsz))
            elif kind == PT_LOAD and filesz:
                raise self._bad(f"segment {index} has {filesz:#x} bytes in the file but none in memory")
            elif kind == PT_NOTE:
                self._notes.append((offset, filesz, align))
            if len(self.segments) + len(self._notes) > MAX_SEGMENTS:
                raise self._bad(f"has more than {MAX_SEGMENTS} segments to load or to read")
        if not self.segments:
            raise ImageError(self.path, "has nothing to load", "link it as an executable", ImageFault.NO_SEGMENTS)

    def _add(self, s: Segment) -> None:
        if s.filesz > s.memsz:
            raise self._bad(f"segment {s.index} has {s.filesz:#x} bytes in the file but only {s.memsz:#x} in memory")
        if s.paddr + s.memsz > 1 << 64 or s.vaddr + s.memsz > 1 << 64:
            raise self._bad(f"segment {s.index} wraps around the end of the address space")
        if s.offset + s.filesz > self.file.size:
            self.file.read(s.offset, s.filesz, f"segment {s.index}")
        self.segments.append(s)

    def _bad(self, cause: str) -> ImageError:
        return ImageError(self.path, cause, "link it again as a static ELF64 executable", ImageFault.BAD_HEADER)

    def _wrong(self, cause: str, machine: int) -> ImageError:
        want = _MACHINES[machine]
        return ImageError(
            self.path, f"{cause}, not 64-bit {want}", "choose another --arch, or build it for this one",
            ImageFault.WRONG_MACHINE,
        )  # fmt: skip

    @property
    def physical_entry(self) -> int:
        """The entry point where it is loaded.

        `e_entry` is a virtual address: inside an executable segment it moves with it to its physical address.
        """
        for s in self.segments:
            if s.flags & PF_X and s.vaddr <= self.entry < s.vaddr + s.filesz:
                return self.entry - s.vaddr + s.paddr
        return self.entry

    def data(self, segment: Segment) -> bytes:
        """A segment's bytes in the file, `filesz` of them."""
        return self.file.read(segment.offset, segment.filesz, f"segment {segment.index}")

    @cached_property
    def notes(self) -> list[Note]:
        """Every entry of every PT_NOTE segment. Raises ImageError: TRUNCATED, BAD_HEADER."""
        found: list[Note] = []
        for offset, size, align in self._notes:
            if size > 1 << 20:
                raise self._bad(f"a note segment of {size:#x} bytes is not plausible")
            step = 8 if align == 8 else 4  # gABI says 4 for ELF-64 too; linkers align .note.gnu.property by 8
            data = self.file.read(offset, size, "a note segment")
            at = 0
            while at + _NOTE.size <= len(data):
                namesz, descsz, kind = _NOTE.unpack_from(data, at)
                name = at + _NOTE.size
                desc = at + (_NOTE.size + namesz + step - 1) // step * step
                if desc + descsz > len(data):
                    raise self._bad(f"the note at file offset {offset + at:#x} is longer than its segment")
                found.append(Note(data[name : name + namesz].rstrip(b"\0"), kind, data[desc : desc + descsz]))
                at = (desc + descsz + step - 1) // step * step
        return found

    @property
    def build_id(self) -> bytes | None:
        """The GNU build id, or None."""
        return next((n.desc for n in self.notes if n.name == b"GNU" and n.type == NT_GNU_BUILD_ID), None)

    def symbols(self) -> list[tuple[str, int, int, int]]:
        """(name, value, size, info) of every named, defined entry of `.symtab`; empty in a stripped file.

        Raises:
            ImageError: TRUNCATED, BAD_HEADER.
        """
        if not self._shoff or not self._shnum:
            return []
        if self._shentsize != _SECTION.size:
            raise self._bad(f"has section headers of {self._shentsize} bytes, not of {_SECTION.size}")
        table = self.file.read(self._shoff, self._shnum * _SECTION.size, "the section header table")
        sections = list(_SECTION.iter_unpack(table))
        found: list[tuple[str, int, int, int]] = []
        # The gABI allows one .symtab at most.
        for _, _, _, _, offset, size, link, _, _, entsize in [s for s in sections if s[1] == SHT_SYMTAB][:1]:
            if entsize != _SYMBOL.size or link >= len(sections) or sections[link][1] == SHT_NOBITS:
                raise self._bad("has a symbol table whose header makes no sense")
            names = self.file.read(sections[link][4], sections[link][5], "the symbol names")
            raw = self.file.read(offset, size // entsize * entsize, "the symbol table")
            for at, info, _, shndx, value, length in _SYMBOL.iter_unpack(raw):
                if not at or not shndx:
                    continue
                end = names.find(b"\0", at)
                if end < 0:
                    raise self._bad("has a symbol whose name is outside the string table")
                found.append((names[at:end].decode("utf-8", "replace"), value, length, info))
        return found
