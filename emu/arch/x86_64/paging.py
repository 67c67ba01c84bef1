# SPDX-License-Identifier: GPL-2.0-or-later
"""x86-64 4-level paging in plain Python: the oracle of the C walker.

Source: Intel SDM volume 3A, chapter 4 "Paging": 4.1.1 (modes), 4.5 (4-level paging, tables 4-15 to 4-20), 4.6 (access
rights, SMEP, SMAP), 4.7 (page-fault error code), 4.8 (accessed and dirty flags); volume 1, 3.3.7.1 (canonical form).

The CPU has 40-bit physical addresses, 1 GiB pages, NX, SMEP, SMAP; no PCID, no protection keys, no 5-level paging. A
table where there is no memory reads as all ones, so that its reserved bits fault. PWT, PCD and PAT change nothing here.
Choice where the SDM leaves one (4.8 lets accessed flags be set early): the A bit of a PDPTE is set as soon as its entry
was found present and without reserved bits, also if it maps a 1 GiB page that then does not permit the access.
"""

from __future__ import annotations

from dataclasses import dataclass

from emu.arch.walk import Access, Privilege, ReadPhys, Walk, WritePhys

__all__ = ["NON_CANONICAL", "MmuState", "describe", "walk"]

ADDRESS = 0x000F_FFFF_FFFF_F000  # bits 51:12
P = 1 << 0
RW = 1 << 1
US = 1 << 2
A = 1 << 5
D = 1 << 6
PS = 1 << 7
G = 1 << 8
PAT_LARGE = 1 << 12
NX = 1 << 63

CR0_WP = 1 << 16
CR0_PG = 1 << 31
CR4_PGE = 1 << 7
CR4_SMEP = 1 << 20
CR4_SMAP = 1 << 21
EFER_LMA = 1 << 10
EFER_NXE = 1 << 11
RFLAGS_AC = 1 << 18

ERROR_P, ERROR_W, ERROR_U, ERROR_RSVD, ERROR_I = 1, 2, 4, 8, 16  # 4.7, figure 4-12
NON_CANONICAL = 0x8000  # no #PF: #GP(0), or #SS(0) for an access through the stack segment

UR, UW, UX, SR, SW, SX, GLOBAL, DIRTY, USER = 1, 2, 4, 8, 16, 32, 64, 128, 256  # emu.arch.walk.Perm
_NAMES = {4: "PML4E", 3: "PDPTE", 2: "PDE", 1: "PTE"}


@dataclass(slots=True)
class MmuState:
    """The registers that a walk depends on, and the size of a physical address that the CPU has (MAXPHYADDR)."""

    cr0: int = 0
    cr3: int = 0
    cr4: int = 0
    efer: int = 0
    rflags: int = 0
    pa_bits: int = 40

    def words(self) -> tuple[int, ...]:
        """As the 64-bit words of the C core's batch form: CR0, CR3, CR4, EFER, RFLAGS, PA bits."""
        return (self.cr0, self.cr3, self.cr4, self.efer, self.rflags, self.pa_bits)


def describe(level: int, descriptor: int | None) -> str:
    """A paging-structure entry in words: `PDE -> 0x3000 RW US A`, `PDE 2 MiB -> 0x200000 RW D NX`, `not present`."""
    if descriptor is None:
        return f"{_NAMES[level]}: no memory here"
    if not descriptor & P:
        return f"{_NAMES[level]} not present"
    leaf = level == 1 or (descriptor & PS and level in (2, 3))
    shift = 12 + 9 * (level - 1) if leaf else 12
    size = {12: " 4 KiB", 21: " 2 MiB", 30: " 1 GiB"}[shift] if leaf else ""
    bits = [("RW", RW), ("US", US), ("A", A), ("NX", NX)] + ([("D", D), ("G", G)] if leaf else [])
    flags = [n for n, b in bits if descriptor & b]
    return " ".join([f"{_NAMES[level]}{size} -> {descriptor & ADDRESS & -(1 << shift):#x}", *flags])


