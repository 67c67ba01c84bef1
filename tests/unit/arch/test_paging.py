# SPDX-License-Identifier: GPL-2.0-or-later
"""The Python page walks, one rule of the manual each."""

from __future__ import annotations

import pytest

from emu.arch.aarch64 import paging as arm
from emu.arch.walk import Access, Perm, Privilege, Walk, perm_text
from emu.arch.x86_64 import paging as x86

READ, WRITE, FETCH = Access.READ, Access.WRITE, Access.FETCH
USER, KERNEL, OTHER = Privilege.USER, Privilege.KERNEL, Privilege.OTHER

# --- AArch64: one path, L0 at 0x1000 to a page at 0x40000000; tests change entries and registers ------------------

TABLE, PAGE = 3, 3
TCR = 16 | 16 << 16 | 4 << 32


def arm_walk(
    page: int = arm.AF,
    va: int = 0x123,
    access: int = READ,
    privilege: int = KERNEL,
    *,
    tables: tuple[int, ...] = (0, 0, 0),
    tcr: int = TCR,
    sctlr: int = 1,
    entries: dict[int, int] | None = None,
    ttbr0: int = 0x1000,
    pan: bool = False,
) -> Walk:
    memory = {0x1000 * (n + 1): 0x1000 * (n + 2) | TABLE | bits for n, bits in enumerate(tables)}
    memory |= {0x4000: 0x4000_0000 | PAGE | page, **(entries or {})}
    state = arm.MmuState(sctlr, tcr, ttbr0, 0x1000, pan)
    return arm.walk(memory.get, state, va, access, privilege)


def test_a_page_is_found_through_four_levels() -> None:
    walk = arm_walk()
    assert (walk.ok, walk.pa, walk.level, walk.shift) == (True, 0x4000_0123, 3, 12)
    assert [step.level for step in walk.levels] == [0, 1, 2, 3]
    assert walk.levels[3].text == "page 4 KiB -> 0x40000000 EL1=rw EL0=-- attr=0 AF"
    assert str(walk) == "read 0x123 -> 0x40000123 user --x kernel rwx global"


@pytest.mark.parametrize(
    ("entries", "kind", "level", "code"),
    [
        ({0x1000: 0}, "translation", 0, 0x04),
        ({0x1000: 0x2001}, "translation", 0, 0x04),  # no block at level 0
        ({0x2000: 0}, "translation", 1, 0x05),
        ({0x3000: 0}, "translation", 2, 0x06),
        ({0x4000: 0x4000_0401}, "translation", 3, 0x07),  # reserved at level 3
        ({0x4000: 0x4000_0003}, "access flag", 3, 0x0B),
        ({0x2000: 1 << 47 | 3}, "address size", 1, 0x01),
        ({0x2000: 1 << 46 | 0x401}, "address size", 1, 0x01),
        ({0x2000: 0x9000_0003}, "external abort on walk", 2, 0x16),
    ],
)
def test_faults_carry_their_level(entries: dict[int, int], kind: str, level: int, code: int) -> None:
    walk = arm_walk(entries=entries)
    assert (walk.ok, walk.kind, walk.level, walk.fault) == (False, kind, level, code)
    assert walk.syndrome == 0x25 << 26 | 1 << 25 | code


@pytest.mark.parametrize(
    ("access", "privilege", "esr"),
    [(READ, USER, 0x9200_0007), (WRITE, USER, 0x9200_0047), (FETCH, USER, 0x8200_0007), (READ, KERNEL, 0x9600_0007),
     (WRITE, KERNEL, 0x9600_0047), (FETCH, KERNEL, 0x8600_0007), (WRITE, OTHER, 0x9600_0047)],
)  # fmt: skip
def test_the_syndrome_says_who_and_what(access: int, privilege: int, esr: int) -> None:
    assert arm_walk(access=access, privilege=privilege, entries={0x4000: 0}).syndrome == esr


