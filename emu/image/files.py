# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading the user's files: regular files only, never more than the file has, every failure an `ImageError`."""

from __future__ import annotations

import os
import stat
from types import TracebackType
from typing import Self

from emu.bits import GIB, size_text
from emu.errors import ImageError, ImageFault

__all__ = ["InputFile", "read_bytes"]

MAX_FILE = 8 * GIB  # only sizes are looked at; what is read is bounded by RAM


class InputFile:
    """An open input file with bounds-checked reads. A context manager.

    A kernel with debugging information can be larger than guest RAM, so nothing is read before it is asked for.

    Args:
        path: as the user named it; every error repeats it.
        limit: size in bytes above which the file is refused.

    Raises:
        ImageError: NOT_FOUND, UNREADABLE (no permission, not a regular file), EMPTY, TOO_LARGE.
    """

    def __init__(self, path: str | os.PathLike[str], limit: int = MAX_FILE) -> None:
        self.path = os.fspath(path)
        self._fd = -1
        try:
            # O_NONBLOCK: opening a FIFO without a writer must not hang; it has no effect on a regular file.
            self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            status = os.fstat(self._fd)
        except FileNotFoundError:
            raise ImageError(self.path, "no such file", "check the path", ImageFault.NOT_FOUND) from None
        except (OSError, ValueError) as e:
            reason = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
            raise ImageError(
                self.path, f"cannot be opened: {reason}", "check the path and its permissions", ImageFault.UNREADABLE
            ) from None
        self.size = status.st_size
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise ImageError(self.path, "is not a regular file", "give a file", ImageFault.UNREADABLE)
        if self.size == 0:
            self.close()
            raise ImageError(self.path, "is empty", "build or copy it again", ImageFault.EMPTY)
        if self.size > limit:
            self.close()
            raise ImageError(
                self.path,
                f"is {size_text(self.size)}, more than the {size_text(limit)} that can be used",
                "check that it is the right file, or give the machine more --memory",
                ImageFault.TOO_LARGE,
            )

    def read(self, offset: int, length: int, what: str) -> bytes:
        """Exactly `length` bytes at `offset`. `what` names them in the error.

        Raises:
            ImageError: TRUNCATED if the file ends before; UNREADABLE on an input error.
        """
        if offset < 0 or length < 0 or offset + length > self.size:
            raise ImageError(
                self.path,
                f"is truncated: {what} needs bytes {offset:#x}..{offset + length:#x}, the file ends at {self.size:#x}",
                "build or copy it again",
                ImageFault.TRUNCATED,
            )
        parts: list[bytes] = []
        while length:
            try:
                part = os.pread(self._fd, min(length, 1 << 30), offset)
            except OSError as e:
                raise ImageError(
                    self.path, f"cannot be read: {e.strerror}", "check the disk it is on", ImageFault.UNREADABLE
                ) from None
            if not part:  # it shrank since it was opened
                return self.read(self.size, length, what)
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def head(self, length: int) -> bytes:
        """The first `length` bytes, or as many as there are."""
        return self.read(0, min(length, self.size), "its beginning")

    def all(self) -> bytes:
        """The whole file."""
        return self.read(0, self.size, "its content")

    def close(self) -> None:
        """Close the file; again is harmless."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def read_bytes(path: str | os.PathLike[str], limit: int = MAX_FILE) -> bytes:
    """A whole regular file of at most `limit` bytes. Raises as `InputFile` does."""
    with InputFile(path, limit) as f:
        return f.all()
