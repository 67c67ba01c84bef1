/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small kernel objects: one page holds objects of one size class, its free ones linked through their first word. Pages
   with a free object wait on their class's list; a page whose last object is freed goes back to the page allocator. */
#include <page.h>
#include <panic.h>
#include <spinlock.h>
#include <string.h>

#define SLAB_LARGE 0xffff /* whole pages of the page allocator */

static const u16 class_sizes[] = { 32, 64, 96, 128, 192, 256, 512, 1024, 2048 };
#define CLASSES ARRAY_SIZE(class_sizes)

static struct list partial[CLASSES]; /* pages with a free object */
static DEFINE_SPINLOCK(kmalloc_lock, LOCK_KMALLOC);

static struct page *new_slab(u32 class)
{
    struct page *page = alloc_pages(0);
    u8 *start;

    if (!page)
        return NULL;
    start = page_virt(page);
    page->slab = class + 1;
    page->objects = NULL;
    atomic_set(&page->refs, 0);
    for (u32 n = PAGE_SIZE / class_sizes[class]; n > 0; n--) {
        void **object = (void **)(start + (n - 1) * class_sizes[class]);

        *object = page->objects;
        page->objects = object;
    }
    list_add(&partial[class], &page->node);
    return page;
}

static void *alloc_large(size_t size)
{
    struct page *page;
    u32 order = 0;

    while (order <= MAX_ORDER && PAGE_SIZE << order < size)
        order++;
    page = alloc_pages(order);
    if (!page)
        return NULL;
    page->slab = SLAB_LARGE;
    return page_virt(page);
}

void *kmalloc(size_t size)
{
    struct page *page;
    void **object = NULL;
    u32 class = 0;
    u64 flags;

    while (class < CLASSES && class_sizes[class] < size)
        class++;
    if (class == CLASSES)
        return alloc_large(size);

    flags = spin_lock_irqsave(&kmalloc_lock);
    if (!partial[class].next)
        list_init(&partial[class]);
    page = list_empty(&partial[class]) ? new_slab(class) : list_first(&partial[class], struct page, node);
    if (page) {
        object = page->objects;
        page->objects = *object;
        atomic_inc(&page->refs);
        if (!page->objects)
            list_del(&page->node);
    }
    spin_unlock_irqrestore(&kmalloc_lock, flags);
    return object;
}

void *kzalloc(size_t size)
{
    void *object = kmalloc(size);

    if (object)
        memset(object, 0, size);
    return object;
}

void kfree(void *object)
{
    struct page *page;
    bool was_full;
    u64 flags;

    if (!object)
        return;
    page = phys_page(virt_to_phys(object) & PAGE_MASK);
    BUG_ON(!page || !page->slab);
    if (page->slab == SLAB_LARGE) {
        page->slab = 0;
        free_pages(page, page->order);
        return;
    }
    flags = spin_lock_irqsave(&kmalloc_lock);
    was_full = !page->objects;
    *(void **)object = page->objects;
    page->objects = object;
    if (atomic_dec_and_test(&page->refs)) {
        if (!was_full)
            list_del(&page->node);
        page->slab = 0;
        free_pages(page, 0);
    } else if (was_full) {
        list_add(&partial[page->slab - 1], &page->node);
    }
    spin_unlock_irqrestore(&kmalloc_lock, flags);
}