@pytest.mark.parametrize(("level", "entry", "shift"), [(1, 0x2000, 30), (2, 0x3000, 21)])
def test_blocks_end_the_walk_early(level: int, entry: int, shift: int) -> None:
    walk = arm_walk(va=0x1F_F123, entries={entry: 0x8000_0000 | 1 | arm.AF})
    assert (walk.ok, walk.pa, walk.level, walk.shift) == (True, 0x801F_F123, level, shift)


def perms(page: int, tables: tuple[int, ...] = (0, 0, 0), sctlr: int = 1) -> str:
    return perm_text(arm_walk(arm.AF | arm.NG | page, tables=tables, sctlr=sctlr).perms)


def test_permissions_follow_ap_uxn_pxn() -> None:
    assert perms(0) == "user --x kernel rwx"
    assert perms(arm.AP_USER) == "user rwx kernel rw-"  # what EL0 writes, EL1 does not run
    assert perms(arm.AP_READ_ONLY) == "user --x kernel r-x"
    assert perms(arm.AP_USER | arm.AP_READ_ONLY) == "user r-x kernel r-x"
    assert perms(arm.UXN) == "user --- kernel rwx"
    assert perms(arm.PXN) == "user --x kernel rw-"
    assert perms(arm.AP_USER, sctlr=1 | arm.SCTLR_WXN) == "user rw- kernel rw-"
    assert perms(0, sctlr=1 | arm.SCTLR_WXN) == "user --x kernel rw-"


def test_table_attributes_only_take_rights_away() -> None:
    for level in range(3):
        tables = (0,) * level
        assert perms(arm.AP_USER, (*tables, arm.AP_TABLE_NO_USER, 0, 0)[:3]) == "user --x kernel rwx"
        assert perms(arm.AP_USER, (*tables, arm.AP_TABLE_READ_ONLY, 0, 0)[:3]) == "user r-x kernel r-x"
        assert perms(0, (*tables, arm.PXN_TABLE, 0, 0)[:3]) == "user --x kernel rw-"
        assert perms(0, (*tables, arm.UXN_TABLE, 0, 0)[:3]) == "user --- kernel rwx"


def test_ldtr_has_the_rights_of_el0() -> None:
    assert not arm_walk(privilege=OTHER).ok
    assert arm_walk(arm.AF | arm.AP_USER, privilege=OTHER).ok
    assert arm_walk(arm.AF | arm.PXN, access=FETCH, privilege=OTHER).fault == 0x0F


def test_pan_keeps_el1_from_pages_of_el0() -> None:
    user_page = arm.AF | arm.AP_USER
    assert arm_walk(user_page, pan=True).fault == 0x0F
    assert arm_walk(user_page, pan=True, privilege=OTHER).ok
    assert arm_walk(user_page | arm.AP_READ_ONLY, access=FETCH, pan=True).ok
    assert arm_walk(pan=True).ok


def test_the_hole_between_the_regions_and_disabled_walks_fault_at_level_0() -> None:
    assert arm_walk(va=1 << 48).fault == 0x04
    assert arm_walk(va=0xFFFE_0000_0000_0000 | 1 << 55).fault == 0x04
    assert arm_walk(tcr=TCR | 1 << 7).fault == 0x04
    assert arm_walk(tcr=TCR | 1 << 7, va=0xFFFF_0000_0000_0000).ok
    assert arm_walk(tcr=TCR | 1 << 23, va=0xFFFF_0000_0000_0000).fault == 0x04


def test_the_top_byte_is_ignored_where_tcr_says_so() -> None:
    assert arm_walk(va=0xAB00_0000_0000_0123).fault == 0x04
    assert arm_walk(va=0xAB00_0000_0000_0123, tcr=TCR | 1 << 37).pa == 0x4000_0123
    assert arm_walk(va=0x00FF_0000_0000_0123, tcr=TCR | 1 << 38).pa == 0x4000_0123


@pytest.mark.parametrize(
    ("size_field", "start"), [(16, 0), (24, 0), (25, 1), (33, 1), (34, 2), (39, 2), (0, 0), (63, 2)]
)
def test_the_first_level_depends_on_the_size_of_the_region(size_field: int, start: int) -> None:
    walk = arm_walk(tcr=TCR & ~0x3F | size_field, ttbr0=0x1000 * (start + 1))
    assert walk.ok and walk.path[0][0] == start


