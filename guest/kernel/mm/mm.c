/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address spaces as lists of vmas: create, copy for fork, map, unmap, protect. Pages come later, in fault.c. */
#include <abi/errno.h>
#include <arch.h>
#include <fs.h>
#include <mm.h>
#include <pgtable.h>
#include <panic.h>
#include <string.h>
#include <task.h>

#define MMAP_GAP (128UL << 20) /* kept free below the stack's top for its growth */
#define MMAP_MIN 0x10000UL     /* mmap_min_addr: page 0 and its neighbours stay unmapped */

struct mm *mm_create(void)
{
    struct mm *mm = kzalloc(sizeof(*mm));

    if (!mm)
        return NULL;
    if (arch_mm_init(mm)) {
        kfree(mm);
        return NULL;
    }
    atomic_set(&mm->users, 1);
    spin_init(&mm->lock, "mm", LOCK_MM);
    list_init(&mm->vmas);
    mm->stack_top = STACK_TOP;
    return mm;
}

void mm_get(struct mm *mm)
{
    atomic_inc(&mm->users);
}

void mm_switch(struct mm *mm)
{
    struct cpu *cpu = this_cpu();
    u64 flags = arch_irq_save();

    if (cpu->mm != mm) {
        cpu->mm = mm;
        arch_mm_switch(mm);
    }
    arch_irq_restore(flags);
}

static void drop_page(pte_t *slot, u64 va, void *arg)
{
    struct mm *mm = arg;
    struct page *page = phys_page(pte_phys(*slot));

    (void)va;
    arch_set_pte(slot, 0);
    mm->resident--;
    page_put(page);
}

/* Never under mm->lock: the last reference to a file may take locks that come before it. */
static void free_vmas(struct list *vmas)
{
    struct vma *vma, *tmp;

    list_for_each_safe(vma, tmp, vmas, node) {
        if (vma->file)
            file_put(vma->file);
        list_del(&vma->node);
        kfree(vma);
    }
}

void mm_put(struct mm *mm)
{
    if (!atomic_dec_and_test(&mm->users))
        return;
    if (this_cpu()->mm == mm)
        mm_switch(NULL);
    arch_tlb_flush_mm(mm); /* nobody runs in it: after this its pages can be reused */
    pgtable_visit(mm, 0, USER_TOP, drop_page, mm);
    pgtable_free(mm);
    free_vmas(&mm->vmas);
    arch_mm_free(mm);
    kfree(mm);
}

/* The vma that contains `va` or else the next one above; NULL behind the last. */
struct vma *mm_find_vma(struct mm *mm, u64 va)
{
    struct vma *vma;

    list_for_each(vma, &mm->vmas, node)
        if (va < vma->end)
            return vma;
    return NULL;
}

static struct vma *copy_vma(const struct vma *vma)
{
    struct vma *copy = kmalloc(sizeof(*copy));

    if (!copy)
        return NULL;
    *copy = *vma;
    list_init(&copy->node);
    if (copy->file)
        file_get(copy->file);
    return copy;
}

/* ---- fork ---- */

struct fork_copy {
    struct mm *parent, *child;
    bool shared, failed;
};

static void share_page(pte_t *slot, u64 va, void *arg)
{
    struct fork_copy *copy = arg;
    pte_t *child_slot = pgtable_slot(copy->child, va, true);

    if (!child_slot) {
        copy->failed = true;
        return;
    }
    /* Private and writable: both sides lose the right to write, the next write copies (fault.c). */
    if (!copy->shared && pte_writable(*slot))
        arch_set_pte(slot, pte_read_only(*slot));
    page_get(phys_page(pte_phys(*slot)));
    arch_set_pte(child_slot, *slot);
    copy->child->resident++;
}

struct mm *mm_fork(struct mm *parent)
{
    struct mm *child = mm_create();
    struct fork_copy copy = { parent, child, false, false };
    struct vma *vma;

    if (!child)
        return NULL;
    /* A page of a shared mapping must exist before it can be shared. */
    list_for_each(vma, &parent->vmas, node)
        if (vma->flags & VM_SHARED)
            for (u64 va = vma->start; va < vma->end; va += PAGE_SIZE)
                if (mm_fault(parent, va, FAULT_READ) == FAULT_NO_MEMORY)
                    copy.failed = true;

    /* The child is not reachable yet, so its own lock is not needed (and has the same rank). */
    spin_lock(&parent->lock);
    child->brk_start = parent->brk_start;
    child->brk = parent->brk;
    child->sigreturn = parent->sigreturn;
    child->arg_start = parent->arg_start;
    child->arg_end = parent->arg_end;
    child->env_start = parent->env_start;
    child->env_end = parent->env_end;
    list_for_each(vma, &parent->vmas, node) {
        struct vma *twin = copy_vma(vma);

        if (!twin) {
            copy.failed = true;
            break;
        }
        list_add_tail(&child->vmas, &twin->node);
        copy.shared = vma->flags & VM_SHARED;
        pgtable_visit(parent, vma->start, vma->end, share_page, &copy);
    }
    arch_tlb_flush_mm(parent); /* its writable entries are stale now */
    spin_unlock(&parent->lock);
    if (copy.failed) {
        mm_put(child);
        return NULL;
    }
    return child;
}

/* ---- map and unmap ---- */

/* May `vma` simply grow upwards by the new mapping? */
static bool extends(const struct vma *vma, u64 start, u32 flags, const struct file *file)
{
    return vma->end == start && vma->flags == flags && !vma->file && !file && !(flags & (VM_GROWSDOWN | VM_SHARED));
}

