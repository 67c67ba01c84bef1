# SPDX-License-Identifier: GPL-2.0-or-later
"""System registers and descriptors of x86-64 with their fields.

Source: Intel SDM volume 3A: 2.3 (EFLAGS), 2.5 (control registers), 3.4.5 (segment descriptors), 6.14.1 (64-bit gates),
7.7 (64-bit TSS), 10.4 (local APIC base); volume 3B 17.2 (debug registers); volume 4, chapter 2 (MSRs).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from emu.bits import Reg

__all__ = ["BY_NAME", "MSR", "MSR_NAMES", "Gate", "SegmentDescriptor", "Tss", "msr_name"]

CR0 = Reg("CR0", 64, "PE 0", "MP 1", "EM 2", "TS 3", "ET 4", "NE 5", "WP 16", "AM 18", "NW 29", "CD 30", "PG 31")
CR2 = Reg("CR2", 64)
CR3 = Reg("CR3", 64, "PWT 3", "PCD 4", "PDBR 51:12")
CR4 = Reg(
    "CR4", 64, "VME 0", "PVI 1", "TSD 2", "DE 3", "PSE 4", "PAE 5", "MCE 6", "PGE 7", "PCE 8", "OSFXSR 9",
    "OSXMMEXCPT 10", "UMIP 11", "LA57 12", "VMXE 13", "SMXE 14", "FSGSBASE 16", "PCIDE 17", "OSXSAVE 18", "SMEP 20",
    "SMAP 21", "PKE 22",
)  # fmt: skip
CR8 = Reg("CR8", 64, "TPL 3:0")
EFER = Reg("EFER", 64, "SCE 0", "LME 8", "LMA 10", "NXE 11")
RFLAGS = Reg(
    "RFLAGS", 64, "CF 0", "RES1 1", "PF 2", "AF 4", "ZF 6", "SF 7", "TF 8", "IF 9", "DF 10", "OF 11", "IOPL 13:12",
    "NT 14", "RF 16", "VM 17", "AC 18", "VIF 19", "VIP 20", "ID 21",
)  # fmt: skip
DR6 = Reg("DR6", 64, "B0 0", "B1 1", "B2 2", "B3 3", "BD 13", "BS 14", "BT 15", "RTM 16")
_CONDITION = {0: "execute", 1: "write", 2: "I/O", 3: "read or write"}
_LENGTH = {0: "1 byte", 1: "2 bytes", 2: "8 bytes", 3: "4 bytes"}
DR7 = Reg(
    "DR7", 64, *(f"{n}{i} {2 * i + b}" for i in range(4) for b, n in enumerate("LG")), "LE 8", "GE 9", "GD 13",
    *(f"{n}{i} {16 + 4 * i + b + 1}:{16 + 4 * i + b}" for i in range(4) for b, n in ((0, "RW"), (2, "LEN"))),
    names={f"RW{i}": _CONDITION for i in range(4)} | {f"LEN{i}": _LENGTH for i in range(4)},
)  # fmt: skip
SELECTOR = Reg("selector", 16, "RPL 1:0", "TI 2", "Index 15:3")
APIC_BASE = Reg("IA32_APIC_BASE", 64, "BSP 8", "EXTD 10", "EN 11", "Base 51:12")
STAR = Reg("IA32_STAR", 64, "SYSCALL_EIP 31:0", "SYSCALL_CS 47:32", "SYSRET_CS 63:48")

MSR: dict[str, int] = {
    "IA32_TIME_STAMP_COUNTER": 0x10, "IA32_APIC_BASE": 0x1B, "IA32_FEATURE_CONTROL": 0x3A, "IA32_TSC_ADJUST": 0x3B,
    "IA32_SPEC_CTRL": 0x48, "IA32_PRED_CMD": 0x49, "IA32_BIOS_SIGN_ID": 0x8B, "IA32_MTRRCAP": 0xFE,
    "IA32_SYSENTER_CS": 0x174, "IA32_SYSENTER_ESP": 0x175, "IA32_SYSENTER_EIP": 0x176, "IA32_MCG_CAP": 0x179,
    "IA32_MCG_STATUS": 0x17A, "IA32_MISC_ENABLE": 0x1A0, "IA32_DEBUGCTL": 0x1D9,
    **{f"IA32_MTRR_PHYS{n}{i}": 0x200 + 2 * i + b for i in range(8) for b, n in ((0, "BASE"), (1, "MASK"))},
    "IA32_MTRR_FIX64K_00000": 0x250, "IA32_MTRR_FIX16K_80000": 0x258, "IA32_MTRR_FIX16K_A0000": 0x259,
    **{f"IA32_MTRR_FIX4K_{0xC0000 + 0x8000 * i:X}": 0x268 + i for i in range(8)},
    "IA32_PAT": 0x277, "IA32_MTRR_DEF_TYPE": 0x2FF, "IA32_TSC_DEADLINE": 0x6E0,
    "IA32_EFER": 0xC0000080, "IA32_STAR": 0xC0000081, "IA32_LSTAR": 0xC0000082, "IA32_CSTAR": 0xC0000083,
    "IA32_FMASK": 0xC0000084, "IA32_FS_BASE": 0xC0000100, "IA32_GS_BASE": 0xC0000101, "IA32_KERNEL_GS_BASE": 0xC0000102,
    "IA32_TSC_AUX": 0xC0000103,
}  # fmt: skip
MSR_NAMES: dict[int, str] = {number: name for name, number in MSR.items()}

BY_NAME: dict[str, Reg] = {
    r.name: r for r in (CR0, CR2, CR3, CR4, CR8, EFER, RFLAGS, DR6, DR7, SELECTOR, APIC_BASE, STAR)
}


def msr_name(number: int) -> str:
    """An MSR's name, or `MSR 0x...`."""
    return MSR_NAMES.get(number, f"MSR {number:#x}")


