/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checked doors to user memory. The byte moving and its fault handling are arch/<arch>/usercopy.S. */
#include <abi/errno.h>
#include <arch.h>
#include <fs.h>
#include <mm.h>
#include <string.h>

int copy_from_user(void *to, u64 from, size_t n)
{
    return access_ok(from, n) && !arch_copy_from_user(to, from, n) ? 0 : -EFAULT;
}

int copy_to_user(u64 to, const void *from, size_t n)
{
    return access_ok(to, n) && !arch_copy_to_user(to, from, n) ? 0 : -EFAULT;
}

int clear_user(u64 to, size_t n)
{
    return access_ok(to, n) && !arch_clear_user(to, n) ? 0 : -EFAULT;
}

ssize_t strncpy_from_user(char *to, u64 from, size_t size)
{
    size_t done = 0;

    while (done < size) {
        /* Up to a block boundary of user memory at a time: the string may end right before a page that is not mapped.
         */
        size_t part = MIN(size - done, 64 - (from + done) % 64);
        char *end;

        if (copy_from_user(to + done, from + done, part))
            return -EFAULT;
        end = memchr(to + done, 0, part);
        if (end)
            return end - to;
        done += part;
    }
    return -ENAMETOOLONG;
}

char *getname(u64 upath, int *error)
{
    char *name = kmalloc(PATH_MAX);
    ssize_t length;

    if (!name) {
        *error = -ENOMEM;
        return NULL;
    }
    length = strncpy_from_user(name, upath, PATH_MAX);
    if (length >= 0)
        return name;
    kfree(name);
    *error = length;
    return NULL;
}
