# SPDX-License-Identifier: GPL-2.0-or-later
"""Initramfs archives: cpio in the "newc" format, listed and validated.

Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst. An initramfs is any number of archives and
compressed archives one after another, with zeroes between; only the uncompressed ones at its beginning are looked into.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emu.errors import ImageError, ImageFault

__all__ = ["Entry", "entries", "is_cpio", "validate"]

MAGICS = (b"070701", b"070702")
TRAILER = b"TRAILER!!!"
HEADER_SIZE = 110
MAX_NAME = 4096  # PATH_MAX of Linux, which refuses longer names


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive: its name, st_mode, and where its content lies in the archive."""

    name: str
    mode: int
    offset: int
    size: int
    ino: int
    nlink: int
    mtime: int


def is_cpio(head: bytes) -> bool:
    """Whether data begins like a newc archive."""
    return head[:6] in MAGICS


def _bad(path: str, cause: str, kind: ImageFault = ImageFault.BAD_INITRD) -> ImageError:
    return ImageError(path, cause, "build the initrd again, e.g. with `cpio -o -H newc`", kind)


def entries(data: bytes, path: str) -> Iterator[Entry]:
    """Every file of the archives at the beginning of `data`, without the trailers.

    Raises:
        ImageError: TRUNCATED, or BAD_INITRD for a header that is not as the format says.
    """
    at = 0
    while True:
        header = data[at : at + HEADER_SIZE]
        if header[:6] not in MAGICS:
            raise _bad(path, f"has no cpio magic at {at:#x}")
        if len(header) < HEADER_SIZE:
            raise _bad(path, f"is truncated: the cpio header at {at:#x} is cut off", ImageFault.TRUNCATED)
        if not all(c in b"0123456789abcdefABCDEF" for c in header):
            raise _bad(path, f"the cpio header at {at:#x} has a field that is not hexadecimal")
        ino, mode, _, _, nlink, mtime, size, _, _, _, _, namesize, _ = (
            int(header[i : i + 8], 16) for i in range(6, HEADER_SIZE, 8)
        )
        name_at = at + HEADER_SIZE
        content = (name_at + namesize + 3) & ~3
        if namesize == 0 or namesize > MAX_NAME:
            raise _bad(path, f"the cpio header at {at:#x} has a name of {namesize} bytes")
        if content > len(data) + 3 or name_at + namesize > len(data) or (content + size > len(data) and size):
            raise _bad(path, f"is truncated: the file of the cpio header at {at:#x} is cut off", ImageFault.TRUNCATED)
        name = data[name_at : name_at + namesize]
        if name[-1] != 0 or b"\0" in name[:-1]:
            raise _bad(path, f"the name of the cpio header at {at:#x} does not end in one NUL")
        at = (content + size + 3) & ~3
        if name[:-1] != TRAILER:
            text = name[:-1].decode("utf-8", "surrogateescape")
            yield Entry(text, mode, content, size, ino, nlink, mtime)
        else:
            while at < len(data) and data[at] == 0:
                # Archives are padded with zeroes to a block, and Linux skips them four at a time.
                at += 4 if data[at : at + 4] == bytes(4) else 1
            if not is_cpio(data[at : at + 6]):
                return


def validate(data: bytes, path: str) -> int:
    """Check every header; the number of files. Data that is not cpio is the kernel's business: 0.

    Raises:
        ImageError: as `entries` does.
    """
    if not data.startswith(b"0707"):
        return 0
    return sum(1 for _ in entries(data, path))
