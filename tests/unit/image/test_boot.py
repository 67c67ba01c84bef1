# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things go in RAM: the numbers are QEMU 7.2's, read from its memory with the same files."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from emu.bits import MIB
from emu.errors import OptionError
from emu.image import boot_pc, boot_virt, devicetree, pvh
from emu.image.load import EntryMode, LoadPlan, Ram, Segment
from emu.image.plan import plan
from tests.unit import samples

VIRT = Ram(0x4000_0000, 512 * MIB)
PC = Ram(0, 512 * MIB)


def write(folder: Path, data: bytes, name: str = "kernel") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def virt(folder: Path, kernel: bytes, initrd: bytes | None = None, append: str = "") -> LoadPlan:
    path = None if initrd is None else write(folder, initrd, "initrd")
    return boot_virt.plan(write(folder, kernel), VIRT, samples.tree, initrd=path, append=append)


def segment(plan: LoadPlan, address: int) -> Segment:
    return next(s for s in plan.segments if s.address == address)


def tree_of(plan: LoadPlan) -> devicetree.Node:
    assert plan.dtb is not None
    return devicetree.parse(segment(plan, plan.dtb[0]).data)


@pytest.mark.parametrize(
    ("text_offset", "image_size", "offset"),
    [(0, 8192, 0x200000), (0x80000, 8192, 0x80000), (0xFFF, 8192, 0x200FFF), (0x1000, 8192, 0x1000), (0, 0, 0x80000)],
)
def test_an_image_goes_to_its_text_offset(text_offset: int, image_size: int, offset: int, tmp_path: Path) -> None:
    made = virt(tmp_path, samples.arm64_image(8192, text_offset, image_size))
    assert made.mode == EntryMode.AARCH64_EL1
    assert made.pc == 0x4000_0000 + offset == made.registers["x4"]
    assert segment(made, made.pc).size == 8192


def test_a_flat_binary_gets_initrd_and_devicetree(tmp_path: Path) -> None:
    made = virt(tmp_path, b"\x1f" * 5000, b"hello\n")
    assert made.pc == 0x4008_0000
    assert made.initrd == (0x4800_0000, 6)
    assert made.dtb is not None and made.dtb[0] == 0x4820_0000 == made.registers["x0"]
    chosen = tree_of(made).find("/chosen")
    assert chosen is not None and chosen["linux,initrd-end"] == devicetree.cells64(0x4800_0006)


def test_the_initrd_follows_a_kernel_with_a_large_bss(tmp_path: Path) -> None:
    made = virt(tmp_path, samples.arm64_image(image_size=200 * MIB + 1), b"hello\n")
    assert made.initrd == (0x4000_0000 + 202 * MIB + 0x1000, 6)
    assert made.dtb is not None and made.dtb[0] == 0x4000_0000 + 204 * MIB


def test_the_initrd_starts_at_half_of_a_small_ram(tmp_path: Path) -> None:
    kernel, initrd = write(tmp_path, samples.arm64_image()), write(tmp_path, samples.cpio(), "initrd")
    made = plan("virt", kernel, Ram(0x4000_0000, 32 * MIB), tree=samples.tree, initrd=initrd)
    assert made.initrd is not None and made.initrd[0] == 0x4100_0000


def test_the_devicetree_says_what_this_boot_is(tmp_path: Path) -> None:
    tree = tree_of(virt(tmp_path, samples.arm64_image(), append="quiet exec=true"))
    chosen, memory = tree.find("/chosen"), tree.find("/memory@40000000")
    assert chosen is not None and chosen.text("bootargs") == "quiet exec=true"
    assert chosen.text("stdout-path") == "/pl011@9000000"
    assert memory is not None and memory["reg"] == devicetree.cells64(0x4000_0000, 512 * MIB)


def test_a_devicetree_of_the_user_is_completed(tmp_path: Path) -> None:
    mine = samples.tree()
    mine.add("mine")["x"] = b"\1"
    dtb = write(tmp_path, devicetree.emit(mine), "dtb")
    made = boot_virt.plan(write(tmp_path, samples.arm64_image()), VIRT, samples.tree, append="a=b", dtb=dtb)
    tree = tree_of(made)
    assert tree.find("/mine") is not None
    assert (tree.find("/chosen") or mine).text("bootargs") == "a=b"


