# SPDX-License-Identifier: GPL-2.0-or-later
"""Every error that a user of Trapdoor can meet.

    TrapdoorError                 one line: what, where, what to do; and the exit status of `emu`
    +-- InputError           2    the user's files and options
    |   +-- ImageError            a kernel, initrd, devicetree or bundle: path, cause, remedy, kind
    |   +-- OptionError           an option or argument: option, cause, remedy
    |   +-- BuildError            guest sources that do not build
    +-- HostError          126    this machine or its Unicorn library is not supported
    +-- MachineError       126    the API was used in a way that the contract forbids

What the *guest* does is never an error: it ends a run with a `Stop`. Errors are for files, options, hosts and callers.
"""

from __future__ import annotations

import enum
import os

__all__ = [
    "BuildError",
    "HostError",
    "ImageError",
    "ImageFault",
    "InputError",
    "MachineError",
    "OptionError",
    "TrapdoorError",
]

EXIT_INPUT = 2
EXIT_HOST = 126


def _one_line(text: str) -> str:
    """Text without control characters, so that a file name can never break the one-line promise."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class TrapdoorError(Exception):
    """Base of all. `str(e)` is one line; `exit_code` is the status `emu` ends with.

    Args:
        message: what is wrong and where, without a final full stop.
        hint: what to do about it, or None.
    """

    exit_code = EXIT_HOST

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.message = _one_line(message)
        self.hint = _one_line(hint) if hint else None
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class InputError(TrapdoorError):
    """A file or an option that cannot be used."""

    exit_code = EXIT_INPUT


class ImageFault(enum.StrEnum):
    """Why a file cannot be loaded. Every member has a test that reaches it."""

    NOT_FOUND = "not found"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    TOO_LARGE = "too large"
    TRUNCATED = "truncated"
    WRONG_MACHINE = "wrong machine"
    BAD_HEADER = "bad header"
    COMPRESSED = "compressed"
    UNSUPPORTED = "unsupported format"
    NO_SEGMENTS = "no segments"
    OUT_OF_RAM = "outside RAM"
    OVERLAP = "overlap"
    BAD_ENTRY = "bad entry point"
    NO_PVH_NOTE = "no PVH note"
    INITRD_DOES_NOT_FIT = "initrd does not fit"
    INITRD_CANNOT_BE_PASSED = "initrd cannot be passed"
    BAD_INITRD = "bad initrd"
    BAD_DTB = "bad devicetree"
    DTB_DOES_NOT_FIT = "devicetree does not fit"
    DTB_CANNOT_BE_PASSED = "devicetree cannot be passed"
    BAD_COMMAND_LINE = "bad command line"
    BAD_MANIFEST = "bad manifest"
    NO_SUCH_FILE = "not in the bundle"
    HASH_MISMATCH = "hash mismatch"


class ImageError(InputError):
    """A file that cannot be loaded.

    Args:
        path: the file, as the user named it.
        cause: what is wrong with it, with the numbers that matter.
        remedy: what the user can do.
        kind: the cause as a value that programs can test.
    """

    def __init__(self, path: str | os.PathLike[str], cause: str, remedy: str, kind: ImageFault) -> None:
        self.path = os.fspath(path)
        self.cause = cause
        self.remedy = remedy
        self.kind = kind
        super().__init__(f"{self.path}: {cause}", remedy)


class OptionError(InputError):
    """An option or argument that cannot be used.

    Args:
        option: as the user writes it, e.g. `--memory`.
        cause: what is wrong with its value.
        remedy: what the user can do.
    """

    def __init__(self, option: str, cause: str, remedy: str | None = None) -> None:
        self.option = option
        self.cause = cause
        self.remedy = remedy
        super().__init__(f"{option}: {cause}", remedy)


class BuildError(InputError):
    """Guest sources that do not build. The compiler's own output has been printed already."""


class HostError(TrapdoorError):
    """This host, its compiler or its Unicorn library cannot run us."""

    exit_code = EXIT_HOST


class MachineError(TrapdoorError):
    """The API was used against its contract, e.g. a closed Machine or one of another thread."""

    exit_code = EXIT_HOST
