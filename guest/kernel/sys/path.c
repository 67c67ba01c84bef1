/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls on descriptors and paths: open, close, dup, stat, directories. */
#include <abi/dirent.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <fs.h>
#include <mm.h>
#include <page.h>
#include <string.h>
#include <syscall.h>
#include <task.h>

#define DIRENTS_MAX 32768UL /* of getdents64's answer, built in kernel memory */

static const char *cwd(void)
{
    return current->cwd ? current->cwd : "/";
}

/* The directory that a relative path starts from, in a kmalloc'd copy. */
static int path_base(int dirfd, const char *path, char **out)
{
    const char *base = cwd();
    struct file *file = NULL;

    if (path[0] != '/' && dirfd != AT_FDCWD) {
        file = fd_get(dirfd);
        if (!file)
            return -EBADF;
        base = file->path;
    }
    *out = base ? kstrdup(base) : NULL;
    if (file)
        file_put(file);
    return *out ? 0 : base ? -ENOMEM : -ENOTDIR;
}

/* ---- open, close, dup ---- */

static long open_at(int dirfd, u64 upath, int flags, int mode)
{
    int error;
    char *path = getname(upath, &error), *base;
    struct file *file;

    if (!path)
        return error;
    error = path_base(dirfd, path, &base);
    if (!error) {
        file = file_open_at(base, path, flags, mode, &error);
        if (file)
            error = fd_install(file, 0, flags & O_CLOEXEC);
        kfree(base);
    }
    kfree(path);
    return error;
}

long sys_openat(const struct syscall_args *a)
{
    return open_at((int)a->arg[0], a->arg[1], (int)a->arg[2], (int)a->arg[3]);
}

long __used sys_open(const struct syscall_args *a)
{
    return open_at(AT_FDCWD, a->arg[0], (int)a->arg[1], (int)a->arg[2]);
}

long sys_close(const struct syscall_args *a)
{
    return fd_close((int)a->arg[0]);
}

long sys_dup(const struct syscall_args *a)
{
    struct file *file = fd_get((int)a->arg[0]);

    return file ? fd_install(file, 0, false) : -EBADF;
}

long sys_dup3(const struct syscall_args *a)
{
    struct file *file;

    if (a->arg[2] & ~(u64)O_CLOEXEC)
        return -EINVAL;
    if ((int)a->arg[0] == (int)a->arg[1])
        return -EINVAL;
    file = fd_get((int)a->arg[0]);
    return file ? fd_replace(file, (int)a->arg[1], a->arg[2] & O_CLOEXEC) : -EBADF;
}

long __used sys_dup2(const struct syscall_args *a)
{
    struct file *file = fd_get((int)a->arg[0]);

    if (!file)
        return -EBADF;
    if ((int)a->arg[0] == (int)a->arg[1]) {
        file_put(file);
        return (int)a->arg[1];
    }
    return fd_replace(file, (int)a->arg[1], false);
}

/* ---- stat, directories ---- */

static long put_stat(struct inode *inode, u64 ustat)
{
    struct stat st;

    inode_stat(inode, &st);
    return copy_to_user(ustat, &st, sizeof st);
}

static long stat_fd(int fd, u64 ustat)
{
    struct file *file = fd_get(fd);
    long result;

    if (!file)
        return -EBADF;
    result = put_stat(file->inode, ustat);
    file_put(file);
    return result;
}

long sys_fstat(const struct syscall_args *a)
{
    return stat_fd((int)a->arg[0], a->arg[1]);
}

long sys_newfstatat(const struct syscall_args *a)
{
    int flags = (int)a->arg[3], error;
    struct inode *inode;
    char *path, *base;
    long result;

    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
        return -EINVAL;
    path = getname(a->arg[1], &error);
    if (!path)
        return error;
    if (!path[0] && (flags & AT_EMPTY_PATH) && (int)a->arg[0] != AT_FDCWD) {
        result = stat_fd((int)a->arg[0], a->arg[2]);
    } else {
        result = path_base((int)a->arg[0], path, &base);
        if (!result) {
            result = path_walk(base, path[0] || !(flags & AT_EMPTY_PATH) ? path : ".",
                               flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW, &inode, NULL);
            kfree(base);
        }
        if (!result) {
            result = put_stat(inode, a->arg[2]);
            inode_put(inode);
        }
    }
    kfree(path);
    return result;
}

struct dirents {
    struct dir_sink sink;
    char *buffer;
    size_t used, size;
    bool full; /* an entry was refused */
};

static bool emit_dirent(struct dir_sink *sink, const char *name, size_t length, u64 ino, u32 mode, u64 next)
{
    struct dirents *d = container_of(sink, struct dirents, sink);
    size_t size = ALIGN_UP(offsetof(struct linux_dirent64, d_name) + length + 1, 8UL);
    struct linux_dirent64 *entry = (struct linux_dirent64 *)(d->buffer + d->used);

    if (size > d->size - d->used) {
        d->full = true;
        return false;
    }
    memset(entry, 0, size);
    entry->d_ino = ino;
    entry->d_off = (s64)next;
    entry->d_reclen = (u16)size;
    entry->d_type = (u8)((mode & S_IFMT) >> 12); /* DT_* are the type bits of the mode */
    memcpy(entry->d_name, name, length);
    d->used += size;
    return true;
}

long sys_getdents64(const struct syscall_args *a)
{
    struct file *file = fd_get((int)a->arg[0]);
    struct dirents d = { .sink = { emit_dirent }, .size = MIN(a->arg[2], DIRENTS_MAX) };
    long result;

    if (!file)
        return -EBADF;
    if (!file->ops->iterate) {
        file_put(file);
        return -ENOTDIR;
    }
    d.buffer = kmalloc(MAX(d.size, (size_t)1));
    if (!d.buffer) {
        file_put(file);
        return -ENOMEM;
    }
    mutex_lock(&file->lock);
    result = file->ops->iterate(file, &d.sink, &file->position);
    mutex_unlock(&file->lock);
    if (!result && d.full && !d.used)
        result = -EINVAL; /* not even one entry fits */
    if (!result)
        result = copy_to_user(a->arg[1], d.buffer, d.used) ? -EFAULT : (long)d.used;
    kfree(d.buffer);
    file_put(file);
    return result;
}

long sys_chdir(const struct syscall_args *a)
{
    int error;
    char *path = getname(a->arg[0], &error), *canonical, *copy = NULL;
    struct inode *inode;

    if (!path)
        return error;
    canonical = kmalloc(PATH_MAX);
    error = canonical ? path_walk(cwd(), path, WALK_FOLLOW, &inode, canonical) : -ENOMEM;
    if (!error) {
        if (!S_ISDIR(inode->mode))
            error = -ENOTDIR;
        else if (!(copy = kstrdup(canonical)))
            error = -ENOMEM;
        inode_put(inode);
    }
    if (!error) {
        kfree(current->cwd);
        current->cwd = copy;
    }
    kfree(canonical);
    kfree(path);
    return error;
}

long sys_getcwd(const struct syscall_args *a)
{
    size_t length = strlen(cwd()) + 1;

    if (length > a->arg[1])
        return -ERANGE;
    return copy_to_user(a->arg[0], cwd(), length) ? -EFAULT : (long)length;
}