int mm_map(struct mm *mm, u64 start, u64 length, u32 flags, struct file *file, u64 offset, u64 file_bytes)
{
    u64 end = start + length;
    struct vma *next, *previous, *vma;
    int error = 0;

    if (!length || (start | length) & ~PAGE_MASK || end < start || end > USER_TOP || start < MMAP_MIN)
        return -EINVAL;
    if (length >> PAGE_SHIFT > pages_total())
        return -ENOMEM; /* more than all RAM can never be used: the obvious overcommit that Linux refuses too */
    vma = kzalloc(sizeof(*vma));
    if (!vma)
        return -ENOMEM;

    spin_lock(&mm->lock);
    next = mm_find_vma(mm, start);
    if (next && next->start < end) {
        error = -EEXIST;
    } else {
        struct list *before = next ? next->node.prev : mm->vmas.prev;

        previous = before == &mm->vmas ? NULL : list_entry(before, struct vma, node);
        if (previous && extends(previous, start, flags, file)) {
            previous->end = end;
        } else {
            *vma = (struct vma){ .start = start, .end = end, .flags = flags, .file = file, .offset = offset,
                                 .file_end = start + file_bytes };
            if (file)
                file_get(file);
            list_add(before, &vma->node);
            vma = NULL;
        }
    }
    spin_unlock(&mm->lock);
    kfree(vma);
    return error;
}

/* Cut the vma in two at `at`; -ENOMEM. */
static int split(struct vma *vma, u64 at)
{
    struct vma *upper = copy_vma(vma);

    if (!upper)
        return -ENOMEM;
    upper->start = at;
    upper->offset += at - vma->start;
    vma->end = at;
    list_add(&vma->node, &upper->node);
    return 0;
}

/* Make `start` and `end` borders between vmas. */
static int split_borders(struct mm *mm, u64 start, u64 end)
{
    struct vma *vma = mm_find_vma(mm, start);

    if (vma && vma->start < start && split(vma, start))
        return -ENOMEM;
    vma = mm_find_vma(mm, end);
    if (vma && vma->start < end && split(vma, end))
        return -ENOMEM;
    return 0;
}

int mm_unmap(struct mm *mm, u64 start, u64 length)
{
    u64 end = start + length;
    struct list dead = LIST_INIT(dead);
    struct vma *vma, *tmp;
    int error;

    if (!length || (start | length) & ~PAGE_MASK || end < start || end > USER_TOP)
        return -EINVAL;
    spin_lock(&mm->lock);
    error = split_borders(mm, start, end);
    if (!error) {
        u64 dropped = mm->resident;

        list_for_each_safe(vma, tmp, &mm->vmas, node)
            if (vma->start >= start && vma->end <= end) {
                list_del(&vma->node);
                list_add_tail(&dead, &vma->node);
            }
        pgtable_visit(mm, start, end, drop_page, mm);
        if (mm->resident != dropped)
            arch_tlb_flush_mm(mm);
    }
    spin_unlock(&mm->lock);
    free_vmas(&dead);
    return error;
}

static void protect_page(pte_t *slot, u64 va, void *arg)
{
    struct vma *vma = arg;
    pte_t pte = pte_page(pte_phys(*slot), vma->flags);

    (void)va;
    /* A page shared by fork stays read-only: the write fault decides about copying. */
    if (!(vma->flags & VM_SHARED))
        pte = pte_read_only(pte);
    if (vma->flags & VM_EXEC)
        arch_sync_icache(phys_to_virt(pte_phys(*slot)));
    arch_set_pte(slot, pte);
}

int mm_protect(struct mm *mm, u64 start, u64 length, u32 prot)
{
    u64 end = start + length, covered = start;
    struct vma *vma;
    int error;

    if ((start | length) & ~PAGE_MASK)
        return -EINVAL;
    if (end < start || end > USER_TOP)
        return -ENOMEM; /* as for any range that is not all mapped */
    spin_lock(&mm->lock);
    list_for_each(vma, &mm->vmas, node)
        if (vma->start <= covered && vma->end > covered)
            covered = vma->end;
    error = covered < end ? -ENOMEM : split_borders(mm, start, end);
    if (!error) {
        list_for_each(vma, &mm->vmas, node) {
            if (vma->start < start || vma->end > end)
                continue;
            vma->flags = (vma->flags & ~(VM_READ | VM_WRITE | VM_EXEC)) | prot;
            pgtable_visit(mm, vma->start, vma->end, protect_page, vma);
        }
        arch_tlb_flush_mm(mm);
    }
    spin_unlock(&mm->lock);
    return error;
}

u64 mm_find_free(struct mm *mm, u64 length)
{
    u64 top = mm->stack_top - MMAP_GAP;
    struct list *at;

    spin_lock(&mm->lock);
    /* Downwards from below the stack: the first gap that is large enough. */
    for (at = mm->vmas.prev; at != &mm->vmas; at = at->prev) {
        struct vma *vma = list_entry(at, struct vma, node);

        if (vma->start >= top || (vma->end <= top && top - vma->end < length) || vma->end > top)
            top = MIN(top, vma->start);
        else
            break;
    }
    spin_unlock(&mm->lock);
    return top >= MMAP_MIN + length ? top - length : 0;
}

u64 mm_virtual_size(struct mm *mm)
{
    struct vma *vma;
    u64 size = 0;

    spin_lock(&mm->lock);
    list_for_each(vma, &mm->vmas, node)
        size += vma->end - vma->start;
    spin_unlock(&mm->lock);
    return size;
}
