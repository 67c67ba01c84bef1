/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User address spaces, and the only doors between kernel and user memory. */
#pragma once
#include <atomic.h>
#include <list.h>
#include <page.h>
#include <spinlock.h>
#include <types.h>

/* What a mapping allows (values of PROT_*) and what kind it is. */
enum { VM_READ = 1, VM_WRITE = 2, VM_EXEC = 4, VM_GROWSDOWN = 8, VM_SHARED = 16 };

#include <arch/pgtable.h> /* pte_t, struct arch_mm, the descriptor accessors listed in arch.h; they use VM_* */

struct file;
struct trapframe;

/* One run of pages with equal rights. `file` != NULL: private mapping, page at va comes from file offset va - start +
   offset, up to file_end (an address), zeros behind it. */
struct vma {
    struct list node; /* mm->vmas, ascending */
    u64 start, end;   /* [start, end), page aligned */
    u32 flags;        /* VM_* */
    struct file *file;
    u64 offset;
    u64 file_end;
};

struct mm {
    atomic_t users; /* tasks */
    spinlock_t lock;
    struct arch_mm arch; /* page-table root, ASID */
    struct list vmas;
    u64 brk_start, brk; /* heap: [brk_start, brk) */
    u64 stack_top;
    u64 arg_start, arg_end, env_start, env_end; /* for /proc/PID/cmdline */
    u64 sigreturn; /* user code that calls rt_sigreturn, for actions without a restorer; 0 = none */
    u64 resident;  /* user pages mapped */
};

struct mm *mm_create(void);
struct mm *mm_fork(struct mm *mm); /* copy-on-write copy; NULL: no memory */
void mm_get(struct mm *mm);
void mm_put(struct mm *mm);
void mm_switch(struct mm *mm); /* load it on this CPU; NULL: kernel only */

/* All take mm->lock themselves. Errors: -ENOMEM, -EINVAL, -EEXIST. */
int mm_map(struct mm *mm, u64 start, u64 length, u32 flags, struct file *file, u64 offset, u64 file_bytes);
int mm_unmap(struct mm *mm, u64 start, u64 length);
int mm_protect(struct mm *mm, u64 start, u64 length, u32 prot);
/* The vma that contains `va`, or else the next one above; NULL behind the last. The caller holds mm->lock. */
struct vma *mm_find_vma(struct mm *mm, u64 va);
u64 mm_find_free(struct mm *mm, u64 length); /* 0: no room */
u64 mm_virtual_size(struct mm *mm);          /* bytes in vmas */

enum fault_access { FAULT_READ = VM_READ, FAULT_WRITE = VM_WRITE, FAULT_EXEC = VM_EXEC };
enum fault_result { FAULT_OK, FAULT_NO_MAPPING, FAULT_PERMISSION, FAULT_NO_MEMORY, FAULT_IO };

/* Make `va` usable for `access` if the vmas say so: demand zero or file page, copy-on-write, stack growth. */
enum fault_result mm_fault(struct mm *mm, u64 va, enum fault_access access);

/* User copies: a pointer that is not the user's to use gives -EFAULT, never a panic. 0 on success; a failed copy may
   have moved a part. They may sleep (demand paging): do not hold a spinlock. */
int copy_from_user(void *to, u64 from, size_t n);
int copy_to_user(u64 to, const void *from, size_t n);
int clear_user(u64 to, size_t n);
/* Copies up to and with the NUL; returns the length without it, -EFAULT, or -ENAMETOOLONG when `size` bytes hold no
 * NUL. */
ssize_t strncpy_from_user(char *to, u64 from, size_t size);
/* A path argument in a fresh kmalloc buffer (PATH_MAX), or an errno in *error and NULL: -EFAULT, -ENAMETOOLONG,
 * -ENOMEM. */
char *getname(u64 upath, int *error);

static inline bool access_ok(u64 va, u64 n)
{
    return n <= USER_TOP && va <= USER_TOP - n;
}
