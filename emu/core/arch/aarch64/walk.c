/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The stage 1 walk of the EL1&0 regime, 4 KiB granule (Arm ARM DDI 0487, D8.2-D8.5). No state but its arguments; the
 * second reading of the same chapter is emu/arch/aarch64/paging.py, and tests/core compares them.
 */
#include "walk.h"

#define DESC_ADDR         0x0000fffffffff000u
#define FSC_ADDRESS_SIZE  0x00
#define FSC_TRANSLATION   0x04
#define FSC_ACCESS        0x08
#define FSC_PERMISSION    0x0c
#define FSC_EXTERNAL_WALK 0x14

static uint64_t bits(uint64_t v, unsigned from, unsigned n) { return v >> from & (((uint64_t)1 << n) - 1); }

static struct walk fault(unsigned code, unsigned level)
{
    return (struct walk){.fault = (uint16_t)(code | level), .level = (uint8_t)level};
}

/* EC 0x20/0x21 instruction abort, 0x24/0x25 data abort, from a lower or the same exception level; IL; WnR. */
uint32_t a64_syndrome(enum access access, bool from_el0, unsigned fsc)
{
    bool fetch = access == ACCESS_FETCH;
    return ((fetch ? 0x20u : 0x24u) + !from_el0) << 26 | 1u << 25 | (uint32_t)(access == ACCESS_WRITE) << 6 | fsc;
}

bool a64_permits(uint32_t perms, enum access access, unsigned privilege, bool pan)
{
    bool user = privilege == 0 || (privilege == 2 && access != ACCESS_FETCH);
    if (pan && privilege == 1 && access != ACCESS_FETCH && perms & PERM_UR)
        return false;
    return perms >> access & (user ? PERM_UR : PERM_SR);
}

static uint32_t permissions(uint64_t leaf, uint64_t tables, bool wxn)
{
    bool read_only = leaf >> 7 & 1 || tables >> 62 & 1, user = leaf >> 6 & 1 && !(tables >> 61 & 1);
    uint32_t p = PERM_SR | (read_only ? 0 : PERM_SW);
    if (user)
        p |= PERM_UR | (read_only ? 0 : PERM_UW);
    if (!((leaf >> 54 | tables >> 60) & 1) && !(wxn && p & PERM_UW))
        p |= PERM_UX;
    if (!((leaf >> 53 | tables >> 59) & 1) && !(p & PERM_UW) &&
        !(wxn && p & PERM_SW)) /* writable at EL0: never at EL1 */
        p |= PERM_SX;
    return leaf >> 11 & 1 ? p : p | PERM_GLOBAL;
}

static struct walk translate(const uint64_t *regs, walk_read *read, void *memory, uint64_t va, enum access access,
                             unsigned privilege)
{
    static const uint8_t output_size[8] = {32, 36, 40, 42, 44, 48, 48, 48};
    uint64_t sctlr = regs[A64_WALK_SCTLR], tcr = regs[A64_WALK_TCR];
    unsigned pa_bits = (unsigned)regs[A64_WALK_PA_BITS], upper = (unsigned)bits(va, 55, 1);
    unsigned top = bits(tcr, 37 + upper, 1) ? 56 : 64; /* TBI: the top byte is a tag */

    if (!(sctlr & 1)) {
        uint64_t pa = top == 56 ? bits(va, 0, 56) : va;
        if (pa >> pa_bits)
            return fault(FSC_ADDRESS_SIZE, 0);
        return (struct walk){.ok = 1,
                             .nonpaging = 1,
                             .pa = pa & ~(uint64_t)(PAGE_SIZE - 1),
                             .perms = PERM_UR | PERM_UW | PERM_UX | PERM_SR | PERM_SW | PERM_SX};
    }
    unsigned txsz = (unsigned)bits(tcr, upper ? 16 : 0, 6);
    unsigned input = 64 - (txsz < 16 ? 16 : txsz > 39 ? 39 : txsz);
    int64_t extended = (int64_t)(va << (64 - top)) >> (64 - top) >> (input - 1) >> 1;
    if (top == 56 ? bits(va, input, 56 - input) != (upper ? ((uint64_t)1 << (56 - input)) - 1 : 0)
                  : extended != (upper ? -1 : 0))
        return fault(FSC_TRANSLATION, 0);
    if (bits(tcr, upper ? 23 : 7, 1)) /* EPDn */
        return fault(FSC_TRANSLATION, 0);

    unsigned level = input > 39 ? 0 : input > 30 ? 1 : 2, shift = 39 - 9 * level;
    unsigned out = output_size[bits(tcr, 32, 3)];
    if (out > pa_bits)
        out = pa_bits;
    unsigned first = input - shift; /* index bits of the first table */
    uint64_t table = bits(regs[upper ? A64_WALK_TTBR1 : A64_WALK_TTBR0], 0, 48) & ~(((uint64_t)8 << first) - 1);
    if (table >> out)
        return fault(FSC_ADDRESS_SIZE, 0);
    uint64_t desc, tables = 0, at = table + 8 * bits(va, shift, first);
    for (;; level++, shift -= 9, at = (desc & DESC_ADDR) + 8 * bits(va, shift, 9)) {
        if (!read(memory, at, &desc))
            return fault(FSC_EXTERNAL_WALK, level);
        bool block = !(desc & 2);
        if (!(desc & 1) || (block && (level == 0 || level == 3)))
            return fault(FSC_TRANSLATION, level);
        if ((desc & DESC_ADDR) >> out)
            return fault(FSC_ADDRESS_SIZE, level);
        if (block || level == 3)
            break;
        tables |= desc;
    }
    if (!(desc >> 10 & 1))
        return fault(FSC_ACCESS, level);
    struct walk w = {
        .ok = 1, .level = (uint8_t)level, .shift = (uint8_t)shift, .perms = permissions(desc, tables, sctlr >> 19 & 1)};
    w.pa = ((desc & DESC_ADDR & ~(((uint64_t)1 << shift) - 1)) | bits(va, 0, shift)) & ~(uint64_t)(PAGE_SIZE - 1);
    if (!a64_permits(w.perms, access, privilege, regs[A64_WALK_PSTATE] >> 22 & 1)) {
        w.ok = 0;
        w.fault = (uint16_t)(FSC_PERMISSION | level);
    }
    return w;
}

struct walk a64_walk(const uint64_t *regs, walk_read *read, void *memory, uint64_t va, enum access access,
                     unsigned privilege)
{
    struct walk w = translate(regs, read, memory, va, access, privilege);
    if (!w.ok)
        w.syndrome = a64_syndrome(access, privilege == 0, w.fault);
    return w;
}
