# SPDX-License-Identifier: GPL-2.0-or-later
"""AArch64 stage 1 translation of EL1&0 in plain Python: the oracle of the C walker.

Source: Arm ARM (DDI 0487), chapter D8 "The AArch64 Virtual Memory System Architecture": D8.2 (translation process,
TTBR and TCR), D8.3 (VMSAv8-64 descriptors), D8.4 (memory access control: AP, APTable, UXN, PXN, WXN, PAN), D8.5 (access
flag), D8.13-D8.15 (faults, their priority and fault status codes), and the registers' own pages in D17 (ESR_EL1 D17.2).

What the Cortex-A72 has: 4 KiB granule here, 48-bit VA, 44-bit PA, no hardware update of AF or dirty state, no HPDS, no
TTST. Choices where the architecture leaves one: TxSZ outside 16..39 counts as the nearest allowed value; low RES0 bits
of TTBR and of block descriptors count as zero; granules other than 4 KiB are not implemented and count as 4 KiB.
"""

from __future__ import annotations

from dataclasses import dataclass

from emu.arch.walk import Access, Privilege, ReadPhys, Walk

__all__ = ["MmuState", "describe", "walk"]

ADDRESS = 0x0000_FFFF_FFFF_F000  # OA or next-level table address of a descriptor, 4 KiB granule
VALID = 1
TABLE = 2  # at levels 0..2; at level 3 the same bit says page
AP_USER = 1 << 6
AP_READ_ONLY = 1 << 7
AF = 1 << 10
NG = 1 << 11
PXN = 1 << 53
UXN = 1 << 54
PXN_TABLE = 1 << 59
UXN_TABLE = 1 << 60
AP_TABLE_NO_USER = 1 << 61
AP_TABLE_READ_ONLY = 1 << 62

SCTLR_M = 1 << 0
SCTLR_WXN = 1 << 19
OUTPUT_BITS = (32, 36, 40, 42, 44, 48, 48, 48)  # TCR_EL1.IPS; 52-bit and reserved values are no more than 48 here

FSC_ADDRESS_SIZE = 0b000000  # D17.2.37: the level is in the two low bits
FSC_TRANSLATION = 0b000100
FSC_ACCESS_FLAG = 0b001000
FSC_PERMISSION = 0b001100
FSC_EXTERNAL_WALK = 0b010100
_KIND = {
    FSC_ADDRESS_SIZE: "address size",
    FSC_TRANSLATION: "translation",
    FSC_ACCESS_FLAG: "access flag",
    FSC_PERMISSION: "permission",
    FSC_EXTERNAL_WALK: "external abort on walk",
}

UR, UW, UX, SR, SW, SX, GLOBAL = 1, 2, 4, 8, 16, 32, 64  # emu.arch.walk.Perm, as ints for speed


@dataclass(slots=True)
class MmuState:
    """The registers that a walk depends on, and the size of a physical address that the CPU has."""

    sctlr: int = 0
    tcr: int = 0
    ttbr0: int = 0
    ttbr1: int = 0
    pan: bool = False
    pa_bits: int = 44

    def words(self) -> tuple[int, ...]:
        """As the 64-bit words of the C core's batch form: SCTLR, TCR, TTBR0, TTBR1, PSTATE (PAN only), PA bits."""
        return (self.sctlr, self.tcr, self.ttbr0, self.ttbr1, self.pan << 22, self.pa_bits)


def describe(level: int, descriptor: int | None) -> str:
    """A descriptor in words: `table`, `block 2 MiB -> 0x40000000 AP=rw/-- PXN UXN AF`, `invalid`."""
    if descriptor is None:
        return "no memory here"
    if not descriptor & VALID or (descriptor & 3 == 1 and level in (0, 3)):
        return "invalid" if not descriptor & VALID else "reserved encoding"
    bits: list[tuple[str, int]]
    if level < 3 and descriptor & TABLE:
        bits = [("PXNTable", PXN_TABLE), ("UXNTable", UXN_TABLE), ("APTable=no-EL0", AP_TABLE_NO_USER),
                ("APTable=read-only", AP_TABLE_READ_ONLY)]  # fmt: skip
        return " ".join([f"table -> {descriptor & ADDRESS:#x}"] + [n for n, b in bits if descriptor & b])
    size = {1: "block 1 GiB", 2: "block 2 MiB", 3: "page 4 KiB"}[level]
    kernel = "r-" if descriptor & AP_READ_ONLY else "rw"
    user = kernel if descriptor & AP_USER else "--"
    bits = [("AF", AF), ("nG", NG), ("PXN", PXN), ("UXN", UXN)]
    flags = [n for n, b in bits if descriptor & b]
    address = descriptor & ADDRESS & -(1 << 39 - 9 * level)
    return " ".join([f"{size} -> {address:#x} EL1={kernel} EL0={user} attr={descriptor >> 2 & 7}", *flags])


