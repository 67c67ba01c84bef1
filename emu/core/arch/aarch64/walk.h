/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRAPDOOR_WALK_H
#define TRAPDOOR_WALK_H

#include "../../core.h"

/* The registers of a walk, also the words of struct arch.walk_regs. */
enum {
    A64_WALK_SCTLR,
    A64_WALK_TCR,
    A64_WALK_TTBR0,
    A64_WALK_TTBR1,
    A64_WALK_PSTATE,
    A64_WALK_PA_BITS,
    A64_WALK_WORDS
};

/* Read a descriptor; false where there is no memory. */
typedef bool walk_read(void *memory, uint64_t pa, uint64_t *value);

/* privilege: 0 EL0, 1 EL1, 2 LDTR/STTR from EL1. A fault of permission leaves perms, level and shift filled in. */
struct walk a64_walk(const uint64_t *regs, walk_read *, void *memory, uint64_t va, enum access, unsigned privilege);
uint32_t a64_syndrome(enum access, bool from_el0, unsigned fsc);
bool a64_permits(uint32_t perms, enum access, unsigned privilege, bool pan);

#endif
