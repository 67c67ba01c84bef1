/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRAPDOOR_WALK_H
#define TRAPDOOR_WALK_H

#include "../../core.h"

/* The registers of a walk, also the words of struct arch.walk_regs. */
enum { X86_WALK_CR0, X86_WALK_CR3, X86_WALK_CR4, X86_WALK_EFER, X86_WALK_RFLAGS, X86_WALK_PA_BITS, X86_WALK_WORDS };

#define CR0_PE (1ull << 0)
#define CR0_WP (1ull << 16)
#define CR0_PG (1ull << 31)
#define CR4_PSE (1ull << 4)
#define CR4_PAE (1ull << 5)
#define CR4_PGE (1ull << 7)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)
#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)
#define RFLAGS_AC (1ull << 18)

#define WALK_NON_CANONICAL 0x8000 /* fault: no #PF but #GP(0) */

/* Entries by physical address; false where there is no memory. A and D bits are written back. */
struct walk_memory {
    bool (*read)(void *memory, uint64_t pa, uint64_t *value);
    void (*write)(void *memory, uint64_t pa, uint64_t value);
    void *memory;
};

/* privilege: 0 user, 1 supervisor, 2 implicit supervisor (descriptor tables, TSS, frames): SMAP whatever AC says. */
struct walk x86_walk(const uint64_t *regs, const struct walk_memory *, uint64_t va, enum access, unsigned privilege);
/* The same in guest RAM; and without setting A and D. */
struct walk x86_walk_ram(struct core *, const uint64_t *regs, uint64_t va, enum access, unsigned privilege);
struct walk x86_walk_look(struct core *, const uint64_t *regs, uint64_t va, enum access, unsigned privilege);

/* What is permitted, as bits 1 << enum access, at this moment: SMEP and SMAP included (SDM volume 3A, 4.6). */
static inline unsigned x86_rights(const uint64_t *regs, uint32_t perms, unsigned privilege)
{
    if (privilege == 0)
        return perms & 7;
    unsigned may = perms >> 3 & 7;
    if (perms & PERM_USER) {
        if (regs[X86_WALK_CR4] & CR4_SMEP)
            may &= ~(1u << ACCESS_FETCH);
        if (regs[X86_WALK_CR4] & CR4_SMAP && !(privilege == 1 && regs[X86_WALK_RFLAGS] & RFLAGS_AC))
            may &= 1u << ACCESS_FETCH;
    }
    return may;
}

static inline bool x86_canonical(uint64_t va) { return (uint64_t)((int64_t)(va << 16) >> 16) == va; }

#endif
