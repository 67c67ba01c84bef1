/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own page tables, device mappings, ASIDs and TLB maintenance (Arm ARM DDI 0487, chapter D8). User tables
   are the neutral mm/pgtable.c's.

   The first half runs with the MMU off, at the physical address: it may touch globals (the compiler addresses them
   relative to the program counter) but must not follow a stored pointer or call anything outside this file. */
#include <abi/errno.h>
#include <arch.h>
#include <mm.h>
#include <panic.h>
#include <printk.h>
#include <string.h>

#define TABLE_ENTRIES 512
#define BLOCK_2M (1UL << 21)
#define BLOCK_1G (1UL << 30)

#define MAIR_VALUE 0x00ffUL /* 0: Normal, write-back; 1: Device-nGnRnE */

#define TCR_T0SZ(n) ((u64)(n))
#define TCR_T1SZ(n) ((u64)(n) << 16)
#define TCR_WALK_CACHED(shift) ((1UL << (shift)) | (1UL << ((shift) + 2)) | (3UL << ((shift) + 4))) /* IRGN ORGN SH */
#define TCR_TG1_4K (2UL << 30)
#define TCR_IPS(n) ((u64)(n) << 32)
#define TCR_AS_16BIT (1UL << 36)

#define SCTLR_RES1 0x30d00800UL
#define SCTLR_M (1UL << 0)
#define SCTLR_C (1UL << 2)
#define SCTLR_SA (1UL << 3)
#define SCTLR_SA0 (1UL << 4)
#define SCTLR_I (1UL << 12)
#define SCTLR_DZE (1UL << 14)  /* user code may use DC ZVA, */
#define SCTLR_UCT (1UL << 15)  /* read CTR_EL0, */
#define SCTLR_NTWI (1UL << 16) /* use WFI */
#define SCTLR_NTWE (1UL << 18) /* and WFE, */
#define SCTLR_UCI (1UL << 26)  /* and clean caches, as Linux allows */

/* entry.S reads these words in this order. */
struct boot_tables {
    phys_t kernel_root, identity_root;
    u64 mair, tcr, sctlr;
    phys_t empty_root;
};

#define POOL_TABLES 32
static u64 pool[POOL_TABLES][TABLE_ENTRIES] __aligned(4096);
static u32 pool_used;
static struct boot_tables boot_tables;
static bool mmu_on;
static u64 asid_count = 256;

/* A table from the pool: its address as the running code can use it. */
static u64 *pool_take(void)
{
    u32 i = pool_used++;

    return i < POOL_TABLES ? pool[i] : NULL;
}

/* Where a pool table or a table found in a descriptor lives: before the MMU is on these are the same. */
static phys_t pool_phys(const u64 *table)
{
    return mmu_on ? (u64)table - (u64)__kernel_start + kernel_phys : (u64)table;
}

static u64 *pool_address(phys_t pa)
{
    return (u64 *)(mmu_on ? pa - kernel_phys + (u64)__kernel_start : pa);
}

/* Map [va, va + size) to pa with the largest blocks that fit (`largest` bytes at most). A pool that runs dry is a board
   with more memory ranges than we planned for: the caller sees false. */
static bool map_range(u64 *root, u64 va, phys_t pa, u64 size, u64 attributes, u64 largest)
{
    while (size) {
        u64 *table = root;
        u64 span = 0;
        u32 shift;

        for (shift = 39;; shift -= 9) {
            u64 *entry = &table[(va >> shift) & (TABLE_ENTRIES - 1)];

            span = 1UL << shift;
            if (shift <= 30 && span <= largest && !((va | pa) & (span - 1)) && size >= span) {
                *entry = pa | attributes | (shift == PAGE_SHIFT ? PTE_TABLE : 0);
                break;
            }
            if (!(*entry & PTE_VALID)) {
                u64 *next = pool_take();

                if (!next)
                    return false;
                *entry = pool_phys(next) | PTE_VALID | PTE_TABLE;
            }
            table = pool_address(*entry & PTE_ADDRESS);
        }
        va += span;
        pa += span;
        size -= span;
    }
    return true;
}

/* Called by entry.S with the MMU off. Maps the image W^X, the first 4 MiB around the devicetree read-only, and an
   identity block for the instructions that turn the MMU on. */
