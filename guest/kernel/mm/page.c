/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical pages: a buddy allocator (blocks of 2^order pages, aligned to their size) over a frame table.

   Boot must not touch all memory, so the allocator takes RAM over in chunks of the largest block, 4 MiB, the first time
   the free lists cannot serve: only then are the chunk's table entries written. A block and its buddy always lie in the
   same chunk, so merging never looks at an entry that was not initialised. */
#include <arch.h>
#include <page.h>
#include <panic.h>
#include <printk.h>
#include <spinlock.h>
#include <string.h>

#define CHUNK_PAGES (1UL << MAX_ORDER)
#define CHUNK_SIZE (PAGE_SIZE << MAX_ORDER)

/* One range of RAM and its part of the frame table. */
struct memory_range {
    phys_t start, end; /* page aligned */
    phys_t base;       /* start, rounded down to a chunk: frames[0] */
    phys_t next_chunk; /* not taken over yet from here on */
    struct page *frames;
};

static struct memory_range ranges[BOOT_RANGES];
static u32 range_count;
static struct boot_range reserved[BOOT_RANGES + 1]; /* boot_info's, and the frame table itself */
static u32 reserved_count;

static DEFINE_SPINLOCK(pages_lock, LOCK_PAGES);
static struct list free_lists[MAX_ORDER + 1];
static u64 total_pages, free_page_count;

static struct memory_range *range_of(phys_t pa)
{
    for (u32 i = 0; i < range_count; i++)
        if (pa >= ranges[i].start && pa < ranges[i].end)
            return &ranges[i];
    return NULL;
}

struct page *phys_page(phys_t pa)
{
    struct memory_range *range = range_of(pa);

    return range ? &range->frames[(pa - range->base) >> PAGE_SHIFT] : NULL;
}

phys_t page_phys(const struct page *page)
{
    for (u32 i = 0; i < range_count; i++) {
        const struct memory_range *range = &ranges[i];

        if (page >= range->frames && page < range->frames + ((range->end - range->base) >> PAGE_SHIFT))
            return range->base + ((u64)(page - range->frames) << PAGE_SHIFT);
    }
    panic("page_phys: %p is not in the frame table", (const void *)page);
}

void *page_virt(const struct page *page)
{
    return phys_to_virt(page_phys(page));
}

u64 pages_total(void)
{
    return total_pages;
}

u64 pages_free(void)
{
    return READ_ONCE(free_page_count);
}

/* The first reserved range that ends after `pa`, NULL when there is none. */
static const struct boot_range *next_reserved(phys_t pa)
{
    for (u32 i = 0; i < reserved_count; i++)
        if (reserved[i].end > pa)
            return &reserved[i];
    return NULL;
}

/* The end of the free stretch that begins at *pa (moved behind reserved ranges first); *pa == end when there is none
   before `end`. */
static phys_t free_stretch(phys_t *pa, phys_t end)
{
    for (;;) {
        const struct boot_range *r = next_reserved(*pa);

        if (*pa >= end) {
            *pa = end;
            return end;
        }
        if (!r || r->start >= end)
            return end;
        if (r->start > *pa)
            return r->start;
        *pa = r->end;
    }
}

static void reserve(phys_t start, phys_t end)
{
    u32 i = reserved_count++;

    for (; i > 0 && reserved[i - 1].start > start; i--)
        reserved[i] = reserved[i - 1];
    reserved[i] = (struct boot_range){ ALIGN_DOWN(start, PAGE_SIZE), ALIGN_UP(end, PAGE_SIZE) };
}

