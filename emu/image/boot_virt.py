# SPDX-License-Identifier: GPL-2.0-or-later
"""Booting the AArch64 board `virt`. Placement is QEMU 7.2's, seen on it.

arm64 Image   RAM + text_offset (2 MiB more if that is in the first page); x0 = devicetree
flat binary   RAM + 512 KiB; x0 = devicetree
ELF64         its physical addresses; x0 = 0; devicetree at the base of RAM if 1 MiB is free there; no initrd
initrd        the greater of the kernel's end and RAM + min(half of RAM, 128 MiB), page aligned
devicetree    after the initrd, 2 MiB aligned
"""

from __future__ import annotations

import os
from collections.abc import Callable

from emu.arch.aarch64 import abi
from emu.bits import KIB, MIB, align_up, size_text
from emu.errors import ImageError, ImageFault
from emu.image import devicetree, elf, flat, linux
from emu.image.files import InputFile, read_bytes
from emu.image.load import EntryMode, Layout, LoadPlan, Path, Ram, Segment, check_command_line, read_initrd

__all__ = ["plan"]

QEMU_DTB_SIZE = 1 * MIB  # what QEMU's own devicetree takes, however little is in it
INITRD_FAR = 128 * MIB

BoardTree = Callable[[], devicetree.Node]


def _tree(board: BoardTree, dtb: Path | None) -> tuple[devicetree.Node, str]:
    if dtb is None:
        return board(), "devicetree"
    return devicetree.parse(read_bytes(dtb, devicetree.MAX_SIZE), os.fspath(dtb)), os.fspath(dtb)


def plan(
    kernel: Path, ram: Ram, board: BoardTree, *, initrd: Path | None = None, append: str = "", dtb: Path | None = None
) -> LoadPlan:
    """Plan a boot of the AArch64 board `virt`.

    Args:
        kernel: an arm64 Image, an ELF64 or a flat binary.
        ram: the board's RAM.
        board: makes the board's devicetree, e.g. `lambda: board_tree(BOARD)`; not called if `dtb` is given.
        initrd: an initramfs.
        append: the kernel command line.
        dtb: a devicetree blob to use instead of the board's own; memory, initrd and command line are set in it.

    Raises:
        ImageError: with the kind of what is wrong.
    """
    check_command_line(append)
    layout = Layout(ram)
    with InputFile(kernel) as f:
        if elf.is_elf(f.head(4)):
            return _plan_elf(elf.Elf(f, elf.EM_AARCH64), layout, board, initrd, append, dtb)
        header = linux.parse(f) if linux.is_arm64_image(f.head(64)) else flat.parse(f)
        entry = ram.base + header.load_offset
        size = max(header.image_size, f.size)
        layout.add_file(entry, f, size, "the kernel")
    plan = LoadPlan(EntryMode.AARCH64_EL1, entry, {}, append)

    start = align_up(max(ram.base + min(ram.size // 2, INITRD_FAR), entry + size), 4 * KIB)
    end = start
    if initrd is not None:
        data = read_initrd(initrd, ram.end - start)
        layout.add(Segment(start, data, len(data), "the initrd", os.fspath(initrd)))
        plan.initrd = (start, len(data))
        end = start + len(data)

    tree, path = _tree(board, dtb)
    devicetree.set_boot(tree, append, plan.initrd, (ram.base, ram.size))
    blob = devicetree.emit(tree)
    at = align_up(end, 2 * MIB)
    if at + len(blob) > ram.end:
        raise ImageError(
            path,
            f"{size_text(len(blob))} of devicetree do not fit between {at:#x} and the end of RAM at {ram.end:#x}",
            "give the machine more --memory",
            ImageFault.DTB_DOES_NOT_FIT,
        )
    layout.add(Segment(at, blob, len(blob), "the devicetree", path))
    plan.dtb = (at, len(blob))
    plan.registers = {abi.BOOT_ARGUMENT: at, abi.BOOT_ENTRY: entry}
    plan.segments = layout.sorted()
    return plan


def _plan_elf(
    program: elf.Elf, layout: Layout, board: BoardTree, initrd: Path | None, append: str, dtb: Path | None
) -> LoadPlan:
    """A plain ELF is no Linux kernel: it is started as after reset and finds its devicetree at the base of RAM."""
    if initrd is not None:
        raise ImageError(
            initrd,
            f"cannot be passed: {program.path} is a plain ELF, which gets no initrd on virt",
            "give the arm64 Image of the kernel, or leave out --initrd",
            ImageFault.INITRD_CANNOT_BE_PASSED,
        )
    layout.add_elf(program)
    entry = program.physical_entry
    layout.check_entry(entry, program.path)
    plan = LoadPlan(EntryMode.AARCH64_EL1, entry, {}, append)
    base = layout.ram.base
    room = min(s.address for s in layout.segments) - base
    if room < QEMU_DTB_SIZE:
        if dtb is not None:
            raise ImageError(
                dtb,
                f"cannot be passed: {program.path} leaves {size_text(room)} at the base of RAM, 1 MiB is needed",
                f"link the program at {base + 2 * MIB:#x} or higher, or leave out --dtb",
                ImageFault.DTB_CANNOT_BE_PASSED,
            )
    else:
        tree, path = _tree(board, dtb)
        devicetree.set_boot(tree, append, None, (base, layout.ram.size))
        blob = devicetree.emit(tree)
        layout.add(Segment(base, blob, len(blob), "the devicetree", path))
        plan.dtb = (base, len(blob))
    plan.segments = layout.sorted()
    return plan
