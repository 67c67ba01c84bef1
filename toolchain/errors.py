# SPDX-License-Identifier: GPL-2.0-or-later
"""What can go wrong in a build, as one tree:

ToolchainError         one line for the user, with the remedy; exit status 2
+-- RecipeError        images/*.toml or a file it names is wrong
+-- AbiError           guest/abi/syscalls.abi is wrong (carries file and line)
+-- CompilerMissing    neither ziglang nor clang with lld was found
BuildFailed            a tool ran and said no; its own text has been shown; exit status 1
"""

from __future__ import annotations


class ToolchainError(Exception):
    """A build that cannot start: one line saying what is wrong and what to do."""

    exit_status = 2


class RecipeError(ToolchainError):
    """An image recipe, or a file that it names, is wrong."""


class AbiError(ToolchainError):
    """The declaration of the system calls is wrong; `file` and `line` say where."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.file = file
        self.line = line


class CompilerMissing(ToolchainError):
    """No compiler that can build the guest is installed."""


class BuildFailed(Exception):
    """A compiler, linker or archiver failed; what it printed has been shown as it stood."""

    exit_status = 1