def test_an_output_beyond_ips_is_an_address_size_fault() -> None:
    assert arm_walk(tcr=TCR & ~(7 << 32), entries={0x4000: 1 << 32 | 3 | arm.AF}).fault == 0x03
    assert arm_walk(ttbr0=1 << 46 | 0x1000).fault == 0x00


def test_translation_off_is_flat_up_to_the_physical_size() -> None:
    walk = arm_walk(sctlr=0, va=0x123_4567, access=FETCH, privilege=USER)
    assert (walk.ok, walk.flat, walk.pa) == (True, True, 0x123_4567)
    assert arm_walk(sctlr=0, va=1 << 44).fault == 0
    assert not arm_walk(sctlr=0, va=1 << 44).ok
    assert arm_walk(sctlr=0, va=0xAB << 56, tcr=TCR | 1 << 37).pa == 0


# --- x86-64 -------------------------------------------------------------------------------------------------------

FLAGS = x86.P | x86.RW | x86.US
CR0 = x86.CR0_PG | x86.CR0_WP


def x86_walk(
    page: int = x86.P | x86.RW,
    va: int = 0x123,
    access: int = READ,
    privilege: int = KERNEL,
    *,
    entries: dict[int, int] | None = None,
    cr0: int = CR0,
    cr4: int = 0,
    efer: int = x86.EFER_LMA | x86.EFER_NXE,
    rflags: int = 0,
) -> tuple[Walk, dict[int, int]]:
    memory = {0x1000: 0x2000 | FLAGS, 0x2000: 0x3000 | FLAGS, 0x3000: 0x4000 | FLAGS, 0x4000: 0x40_0000 | page}
    memory.update(entries or {})
    state = x86.MmuState(cr0, 0x1000, cr4, efer, rflags)
    return x86.walk(memory.get, state, va, access, privilege, memory.__setitem__), memory


def test_a_page_is_found_and_marked_accessed_and_dirty() -> None:
    walk, memory = x86_walk(access=WRITE)
    assert (walk.ok, walk.pa, walk.level, walk.shift) == (True, 0x40_0123, 1, 12)
    assert [memory[a] & 0x60 for a in (0x1000, 0x2000, 0x3000, 0x4000)] == [0x20, 0x20, 0x20, 0x60]
    assert [a for a, _ in walk.writes] == [0x1000, 0x2000, 0x3000, 0x4000]
    assert walk.levels[3].text == "PTE 4 KiB -> 0x400000 RW"
    assert x86_walk(page=FLAGS | x86.A | x86.D)[0].writes[3:] == []


def test_a_fault_at_the_leaf_leaves_its_bits_alone() -> None:
    walk, memory = x86_walk(access=WRITE, privilege=USER)
    assert walk.fault == 7 and memory[0x4000] & 0x60 == 0 and memory[0x3000] & 0x20


@pytest.mark.parametrize(
    ("entries", "code", "level"),
    [
        ({0x1000: 0}, 0, 4),
        ({0x2000: 0}, 0, 3),
        ({0x3000: 0}, 0, 2),
        ({0x4000: 0}, 0, 1),
        ({0x1000: 0x2000 | FLAGS | x86.PS}, 9, 4),
        ({0x2000: 0x2000 | FLAGS | x86.PS}, 9, 3),
        ({0x3000: 0x2000 | FLAGS | x86.PS}, 9, 2),
        ({0x4000: 1 << 40 | FLAGS}, 9, 1),
        ({0x3000: 0x9000_0000 | FLAGS}, 9, 1),  # no memory reads as ones
    ],
)
def test_page_faults_carry_their_code(entries: dict[int, int], code: int, level: int) -> None:
    walk, _ = x86_walk(entries=entries)
    assert (walk.ok, walk.fault, walk.level) == (False, code, level)


