/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking a user page table. The caller holds mm->lock. */
#pragma once
#include <mm.h>

/* The leaf slot of `va`; NULL when a table on the way is missing and `create` is false, or memory is exhausted. */
pte_t *pgtable_slot(struct mm *mm, u64 va, bool create);
/* Call `visit` for every present leaf in [start, end). */
void pgtable_visit(struct mm *mm, u64 start, u64 end, void (*visit)(pte_t *slot, u64 va, void *arg), void *arg);
/* Free all tables below the root; no leaf is present any more. */
void pgtable_free(struct mm *mm);
