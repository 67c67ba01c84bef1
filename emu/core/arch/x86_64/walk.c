/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The page walk (Intel SDM volume 3A, 4.3-4.8): 4-level, and PAE and 32-bit paging for guests on their way there. No
 * state but its arguments; the second reading of the same chapter is emu/arch/x86_64/paging.py, and tests/core compares
 * them.
 */
#include "walk.h"

#define ENTRY_ADDRESS 0x000ffffffffff000u
#define ENTRY_P 0x1u
#define ENTRY_RW 0x2u
#define ENTRY_US 0x4u
#define ENTRY_A 0x20u
#define ENTRY_D 0x40u
#define ENTRY_PS 0x80u
#define ENTRY_G 0x100u
#define ENTRY_PAT_LARGE 0x1000u
#define ENTRY_NX (1ull << 63)
#define PAE_RESERVED 0x7ff0000000000000u  /* 62:52, free for software in 4-level paging only */
#define PDPTE_RESERVED 0x80000000000001e6u /* of PAE paging: 4.4.1 */

#define ERROR_P 1u
#define ERROR_W 2u
#define ERROR_U 4u
#define ERROR_RSVD 8u
#define ERROR_I 16u

#define INLINE static inline __attribute__((always_inline))

/* One source, two walks: through the accessors of `memory`, and (NULL, known when it is compiled) in guest RAM. */
struct walker {
    const uint64_t *regs;
    struct core *core;
    enum access access;
    unsigned privilege;
    bool narrow; /* entries of 4 bytes */
    uint64_t rights, no_execute;
    struct walk w;
};

INLINE bool load(struct walker *k, const struct walk_memory *memory, uint64_t at, uint64_t *value)
{
    if (memory)
        return memory->read(memory->memory, at, value);
    struct ram *r = &k->core->ram[0]; /* page tables are nearly always in the first range */
    uint8_t *p = at - r->base < r->size ? k->core->ram_host + r->offset + (at - r->base) : ram_ptr(k->core, at);
    if (p)
        *value = *(uint64_t *)p;
    return p;
}

INLINE uint64_t get_entry(struct walker *k, const struct walk_memory *memory, uint64_t at)
{
    uint64_t value;
    if (!load(k, memory, at & ~(uint64_t)7, &value))
        value = UINT64_MAX;
    return k->narrow ? (uint32_t)(value >> (at & 4) * 8) : value;
}

/* Set A or D, unless they are. The other half of a narrow entry's word is another entry. */
INLINE uint64_t set_bits(struct walker *k, const struct walk_memory *memory, uint64_t at, uint64_t entry, uint64_t bits)
{
    if ((entry & bits) == bits)
        return entry;
    entry |= bits;
    k->w.writes++;
    uint64_t whole = entry, other, word = at & ~(uint64_t)7;
    if (k->narrow && load(k, memory, word, &other))
        whole = at & 4 ? (uint32_t)other | entry << 32 : (other & ~(uint64_t)UINT32_MAX) | entry;
    if (memory)
        memory->write(memory->memory, word, whole);
    else
        phys_write(k->core, word, &whole, sizeof whole);
    return entry;
}

static struct walk fault(struct walker *k, unsigned code, unsigned level)
{
    const uint64_t *r = k->regs;
    bool no_execute = r[X86_WALK_EFER] & EFER_NXE && r[X86_WALK_CR4] & CR4_PAE;
    if (k->access == ACCESS_WRITE)
        code |= ERROR_W;
    else if (k->access == ACCESS_FETCH && (no_execute || r[X86_WALK_CR4] & CR4_SMEP))
        code |= ERROR_I;
    if (k->privilege == 0)
        code |= ERROR_U;
    k->w.ok = 0;
    k->w.pa = 0;
    k->w.level = (uint8_t)level;
    k->w.fault = (uint16_t)code;
    k->w.syndrome = code;
    return k->w;
}

/* The entry at `at` maps a page whose first byte is at `base`: rights (4.6), then A and D (4.8). */
INLINE struct walk finish(struct walker *k, const struct walk_memory *memory, uint64_t at, uint64_t entry,
                          uint64_t base, uint64_t va, unsigned level, unsigned shift)
{
    const uint64_t *r = k->regs;
    uint32_t perms = PERM_SR;
    if (k->rights & ENTRY_RW || !(r[X86_WALK_CR0] & CR0_WP))
        perms |= PERM_SW;
    if (!k->no_execute)
        perms |= PERM_SX;
    if (k->rights & ENTRY_US)
        perms |= PERM_USER | PERM_UR | (k->rights & ENTRY_RW ? PERM_UW : 0) | (k->no_execute ? 0 : PERM_UX);
    if (entry & ENTRY_G && r[X86_WALK_CR4] & CR4_PGE)
        perms |= PERM_GLOBAL;
    k->w.shift = (uint8_t)shift;
    bool permitted = x86_rights(r, perms, k->privilege) >> k->access & 1;
    if (permitted)
        entry = set_bits(k, memory, at, entry, k->access == ACCESS_WRITE ? ENTRY_A | ENTRY_D : ENTRY_A);
    k->w.perms = perms | (entry & ENTRY_D ? PERM_DIRTY : 0);
    if (!permitted)
        return fault(k, ERROR_P, level);
    k->w.ok = 1;
    k->w.level = (uint8_t)level;
    k->w.pa = (base | (va & (((uint64_t)1 << shift) - 1))) & ~(uint64_t)(PAGE_SIZE - 1);
    return k->w;
}

