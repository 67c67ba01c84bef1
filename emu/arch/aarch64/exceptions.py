# SPDX-License-Identifier: GPL-2.0-or-later
"""Exceptions of AArch64 in English: exception classes, what their syndrome says, and the vector table.

Source: Arm ARM (DDI 0487) D17.2.37 "ESR_EL1" (EC and every ISS encoding), D1.3.1 (exception vectors), D1.3.2 (what is
saved). Names are the manual's.
"""

from __future__ import annotations

from emu.arch.aarch64.sysregs import encoding_name

__all__ = [
    "CLASSES",
    "FAULT_STATUS",
    "VECTORS",
    "describe",
    "describe_vector",
    "fault_address_valid",
    "is_syscall",
    "mnemonic",
    "vector_offset",
]

EC_UNKNOWN, EC_WFX, EC_FP, EC_ILLEGAL_STATE, EC_SVC64, EC_HVC64, EC_SMC64, EC_SYSREG = (
    0,
    1,
    7,
    0xE,
    0x15,
    0x16,
    0x17,
    0x18,
)
EC_IABT_LOWER, EC_IABT, EC_PC_ALIGNMENT, EC_DABT_LOWER, EC_DABT, EC_SP_ALIGNMENT = 0x20, 0x21, 0x22, 0x24, 0x25, 0x26
EC_FP_EXCEPTION, EC_SERROR = 0x2C, 0x2F
EC_BREAKPOINT_LOWER, EC_BREAKPOINT, EC_STEP_LOWER, EC_STEP, EC_WATCHPOINT_LOWER, EC_WATCHPOINT = range(0x30, 0x36)
EC_BRK64 = 0x3C

CLASSES: dict[int, tuple[str, str]] = {
    EC_UNKNOWN: ("UNKNOWN", "undefined instruction"),
    EC_WFX: ("WFX", "trapped WFI or WFE"),
    EC_FP: ("FP", "floating-point or SIMD access trapped by CPACR_EL1.FPEN"),
    EC_ILLEGAL_STATE: ("ILLEGAL", "illegal execution state (PSTATE.IL)"),
    0x11: ("SVC32", "supervisor call from AArch32"),
    EC_SVC64: ("SVC64", "supervisor call"),
    EC_HVC64: ("HVC64", "hypervisor call"),
    EC_SMC64: ("SMC64", "secure monitor call"),
    EC_SYSREG: ("SYSREG", "trapped system register access or system instruction"),
    0x19: ("SVE", "SVE access trapped by CPACR_EL1.ZEN"),
    EC_IABT_LOWER: ("IABT_LOWER", "instruction abort from a lower exception level"),
    EC_IABT: ("IABT", "instruction abort from the same exception level"),
    EC_PC_ALIGNMENT: ("PC_ALIGN", "misaligned PC"),
    EC_DABT_LOWER: ("DABT_LOWER", "data abort from a lower exception level"),
    EC_DABT: ("DABT", "data abort from the same exception level"),
    EC_SP_ALIGNMENT: ("SP_ALIGN", "misaligned SP"),
    0x28: ("FP32", "trapped floating-point exception from AArch32"),
    EC_FP_EXCEPTION: ("FP64", "trapped floating-point exception"),
    EC_SERROR: ("SERROR", "SError interrupt"),
    EC_BREAKPOINT_LOWER: ("BREAKPOINT_LOWER", "breakpoint from a lower exception level"),
    EC_BREAKPOINT: ("BREAKPOINT", "breakpoint from the same exception level"),
    EC_STEP_LOWER: ("STEP_LOWER", "software step from a lower exception level"),
    EC_STEP: ("STEP", "software step from the same exception level"),
    EC_WATCHPOINT_LOWER: ("WATCHPOINT_LOWER", "watchpoint from a lower exception level"),
    EC_WATCHPOINT: ("WATCHPOINT", "watchpoint from the same exception level"),
    0x38: ("BKPT32", "BKPT instruction from AArch32"),
    EC_BRK64: ("BRK64", "BRK instruction"),
}

FAULT_STATUS: dict[int, str] = {
    **{0b000000 | n: f"address size fault, level {n}" for n in range(4)},
    **{0b000100 | n: f"translation fault, level {n}" for n in range(4)},
    **{0b001000 | n: f"access flag fault, level {n}" for n in range(1, 4)},
    **{0b001100 | n: f"permission fault, level {n}" for n in range(1, 4)},
    0b010000: "synchronous external abort",
    **{0b010100 | n: f"synchronous external abort on table walk, level {n}" for n in range(4)},
    0b011000: "parity or ECC error",
    **{0b011100 | n: f"parity or ECC error on table walk, level {n}" for n in range(4)},
    0b100001: "alignment fault",
    0b110000: "TLB conflict",
    0b110001: "unsupported atomic hardware update",
    0b110100: "implementation defined fault (lockdown)",
    0b110101: "implementation defined fault (unsupported exclusive or atomic)",
}
"""DFSC of a data abort; IFSC of an instruction abort is the subset that can happen to a fetch."""

