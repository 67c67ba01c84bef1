# SPDX-License-Identifier: GPL-2.0-or-later
"""From files to a `LoadPlan`: which bytes go where in RAM, and how the first CPU starts.

`boot_virt.plan` and `boot_pc.plan` make one by the boot protocols of each board; here is what they share.
"""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass, field

from emu.bits import size_text
from emu.errors import ImageError, ImageFault
from emu.image import cpio, elf
from emu.image.files import InputFile

__all__ = ["EntryMode", "Layout", "LoadPlan", "Path", "Ram", "Segment", "check_command_line", "read_initrd"]

MAX_COMMAND_LINE = 2047  # COMMAND_LINE_SIZE of Linux on both architectures, without its NUL

Path = str | os.PathLike[str]


class EntryMode(enum.StrEnum):
    """The state that the first CPU starts in, besides pc and the registers named in the plan (all others zero)."""

    AARCH64_EL1 = "EL1h, MMU and caches off, DAIF masked"
    X86_PROTECTED = "32-bit protected mode, paging off, flat segments, interrupts off"


@dataclass(frozen=True, slots=True)
class Ram:
    """A range of guest RAM."""

    base: int
    size: int

    @property
    def end(self) -> int:
        """First address after it."""
        return self.base + self.size


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes for RAM: `data` at `address`, then zeroes up to `size`. `what` and `path` say where they come from."""

    address: int
    data: bytes
    size: int
    what: str
    path: str

    @property
    def end(self) -> int:
        """First address after it."""
        return self.address + self.size


@dataclass(slots=True)
class LoadPlan:
    """Everything a board needs to start a kernel. RAM is zero where no segment is.

    Attributes:
        segments: do not overlap, all inside RAM, by address.
        mode: how the CPU starts.
        pc: physical address of the first instruction.
        registers: initial values by the names of `emu.arch.*.registers`.
        initrd, dtb, start_info: (address, size) of each, None if there is none.
        command_line: as the guest gets it.
    """

    mode: EntryMode
    pc: int
    registers: dict[str, int]
    command_line: str
    segments: list[Segment] = field(default_factory=list)
    initrd: tuple[int, int] | None = None
    dtb: tuple[int, int] | None = None
    start_info: tuple[int, int] | None = None


class Layout:
    """Segments being collected, each checked against RAM and against those before it."""

    def __init__(self, ram: Ram) -> None:
        self.ram = ram
        self.segments: list[Segment] = []

    def add(self, segment: Segment) -> None:
        """Take a segment. Raises ImageError: OUT_OF_RAM, OVERLAP."""
        ram = self.ram
        if segment.address < ram.base or segment.end > ram.end:
            raise ImageError(
                segment.path,
                f"{segment.what} at {segment.address:#x}..{segment.end:#x} is outside RAM {ram.base:#x}..{ram.end:#x}",
                "link it for this board's RAM, or give the machine more --memory",
                ImageFault.OUT_OF_RAM,
            )
        for other in self.segments:
            if segment.address < other.end and other.address < segment.end:
                raise ImageError(
                    segment.path,
                    f"{segment.what} at {segment.address:#x}..{segment.end:#x} overlaps {other.what} at "
                    f"{other.address:#x}..{other.end:#x}",
                    "link the segments apart",
                    ImageFault.OVERLAP,
                )
        self.segments.append(segment)

    def add_elf(self, program: elf.Elf) -> None:
        """Every PT_LOAD by its physical address; bounds come before bytes, so nothing huge is ever read."""
        for s in program.segments:
            what = f"segment {s.index}"
            self.add(Segment(s.paddr, b"", s.memsz, what, program.path))
            self.segments[-1] = Segment(s.paddr, program.data(s), s.memsz, what, program.path)

    def add_file(self, address: int, file: InputFile, size: int, what: str) -> None:
        """A whole file, zeroes after it up to `size`."""
        self.add(Segment(address, b"", size, what, file.path))
        self.segments[-1] = Segment(address, file.all(), size, what, file.path)

    def check_entry(self, entry: int, path: str) -> None:
        """Raise ImageError BAD_ENTRY for an entry point in no segment."""
        if not any(s.address <= entry < s.end for s in self.segments):
            raise ImageError(
                path, f"its entry point {entry:#x} is in no segment", "link it with an entry symbol (ENTRY, -e)",
                ImageFault.BAD_ENTRY,
            )  # fmt: skip

    def sorted(self) -> list[Segment]:
        """By address."""
        return sorted(self.segments, key=lambda s: s.address)


def check_command_line(append: str) -> None:
    """Raise ImageError BAD_COMMAND_LINE for one that no kernel could take."""
    size = len(os.fsencode(append))
    if size > MAX_COMMAND_LINE or "\0" in append or "\n" in append:
        cause = f"is {size} bytes long" if size > MAX_COMMAND_LINE else "contains a NUL or a newline"
        raise ImageError(
            "command line", cause, f"give at most {MAX_COMMAND_LINE} bytes on one line", ImageFault.BAD_COMMAND_LINE
        )


def read_initrd(path: Path, room: int) -> bytes:
    """The initrd's bytes, if they fit `room`; a cpio archive is validated, anything else is the kernel's business.

    Raises:
        ImageError: INITRD_DOES_NOT_FIT, BAD_INITRD, TRUNCATED, and what `InputFile` raises.
    """
    with InputFile(path) as f:
        if f.size > room:
            raise ImageError(
                f.path,
                f"is {size_text(f.size)}, but {size_text(max(room, 0))} of RAM are left for it",
                "give the machine more --memory, or make it smaller",
                ImageFault.INITRD_DOES_NOT_FIT,
            )
        data = f.all()
    cpio.validate(data, os.fspath(path))
    return data
