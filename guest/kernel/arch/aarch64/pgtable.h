/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMSAv8-64 descriptors, 4 KiB granule (Arm ARM DDI 0487, D8.3), and what the neutral walker in mm/pgtable.c asks of
   them. */
#pragma once
#include <types.h>

typedef u64 pte_t;

struct arch_mm {
    phys_t root; /* level 0 table */
    u64 context; /* generation << 16 | ASID; 0 = never had one */
};

#define PTE_VALID (1UL << 0)
#define PTE_TABLE (1UL << 1)       /* at levels 0-2; at level 3 the same bit says page */
#define PTE_ATTR_NORMAL (0UL << 2) /* index into MAIR_EL1 */
#define PTE_ATTR_DEVICE (1UL << 2)
#define PTE_USER (1UL << 6)      /* AP[1] */
#define PTE_READ_ONLY (1UL << 7) /* AP[2] */
#define PTE_INNER_SHAREABLE (3UL << 8)
#define PTE_ACCESSED (1UL << 10)
#define PTE_NOT_GLOBAL (1UL << 11)
#define PTE_PXN (1UL << 53)
#define PTE_UXN (1UL << 54)
#define PTE_ADDRESS 0x0000fffffffff000UL

#define PTE_KERNEL_MEMORY (PTE_VALID | PTE_ATTR_NORMAL | PTE_INNER_SHAREABLE | PTE_ACCESSED | PTE_UXN)
#define PTE_KERNEL_TEXT (PTE_KERNEL_MEMORY | PTE_READ_ONLY)
#define PTE_KERNEL_RODATA (PTE_KERNEL_MEMORY | PTE_READ_ONLY | PTE_PXN)
#define PTE_KERNEL_DATA (PTE_KERNEL_MEMORY | PTE_PXN)
#define PTE_KERNEL_DEVICE (PTE_VALID | PTE_ATTR_DEVICE | PTE_ACCESSED | PTE_UXN | PTE_PXN)

static inline pte_t pte_table(phys_t table)
{
    return table | PTE_VALID | PTE_TABLE;
}

/* A user page. The kernel never executes user memory, hence PXN always. There is no dirty bit in use. With no right at
   all (PROT_NONE) the page stays, out of the user's reach. */
static inline pte_t pte_page(phys_t page, u32 vm_flags)
{
    pte_t pte = page | PTE_VALID | PTE_TABLE | PTE_ATTR_NORMAL | PTE_USER | PTE_INNER_SHAREABLE | PTE_ACCESSED |
                PTE_NOT_GLOBAL | PTE_PXN;

    if (!(vm_flags & (VM_READ | VM_WRITE | VM_EXEC)))
        pte &= ~PTE_USER;
    if (!(vm_flags & VM_WRITE))
        pte |= PTE_READ_ONLY;
    if (!(vm_flags & VM_EXEC))
        pte |= PTE_UXN;
    return pte;
}

static inline bool pte_present(pte_t pte)
{
    return pte & PTE_VALID;
}

static inline bool pte_writable(pte_t pte)
{
    return !(pte & PTE_READ_ONLY);
}

static inline phys_t pte_phys(pte_t pte)
{
    return pte & PTE_ADDRESS;
}

static inline pte_t pte_read_only(pte_t pte)
{
    return pte | PTE_READ_ONLY;
}