VECTORS: dict[int, str] = {
    0x000: "synchronous, EL1 with SP_EL0",
    0x080: "IRQ, EL1 with SP_EL0",
    0x100: "FIQ, EL1 with SP_EL0",
    0x180: "SError, EL1 with SP_EL0",
    0x200: "synchronous, EL1",
    0x280: "IRQ, EL1",
    0x300: "FIQ, EL1",
    0x380: "SError, EL1",
    0x400: "synchronous, EL0 (AArch64)",
    0x480: "IRQ, EL0 (AArch64)",
    0x500: "FIQ, EL0 (AArch64)",
    0x580: "SError, EL0 (AArch64)",
    0x600: "synchronous, EL0 (AArch32)",
    0x680: "IRQ, EL0 (AArch32)",
    0x700: "FIQ, EL0 (AArch32)",
    0x780: "SError, EL0 (AArch32)",
}
"""Offsets from VBAR_EL1, with who was interrupted."""

_SYNC, _IRQ, _FIQ, _SERROR = 0, 0x80, 0x100, 0x180


def vector_offset(kind: int, spsr: int) -> int:
    """Where from VBAR_EL1 an exception goes: kind 0 synchronous, 1 IRQ, 2 FIQ, 3 SError, and the state it came from."""
    if spsr & 0x10:
        base = 0x600
    elif not spsr & 0xC:
        base = 0x400
    else:
        base = 0x200 if spsr & 1 else 0x000
    return base + 0x80 * kind


def describe_vector(address: int, vbar: int) -> str:
    """The name of the vector that `address` is in."""
    return VECTORS.get(address - vbar & ~0x7F, "no vector")


def mnemonic(esr: int) -> str:
    """A short name for the exception class, e.g. `SVC64`."""
    ec = esr >> 26 & 0x3F
    return CLASSES[ec][0] if ec in CLASSES else f"EC_{ec:#04x}"


def is_syscall(esr: int) -> bool:
    """Whether it is a supervisor call from AArch64."""
    return esr >> 26 & 0x3F == EC_SVC64


def fault_address_valid(esr: int) -> bool:
    """Whether FAR_EL1 was written: aborts (unless FnV), PC alignment faults and watchpoints (D17.2.40)."""
    ec = esr >> 26 & 0x3F
    if ec in (EC_IABT_LOWER, EC_IABT, EC_DABT_LOWER, EC_DABT):
        return not (esr >> 10 & 1 and esr & 0x3F == 0b010000)
    return ec in (EC_PC_ALIGNMENT, EC_WATCHPOINT_LOWER, EC_WATCHPOINT)


def _sysreg(iss: int) -> str:
    op0, op1, crn, crm, op2 = iss >> 20 & 3, iss >> 14 & 7, iss >> 10 & 15, iss >> 1 & 15, iss >> 17 & 7
    rt, read = iss >> 5 & 31, iss & 1
    register = "xzr" if rt == 31 else f"x{rt}"
    if op0 == 1:
        return f"trapped system instruction op1={op1} C{crn} C{crm} op2={op2} {register}"
    if op0 == 0:
        return f"trapped MSR (immediate) op1={op1} op2={op2} #{crm}"
    name = encoding_name(op0, op1, crn, crm, op2)
    return f"trapped mrs {register}, {name}" if read else f"trapped msr {name}, {register}"


def describe(esr: int, far: int | None = None) -> str:
    """A syndrome in one short sentence.

    Args:
        esr: ESR_EL1.
        far: FAR_EL1, said only where the architecture defines it.
    """
    ec, iss = esr >> 26 & 0x3F, esr & 0x1FFFFFF
    where = f" at {far:#x}" if far is not None and fault_address_valid(esr) else ""
    if ec in (EC_SVC64, EC_HVC64, EC_SMC64, EC_BRK64, 0x11):
        word = {EC_SVC64: "svc", EC_HVC64: "hvc", EC_SMC64: "smc", EC_BRK64: "brk", 0x11: "svc (AArch32)"}[ec]
        return f"{word} #{iss & 0xFFFF:#x}"
    if ec == EC_SYSREG:
        return _sysreg(iss)
    if ec in (EC_IABT_LOWER, EC_IABT, EC_DABT_LOWER, EC_DABT):
        status = FAULT_STATUS.get(iss & 0x3F, f"fault status {iss & 0x3F:#04x}")
        if ec in (EC_IABT_LOWER, EC_IABT):
            verb = "instruction fetch"
        elif iss >> 8 & 1:
            verb = "cache maintenance"
        else:
            verb = "write" if iss >> 6 & 1 else "read"
        level = "EL0" if ec in (EC_IABT_LOWER, EC_DABT_LOWER) else "EL1"
        return f"{level} {verb}{where}: {status}"
    if ec == EC_WFX:
        return f"trapped {'WFE' if iss & 1 else 'WFI'}"
    if ec in (EC_WATCHPOINT_LOWER, EC_WATCHPOINT):
        return f"watchpoint, {'write' if iss >> 6 & 1 else 'read'}{where}"
    if ec in CLASSES:
        return CLASSES[ec][1] + where
    return f"reserved exception class {ec:#04x}"
