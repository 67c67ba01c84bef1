/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory: brk, mmap (anonymous), munmap, mprotect. */
#include <abi/errno.h>
#include <abi/mman.h>
#include <arch.h>
#include <fs.h>
#include <mm.h>
#include <syscall.h>
#include <task.h>

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

_Static_assert(PROT_READ == VM_READ && PROT_WRITE == VM_WRITE && PROT_EXEC == VM_EXEC, "protections pass through");

/* The raw call never fails: it returns the break that is in force (brk(2), "C library/kernel differences"). */
long sys_brk(const struct syscall_args *a)
{
    struct mm *mm = current->mm;
    u64 wanted = a->arg[0], from, to;

    if (wanted < mm->brk_start || wanted > USER_TOP)
        return mm->brk;
    from = ALIGN_UP(mm->brk, PAGE_SIZE);
    to = ALIGN_UP(wanted, PAGE_SIZE);
    if (to > from ? mm_map(mm, from, to - from, VM_READ | VM_WRITE, NULL, 0, 0)
                  : to < from && mm_unmap(mm, to, from - to))
        return mm->brk;
    mm->brk = wanted;
    return wanted;
}

/* Files cannot be mapped yet: to the caller they look like files of a file system without mmap. */
static long map_file_error(int fd)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    file_put(file);
    return -ENODEV;
}

long sys_mmap(const struct syscall_args *a)
{
    struct mm *mm = current->mm;
    u64 hint = a->arg[0], length = ALIGN_UP(a->arg[1], PAGE_SIZE);
    u32 prot = a->arg[2], flags = a->arg[3], type = flags & MAP_TYPE, vm_flags = prot & PROT_ALL;
    bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
    u64 start = hint;
    int error;

    if (!a->arg[1] || prot & ~PROT_ALL || (type != MAP_PRIVATE && type != MAP_SHARED))
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS))
        return map_file_error((int)a->arg[4]);
    if (length < a->arg[1] || length > USER_TOP)
        return -ENOMEM;
    if (type == MAP_SHARED)
        vm_flags |= VM_SHARED;
    if (fixed) {
        if (start & ~PAGE_MASK)
            return -EINVAL;
        if (start > USER_TOP - length)
            return -ENOMEM;
        if (!(flags & MAP_FIXED_NOREPLACE)) {
            error = mm_unmap(mm, start, length);
            if (error)
                return error;
        }
        error = mm_map(mm, start, length, vm_flags, NULL, 0, 0);
        return error == -EINVAL ? -EPERM : error ? error : (long)start; /* below mmap_min_addr: -EPERM, as Linux */
    }
    start &= PAGE_MASK;
    if (start && !mm_map(mm, start, length, vm_flags, NULL, 0, 0))
        return start;
    start = mm_find_free(mm, length);
    if (!start)
        return -ENOMEM;
    error = mm_map(mm, start, length, vm_flags, NULL, 0, 0);
    return error ? error : (long)start;
}

long sys_munmap(const struct syscall_args *a)
{
    return mm_unmap(current->mm, a->arg[0], ALIGN_UP(a->arg[1], PAGE_SIZE));
}

long sys_mprotect(const struct syscall_args *a)
{
    if (a->arg[2] & ~(u64)PROT_ALL)
        return -EINVAL;
    if (!a->arg[1] && !(a->arg[0] & ~PAGE_MASK))
        return 0;
    return mm_protect(current->mm, a->arg[0], ALIGN_UP(a->arg[1], PAGE_SIZE), a->arg[2]);
}
