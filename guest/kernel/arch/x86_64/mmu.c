/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's page tables and the switching of address spaces.

   One level-4 table, made once; its upper half is copied into every user space and never changes there again,
   because the tables one level below are all made here: physmap, device memory, image. Text may be executed but not
   written, constants neither, everything else not executed; the physmap aliases of text and constants are read-only
   too. */
#include <abi/errno.h>
#include <arch.h>
#include <arch/board.h>
#include <arch/local.h>
#include <mm.h>
#include <panic.h>
#include <string.h>

#define ENTRIES 512
#define LEVEL_SHIFT(level) (12 + 9 * ((level) - 1)) /* of the address bits that index the table of this level, 1 to 4 */
#define LEVEL_SIZE(level) (1UL << LEVEL_SHIFT(level))
#define INDEX(va, level) (((va) >> LEVEL_SHIFT(level)) % ENTRIES)
#define USER_ENTRIES 256

/* Tables made before there is an allocator, enough for 40 GiB in 2 MiB pages. */
#define TABLE_POOL 64
static pte_t table_pool[TABLE_POOL][ENTRIES] __aligned(4096);
static u32 tables_used;
static pte_t *kernel_root;
static bool huge_pages; /* 1 GiB pages: CPUID 80000001 EDX bit 26 */
static u64 ioremap_next = IOREMAP_BASE;

static phys_t image_phys(const void *va)
{
    return (u64)va - KERNEL_BASE;
}

static pte_t *new_table(void)
{
    if (tables_used == TABLE_POOL)
        panic("no room for the kernel's page tables");
    return table_pool[tables_used++];
}

static pte_t *table_of(pte_t entry)
{
    return (pte_t *)(pte_phys(entry) + KERNEL_BASE); /* all our tables lie in the image */
}

static pte_t *next_table(pte_t *slot)
{
    if (!pte_present(*slot))
        *slot = image_phys(new_table()) | PTE_P | PTE_RW | PTE_A;
    return table_of(*slot);
}

/* Map [va, va + size) to pa with the largest pages that alignment and size allow. */
static void map_kernel(u64 va, phys_t pa, u64 size, pte_t attributes)
{
    u32 top = huge_pages ? 3 : 2;

    while (size) {
        u32 level = 1;
        pte_t *table = kernel_root;

        while (level < top && ((va | pa) % LEVEL_SIZE(level + 1)) == 0 && size >= LEVEL_SIZE(level + 1))
            level++;
        for (u32 l = 4; l > level; l--)
            table = next_table(&table[INDEX(va, l)]);
        table[INDEX(va, level)] = pa | attributes | (level > 1 ? PTE_PS : 0);
        va += LEVEL_SIZE(level);
        pa += LEVEL_SIZE(level);
        size -= LEVEL_SIZE(level);
    }
}

static void map_image(const char *start, const char *end, pte_t attributes)
{
    map_kernel((u64)start, image_phys(start), ALIGN_UP((u64)(end - start), PAGE_SIZE), attributes);
}

/* RAM at its physmap address; what aliases text and constants is only readable. */
static void map_ram(phys_t start, phys_t end)
{
    phys_t fixed_start = image_phys(__text_start), fixed_end = image_phys(__rodata_end);

    if (start < fixed_end && fixed_start < end) {
        if (start < fixed_start)
            map_ram(start, fixed_start);
        map_kernel(PHYSMAP_BASE + fixed_start, fixed_start, fixed_end - fixed_start, PTE_KERNEL_RODATA);
        if (fixed_end < end)
            map_ram(fixed_end, end);
        return;
    }
    map_kernel(PHYSMAP_BASE + start, start, end - start, PTE_KERNEL_DATA);
}

void mmu_init(void)
{
    huge_pages = cpuid(0x80000000, 0).eax >= 0x80000001 && (cpuid(0x80000001, 0).edx & (1u << 26));
    kernel_root = new_table();
    map_image(__text_start, __text_end, PTE_KERNEL_TEXT);
    map_image(__rodata_start, __rodata_end, PTE_KERNEL_RODATA);
    map_image(__data_start, __kernel_end, PTE_KERNEL_DATA);
    for (u32 i = 0; i < boot_info.memory_count; i++) {
        struct boot_range *ram = &boot_info.memory[i];

        map_ram(ALIGN_UP(ram->start, PAGE_SIZE), ALIGN_DOWN(ram->end, PAGE_SIZE));
    }
    /* The table under the device window must exist before the first address space copies the root. */
    (void)next_table(&kernel_root[INDEX(IOREMAP_BASE, 4)]);
    write_cr3(image_phys(kernel_root));
    /* Kernel entries are global: a switch of address spaces leaves them in the TLB. */
    write_cr4(read_cr4() | CR4_PGE);
}

void *arch_ioremap(phys_t pa, u64 size)
{
    phys_t start = ALIGN_DOWN(pa, PAGE_SIZE);
    u64 length = ALIGN_UP(pa + size, PAGE_SIZE) - start;
    u64 va = ioremap_next;

    if (length > IOREMAP_BASE + IOREMAP_SIZE - va)
        panic("no room in the device window");
    /* A page of distance: an access past one device's registers faults. */
    ioremap_next += length + PAGE_SIZE;
    map_kernel(va, start, length, PTE_KERNEL_DEVICE);
    return (void *)(va + (pa - start));
}

int arch_mm_init(struct mm *mm)
{
    struct page *page = alloc_zero_page();
    pte_t *root;

    if (!page)
        return -ENOMEM;
    root = page_virt(page);
    memcpy(root + USER_ENTRIES, kernel_root + USER_ENTRIES, (ENTRIES - USER_ENTRIES) * sizeof *root);
    mm->arch.root = page_phys(page);
    return 0;
}

void arch_mm_free(struct mm *mm)
{
    page_put(phys_page(mm->arch.root));
}

void arch_mm_switch(struct mm *mm)
{
    write_cr3(mm ? mm->arch.root : image_phys(kernel_root));
}

void arch_set_pte(pte_t *slot, pte_t value)
{
    WRITE_ONCE(*slot, value); /* the walker is coherent and stores stay in order */
}

void arch_tlb_flush_page(struct mm *mm, u64 va)
{
    if (this_cpu()->mm == mm)
        invlpg(va);
}

void arch_tlb_flush_mm(struct mm *mm)
{
    if (this_cpu()->mm == mm)
        write_cr3(mm->arch.root);
}

void arch_sync_icache(void *page)
{
    (void)page; /* instruction fetch snoops the data caches: SDM volume 3, section 11.6 */
}

/* Plain stores rather than REP STOSQ: an emulator goes round its loop once for every eight bytes of that. */
void arch_clear_page(void *page)
{
    volatile u64 *at = page, *end = at + ENTRIES;

    for (; at < end; at += 16) {
        at[0] = at[1] = at[2] = at[3] = at[4] = at[5] = at[6] = at[7] = 0;
        at[8] = at[9] = at[10] = at[11] = at[12] = at[13] = at[14] = at[15] = 0;
    }
}