def walk(read_phys: ReadPhys, state: MmuState, va: int, access: int, privilege: int = Privilege.KERNEL) -> Walk:
    """Translate one address as the architecture says (D8.2.1, figure D8-2 for the 4 KiB granule).

    Args:
        read_phys: reads a descriptor; None is answered with an external abort on the walk.
        state: the registers.
        va: 64-bit virtual address, tag included.
        access: an `Access`. A fetch with `Privilege.OTHER` counts as a fetch at EL1: there is no unprivileged fetch.
        privilege: a `Privilege`.
    """
    result = Walk(va, access, privilege, describe=describe)
    path = result.path
    fetch = access == Access.FETCH
    user = privilege == Privilege.USER or (privilege == Privilege.OTHER and not fetch)

    def fault(code: int, level: int) -> Walk:
        result.fault = code | level
        result.level = level
        result.kind = _KIND[code]
        # EC 0x20/0x21 instruction abort, 0x24/0x25 data abort, from a lower / the same exception level; IL = 1.
        ec = (0x20 if fetch else 0x24) | (privilege != Privilege.USER)
        result.syndrome = ec << 26 | 1 << 25 | (access == Access.WRITE) << 6 | code | level
        return result

    tcr = state.tcr
    upper = va >> 55 & 1
    tbi = tcr >> (37 + upper) & 1
    if not state.sctlr & SCTLR_M:
        # AArch64.S1DisabledOutput: the address must be a physical one; EL0 and EL1 may do all.
        address = va & ((1 << 56) - 1) if tbi else va
        result.flat = True
        if address >> state.pa_bits:
            return fault(FSC_ADDRESS_SIZE, 0)
        result.ok, result.pa, result.perms = True, address, UR | UW | UX | SR | SW | SX
        return result

    size_field = tcr >> (16 if upper else 0) & 0x3F
    input_bits = 64 - min(max(size_field, 16), 39)
    top = 56 if tbi else 64
    # Every bit from the region's size up to bit 63 (55 with TBI) must equal bit 55: else the hole between the regions.
    high = (va & ((1 << top) - 1)) >> input_bits
    if high != ((1 << top - input_bits) - 1 if upper else 0):
        return fault(FSC_TRANSLATION, 0)
    if tcr >> (23 if upper else 7) & 1:  # EPD1, EPD0
        return fault(FSC_TRANSLATION, 0)

    level = 4 - (input_bits - 4) // 9
    shift = 39 - 9 * level
    output_bits = min(OUTPUT_BITS[tcr >> 32 & 7], state.pa_bits)
    # A table of the first level has as many entries as the input size asks for, and is aligned to its size.
    table_bits = input_bits - shift + 3
    table = (state.ttbr1 if upper else state.ttbr0) & ((1 << 48) - 1) & -(1 << table_bits)
    if table >> output_bits:
        return fault(FSC_ADDRESS_SIZE, 0)
    index = va >> shift & ((1 << table_bits - 3) - 1)
    gathered = 0  # bits 59..62 of the table descriptors: all are restrictions, so they are ORed
    while True:
        descriptor = read_phys(table + 8 * index)
        path.append((level, table, index, descriptor))
        if descriptor is None:
            return fault(FSC_EXTERNAL_WALK, level)
        kind = descriptor & 3
        if not kind & VALID or (kind == 1 and (level == 0 or level == 3)):
            return fault(FSC_TRANSLATION, level)
        if (descriptor & ADDRESS) >> output_bits:
            return fault(FSC_ADDRESS_SIZE, level)
        if kind == 1 or level == 3:
            break
        gathered |= descriptor
        table = descriptor & ADDRESS
        level += 1
        shift -= 9
        index = va >> shift & 511

    result.level = level
    result.shift = shift
    result.pa = descriptor & ADDRESS & -(1 << shift) | va & ((1 << shift) - 1)
    if not descriptor & AF:
        result.pa = 0
        return fault(FSC_ACCESS_FLAG, level)
    read_only = descriptor & AP_READ_ONLY or gathered & AP_TABLE_READ_ONLY
    perms = SR if read_only else SR | SW
    if descriptor & AP_USER and not gathered & AP_TABLE_NO_USER:
        perms |= UR if read_only else UR | UW
    wxn = state.sctlr & SCTLR_WXN
    if not (descriptor & UXN or gathered & UXN_TABLE or (wxn and perms & UW)):
        perms |= UX
    # D8.4: what EL0 can write, EL1 cannot execute, whatever PXN says.
    if not (descriptor & PXN or gathered & PXN_TABLE or perms & UW or (wxn and perms & SW)):
        perms |= SX
    if not descriptor & NG:
        perms |= GLOBAL
    result.perms = perms
    allowed = perms >> access & (1 if user else 8)
    if state.pan and not fetch and privilege == Privilege.KERNEL and perms & UR:
        allowed = 0
    if not allowed:
        result.pa = 0
        return fault(FSC_PERMISSION, level)
    result.ok = True
    return result