def walk(
    read_phys: ReadPhys,
    state: MmuState,
    va: int,
    access: int,
    privilege: int = Privilege.KERNEL,
    write_phys: WritePhys | None = None,
) -> Walk:
    """Translate one linear address as the SDM says.

    Args:
        read_phys: reads an entry; None counts as all ones.
        state: the registers.
        va: 64-bit linear address.
        access: an `Access`.
        privilege: a `Privilege`; OTHER is an implicit supervisor-mode access.
        write_phys: stores the A and D bits; without it they are only listed in `writes`.

    Raises:
        ValueError: paging is on but not in long mode (32-bit and PAE paging are not implemented).
    """
    result = Walk(va, access, privilege, describe=describe)
    path = result.path
    user = privilege == Privilege.USER
    if not state.cr0 & CR0_PG:
        result.flat = result.ok = True
        result.pa = va & 0xFFFF_FFFF
        result.perms = UR | UW | UX | SR | SW | SX | DIRTY
        return result
    if not state.efer & EFER_LMA:
        raise ValueError("paging outside long mode is not implemented")
    if ((va + (1 << 47)) & ((1 << 64) - 1)) >> 48:
        result.fault, result.kind = NON_CANONICAL, "non-canonical"
        return result

    nxe = state.efer & EFER_NXE
    reserved = ADDRESS & -(1 << state.pa_bits)
    if not nxe:
        reserved |= NX

    def fault(kind: str, code: int, level: int) -> Walk:
        result.kind = kind
        result.level = level
        result.pa = 0
        if access == Access.WRITE:
            code |= ERROR_W
        elif access == Access.FETCH and (nxe or state.cr4 & CR4_SMEP):
            code |= ERROR_I
        result.fault = result.syndrome = code | ERROR_U if user else code
        return result

    def set_bits(address: int, entry: int, bits: int) -> int:
        if entry & bits != bits:
            entry |= bits
            result.writes.append((address, entry))
            if write_phys:
                write_phys(address, entry)
        return entry

    table = state.cr3 & ADDRESS & ~reserved
    rights = RW | US
    no_execute = 0
    level, shift = 4, 39
    while True:
        index = va >> shift & 511
        address = table + 8 * index
        entry = read_phys(address)
        path.append((level, table, index, entry))
        if entry is None:
            entry = (1 << 64) - 1
        if not entry & P:
            return fault("not present", 0, level)
        if entry & reserved or (level == 4 and entry & PS):
            return fault("reserved bit", ERROR_P | ERROR_RSVD, level)
        rights &= entry
        no_execute |= entry & NX
        if level == 1:
            break
        if entry & PS and level == 2:
            break
        entry = set_bits(address, entry, A)
        if entry & PS and level == 3:
            break
        table = entry & ADDRESS
        level -= 1
        shift -= 9

    if shift > 12 and entry & ADDRESS & ((1 << shift) - 1) & ~PAT_LARGE:
        return fault("reserved bit", ERROR_P | ERROR_RSVD, level)
    result.level = level
    result.shift = shift

    perms = SR
    if rights & RW or not state.cr0 & CR0_WP:
        perms |= SW
    if not no_execute:
        perms |= SX
    if rights & US:
        perms |= USER | UR
        if rights & RW:
            perms |= UW
        if not no_execute:
            perms |= UX
    if entry & G and state.cr4 & CR4_PGE:
        perms |= GLOBAL
    allowed = perms >> access & (1 if user else 8)
    if not user and perms & USER and allowed:
        if access == Access.FETCH:
            allowed = not state.cr4 & CR4_SMEP
        elif state.cr4 & CR4_SMAP:
            allowed = privilege == Privilege.KERNEL and bool(state.rflags & RFLAGS_AC)
    if not allowed:
        if entry & D:
            perms |= DIRTY
        result.perms = perms
        return fault("protection", ERROR_P, level)
    entry = set_bits(address, entry, A | D if access == Access.WRITE else A)
    if entry & D:
        perms |= DIRTY
    result.perms = perms
    result.pa = entry & ADDRESS & -(1 << shift) | va & ((1 << shift) - 1)
    result.ok = True
    return result
