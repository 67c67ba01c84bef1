/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page faults of user memory: demand zero, file pages, copy-on-write and stack growth. */
#include <abi/errno.h>
#include <arch.h>
#include <fs.h>
#include <mm.h>
#include <pgtable.h>
#include <string.h>
#include <task.h>

#define STACK_LIMIT (8UL << 20)           /* RLIMIT_STACK's default */
#define STACK_GUARD (256UL << PAGE_SHIFT) /* growth stops this far above the next mapping */

/* Let the stack vma reach down to `va` if the rules allow it. */
static bool grow_stack(struct mm *mm, struct vma *vma, u64 va)
{
    u64 start = va & PAGE_MASK;

    if (!(vma->flags & VM_GROWSDOWN) || vma->end - start > STACK_LIMIT)
        return false;
    if (vma->node.prev != &mm->vmas) {
        struct vma *below = list_entry(vma->node.prev, struct vma, node);

        if (start < below->end + STACK_GUARD)
            return false;
    }
    vma->start = start;
    return true;
}

/* The vma that allows `access` to `va`. mm->lock is held. */
static enum fault_result look_up(struct mm *mm, u64 va, enum fault_access access, struct vma **found)
{
    struct vma *vma = mm_find_vma(mm, va);

    if (!vma || (va < vma->start && !grow_stack(mm, vma, va)))
        return FAULT_NO_MAPPING;
    *found = vma;
    if (vma->flags & access)
        return FAULT_OK;
    /* There is no page that can be written or executed but not read on these machines; Linux lets such reads through
       too. */
    return access == FAULT_READ && vma->flags & (VM_WRITE | VM_EXEC) ? FAULT_OK : FAULT_PERMISSION;
}

/* A write to a page that is mapped read-only in a writable vma: the last user takes it over, others get a copy. */
static enum fault_result copy_on_write(struct mm *mm, struct vma *vma, pte_t *slot, u64 va)
{
    struct page *page = phys_page(pte_phys(*slot)), *copy;

    if (atomic_read(&page->refs) == 1) {
        arch_set_pte(slot, pte_page(pte_phys(*slot), vma->flags));
        arch_tlb_flush_page(mm, va);
        return FAULT_OK;
    }
    copy = alloc_page();
    if (!copy)
        return FAULT_NO_MEMORY;
    memcpy(page_virt(copy), page_virt(page), PAGE_SIZE);
    if (vma->flags & VM_EXEC)
        arch_sync_icache(page_virt(copy));
    arch_set_pte(slot, 0); /* break before make: no TLB may hold both */
    arch_tlb_flush_page(mm, va);
    arch_set_pte(slot, pte_page(page_phys(copy), vma->flags));
    page_put(page);
    return FAULT_OK;
}

/* Map a new page at `va`, if the vma still says so and nobody else was faster. Takes over the
   reference. mm->lock is held. */
static enum fault_result install(struct mm *mm, const struct vma *vma, u64 va, struct page *page)
{
    pte_t *slot = page ? pgtable_slot(mm, va, true) : NULL;

    if (!slot) {
        if (page)
            page_put(page);
        return FAULT_NO_MEMORY;
    }
    if (pte_present(*slot)) {
        page_put(page); /* the instruction is tried again and finds the other one */
        return FAULT_OK;
    }
    arch_set_pte(slot, pte_page(page_phys(page), vma->flags));
    mm->resident++;
    return FAULT_OK;
}

/* A new page with the file's bytes for `va`, zeros behind them. Sleeps: called without mm->lock, on a copy
   of the vma. */
static struct page *read_page(const struct vma *vma, u64 va, enum fault_result *result)
{
    struct page *page = alloc_page();
    ssize_t got;

    *result = FAULT_NO_MEMORY;
    if (!page)
        return NULL;
    got = file_read_at(vma->file, page_virt(page), MIN(vma->file_end - va, PAGE_SIZE), vma->offset + (va - vma->start));
    if (got < 0) {
        page_put(page);
        *result = FAULT_IO;
        return NULL;
    }
    memset((u8 *)page_virt(page) + got, 0, PAGE_SIZE - got);
    if (vma->flags & VM_EXEC)
        arch_sync_icache(page_virt(page));
    return page;
}

/* The page comes from a file: read it without the lock, then look whether the mapping is still the same. */
static enum fault_result fault_file(struct mm *mm, const struct vma *before, u64 va, enum fault_access access)
{
    enum fault_result result;
    struct page *page = read_page(before, va, &result);
    struct vma *vma;

    if (!page)
        return result;
    spin_lock(&mm->lock);
    result = look_up(mm, va, access, &vma);
    if (result == FAULT_OK && vma->file == before->file && vma->flags == before->flags &&
        vma->offset - vma->start == before->offset - before->start)
        result = install(mm, vma, va, page);
    else
        page_put(page); /* another mapping now, or none: the instruction is tried again if there is one */
    spin_unlock(&mm->lock);
    return result;
}

enum fault_result mm_fault(struct mm *mm, u64 va, enum fault_access access)
{
    enum fault_result result;
    struct vma *vma, copy;
    pte_t *slot;

    va &= PAGE_MASK;
    spin_lock(&mm->lock);
    result = look_up(mm, va, access, &vma);
    if (result == FAULT_OK) {
        slot = pgtable_slot(mm, va, false);
        if (slot && pte_present(*slot)) {
            /* A write to a page shared by fork, or another task has been here first. */
            if (access == FAULT_WRITE && !pte_writable(*slot))
                result = copy_on_write(mm, vma, slot, va);
            else
                arch_tlb_flush_page(mm, va);
        } else if (!vma->file || va >= vma->file_end) {
            result = install(mm, vma, va, alloc_zero_page());
        } else {
            copy = *vma;
            file_get(copy.file); /* the mapping may go while we read */
            spin_unlock(&mm->lock);
            result = fault_file(mm, &copy, va, access);
            file_put(copy.file);
            return result;
        }
    }
    spin_unlock(&mm->lock);
    return result;
}
