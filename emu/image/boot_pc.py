# SPDX-License-Identifier: GPL-2.0-or-later
"""Booting the x86-64 boards `pc` and `microvm` by PVH. Placement is QEMU 7.2's.

PVH ELF64     its physical addresses; 32-bit entry, ebx = start info
initrd        as high as it goes below the ACPI area at the end of low RAM, page aligned
start info    in low RAM, which the memory map calls usable: a kernel must copy it before it reuses that memory
"""

from __future__ import annotations

import os

from emu.arch.x86_64 import abi
from emu.bits import KIB, MIB, align_down, size_text
from emu.errors import ImageError, ImageFault, OptionError
from emu.image import elf, flat, linux, pvh
from emu.image.files import InputFile
from emu.image.load import EntryMode, Layout, LoadPlan, Path, Ram, Segment, check_command_line, read_initrd

__all__ = ["memory_map", "plan"]

START_INFO = 0x2000  # seen on QEMU: start info 0x21e0, modules 0x21c0, command line 0x11c0, memory map 0x5a8
START_INFO_SIZE = 4 * KIB
ACPI_SIZE = 0x20000 + 0x8000  # at the end of low RAM: QEMU's acpi_data_size
RESERVED_TOP = 0x20000  # the part of it that the memory map reserves
MIN_RAM = 4 * MIB


def memory_map(ram: Ram, high: Ram | None = None) -> list[tuple[int, int, int]]:
    """(address, size, type) of each range as QEMU 7.2's pc hands it over; `high` is RAM above 4 GiB."""
    above = [(high.base, high.size, pvh.MEMORY_RAM)] if high else []
    return [
        (0, 0x9FC00, pvh.MEMORY_RAM),
        (0x9FC00, 0x400, pvh.MEMORY_RESERVED),  # EBDA
        (0xF0000, 0x10000, pvh.MEMORY_RESERVED),  # firmware
        (0x100000, ram.end - RESERVED_TOP - 0x100000, pvh.MEMORY_RAM),
        (ram.end - RESERVED_TOP, RESERVED_TOP, pvh.MEMORY_RESERVED),
        (0xFFFC0000, 0x40000, pvh.MEMORY_RESERVED),  # flash
        *above,
        (0xFD_0000_0000, 0x3_0000_0000, pvh.MEMORY_RESERVED),  # HyperTransport's last 12 GiB below 1 TiB
    ]


def plan(
    kernel: Path,
    ram: Ram,
    high: Ram | None = None,
    *,
    initrd: Path | None = None,
    append: str = "",
    dtb: Path | None = None,
) -> LoadPlan:
    """Plan a boot of the x86-64 boards `pc` and `microvm`.

    Args:
        kernel: an ELF64 with a PVH note.
        ram: low RAM, from address 0.
        high: RAM above 4 GiB, if there is any.
        initrd: an initramfs.
        append: the kernel command line.
        dtb: refused; PVH has no devicetree.

    Raises:
        ImageError: with the kind of what is wrong.
        OptionError: less RAM than the memory map itself needs.
    """
    check_command_line(append)
    if dtb is not None:
        raise ImageError(
            dtb, "cannot be passed: PVH has no devicetree", "leave out --dtb", ImageFault.DTB_CANNOT_BE_PASSED
        )
    if ram.size < MIN_RAM:
        raise OptionError("--memory", f"{size_text(ram.size)} is too little for this board", "give at least 4 MiB")
    layout = Layout(ram)
    with InputFile(kernel) as f:
        if not elf.is_elf(f.head(4)):
            if linux.is_arm64_image(f.head(64)):
                raise ImageError(
                    f.path, "is an arm64 Image, not an x86-64 kernel", "choose --arch aarch64", ImageFault.WRONG_MACHINE
                )
            flat.refuse_unbootable(f)
            raise ImageError(
                f.path, "is not an ELF file", "give an ELF64 kernel with a PVH note", ImageFault.UNSUPPORTED
            )
        program = elf.Elf(f, elf.EM_X86_64)
        entry = pvh.entry(program)
        layout.add(Segment(START_INFO, b"", START_INFO_SIZE, "the start info", "start info"))
        layout.add_elf(program)
        layout.check_entry(entry, f.path)
        kernel_end = max(s.end for s in layout.segments)
    plan = LoadPlan(EntryMode.X86_PROTECTED, entry, {}, append)

    modules: list[pvh.Module] = []
    if initrd is not None:
        limit = ram.end - ACPI_SIZE - 1
        data = read_initrd(initrd, limit - kernel_end - 4 * KIB)
        at = align_down(limit - len(data), 4 * KIB)
        layout.add(Segment(at, data, len(data), "the initrd", os.fspath(initrd)))
        plan.initrd = (at, len(data))
        modules.append(pvh.Module(at, len(data)))

    block = pvh.start_info(START_INFO, os.fsencode(append), memory_map(ram, high), modules)
    layout.segments[0] = Segment(START_INFO, block, len(block), "start info", "start info")
    plan.start_info = (START_INFO, len(block))
    plan.registers = {abi.BOOT_ARGUMENT: START_INFO, abi.BOOT_ENTRY: entry}
    plan.segments = layout.sorted()
    return plan
