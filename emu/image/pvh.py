# SPDX-License-Identifier: GPL-2.0-or-later
"""The x86/HVM direct boot ABI (PVH): an ELF note with a 32-bit entry, and the start info the kernel is handed.

Source: Xen, docs/misc/pvh.pandoc, and xen/include/public/arch-x86/hvm/start_info.h.

    hvm_start_info v1 (56 bytes)      magic version flags nr_modules | modlist cmdline rsdp memmap | entries reserved
    hvm_modlist_entry (32 bytes)      paddr size cmdline_paddr reserved
    hvm_memmap_table_entry (24)       addr size type reserved

The kernel starts in 32-bit protected mode with paging off, flat segments, interrupts off, ebx = start info.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from emu.bits import align_up
from emu.errors import ImageError, ImageFault
from emu.image.elf import Elf

__all__ = ["MEMORY_RAM", "MEMORY_RESERVED", "Module", "entry", "start_info"]

XEN_ELFNOTE_PHYS32_ENTRY = 18
MAGIC = 0x336EC578
MEMORY_RAM = 1  # types as in an E820 table: ACPI specification, "Address Range Types"
MEMORY_RESERVED = 2

_START_INFO = struct.Struct("<4I4Q2I")
_MODULE = struct.Struct("<4Q")
_MEMORY = struct.Struct("<QQII")


@dataclass(frozen=True, slots=True)
class Module:
    """A file handed to the kernel, e.g. the initrd: where it is and how long."""

    address: int
    size: int


def entry(elf: Elf) -> int:
    """The physical address of the 32-bit entry point.

    Raises:
        ImageError: NO_PVH_NOTE; BAD_HEADER if its value is not a 32-bit address.
    """
    for note in elf.notes:
        if note.type == XEN_ELFNOTE_PHYS32_ENTRY and note.name == b"Xen":
            if len(note.desc) not in (4, 8) or (address := int.from_bytes(note.desc, "little")) >> 32:
                raise ImageError(
                    elf.path,
                    f"its PVH note holds {note.desc[:16].hex()}, not a 32-bit physical address",
                    "link the kernel again",
                    ImageFault.BAD_HEADER,
                )
            return address
    raise ImageError(
        elf.path,
        "has no PVH entry (ELF note Xen, type 18)",
        "build the kernel with a PVH note (Linux: CONFIG_PVH=y)",
        ImageFault.NO_PVH_NOTE,
    )


def start_info(
    base: int,
    command_line: bytes,
    memory: Sequence[tuple[int, int, int]],
    modules: Sequence[Module] = (),
    rsdp: int = 0,
) -> bytes:
    """All that the kernel is handed, as one block of bytes to be put at physical address `base`.

    Args:
        base: where the block goes, 8-byte aligned; `hvm_start_info` is its first byte.
        command_line: without its final NUL.
        memory: (address, size, type) of each range of the memory map.
        modules: files, the initrd first.
        rsdp: physical address of the ACPI root pointer, 0 for none.
    """
    modlist = base + _START_INFO.size
    memmap = modlist + _MODULE.size * len(modules)
    line = memmap + _MEMORY.size * len(memory)
    head = _START_INFO.pack(
        MAGIC, 1, 0, len(modules), modlist if modules else 0, line, rsdp, memmap, len(memory), 0
    )  # fmt: skip
    block = head
    block += b"".join(_MODULE.pack(m.address, m.size, 0, 0) for m in modules)
    block += b"".join(_MEMORY.pack(address, size, kind, 0) for address, size, kind in memory)
    block += command_line + b"\0"
    return block.ljust(align_up(len(block), 8), b"\0")
