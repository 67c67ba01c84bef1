# SPDX-License-Identifier: GPL-2.0-or-later
"""The registers of x86-64 that a debugger shows, in gdb's order.

Source: gdb manual, "i386 Features"; Intel SDM volume 1, 3.4 "Basic program execution registers".
"""

from __future__ import annotations

from emu.arch.register import Kind, Register

__all__ = ["ARCHITECTURE", "FRAME_POINTER", "GENERAL", "LINK", "PC", "REGISTERS", "SP", "STATUS"]

ARCHITECTURE = "i386:x86-64"  # gdb's name

_CORE = "org.gnu.gdb.i386.core"
_SSE = "org.gnu.gdb.i386.sse"
_SEGMENTS = "org.gnu.gdb.i386.segments"

GENERAL: tuple[str, ...] = (
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip
SP = "rsp"
PC = "rip"
STATUS = "eflags"
FRAME_POINTER = "rbp"
LINK = None  # the return address is on the stack

_POINTERS = {"rbp": "data_ptr", "rsp": "data_ptr"}
_X87_CONTROL = ("fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop")

REGISTERS: tuple[Register, ...] = (
    *(Register(n, 64, Kind.SP if n == SP else Kind.GENERAL, _POINTERS.get(n, "int64"), _CORE) for n in GENERAL),
    Register(PC, 64, Kind.PC, "code_ptr", _CORE),
    Register(STATUS, 32, Kind.FLAGS, "i386_eflags", _CORE),
    *(Register(name, 32, Kind.SEGMENT, "int32", _CORE) for name in ("cs", "ss", "ds", "es", "fs", "gs")),
    *(Register(f"st{i}", 80, Kind.FLOAT, "i387_ext", _CORE) for i in range(8)),
    *(Register(name, 32, Kind.FLOAT, "int", _CORE) for name in _X87_CONTROL),
    *(Register(f"xmm{i}", 128, Kind.VECTOR, "vec128", _SSE) for i in range(16)),
    Register("mxcsr", 32, Kind.FLOAT, "i386_mxcsr", _SSE),
    Register("fs_base", 64, Kind.SYSTEM, "int64", _SEGMENTS),
    Register("gs_base", 64, Kind.SYSTEM, "int64", _SEGMENTS),
)
