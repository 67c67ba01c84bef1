# SPDX-License-Identifier: GPL-2.0-or-later
"""Which register carries what at x86-64's boundaries.

Source: Linux man-pages, syscall(2), "Architecture calling conventions"; System V ABI, AMD64 Architecture Processor
Supplement, 3.2.3 "Parameter passing" and A.2 "AMD64 Linux Kernel Conventions".
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

UTSNAME_MACHINE = "x86_64"
INSTRUCTION = "syscall"
SYSCALL_NUMBER = "rax"
SYSCALL_ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
SYSCALL_RESULT = "rax"  # -4095..-1 is a negated errno
SYSCALL_CLOBBERS = ("rcx", "r11")  # the instruction itself puts rip and rflags there
CALL_ARGUMENTS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
CALL_RESULT = "rax"
BOOT_ARGUMENT = "rbx"  # start info (PVH)
BOOT_ENTRY = "rcx"  # holds the entry point: QEMU's option ROM jumps through it
