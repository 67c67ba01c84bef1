# SPDX-License-Identifier: GPL-2.0-or-later
"""A flat binary: bytes without a header. Its first byte is its entry point.

On virt, QEMU takes every file that is neither ELF nor compressed for a kernel older than the Image header, and puts it
512 KiB above the base of RAM with x0 = devicetree. On pc there is no such rule: QEMU wants a header it knows.
"""

from __future__ import annotations

from emu.errors import ImageError, ImageFault
from emu.image.files import InputFile
from emu.image.linux import DEFAULT_TEXT_OFFSET, ImageHeader, compression, setup_header

__all__ = ["parse", "refuse_unbootable"]


def refuse_unbootable(file: InputFile) -> None:
    """Raise for a file that is surely not code: COMPRESSED, or UNSUPPORTED for an x86 bzImage."""
    head = file.head(0x206)
    if packed := compression(head):
        raise ImageError(
            file.path,
            f"is compressed ({packed})",
            "give the uncompressed kernel: Image for AArch64, vmlinux for x86-64",
            ImageFault.COMPRESSED,
        )
    if setup_header(head):
        raise ImageError(
            file.path,
            "is an x86 bzImage",
            "give the kernel's vmlinux, built with CONFIG_PVH=y",
            ImageFault.UNSUPPORTED,
        )


def parse(file: InputFile) -> ImageHeader:
    """A flat binary as if it had an Image header without image_size. Raises as `refuse_unbootable` does."""
    refuse_unbootable(file)
    return ImageHeader(DEFAULT_TEXT_OFFSET, 0, 0)
