# SPDX-License-Identifier: GPL-2.0-or-later
"""The Linux arm64 `Image`: a flat binary with a 64-byte header.

Source: Linux, Documentation/arch/arm64/booting.rst, section 4 "Call the kernel image".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from emu.bits import KIB, MIB
from emu.errors import ImageError, ImageFault
from emu.image.files import InputFile

__all__ = ["ImageHeader", "compression", "is_arm64_image", "parse", "setup_header"]

MAGIC = b"ARM\x64"
MAGIC_OFFSET = 56
HEADER = struct.Struct("<IIQQQQQQ4sI")  # code0 code1 text_offset image_size flags res2 res3 res4 magic res5

FLAG_BIG_ENDIAN = 1
PAGE_SIZES = {0: "unspecified", 1: "4 KiB", 2: "16 KiB", 3: "64 KiB"}

DEFAULT_TEXT_OFFSET = 512 * KIB  # kernels before v3.17 have image_size 0 and mean this one; so do headerless binaries
BOOT_STUB_SIZE = 4 * KIB  # QEMU keeps its start-up code in the first page of RAM, which moves the kernel by 2 MiB

_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ": "xz",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x02\x21\x4c\x18": "lz4",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x89LZO": "lzo",
    b"\x5d\0\0": "lzma",
}


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What an Image asks for: where it goes from a 2 MiB boundary, and the memory it uses including its bss."""

    text_offset: int
    image_size: int
    flags: int

    @property
    def load_offset(self) -> int:
        """From the base of RAM to the kernel, as QEMU 7.2 places it."""
        if not self.image_size:
            return DEFAULT_TEXT_OFFSET
        return self.text_offset + (2 * MIB if self.text_offset < BOOT_STUB_SIZE else 0)


def is_arm64_image(head: bytes) -> bool:
    """Whether a file's first 64 bytes are an arm64 Image header."""
    return len(head) > MAGIC_OFFSET + 4 and head[MAGIC_OFFSET : MAGIC_OFFSET + 4] == MAGIC


def setup_header(head: bytes) -> bool:
    """Whether a file's first 0x206 bytes are an x86 bzImage (boot.rst, "The real-mode kernel header")."""
    return head[0x202:0x206] == b"HdrS"


def compression(head: bytes) -> str | None:
    """The name of the compression a file begins with, or None. An EFI zboot image counts: its payload is packed."""
    if head[:2] == b"MZ" and head[4:8] == b"zimg":
        return "EFI zboot"
    return next((name for magic, name in _COMPRESSED.items() if head.startswith(magic)), None)


def parse(file: InputFile) -> ImageHeader:
    """The header of an Image, validated.

    Raises:
        ImageError: TRUNCATED, BAD_HEADER, UNSUPPORTED (big-endian, or a page size the CPU does not have).
    """
    raw = file.read(0, HEADER.size, "the Image header")
    _, _, text_offset, image_size, flags, _, _, _, magic, _ = HEADER.unpack(raw)
    if magic != MAGIC:
        raise ImageError(file.path, "has no arm64 Image magic", "build or copy it again", ImageFault.BAD_HEADER)
    if flags & FLAG_BIG_ENDIAN:
        raise ImageError(
            file.path, "is a big-endian kernel", "build it with CONFIG_CPU_LITTLE_ENDIAN", ImageFault.UNSUPPORTED
        )
    if (page := flags >> 1 & 3) > 1:
        raise ImageError(
            file.path,
            f"uses pages of {PAGE_SIZES[page]}; this CPU translates 4 KiB pages only",
            "build it with CONFIG_ARM64_4K_PAGES",
            ImageFault.UNSUPPORTED,
        )
    if image_size and image_size < file.size:
        raise ImageError(
            file.path,
            f"image_size {image_size:#x} in its header is less than the file's {file.size:#x}",
            "build or copy it again",
            ImageFault.BAD_HEADER,
        )
    return ImageHeader(text_offset, image_size, flags)