struct boot_tables *mmu_build_boot_tables(phys_t image, phys_t fdt)
{
    u64 *kernel_root = pool_take(), *identity_root = pool_take(), *empty_root = pool_take();
    /* Here symbols are physical addresses: their distance from the image's start is what counts. */
    u64 start = (u64)__kernel_start, text_end = ALIGN_UP((u64)__text_end, PAGE_SIZE) - start;
    u64 rodata_end = (u64)__rodata_end - start, end = (u64)__kernel_end - start;
    u64 mmfr0 = read_sysreg(id_aa64mmfr0_el1);
    u64 pa_range = MIN(mmfr0 & 0xf, 5UL); /* 5 = 48 bits: more needs LPA */

    map_range(kernel_root, KERNEL_BASE, image, text_end, PTE_KERNEL_TEXT, PAGE_SIZE);
    map_range(kernel_root, KERNEL_BASE + text_end, image + text_end, rodata_end - text_end, PTE_KERNEL_RODATA,
              PAGE_SIZE);
    map_range(kernel_root, KERNEL_BASE + rodata_end, image + rodata_end, end - rodata_end, PTE_KERNEL_DATA, PAGE_SIZE);
    map_range(kernel_root, FDT_BASE, ALIGN_DOWN(fdt, BLOCK_2M), 2 * BLOCK_2M, PTE_KERNEL_RODATA, BLOCK_2M);
    map_range(identity_root, ALIGN_DOWN(image, BLOCK_2M), ALIGN_DOWN(image, BLOCK_2M), BLOCK_2M, PTE_KERNEL_TEXT,
              BLOCK_2M);

    boot_tables.kernel_root = (phys_t)kernel_root;
    boot_tables.identity_root = (phys_t)identity_root;
    boot_tables.empty_root = (phys_t)empty_root;
    boot_tables.mair = MAIR_VALUE;
    boot_tables.tcr =
        TCR_T0SZ(16) | TCR_T1SZ(16) | TCR_WALK_CACHED(8) | TCR_WALK_CACHED(24) | TCR_TG1_4K | TCR_IPS(pa_range);
    if (((mmfr0 >> 4) & 0xf) == 2)
        boot_tables.tcr |= TCR_AS_16BIT;
    boot_tables.sctlr = SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_SA0 | SCTLR_I | SCTLR_DZE | SCTLR_UCT |
                        SCTLR_NTWI | SCTLR_NTWE | SCTLR_UCI;
    dsb(ish);
    return &boot_tables;
}

/* ---- From here on the MMU is on. ---- */

static DEFINE_SPINLOCK(kernel_map_lock, LOCK_DEVICE);
static u64 ioremap_next = IOREMAP_BASE;

static u64 *kernel_root(void)
{
    return pool_address(boot_tables.kernel_root);
}

/* All RAM into the physmap, writable except where it aliases the kernel's text and constants: those have no writable
   alias at all. */
void mmu_map_physmap(void)
{
    phys_t text = kernel_phys, text_end = kernel_phys + (__rodata_end - __kernel_start);
    bool ok = true;

    mmu_on = true;
    asid_count = boot_tables.tcr & TCR_AS_16BIT ? 65536 : 256;
    for (u32 i = 0; i < boot_info.memory_count; i++) {
        phys_t start = ALIGN_UP(boot_info.memory[i].start, PAGE_SIZE),
               end = ALIGN_DOWN(boot_info.memory[i].end, PAGE_SIZE);
        u64 *root = kernel_root();

        if (text >= start && text_end <= end) {
            ok &= map_range(root, PHYSMAP_BASE + start, start, text - start, PTE_KERNEL_DATA, BLOCK_1G);
            ok &= map_range(root, PHYSMAP_BASE + text, text, text_end - text, PTE_KERNEL_RODATA, BLOCK_2M);
            start = text_end;
        }
        ok &= map_range(root, PHYSMAP_BASE + start, start, end - start, PTE_KERNEL_DATA, BLOCK_1G);
    }
    dsb(ishst);
    isb();
    if (!ok)
        panic("out of boot page tables: %u memory ranges", boot_info.memory_count);
}

void *arch_ioremap(phys_t pa, u64 size)
{
    u64 flags = spin_lock_irqsave(&kernel_map_lock);
    phys_t first = ALIGN_DOWN(pa, PAGE_SIZE);
    u64 bytes = ALIGN_UP(pa + size, PAGE_SIZE) - first, va = ioremap_next;
    bool ok = map_range(kernel_root(), va, first, bytes, PTE_KERNEL_DEVICE, PAGE_SIZE);

    ioremap_next += bytes + PAGE_SIZE; /* an unmapped page between two devices catches overruns */
    dsb(ishst);
    isb();
    spin_unlock_irqrestore(&kernel_map_lock, flags);
    if (!ok)
        panic("out of boot page tables for a device at %#llx", (unsigned long long)pa);
    return (void *)(va + (pa - first));
}

