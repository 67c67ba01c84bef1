# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose code an address is: the kernel's, or that of one of the bundle's programs.

All programs are linked to the same addresses, so an address alone says nothing. A user address belongs to the program
whose file has the same bytes as the page that is mapped there: that holds after fork and exec alike, and needs nothing
from the kernel. Where the page is not mapped yet (the first fetch of a program), the program that the address space was
last given by execve is meant.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from emu.arch.walk import Access, Privilege
from emu.errors import TrapdoorError
from emu.image.elf import PF_X, Elf, Segment
from emu.image.files import InputFile
from emu.image.symbols import Symbols
from emu.machine import Machine

__all__ = ["Program", "Programs"]

PAGE = 4096
SHORTEST = 16  # bytes of a page that tell programs apart
FOLDERS = ("/bin/", "/test/", "/bench/", "/")
E_MACHINE = slice(18, 20)


@dataclass
class Program:
    """One program of the guest, and its unstripped ELF on the host."""

    path: str
    elf: Path

    @cached_property
    def _machine(self) -> int:
        with open(self.elf, "rb") as file:
            return int.from_bytes(file.read(20)[E_MACHINE], "little")

    @cached_property
    def _code(self) -> tuple[int, list[tuple[Segment, bytes]]]:
        try:
            with InputFile(self.elf) as file:
                elf = Elf(file, self._machine)
                return elf.entry, [(s, elf.data(s)) for s in elf.segments if s.flags & PF_X]
        except (TrapdoorError, OSError):
            return 0, []

    @property
    def entry(self) -> int:
        """Address of its first instruction."""
        return self._code[0]

    @cached_property
    def symbols(self) -> Symbols:
        """Its symbols; none if the file cannot be read."""
        try:
            return Symbols.load(self.elf, self._machine)
        except (TrapdoorError, OSError):
            return Symbols()

    def owns(self, page: int, content: bytes) -> bool:
        """Whether its file has these bytes at this page of code."""
        for segment, data in self._code[1]:
            start, end = max(page, segment.vaddr), min(page + PAGE, segment.vaddr + segment.filesz)
            if end - start >= SHORTEST:
                return content[start - page : end - page] == data[start - segment.vaddr : end - segment.vaddr]
        return False


class Programs:
    """The programs of a machine's bundle, and which one runs in which address space."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._bundle = machine.target.bundle
        self._by_path: dict[str, Program] = {}
        self.spaces: dict[int, Program] = {}

    def _all(self) -> Iterator[Program]:
        for path in self._bundle.programs if self._bundle else ():
            program = self.get(path)
            if program is not None:
                yield program

    def get(self, path: str) -> Program | None:
        """The program of a path in the guest, or None."""
        if path not in self._by_path and self._bundle is not None:
            elf = self._bundle.program(path)
            if elf is not None and elf.is_file():
                self._by_path[path] = Program(path, elf)
        return self._by_path.get(path)

    def of_command(self, command: str) -> Program | None:
        """The program that a shell command starts first, or None if the bundle has no such program."""
        try:
            words = shlex.split(command)
        except ValueError:
            words = command.split()
        word = words[0] if words else ""
        candidates = [word] if word.startswith("/") else [folder + word for folder in FOLDERS]
        return next((p for path in candidates if (p := self.get(path)) is not None), None)

    def at(self, address: int, space: int, cpu: int = 0) -> Program | None:
        """The program that a user address of the CPU's current address space belongs to, or None."""
        page = address & -PAGE
        walk = self._machine.translate(page, Access.READ, Privilege.USER, cpu)
        last = self.spaces.get(space)
        if not walk.ok:
            return last
        try:
            content = self._machine.memory.phys[walk.pa : walk.pa + PAGE]
        except IndexError:
            return last
        if last is not None and last.owns(page, content):
            return last
        found = next((p for p in self._all() if p.owns(page, content)), None)
        if found is not None:
            self.spaces[space] = found
        return found
