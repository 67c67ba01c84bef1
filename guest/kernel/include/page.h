/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory: the frame table, the page allocator and kmalloc.

   All RAM is mapped, writable and never executable, at PHYSMAP_BASE + physical address ("the physmap"); read-only where
   it aliases the kernel's text and constants. */
#pragma once
#include <arch/layout.h> /* PHYSMAP_BASE, KERNEL_BASE, USER_TOP, STACK_TOP */
#include <atomic.h>
#include <list.h>
#include <types.h>

#define MAX_ORDER 10 /* largest block: 2^10 pages = 4 MiB */

struct page {
    struct list node; /* on a free list while free; owner's use while allocated */
    atomic_t refs;    /* mappings and holders of an allocated page */
    u8 order;         /* of the block this page heads */
    u8 free;          /* heads a free block */
    u16 slab;         /* kmalloc: index of the size class + 1, SLAB_LARGE, or 0 = not a kmalloc page */
    void *objects;    /* kmalloc: free objects of this page; refs counts those in use */
};

static inline void *phys_to_virt(phys_t pa)
{
    return (void *)(PHYSMAP_BASE + pa);
}

static inline phys_t virt_to_phys(const void *va)
{
    return (phys_t)(u64)va - PHYSMAP_BASE;
}

void page_init(void); /* from boot_info */

/* 2^order pages, aligned to their size, contents undefined, refs = 1. NULL when memory is exhausted. */
struct page *alloc_pages(u32 order);
void free_pages(struct page *page, u32 order);

struct page *alloc_page(void);      /* one page, contents undefined */
struct page *alloc_zero_page(void); /* one page of zeros */
void page_get(struct page *page);
void page_put(struct page *page); /* frees it when the last reference goes */

phys_t page_phys(const struct page *page);
void *page_virt(const struct page *page);
struct page *phys_page(phys_t pa); /* NULL when it is not RAM */

u64 pages_total(void); /* that the allocator manages */
u64 pages_free(void);

/* Small objects, aligned to 16; NULL when memory is exhausted. */
void *kmalloc(size_t size);
void *kzalloc(size_t size);
void kfree(void *object);
char *kstrdup(const char *s);