void page_init(void)
{
    u64 table_bytes = 0;
    phys_t table = 0;

    for (u32 i = 0; i <= MAX_ORDER; i++)
        list_init(&free_lists[i]);
    for (u32 i = 0; i < boot_info.reserved_count; i++)
        reserve(boot_info.reserved[i].start, boot_info.reserved[i].end);
    for (u32 i = 0; i < boot_info.memory_count; i++) {
        struct memory_range *r = &ranges[range_count];

        r->start = ALIGN_UP(boot_info.memory[i].start, PAGE_SIZE);
        r->end = ALIGN_DOWN(boot_info.memory[i].end, PAGE_SIZE);
        if (r->start >= r->end)
            continue;
        r->base = ALIGN_DOWN(r->start, CHUNK_SIZE);
        r->next_chunk = r->base;
        table_bytes += (ALIGN_UP(r->end, CHUNK_SIZE) - r->base) / PAGE_SIZE * sizeof(struct page);
        range_count++;
    }

    /* The frame table goes into the first free stretch that holds it whole. */
    for (u32 i = 0; i < range_count && !table; i++) {
        phys_t at = ranges[i].start, end;

        while (!table && (end = free_stretch(&at, ranges[i].end)) > at) {
            at = ALIGN_UP(at, PAGE_SIZE);
            if (end > at && end - at >= table_bytes)
                table = at;
            at = end;
        }
    }
    if (!table)
        panic("no memory: the boot loader reports %u ranges, and none has room for the frame table", range_count);
    reserve(table, table + table_bytes);

    for (u32 i = 0; i < range_count; i++) {
        struct memory_range *r = &ranges[i];
        phys_t at = r->start, end;

        r->frames = phys_to_virt(table);
        table += (ALIGN_UP(r->end, CHUNK_SIZE) - r->base) / PAGE_SIZE * sizeof(struct page);
        while ((end = free_stretch(&at, r->end)) > at) {
            total_pages += (end - at) >> PAGE_SHIFT;
            at = end;
        }
    }
    free_page_count = total_pages;
    pr_info("memory: %lu KiB in %u ranges", (unsigned long)(total_pages << (PAGE_SHIFT - 10)), range_count);
}

/* ---- Blocks. pages_lock is held. ---- */

static void add_free(struct page *page, u32 order)
{
    page->order = order;
    page->free = 1;
    list_add(&free_lists[order], &page->node);
}

/* Take over the next chunk of RAM; false when there is no more. */
static bool take_chunk(void)
{
    for (u32 i = 0; i < range_count; i++) {
        struct memory_range *r = &ranges[i];
        phys_t at = r->next_chunk, chunk_end = at + CHUNK_SIZE, end;

        if (at >= r->end)
            continue;
        memset(&r->frames[(at - r->base) >> PAGE_SHIFT], 0, CHUNK_PAGES * sizeof(struct page));
        r->next_chunk = chunk_end;
        at = MAX(at, r->start);
        chunk_end = MIN(chunk_end, r->end);
        while ((end = free_stretch(&at, chunk_end)) > at) {
            for (; at < end;) {
                u32 order = MIN((u32)__builtin_ctzl(at >> PAGE_SHIFT | CHUNK_PAGES), (u32)MAX_ORDER);

                while (at + (PAGE_SIZE << order) > end)
                    order--;
                add_free(&r->frames[(at - r->base) >> PAGE_SHIFT], order);
                at += PAGE_SIZE << order;
            }
        }
        return true;
    }
    return false;
}

static struct page *take_block(u32 order)
{
    for (;;) {
        for (u32 o = order; o <= MAX_ORDER; o++) {
            struct page *page;

            if (list_empty(&free_lists[o]))
                continue;
            page = list_first(&free_lists[o], struct page, node);
            list_del(&page->node);
            page->free = 0;
            while (o > order) { /* give the upper halves back */
                o--;
                add_free(page + (1UL << o), o);
            }
            page->order = order;
            return page;
        }
        if (!take_chunk())
            return NULL;
    }
}

struct page *alloc_pages(u32 order)
{
    u64 flags = spin_lock_irqsave(&pages_lock);
    struct page *page = order <= MAX_ORDER ? take_block(order) : NULL;

    if (page) {
        free_page_count -= 1UL << order;
        atomic_set(&page->refs, 1);
        page->slab = 0;
    }
    spin_unlock_irqrestore(&pages_lock, flags);
    return page;
}

void free_pages(struct page *page, u32 order)
{
    u64 flags = spin_lock_irqsave(&pages_lock);
    struct memory_range *range = range_of(page_phys(page));
    u64 index = page - range->frames;

    BUG_ON(page->free || page->order != order);
    free_page_count += 1UL << order;
    while (order < MAX_ORDER) {
        struct page *buddy = &range->frames[index ^ (1UL << order)];

        if (!buddy->free || buddy->order != order)
            break;
        list_del(&buddy->node);
        buddy->free = 0;
        index &= ~(1UL << order);
        order++;
    }
    add_free(&range->frames[index], order);
    spin_unlock_irqrestore(&pages_lock, flags);
}

struct page *alloc_page(void)
{
    return alloc_pages(0);
}

struct page *alloc_zero_page(void)
{
    struct page *page = alloc_pages(0);

    if (page)
        arch_clear_page(page_virt(page));
    return page;
}

void page_get(struct page *page)
{
    atomic_inc(&page->refs);
}

void page_put(struct page *page)
{
    if (atomic_dec_and_test(&page->refs))
        free_pages(page, page->order);
}