/* ---- ASIDs. A context is generation << 16 | ASID. When the ASIDs of a generation are used up a new one begins: all
   TLBs are flushed and every address space gets a new ASID at its next switch; those running on other CPUs keep theirs.
   ASID 0 belongs to the empty user half. ---- */

static DEFINE_SPINLOCK(asid_lock, LOCK_ASID);
static u64 asid_generation = 1, asid_next = 1;

static bool asid_in_use_elsewhere(u64 asid)
{
    for (u32 i = 0; i < MAX_CPUS; i++)
        if (cpus[i].online && &cpus[i] != this_cpu() && cpus[i].mm && (cpus[i].mm->arch.context & 0xffff) == asid)
            return true;
    return false;
}

static void asid_assign(struct mm *mm)
{
    u64 flags = spin_lock_irqsave(&asid_lock);

    do {
        if (asid_next == asid_count) {
            asid_generation++;
            asid_next = 1;
            for (u32 i = 0; i < MAX_CPUS; i++)
                if (cpus[i].online && &cpus[i] != this_cpu() && cpus[i].mm)
                    cpus[i].mm->arch.context = asid_generation << 16 | (cpus[i].mm->arch.context & 0xffff);
            __asm__ volatile("dsb ishst\n\ttlbi vmalle1is\n\tdsb ish\n\tisb" ::: "memory");
        }
        mm->arch.context = asid_generation << 16 | asid_next++;
    } while (asid_in_use_elsewhere(mm->arch.context & 0xffff));
    spin_unlock_irqrestore(&asid_lock, flags);
}

int arch_mm_init(struct mm *mm)
{
    struct page *page = alloc_zero_page();

    if (!page)
        return -ENOMEM;
    mm->arch.root = page_phys(page);
    mm->arch.context = 0;
    return 0;
}

void arch_mm_free(struct mm *mm)
{
    arch_tlb_flush_mm(mm);
    page_put(phys_page(mm->arch.root));
}

void arch_mm_switch(struct mm *mm)
{
    if (!mm) {
        write_sysreg(ttbr0_el1, boot_tables.empty_root);
        isb();
        return;
    }
    if (mm->arch.context >> 16 != READ_ONCE(asid_generation))
        asid_assign(mm);
    write_sysreg(ttbr0_el1, (mm->arch.context & 0xffff) << 48 | mm->arch.root);
    isb();
}

void arch_set_pte(pte_t *slot, pte_t value)
{
    WRITE_ONCE(*slot, value);
    dsb(ishst); /* the walker must see it before the faulting instruction is tried again */
    isb();
}

void arch_tlb_flush_page(struct mm *mm, u64 va)
{
    u64 operand = (mm->arch.context & 0xffff) << 48 | (va >> PAGE_SHIFT & ((1UL << 44) - 1));

    __asm__ volatile("dsb ishst\n\ttlbi vale1is, %0\n\tdsb ish\n\tisb" ::"r"(operand) : "memory");
}

void arch_tlb_flush_mm(struct mm *mm)
{
    u64 operand = (mm->arch.context & 0xffff) << 48;

    if (mm->arch.context >> 16 != READ_ONCE(asid_generation))
        return; /* it has no ASID of this generation, so nothing of it is cached */
    __asm__ volatile("dsb ishst\n\ttlbi aside1is, %0\n\tdsb ish\n\tisb" ::"r"(operand) : "memory");
}

/* ---- Caches ---- */

void arch_sync_icache(void *page)
{
    u64 ctr = read_sysreg(ctr_el0);
    u64 dline = 4UL << ((ctr >> 16) & 0xf), iline = 4UL << (ctr & 0xf);

    for (u64 a = (u64)page; a < (u64)page + PAGE_SIZE; a += dline)
        __asm__ volatile("dc cvau, %0" ::"r"(a) : "memory");
    dsb(ish);
    for (u64 a = (u64)page; a < (u64)page + PAGE_SIZE; a += iline)
        __asm__ volatile("ic ivau, %0" ::"r"(a) : "memory");
    dsb(ish);
    isb();
}

void arch_clear_page(void *page)
{
    u64 dczid = read_sysreg(dczid_el0);
    u64 block = 4UL << (dczid & 0xf);

    if (dczid & 0x10) { /* DC ZVA is prohibited */
        memset(page, 0, PAGE_SIZE);
        return;
    }
    for (u64 a = (u64)page; a < (u64)page + PAGE_SIZE; a += block)
        __asm__ volatile("dc zva, %0" ::"r"(a) : "memory");
}
