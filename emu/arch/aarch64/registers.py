# SPDX-License-Identifier: GPL-2.0-or-later
"""The registers of AArch64 that a debugger shows, in gdb's order.

Source: gdb manual, "AArch64 Features"; Arm ARM (DDI 0487) B1.2 "Registers in AArch64 Execution state".
"""

from __future__ import annotations

from emu.arch.register import Kind, Register

__all__ = ["ARCHITECTURE", "FRAME_POINTER", "GENERAL", "LINK", "PC", "REGISTERS", "SP", "STATUS"]

ARCHITECTURE = "aarch64"  # gdb's name

_CORE = "org.gnu.gdb.aarch64.core"
_FPU = "org.gnu.gdb.aarch64.fpu"

GENERAL: tuple[str, ...] = tuple(f"x{i}" for i in range(31))
SP = "sp"
PC = "pc"
STATUS = "cpsr"  # gdb's name for PSTATE as SPSR_ELx holds it
FRAME_POINTER = "x29"
LINK = "x30"

REGISTERS: tuple[Register, ...] = (
    *(Register(name, 64, Kind.GENERAL, "int", _CORE) for name in GENERAL),
    Register(SP, 64, Kind.SP, "data_ptr", _CORE),
    Register(PC, 64, Kind.PC, "code_ptr", _CORE),
    Register(STATUS, 32, Kind.FLAGS, "cpsr_flags", _CORE),
    *(Register(f"v{i}", 128, Kind.VECTOR, "aarch64v", _FPU) for i in range(32)),
    Register("fpsr", 32, Kind.FLOAT, "int", _FPU),
    Register("fpcr", 32, Kind.FLOAT, "int", _FPU),
)
