# SPDX-License-Identifier: GPL-2.0-or-later
"""Every cause of an ImageError is reached, and each is one line that names file, cause and remedy."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from emu.bits import MIB
from emu.errors import EXIT_INPUT, ImageError, ImageFault
from emu.image import boot_pc, boot_virt, devicetree
from emu.image.bundle import Bundle
from emu.image.files import InputFile
from emu.image.load import LoadPlan, Ram
from tests.unit import samples

VIRT = Ram(0x4000_0000, 64 * MIB)
PC = Ram(0, 64 * MIB)
BASE = 0x4020_0000


def write(folder: Path, data: bytes, name: str = "kernel") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def virt(folder: Path, kernel: bytes, initrd: bytes | None = None, dtb: bytes | None = None, **more: str) -> LoadPlan:
    return boot_virt.plan(
        write(folder, kernel),
        VIRT,
        samples.tree,
        initrd=None if initrd is None else write(folder, initrd, "initrd"),
        dtb=None if dtb is None else write(folder, dtb, "dtb"),
        **more,
    )


def pc(folder: Path, kernel: bytes, initrd: bytes | None = None) -> LoadPlan:
    return boot_pc.plan(
        write(folder, kernel), PC, initrd=None if initrd is None else write(folder, initrd, "initrd")
    )  # fmt: skip


def patched(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def elf(*segments: tuple[int, bytes, int], entry: int = BASE, machine: int = samples.AARCH64, kind: int = 2) -> bytes:
    return samples.elf(list(segments) or [(BASE, b"\1" * 64, 64)], entry, machine, kind=kind)


def bundle_file(folder: Path, name: str, **changes: object) -> object:
    return Bundle.open(samples.bundle(folder, **changes)).path(name)


def broken_bundle(folder: Path, change: Callable[[Path], object]) -> object:
    opened = Bundle.open(samples.bundle(folder))
    change(folder / "Image")
    return opened.path("Image")


def unreadable(folder: Path) -> object:
    os.mkfifo(folder / "fifo")
    return InputFile(folder / "fifo")


Case = tuple[str, ImageFault, Callable[[Path], object]]
F = ImageFault
IMAGE, PVH, CPIO, DTB = samples.arm64_image(), samples.pvh_elf(), samples.cpio(), samples.dtb()

CASES: list[Case] = [
    ("missing file", F.NOT_FOUND, lambda d: boot_virt.plan(d / "none", VIRT, samples.tree)),
    ("FIFO", F.UNREADABLE, unreadable),
    ("folder", F.UNREADABLE, lambda d: boot_virt.plan(d, VIRT, samples.tree)),
    ("NUL in the path", F.UNREADABLE, lambda d: boot_virt.plan("a\0b", VIRT, samples.tree)),
    ("empty kernel", F.EMPTY, lambda d: virt(d, b"")),
    ("empty initrd", F.EMPTY, lambda d: virt(d, IMAGE, b"")),
    ("huge dtb", F.TOO_LARGE, lambda d: virt(d, IMAGE, dtb=bytes(devicetree.MAX_SIZE + 1))),
    ("ELF header cut", F.TRUNCATED, lambda d: virt(d, elf()[:40])),
    ("ELF program headers cut", F.TRUNCATED, lambda d: virt(d, elf()[:100])),
    ("ELF segment cut", F.TRUNCATED, lambda d: virt(d, elf()[:130])),
    ("cpio cut in content", F.TRUNCATED, lambda d: virt(d, IMAGE, CPIO[:115])),
    ("cpio cut in header", F.TRUNCATED, lambda d: virt(d, IMAGE, CPIO[:60])),
    ("dtb header cut", F.TRUNCATED, lambda d: virt(d, IMAGE, dtb=DTB[:20])),
    ("dtb cut", F.TRUNCATED, lambda d: virt(d, IMAGE, dtb=DTB[:-8])),
    ("x86 ELF on virt", F.WRONG_MACHINE, lambda d: virt(d, PVH)),
    ("arm ELF on pc", F.WRONG_MACHINE, lambda d: pc(d, elf())),
    ("arm64 Image on pc", F.WRONG_MACHINE, lambda d: pc(d, IMAGE)),
    ("32-bit ELF", F.WRONG_MACHINE, lambda d: virt(d, patched(elf(), 4, b"\1"))),
    ("big-endian ELF", F.WRONG_MACHINE, lambda d: virt(d, patched(elf(), 5, b"\2"))),
    ("ELF version", F.BAD_HEADER, lambda d: virt(d, patched(elf(), 6, b"\7"))),
    ("relocatable ELF", F.BAD_HEADER, lambda d: virt(d, elf(kind=1))),
    ("ELF phentsize", F.BAD_HEADER, lambda d: virt(d, patched(elf(), 54, b"\x20\0"))),
    ("ELF ehsize", F.BAD_HEADER, lambda d: virt(d, patched(elf(), 52, b"\x01\0"))),
    ("filesz above memsz", F.BAD_HEADER, lambda d: virt(d, elf((BASE, b"\1" * 64, 32)))),
    ("memsz zero", F.BAD_HEADER, lambda d: virt(d, elf((BASE, b"\1" * 64, 0)))),
    ("segment wraps", F.BAD_HEADER, lambda d: virt(d, elf(((1 << 64) - 32, b"\1" * 64, 64)))),
    ("too many segments", F.BAD_HEADER, lambda d: virt(d, elf(*[(BASE + 64 * i, b"", 64) for i in range(200)]))),
    ("image_size below the file", F.BAD_HEADER, lambda d: virt(d, samples.arm64_image(8192, image_size=4096))),
    ("PVH note of 64 bits", F.BAD_HEADER, lambda d: pc(d, samples.pvh_elf(entry=1 << 33))),
    ("gzip", F.COMPRESSED, lambda d: virt(d, b"\x1f\x8b" + bytes(100))),
    ("EFI zboot", F.COMPRESSED, lambda d: virt(d, b"MZ\0\0zimg" + bytes(100))),
    ("big-endian Image", F.UNSUPPORTED, lambda d: virt(d, samples.arm64_image(flags=1))),
    ("64 KiB pages", F.UNSUPPORTED, lambda d: virt(d, samples.arm64_image(flags=3 << 1))),
    ("bzImage", F.UNSUPPORTED, lambda d: pc(d, patched(bytes(1024), 0x202, b"HdrS"))),
    ("flat binary on pc", F.UNSUPPORTED, lambda d: pc(d, b"\xf4" * 100)),
    ("no program headers", F.NO_SEGMENTS, lambda d: virt(d, patched(elf(), 56, b"\0\0"))),
    ("nothing to load", F.NO_SEGMENTS, lambda d: virt(d, patched(elf(), 64, b"\6"))),
    ("segment below RAM", F.OUT_OF_RAM, lambda d: virt(d, elf((0x1000, b"\1", 64)))),
    ("segment past RAM", F.OUT_OF_RAM, lambda d: virt(d, elf((BASE, b"\1", 1 << 40)))),
    ("Image past RAM", F.OUT_OF_RAM, lambda d: virt(d, samples.arm64_image(text_offset=1 << 40))),
    ("huge image_size", F.OUT_OF_RAM, lambda d: virt(d, samples.arm64_image(image_size=(1 << 64) - 1))),
    ("overlapping segments", F.OVERLAP, lambda d: virt(d, elf((BASE, b"\1", 64), (BASE + 32, b"\1", 64)))),
    ("kernel on the start info", F.OVERLAP, lambda d: pc(d, samples.pvh_elf(0x2000, 0x2000))),
    ("entry in no segment", F.BAD_ENTRY, lambda d: virt(d, elf(entry=0x10))),
    ("PVH entry in no segment", F.BAD_ENTRY, lambda d: pc(d, samples.pvh_elf(entry=0x10))),
    ("no PVH note", F.NO_PVH_NOTE, lambda d: pc(d, elf((0x100000, b"\1", 64), entry=0x100000, machine=samples.X86_64))),
    ("initrd too large on virt", F.INITRD_DOES_NOT_FIT, lambda d: virt(d, IMAGE, bytes(40 * MIB))),
    ("initrd too large on pc", F.INITRD_DOES_NOT_FIT, lambda d: pc(d, PVH, bytes(63 * MIB))),
    ("initrd with a plain ELF", F.INITRD_CANNOT_BE_PASSED, lambda d: virt(d, elf(), CPIO)),
    ("cpio field not hexadecimal", F.BAD_INITRD, lambda d: virt(d, IMAGE, patched(CPIO, 20, b"xyz"))),
    ("old cpio format", F.BAD_INITRD, lambda d: virt(d, IMAGE, patched(CPIO, 0, b"070707"))),
    ("cpio name too long", F.BAD_INITRD, lambda d: virt(d, IMAGE, patched(CPIO, 94, b"FFFFFFFF"))),
    ("cpio name without NUL", F.BAD_INITRD, lambda d: virt(d, IMAGE, patched(CPIO, 114, b"x"))),
    ("dtb magic", F.BAD_DTB, lambda d: virt(d, IMAGE, dtb=b"\0" + DTB[1:])),
    ("dtb version", F.BAD_DTB, lambda d: virt(d, IMAGE, dtb=patched(DTB, 20, b"\0\0\0\3"))),
    ("dtb structure outside", F.BAD_DTB, lambda d: virt(d, IMAGE, dtb=patched(DTB, 8, b"\0\xff\0\0"))),
    ("dtb strings outside", F.BAD_DTB, lambda d: virt(d, IMAGE, dtb=patched(DTB, 12, b"\0\xff\0\0"))),
    ("dtb reservations outside", F.BAD_DTB, lambda d: virt(d, IMAGE, dtb=patched(DTB, 16, b"\0\xff\0\0"))),
    ("initrd leaves no room for the dtb", F.DTB_DOES_NOT_FIT, lambda d: virt(d, IMAGE, bytes(32 * MIB))),
    ("ELF leaves no room for the dtb", F.DTB_CANNOT_BE_PASSED, lambda d: virt(
        d, elf((0x40080000, b"\1", 64), entry=0x40080000), dtb=DTB)),
    ("dtb on pc", F.DTB_CANNOT_BE_PASSED, lambda d: boot_pc.plan(write(d, PVH), PC, dtb=write(d, DTB, "dtb"))),
    ("long command line", F.BAD_COMMAND_LINE, lambda d: virt(d, IMAGE, append="x" * 5000)),
    ("newline in the command line", F.BAD_COMMAND_LINE, lambda d: virt(d, IMAGE, append="a\nb")),
    ("manifest not JSON", F.BAD_MANIFEST, lambda d: write(d, b"{", "manifest.json") and Bundle.open(d)),
    ("manifest nested", F.BAD_MANIFEST, lambda d: write(d, b"[" * 100000, "manifest.json") and Bundle.open(d)),
    ("manifest a list", F.BAD_MANIFEST, lambda d: write(d, b"[]", "manifest.json") and Bundle.open(d)),
    ("manifest format", F.BAD_MANIFEST, lambda d: Bundle.open(samples.bundle(d, format=2))),
    ("manifest architecture", F.BAD_MANIFEST, lambda d: Bundle.open(samples.bundle(d, arch="mips"))),
    ("manifest name", F.BAD_MANIFEST, lambda d: Bundle.open(samples.bundle(d, name="../x"))),
    ("manifest without kernel", F.BAD_MANIFEST, lambda d: Bundle.open(samples.bundle(d, kernel=None))),
    ("manifest kernel unknown", F.BAD_MANIFEST, lambda d: Bundle.open(samples.bundle(d, kernel="zImage"))),
    ("manifest leaves the folder", F.BAD_MANIFEST, lambda d: Bundle.open(samples.bundle(d, initrd="../../etc/passwd"))),
    ("manifest plan zero", F.BAD_MANIFEST, lambda d: Bundle.open(samples.bundle(d, tests={"fork": 0}))),
    ("manifest hash", F.BAD_MANIFEST, lambda d: Bundle.open(samples.bundle(d, files={"Image": {"sha256": 1}}))),
    ("file not in the bundle", F.NO_SUCH_FILE, lambda d: bundle_file(d, "vmlinux")),
    ("file of the bundle changed", F.HASH_MISMATCH, lambda d: broken_bundle(d, lambda p: p.write_bytes(bytes(8192)))),
    ("file of the bundle longer", F.HASH_MISMATCH, lambda d: broken_bundle(d, lambda p: p.write_bytes(bytes(8193)))),
    ("file of the bundle cut", F.TRUNCATED, lambda d: broken_bundle(d, lambda p: p.write_bytes(b"x"))),
    ("file of the bundle gone", F.NOT_FOUND, lambda d: broken_bundle(d, lambda p: p.unlink())),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "load"), CASES, ids=[c[0] for c in CASES])
def test_a_file_that_cannot_be_loaded_says_why_in_one_line(
    name: str, kind: ImageFault, load: Callable[[Path], object], tmp_path: Path
) -> None:
    with pytest.raises(ImageError) as caught:
        load(tmp_path)
    error = caught.value
    assert error.kind == kind, str(error)
    assert error.exit_code == EXIT_INPUT
    assert "\n" not in str(error) and str(error).isprintable()
    assert error.cause in str(error) and error.remedy in str(error)
    assert str(error).startswith(error.message) and len(error.remedy) > 5


def test_every_kind_of_image_error_has_a_case() -> None:
    assert {kind for _, kind, _ in CASES} == set(ImageFault)


def test_a_control_character_in_a_path_stays_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as caught:
        boot_virt.plan(tmp_path / "a\nb", VIRT, samples.tree)
    assert "\\n" in str(caught.value) and "\n" not in str(caught.value)


def test_a_note_longer_than_its_segment_is_a_bad_header(tmp_path: Path) -> None:
    at = PVH.index(b"Xen\0") - 12
    with pytest.raises(ImageError) as caught:
        pc(tmp_path, patched(PVH, at + 4, struct.pack("<I", 0x1000)))
    assert caught.value.kind == ImageFault.BAD_HEADER


def test_a_manifest_is_json(tmp_path: Path) -> None:
    assert json.loads((samples.bundle(tmp_path) / "manifest.json").read_text())["format"] == 1