/* 32-bit paging with PSE-36 (4.3). Levels are counted as in 4-level paging: 2 the directory, 1 the table. */
static struct walk walk32(struct walker *k, const struct walk_memory *memory, uint64_t va)
{
    k->narrow = true;
    uint64_t at = (k->regs[X86_WALK_CR3] & 0xfffff000u) + (va >> 22 & 0x3ff) * 4, entry = get_entry(k, memory, at);
    if (!(entry & ENTRY_P))
        return fault(k, 0, 2);
    k->rights &= entry;
    if (entry & ENTRY_PS && k->regs[X86_WALK_CR4] & CR4_PSE) {
        if (entry & 1u << 21)
            return fault(k, ERROR_P | ERROR_RSVD, 2);
        return finish(k, memory, at, entry, (entry & 0xffc00000u) | (entry & 0x1fe000u) << 19, va, 2, 22);
    }
    entry = set_bits(k, memory, at, entry, ENTRY_A);
    at = (entry & 0xfffff000u) + (va >> 12 & 0x3ff) * 4;
    entry = get_entry(k, memory, at);
    if (!(entry & ENTRY_P))
        return fault(k, 0, 1);
    k->rights &= entry;
    return finish(k, memory, at, entry, entry & 0xfffff000u, va, 1, 12);
}

INLINE struct walk walk(struct core *core, const uint64_t *regs, const struct walk_memory *memory, uint64_t va,
                        enum access access, unsigned privilege)
{
    struct walker k = {.regs = regs, .core = core, .access = access, .privilege = privilege,
                       .rights = ENTRY_RW | ENTRY_US};
    uint64_t cr3 = regs[X86_WALK_CR3];
    bool long_mode = regs[X86_WALK_EFER] & EFER_LMA;

    if (!(regs[X86_WALK_CR0] & CR0_PG))
        return (struct walk){.ok = 1, .nonpaging = 1, .pa = (uint32_t)va & ~(uint64_t)(PAGE_SIZE - 1),
                             .perms = PERM_UR | PERM_UW | PERM_UX | PERM_SR | PERM_SW | PERM_SX | PERM_DIRTY};
    if (!long_mode)
        va = (uint32_t)va;
    else if (!x86_canonical(va))
        return (struct walk){.fault = WALK_NON_CANONICAL};
    if (!long_mode && !(regs[X86_WALK_CR4] & CR4_PAE))
        return walk32(&k, memory, va);

    uint64_t beyond = ENTRY_ADDRESS & ~(((uint64_t)1 << regs[X86_WALK_PA_BITS]) - 1);
    uint64_t reserved = beyond | (regs[X86_WALK_EFER] & EFER_NXE ? 0 : ENTRY_NX);
    unsigned level = 4, shift = 39;
    uint64_t at = (cr3 & ENTRY_ADDRESS & ~beyond) + 8 * (va >> 39 & 511), entry;
    if (!long_mode) {
        entry = get_entry(&k, memory, (cr3 & 0xffffffe0u) + 8 * (va >> 30));
        if (!(entry & ENTRY_P))
            return fault(&k, 0, 3);
        if (entry & (beyond | PAE_RESERVED | PDPTE_RESERVED))
            return fault(&k, ERROR_P | ERROR_RSVD, 3);
        reserved |= PAE_RESERVED;
        level = 2;
        shift = 21;
        at = (entry & ENTRY_ADDRESS) + 8 * (va >> 21 & 511);
    }
    for (;; level--, shift -= 9, at = (entry & ENTRY_ADDRESS) + 8 * (va >> shift & 511)) {
        entry = get_entry(&k, memory, at);
        if (!(entry & ENTRY_P))
            return fault(&k, 0, level);
        if (entry & reserved || (level == 4 && entry & ENTRY_PS))
            return fault(&k, ERROR_P | ERROR_RSVD, level);
        k.rights &= entry;
        k.no_execute |= entry & ENTRY_NX;
        if (level == 1 || (level == 2 && entry & ENTRY_PS))
            break;
        entry = set_bits(&k, memory, at, entry, ENTRY_A); /* of a 1 GiB page too, as the twin does */
        if (entry & ENTRY_PS)
            break;
    }
    uint64_t inside = ((uint64_t)1 << shift) - 1;
    if (shift > 12 && entry & ENTRY_ADDRESS & inside & ~(uint64_t)ENTRY_PAT_LARGE)
        return fault(&k, ERROR_P | ERROR_RSVD, level);
    return finish(&k, memory, at, entry, entry & ENTRY_ADDRESS & ~inside, va, level, shift);
}

struct walk x86_walk(const uint64_t *regs, const struct walk_memory *memory, uint64_t va, enum access access,
                     unsigned privilege)
{
    return walk(NULL, regs, memory, va, access, privilege);
}

struct walk x86_walk_ram(struct core *c, const uint64_t *regs, uint64_t va, enum access access, unsigned privilege)
{
    return walk(c, regs, NULL, va, access, privilege);
}

static bool look(void *core, uint64_t pa, uint64_t *value)
{
    return phys_read(core, pa, value, sizeof *value) == sizeof *value;
}

static void write_nothing(void *memory, uint64_t pa, uint64_t value) { (void)memory, (void)pa, (void)value; }

struct walk x86_walk_look(struct core *c, const uint64_t *regs, uint64_t va, enum access access, unsigned privilege)
{
    return x86_walk(regs, &(const struct walk_memory){look, write_nothing, c}, va, access, privilege);
}