@pytest.mark.parametrize(
    ("base", "has_dtb"), [(0x4000_0000, False), (0x400F_F000, False), (0x4010_0000, True), (0x4020_0000, True)]
)
def test_an_elf_finds_its_devicetree_at_the_base_of_ram_if_one_mib_is_free(
    base: int, has_dtb: bool, tmp_path: Path
) -> None:
    made = virt(tmp_path, samples.elf([(base, b"\1" * 64, 0x2000)], base))
    assert made.pc == base and made.registers == {}
    assert (made.dtb is not None) == has_dtb
    assert made.dtb is None or made.dtb[0] == 0x4000_0000


def test_the_entry_of_an_elf_moves_with_its_segment(tmp_path: Path) -> None:
    kernel = samples.elf([(0x4020_0000, b"\1" * 64, 64)], 0xFFFF_0000_4020_0010, virtual=0xFFFF_0000_0000_0000)
    assert virt(tmp_path, kernel).pc == 0x4020_0010


def test_bss_is_a_size_and_not_bytes(tmp_path: Path) -> None:
    made = virt(tmp_path, samples.elf([(0x4020_0000, b"\1" * 64, 256 * MIB)], 0x4020_0000))
    assert [(s.size, len(s.data)) for s in made.segments if s.address == 0x4020_0000] == [(256 * MIB, 64)]


def test_segments_are_sorted_and_apart(tmp_path: Path) -> None:
    kernel = samples.elf([(0x4030_0000, b"\1", 64), (0x4020_0000, b"\1", 0x100000)], 0x4020_0000)
    made = virt(tmp_path, kernel)
    assert all(a.end <= b.address for a, b in zip(made.segments, made.segments[1:], strict=False))


def test_pvh_hands_over_start_info_modules_and_memory_map(tmp_path: Path) -> None:
    initrd = write(tmp_path, samples.cpio(), "initrd")
    made = boot_pc.plan(write(tmp_path, samples.pvh_elf()), PC, initrd=initrd, append="hello world")
    assert made.mode == EntryMode.X86_PROTECTED and made.pc == 0x100000
    size = initrd.stat().st_size
    assert made.initrd == ((512 * MIB - 0x28001 - size) & ~0xFFF, size)
    assert made.start_info is not None
    at = made.registers["rbx"]
    block = segment(made, at).data
    magic, version, _, modules, modlist, line, rsdp, memmap, entries, _ = struct.unpack_from("<4I4Q2I", block)
    assert (magic, version, modules, rsdp) == (pvh.MAGIC, 1, 1, 0)
    assert struct.unpack_from("<4Q", block, modlist - at)[:2] == made.initrd
    assert block[line - at :].startswith(b"hello world\0")
    found = [struct.unpack_from("<QQI", block, memmap - at + 24 * i) for i in range(entries)]
    assert found == [
        (0, 0x9FC00, 1), (0x9FC00, 0x400, 2), (0xF0000, 0x10000, 2), (0x100000, 0x1FEE0000, 1),
        (0x1FFE0000, 0x20000, 2), (0xFFFC0000, 0x40000, 2), (0xFD00000000, 0x300000000, 2),
    ]  # fmt: skip


def test_pvh_without_initrd_has_no_module(tmp_path: Path) -> None:
    made = plan("pc", write(tmp_path, samples.pvh_elf()), PC, high=Ram(1 << 32, 1 << 30))
    assert made.initrd is None
    block = segment(made, made.registers["rbx"]).data
    assert struct.unpack_from("<4IQ", block)[3:] == (0, 0)
    assert struct.pack("<QQI", 1 << 32, 1 << 30, 1) in block


def test_a_board_must_be_known_and_large_enough(tmp_path: Path) -> None:
    kernel = write(tmp_path, samples.pvh_elf())
    with pytest.raises(OptionError, match="raspi"):
        plan("raspi", kernel, PC)
    with pytest.raises(OptionError, match="1 MiB is too little"):
        plan("pc", kernel, Ram(0, MIB))
