/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page-table entries: SDM volume 3, section 4.5, 4-level paging. */
#pragma once
#include <types.h>

#define PTE_P (1UL << 0)
#define PTE_RW (1UL << 1)
#define PTE_US (1UL << 2)
#define PTE_PWT (1UL << 3)
#define PTE_PCD (1UL << 4)
#define PTE_A (1UL << 5)
#define PTE_D (1UL << 6)
#define PTE_PS (1UL << 7) /* 2 MiB or 1 GiB page, in a directory (pointer) entry */
#define PTE_G (1UL << 8)
#define PTE_NONE (1UL << 9) /* the system's own bit: a page is here, but PROT_NONE keeps everyone out */
#define PTE_XD (1UL << 63)
#define PTE_KERNEL_TEXT (PTE_P | PTE_A | PTE_G)
#define PTE_KERNEL_RODATA (PTE_P | PTE_A | PTE_G | PTE_XD)
#define PTE_KERNEL_DATA (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_G | PTE_XD)
#define PTE_KERNEL_DEVICE (PTE_KERNEL_DATA | PTE_PCD | PTE_PWT)
#define PTE_ADDRESS 0x000ffffffffff000UL

typedef u64 pte_t;

struct arch_mm {
    phys_t root; /* the level-4 table; its upper half is the kernel's, the same in every space */
};

static inline pte_t pte_table(phys_t pa)
{
    return pa | PTE_P | PTE_RW | PTE_US | PTE_A;
}

/* A user page. Accessed and dirty are set so that the walker never has to write. For PROT_NONE the present bit stays
   clear: with U/S clear instead, the kernel's own copies would get through. */
static inline pte_t pte_page(phys_t pa, u32 vm_flags)
{
    pte_t pte = pa | PTE_US | PTE_A | PTE_D;

    pte |= vm_flags & (VM_READ | VM_WRITE | VM_EXEC) ? PTE_P : PTE_NONE;
    if (vm_flags & VM_WRITE)
        pte |= PTE_RW;
    if (!(vm_flags & VM_EXEC))
        pte |= PTE_XD;
    return pte;
}

static inline bool pte_present(pte_t pte)
{
    return (pte & (PTE_P | PTE_NONE)) != 0;
}

static inline bool pte_writable(pte_t pte)
{
    return (pte & PTE_RW) != 0;
}

static inline phys_t pte_phys(pte_t pte)
{
    return pte & PTE_ADDRESS;
}

static inline pte_t pte_read_only(pte_t pte)
{
    return pte & ~PTE_RW;
}
