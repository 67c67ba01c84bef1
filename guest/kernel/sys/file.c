/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls on what is in an open file. Their meaning is the man pages'; here are only the checks at the
   boundary, the work is fs/'s and the drivers'. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/uio.h>
#include <fs.h>
#include <mm.h>
#include <page.h>
#include <string.h>
#include <syscall.h>
#include <task.h>

#define RW_MAX 0x7ffff000UL /* the most that one read or write moves, as Linux */

/* ---- read, write ---- */

static bool readable(const struct file *file)
{
    return (file->flags & O_ACCMODE) != O_WRONLY;
}

static bool writable(const struct file *file)
{
    return (file->flags & O_ACCMODE) != O_RDONLY;
}

/* One buffer in or out at the file's position, which the caller's lock guards. */
static ssize_t transfer(struct file *file, bool write, u64 at, size_t n)
{
    struct io io = { .at = at, .left = MIN(n, RW_MAX), .user = true };

    if (!access_ok(at, n))
        return -EFAULT;
    return write ? file->ops->write(file, &io, &file->position) : file->ops->read(file, &io, &file->position);
}

/* May `file` be read (written)? 0 or an errno. */
static int check(struct file *file, bool write)
{
    if (!(write ? writable(file) : readable(file)))
        return -EBADF;
    if (S_ISDIR(file->inode->mode))
        return -EISDIR;
    if (!(write ? file->ops->write != NULL : file->ops->read != NULL))
        return -EINVAL;
    return 0;
}

/* Without a position to guard (a terminal) a reader that sleeps must not keep writers out. */
static void lock_position(struct file *file)
{
    if (file->ops->seekable)
        mutex_lock(&file->lock);
}

static void unlock_position(struct file *file)
{
    if (file->ops->seekable)
        mutex_unlock(&file->lock);
}

static long read_write(const struct syscall_args *a, bool write)
{
    struct file *file = fd_get((int)a->arg[0]);
    long result;

    if (!file)
        return -EBADF;
    result = check(file, write);
    if (!result) {
        lock_position(file);
        result = transfer(file, write, a->arg[1], a->arg[2]);
        unlock_position(file);
    }
    file_put(file);
    return result;
}

long sys_read(const struct syscall_args *a)
{
    return read_write(a, false);
}

long sys_write(const struct syscall_args *a)
{
    return read_write(a, true);
}

/* The vector in kernel memory, every length checked before anything moves. */
static int get_iovecs(u64 uvec, u64 count, struct iovec **out)
{
    struct iovec *vec;
    u64 total = 0;

    if (count > IOV_MAX)
        return -EINVAL;
    vec = kmalloc(MAX(count, 1UL) * sizeof *vec);
    if (!vec)
        return -ENOMEM;
    if (copy_from_user(vec, uvec, count * sizeof *vec)) {
        kfree(vec);
        return -EFAULT;
    }
    for (u64 i = 0; i < count; i++) {
        if ((s64)vec[i].iov_len < 0 || (s64)(total += vec[i].iov_len) < 0) {
            kfree(vec);
            return -EINVAL;
        }
    }
    *out = vec;
    return 0;
}

static long read_write_vector(const struct syscall_args *a, bool write)
{
    struct file *file = fd_get((int)a->arg[0]);
    struct iovec *vec = NULL;
    long done = 0;
    int error;

    if (!file)
        return -EBADF;
    error = check(file, write);
    if (!error)
        error = get_iovecs(a->arg[1], a->arg[2], &vec);
    if (!error) {
        lock_position(file);
        for (u64 i = 0; i < a->arg[2]; i++) {
            ssize_t n = vec[i].iov_len ? transfer(file, write, (u64)vec[i].iov_base, vec[i].iov_len) : 0;

            if (n < 0 && !done)
                done = n;
            if (n < 0)
                break;
            done += n;
            if ((size_t)n < vec[i].iov_len)
                break; /* short: the rest would have to wait */
        }
        unlock_position(file);
        kfree(vec);
    }
    file_put(file);
    return error ? error : done;
}

long sys_readv(const struct syscall_args *a)
{
    return read_write_vector(a, false);
}

long sys_writev(const struct syscall_args *a)
{
    return read_write_vector(a, true);
}

long sys_lseek(const struct syscall_args *a)
{
    struct file *file = fd_get((int)a->arg[0]);
    s64 offset = (s64)a->arg[1], base = 0;
    long result = 0;

    if (!file)
        return -EBADF;
    if (!file->ops->seekable) {
        file_put(file);
        return -ESPIPE;
    }
    mutex_lock(&file->lock);
    switch ((int)a->arg[2]) {
    case SEEK_SET:
        break;
    case SEEK_CUR:
        base = (s64)file->position;
        break;
    case SEEK_END:
        base = (s64)file_size(file);
        break;
    default:
        result = -EINVAL;
    }
    if (!result && (__builtin_add_overflow(base, offset, &base) || base < 0))
        result = -EINVAL;
    if (!result) {
        file->position = (u64)base;
        result = base;
    }
    mutex_unlock(&file->lock);
    file_put(file);
    return result;
}

long sys_ioctl(const struct syscall_args *a)
{
    struct file *file = fd_get((int)a->arg[0]);
    long result;

    if (!file)
        return -EBADF;
    result = file->ops->ioctl ? file->ops->ioctl(file, (u32)a->arg[1], a->arg[2]) : -ENOTTY;
    file_put(file);
    return result;
}
