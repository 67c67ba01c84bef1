# SPDX-License-Identifier: GPL-2.0-or-later
"""Exceptions and interrupts of x86-64 in English: vectors, what their error codes say.

Source: Intel SDM volume 3A: table 6-1 "Protected-mode exceptions and interrupts", 6.13 "Error code", 4.7 "Page-fault
exceptions"; table 6-5 (classes of double faults).
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "VECTORS",
    "Vector",
    "describe",
    "describe_vector",
    "fault_address_valid",
    "is_syscall",
    "mnemonic",
    "selector_error",
]

FAULT, TRAP, ABORT, INTERRUPT, MIXED = "fault", "trap", "abort", "interrupt", "fault or trap"
BENIGN, CONTRIBUTORY, PAGE_FAULT = "benign", "contributory", "page fault"


class Vector(NamedTuple):
    """One of the vectors 0..31.

    Attributes:
        mnemonic: e.g. `#GP`.
        name: what the manual calls it.
        type: whether rip points at the instruction (fault) or after it (trap).
        error_code: whether one is pushed.
        double: its class when it happens while another is delivered (table 6-5).
    """

    mnemonic: str
    name: str
    type: str
    error_code: bool
    double: str = BENIGN


VECTORS: dict[int, Vector] = {
    0: Vector("#DE", "divide error", FAULT, False, CONTRIBUTORY),
    1: Vector("#DB", "debug exception", MIXED, False),
    2: Vector("NMI", "non-maskable interrupt", INTERRUPT, False),
    3: Vector("#BP", "breakpoint", TRAP, False),
    4: Vector("#OF", "overflow", TRAP, False),
    5: Vector("#BR", "BOUND range exceeded", FAULT, False),
    6: Vector("#UD", "undefined instruction", FAULT, False),
    7: Vector("#NM", "device not available", FAULT, False),
    8: Vector("#DF", "double fault", ABORT, True),
    9: Vector("vector 9", "coprocessor segment overrun", FAULT, False),
    10: Vector("#TS", "invalid TSS", FAULT, True, CONTRIBUTORY),
    11: Vector("#NP", "segment not present", FAULT, True, CONTRIBUTORY),
    12: Vector("#SS", "stack-segment fault", FAULT, True, CONTRIBUTORY),
    13: Vector("#GP", "general protection", FAULT, True, CONTRIBUTORY),
    14: Vector("#PF", "page fault", FAULT, True, PAGE_FAULT),
    16: Vector("#MF", "x87 floating-point error", FAULT, False),
    17: Vector("#AC", "alignment check", FAULT, True),
    18: Vector("#MC", "machine check", ABORT, False),
    19: Vector("#XM", "SIMD floating-point exception", FAULT, False),
    20: Vector("#VE", "virtualization exception", FAULT, False, PAGE_FAULT),
    21: Vector("#CP", "control protection", FAULT, True, CONTRIBUTORY),
}

VECTOR_SYSCALL = 0x100  # `syscall` has no vector; events use this number for it


def mnemonic(vector: int) -> str:
    """`#PF`, or `INT 0x80` for a vector without a name of its own."""
    if vector == VECTOR_SYSCALL:
        return "SYSCALL"
    return VECTORS[vector].mnemonic if vector in VECTORS else f"INT {vector:#x}"


def is_syscall(vector: int) -> bool:
    """Whether it is the `syscall` instruction."""
    return vector == VECTOR_SYSCALL


def fault_address_valid(vector: int) -> bool:
    """Whether CR2 was written."""
    return vector == 14


def describe_vector(vector: int) -> str:
    """What the vector is for, e.g. `general protection (fault)`, `reserved`, `interrupt`."""
    if vector == VECTOR_SYSCALL:
        return "system call"
    if vector in VECTORS:
        return f"{VECTORS[vector].name} ({VECTORS[vector].type})"
    return "reserved" if vector < 32 else "interrupt"


def selector_error(error: int) -> str:
    """The error code of #TS, #NP, #SS and #GP (6.13): which descriptor, and whether the event was external."""
    if error == 0:
        return ""
    table = "IDT" if error & 2 else "LDT" if error & 4 else "GDT"
    external = ", external event" if error & 1 else ""
    return f"{table} entry {error >> 3 & 0x1FFF:#x}{external}"


def _page_fault(error: int, cr2: int | None) -> str:
    where = "" if cr2 is None else f" at {cr2:#x}"
    verb = "instruction fetch" if error & 16 else "write" if error & 2 else "read"
    who = "user" if error & 4 else "supervisor"
    if error & 8:
        why = "reserved bit set"
    elif error & 32:
        why = "protection key"
    else:
        why = "protection violation" if error & 1 else "page not present"
    return f"{who} {verb}{where}: {why}"


def describe(vector: int, error: int | None = None, cr2: int | None = None) -> str:
    """A vector and its error code in one short sentence.

    Args:
        vector: 0..255, or VECTOR_SYSCALL.
        error: the error code, where one is pushed.
        cr2: the faulting address, said for #PF only.
    """
    if vector == VECTOR_SYSCALL:
        return "syscall"
    if vector == 14 and error is not None:
        return f"#PF {_page_fault(error, cr2)}"
    known = VECTORS.get(vector)
    if known is None:
        return f"reserved vector {vector}" if vector < 32 else f"interrupt {vector:#x}"
    text = f"{known.mnemonic} {known.name}"
    if known.error_code and error:
        detail = selector_error(error) if vector in (10, 11, 12, 13) else ""
        return f"{text}: {detail}" if detail else f"{text}: error code {error:#x}"
    return text
