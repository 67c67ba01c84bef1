# SPDX-License-Identifier: GPL-2.0-or-later
"""Which register carries what at AArch64's boundaries.

Source: Linux man-pages, syscall(2), "Architecture calling conventions"; Procedure Call Standard for the Arm 64-bit
Architecture (AAPCS64), 6.1 "Machine registers".
"""

from __future__ import annotations

__all__ = [
    "BOOT_ARGUMENT",
    "BOOT_ENTRY",
    "CALL_ARGUMENTS",
    "CALL_RESULT",
    "INSTRUCTION",
    "SYSCALL_ARGUMENTS",
    "SYSCALL_CLOBBERS",
    "SYSCALL_NUMBER",
    "SYSCALL_RESULT",
    "UTSNAME_MACHINE",
]

UTSNAME_MACHINE = "aarch64"
INSTRUCTION = "svc #0"
SYSCALL_NUMBER = "x8"
SYSCALL_ARGUMENTS = ("x0", "x1", "x2", "x3", "x4", "x5")
SYSCALL_RESULT = "x0"  # -4095..-1 is a negated errno
SYSCALL_CLOBBERS: tuple[str, ...] = ()
CALL_ARGUMENTS = ("x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7")
CALL_RESULT = "x0"
BOOT_ARGUMENT = "x0"  # devicetree (booting.rst, "Call the kernel image")
BOOT_ENTRY = "x4"  # holds the entry point: QEMU's start-up code jumps through it
