# SPDX-License-Identifier: GPL-2.0-or-later
"""Which format a kernel file has, by its first bytes."""

from __future__ import annotations

import enum
import os
from pathlib import Path

from emu.image import elf, linux
from emu.image.bundle import MANIFEST
from emu.image.files import InputFile

__all__ = ["Format", "machine_of", "recognise"]


class Format(enum.StrEnum):
    """What `recognise` knows."""

    BUNDLE = "bundle"
    ELF = "elf"
    ARM64_IMAGE = "arm64 Image"
    BZIMAGE = "bzImage"
    COMPRESSED = "compressed"
    FLAT = "flat binary"


def recognise(path: str | os.PathLike[str]) -> Format:
    """The format of a kernel file or bundle folder; bytes that are nothing else are a flat binary.

    Raises:
        ImageError: NOT_FOUND, UNREADABLE, EMPTY.
    """
    if Path(path).is_dir() and (Path(path) / MANIFEST).exists():
        return Format.BUNDLE
    with InputFile(path) as f:
        head = f.head(0x206)
    if elf.is_elf(head):
        return Format.ELF
    if linux.is_arm64_image(head):
        return Format.ARM64_IMAGE
    if linux.setup_header(head):
        return Format.BZIMAGE
    return Format.COMPRESSED if linux.compression(head) else Format.FLAT


def machine_of(path: str | os.PathLike[str]) -> str | None:
    """The architecture a kernel file is surely for (`aarch64`, `x86_64`), or None if it does not say.

    Raises as `recognise` does.
    """
    with InputFile(path) as f:
        head = f.head(64)
    if elf.is_elf(head) and len(head) >= 20:
        return {elf.EM_AARCH64: "aarch64", elf.EM_X86_64: "x86_64"}.get(int.from_bytes(head[18:20], "little"))
    return "aarch64" if linux.is_arm64_image(head) else None