def test_large_pages_have_a_pat_bit_and_reserved_bits() -> None:
    walk, _ = x86_walk(va=0x12_3456, entries={0x3000: 0x20_0000 | FLAGS | x86.PS | x86.PAT_LARGE})
    assert (walk.ok, walk.pa, walk.shift) == (True, 0x32_3456, 21)
    walk, _ = x86_walk(va=0x1234_5678, entries={0x2000: 0x4000_0000 | FLAGS | x86.PS})
    assert (walk.ok, walk.pa, walk.shift) == (True, 0x5234_5678, 30)


def test_no_execute_is_reserved_without_nxe() -> None:
    page = FLAGS | x86.NX
    assert x86_walk(page, access=FETCH)[0].fault == 0x11
    assert x86_walk(page, efer=x86.EFER_LMA)[0].fault == 9
    assert x86_walk(page, access=FETCH, efer=x86.EFER_LMA)[0].fault == 9  # and no I bit without NXE or SMEP


def test_write_protection_binds_the_supervisor_only_with_wp() -> None:
    assert x86_walk(x86.P, access=WRITE)[0].fault == 3
    assert x86_walk(x86.P, access=WRITE, cr0=x86.CR0_PG)[0].ok
    assert x86_walk(x86.P | x86.US, access=WRITE, privilege=USER, cr0=x86.CR0_PG)[0].fault == 7


def test_smep_and_smap_keep_the_supervisor_from_user_pages() -> None:
    assert x86_walk(FLAGS, access=FETCH)[0].ok
    assert x86_walk(FLAGS, access=FETCH, cr4=x86.CR4_SMEP)[0].fault == 0x11
    assert x86_walk(FLAGS, cr4=x86.CR4_SMAP)[0].fault == 1
    assert x86_walk(FLAGS, cr4=x86.CR4_SMAP, rflags=x86.RFLAGS_AC)[0].ok
    assert x86_walk(FLAGS, privilege=OTHER, cr4=x86.CR4_SMAP, rflags=x86.RFLAGS_AC)[0].fault == 1
    assert x86_walk(FLAGS, privilege=USER, cr4=x86.CR4_SMAP | x86.CR4_SMEP)[0].ok


def test_rights_are_the_least_of_all_levels() -> None:
    entries = {0x2000: 0x3000 | x86.P | x86.RW}
    assert x86_walk(FLAGS, privilege=USER, entries=entries)[0].fault == 5
    entries = {0x3000: 0x4000 | x86.P | x86.US}
    assert x86_walk(FLAGS, access=WRITE, privilege=USER, entries=entries)[0].fault == 7


def test_global_needs_pge_and_dirty_follows_the_bit() -> None:
    assert not x86_walk(FLAGS | x86.G)[0].perms & Perm.GLOBAL
    assert x86_walk(FLAGS | x86.G, cr4=x86.CR4_PGE)[0].perms & Perm.GLOBAL
    assert not x86_walk(FLAGS)[0].perms & Perm.DIRTY
    assert x86_walk(FLAGS, access=WRITE)[0].perms & Perm.DIRTY


def test_a_non_canonical_address_is_no_page_fault() -> None:
    for va in (1 << 47, (1 << 64) - (1 << 47) - 1, 1 << 63):
        walk, _ = x86_walk(va=va)
        assert (walk.kind, walk.fault) == ("non-canonical", x86.NON_CANONICAL)
    nothing = {0x1000 + 8 * index: 0 for index in (255, 256)}
    assert x86_walk(va=(1 << 47) - 1, entries=nothing)[0].kind == "not present"
    assert x86_walk(va=(1 << 64) - (1 << 47), entries=nothing)[0].kind == "not present"


def test_paging_off_is_flat_and_legacy_paging_is_refused() -> None:
    walk, _ = x86_walk(cr0=1, va=0x1_2345_6789)
    assert (walk.ok, walk.flat, walk.pa) == (True, True, 0x2345_6789)
    with pytest.raises(ValueError, match="outside long mode"):
        x86_walk(efer=0)