_SYSTEM_TYPES = {2: "LDT", 9: "available TSS", 11: "busy TSS", 12: "call gate", 14: "interrupt gate", 15: "trap gate"}


class SegmentDescriptor(NamedTuple):
    """An entry of the GDT (3.4.5, and 7.2.3 for the 16-byte system descriptors of 64-bit mode)."""

    base: int
    limit: int
    type: int
    system: bool
    dpl: int
    present: bool
    long: bool
    default_big: bool
    granularity: bool

    @classmethod
    def unpack(cls, low: int, high: int = 0) -> SegmentDescriptor:
        """From the entry's quadword, and for an LDT or TSS the one after it (bits 63:32 of the base)."""
        base = low >> 16 & 0xFFFFFF | (low >> 56 & 0xFF) << 24
        limit = low & 0xFFFF | (low >> 48 & 15) << 16
        granularity = bool(low >> 55 & 1)
        system = not low >> 44 & 1
        return cls(
            base=base | (high & 0xFFFFFFFF) << 32 if system else base,
            limit=limit << 12 | 0xFFF if granularity else limit,
            type=low >> 40 & 15,
            system=system,
            dpl=low >> 45 & 3,
            present=bool(low >> 47 & 1),
            long=bool(low >> 53 & 1),
            default_big=bool(low >> 54 & 1),
            granularity=granularity,
        )

    def __str__(self) -> str:
        if not self.present:
            return "not present"
        if self.system:
            what = _SYSTEM_TYPES.get(self.type, f"system type {self.type}")
        elif self.type & 8:
            what = "64-bit code" if self.long else "32-bit code" if self.default_big else "16-bit code"
        else:
            what = "data read-write" if self.type & 2 else "data read-only"
        return f"{what} base={self.base:#x} limit={self.limit:#x} DPL={self.dpl}"


class Gate(NamedTuple):
    """A 16-byte gate of the IDT in 64-bit mode (6.14.1, figure 6-8)."""

    selector: int
    offset: int
    ist: int
    type: int
    dpl: int
    present: bool

    @classmethod
    def unpack(cls, raw: bytes) -> Gate:
        """From the 16 bytes of the gate."""
        low, selector, ist, access, middle, high, _ = struct.unpack("<HHBBHII", raw)
        return cls(selector, low | middle << 16 | high << 32, ist & 7, access & 15, access >> 5 & 3, bool(access >> 7))

    def pack(self) -> bytes:
        """The 16 bytes of the gate."""
        access = self.type | self.dpl << 5 | self.present << 7
        o = self.offset
        return struct.pack("<HHBBHII", o & 0xFFFF, self.selector, self.ist, access, o >> 16 & 0xFFFF, o >> 32, 0)

    def __str__(self) -> str:
        if not self.present:
            return "not present"
        kind = _SYSTEM_TYPES.get(self.type, f"type {self.type}")
        ist = f" IST={self.ist}" if self.ist else ""
        return f"{kind} -> {self.selector:#x}:{self.offset:#x} DPL={self.dpl}{ist}"


class Tss(NamedTuple):
    """The 64-bit TSS (7.7, figure 7-11), without its I/O bitmap."""

    rsp0: int
    rsp1: int
    rsp2: int
    ist: tuple[int, ...]
    io_map_base: int

    @classmethod
    def unpack(cls, raw: bytes) -> Tss:
        """From the first 104 bytes of the TSS; `ist[0]` is IST1."""
        _, rsp0, rsp1, rsp2, _, *rest = struct.unpack("<I3QQ7QQHH", raw[:104])
        return cls(rsp0, rsp1, rsp2, tuple(rest[:7]), rest[9])
