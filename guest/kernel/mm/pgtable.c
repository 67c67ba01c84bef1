/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User page tables: four levels of 512 entries on every architecture we run on; the entries' format is
   arch/pgtable.h's. */
#include <arch.h>
#include <mm.h>
#include <pgtable.h>

#define TOP_SHIFT 39
#define ENTRIES 512

static u32 index_at(u64 va, u32 shift)
{
    return (va >> shift) & (ENTRIES - 1);
}

pte_t *pgtable_slot(struct mm *mm, u64 va, bool create)
{
    pte_t *table = phys_to_virt(mm->arch.root);

    for (u32 shift = TOP_SHIFT; shift > PAGE_SHIFT; shift -= 9) {
        pte_t *entry = &table[index_at(va, shift)];

        if (!pte_present(*entry)) {
            struct page *page = create ? alloc_zero_page() : NULL;

            if (!page)
                return NULL;
            arch_set_pte(entry, pte_table(page_phys(page)));
        }
        table = phys_to_virt(pte_phys(*entry));
    }
    return &table[index_at(va, PAGE_SHIFT)];
}

static void visit_table(pte_t *table, u32 shift, u64 start, u64 end, void (*visit)(pte_t *, u64, void *), void *arg)
{
    u64 span = 1UL << shift;

    for (u64 va = start; va < end; va = ALIGN_DOWN(va, span) + span) {
        pte_t *entry = &table[index_at(va, shift)];

        if (!pte_present(*entry))
            continue;
        if (shift == PAGE_SHIFT)
            visit(entry, va, arg);
        else
            visit_table(phys_to_virt(pte_phys(*entry)), shift - 9, va, MIN(end, ALIGN_DOWN(va, span) + span), visit,
                        arg);
    }
}

void pgtable_visit(struct mm *mm, u64 start, u64 end, void (*visit)(pte_t *slot, u64 va, void *arg), void *arg)
{
    visit_table(phys_to_virt(mm->arch.root), TOP_SHIFT, start, end, visit, arg);
}

static void free_table(pte_t *table, u32 shift, u32 entries)
{
    for (u32 i = 0; i < entries; i++) {
        phys_t next;

        if (!pte_present(table[i]))
            continue;
        next = pte_phys(table[i]);
        if (shift - 9 > PAGE_SHIFT)
            free_table(phys_to_virt(next), shift - 9, ENTRIES);
        page_put(phys_page(next));
    }
}

void pgtable_free(struct mm *mm)
{
    /* Only the user's part of the root: on some architectures the rest holds the kernel's tables. */
    free_table(phys_to_virt(mm->arch.root), TOP_SHIFT, (USER_TOP + (1UL << TOP_SHIFT) - 1) >> TOP_SHIFT);
}
