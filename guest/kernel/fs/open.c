/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open file descriptions: made by open(2), shared by dup(2) and fork(2), gone with the last reference. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <fs.h>
#include <page.h>
#include <string.h>
#include <task.h>

/* Flags that stay with the open file; the rest act once. */
#define STATUS_FLAGS (O_ACCMODE | O_APPEND | O_NONBLOCK | O_DIRECTORY | O_LARGEFILE)

static const char *cwd(void)
{
    return current->cwd ? current->cwd : "/";
}

static struct file *file_create(struct inode *inode, int flags)
{
    struct file *file = kzalloc(sizeof *file);

    if (!file)
        return NULL;
    file->inode = inode;
    file->flags = flags & STATUS_FLAGS;
    atomic_set(&file->refs, 1);
    mutex_init(&file->lock, "file");
    return file;
}

/* With O_CREAT: the inode there is now, made if it was missing. */
static int create_inode(const char *base, const char *path, int flags, int mode, struct inode **out, char *canonical)
{
    char name[NAME_MAX + 1];
    struct inode *dir;
    size_t length = strlen(path);
    int error;

    for (;;) {
        error = path_walk(base, path, flags & O_EXCL ? 0 : WALK_FOLLOW, out, canonical);
        if (!error) {
            if (flags & O_EXCL) {
                inode_put(*out);
                return -EEXIST;
            }
            return 0;
        }
        if (error != -ENOENT)
            return error;
        if (length && path[length - 1] == '/')
            return -EISDIR;
        error = path_parent(base, path, &dir, name);
        if (error)
            return error;
        if (!dir->ops->create)
            error = -EACCES;
        else
            error = dir->ops->create(dir, name, strlen(name), S_IFREG | ((u32)mode & 07777 & ~current->umask), 0, out);
        inode_put(dir);
        if (error != -EEXIST || (flags & O_EXCL))
            return error;
        /* Somebody made it between the two looks, or it is a link to nowhere: one more look decides. */
        error = path_walk(base, path, 0, out, NULL);
        if (!error) {
            bool link = S_ISLNK((*out)->mode);

            inode_put(*out);
            if (link)
                return -ENOENT;
        }
    }
}

static int check(struct inode *inode, int flags)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY;

    if (S_ISLNK(inode->mode))
        return -ELOOP; /* only with O_NOFOLLOW */
    if (S_ISDIR(inode->mode) && (writes || (flags & O_CREAT)))
        return -EISDIR;
    if ((flags & O_DIRECTORY) && !S_ISDIR(inode->mode))
        return -ENOTDIR;
    return 0;
}

struct file *file_open_at(const char *base, const char *path, int flags, int mode, int *error)
{
    struct inode *inode = NULL;
    struct file *file = NULL;
    char *canonical = kmalloc(PATH_MAX);

    if (!canonical) {
        *error = -ENOMEM;
        return NULL;
    }
    if (flags & O_CREAT)
        *error = create_inode(base, path, flags, mode, &inode, canonical);
    else
        *error = path_walk(base, path, flags & O_NOFOLLOW ? 0 : WALK_FOLLOW, &inode, canonical);
    if (!*error) {
        *error = check(inode, flags);
        if (!*error) {
            file = file_create(inode, flags);
            *error = file ? 0 : -ENOMEM;
        }
        if (*error)
            inode_put(inode);
    }
    if (file) {
        file->ops = inode->fops ? inode->fops : device_ops(inode->rdev);
        if (!file->ops)
            *error = -ENXIO; /* a device that nobody drives */
        if (!*error && S_ISDIR(inode->mode)) {
            file->path = kstrdup(canonical);
            if (!file->path)
                *error = -ENOMEM;
        }
        if (!*error && (flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY && inode->ops->truncate)
            *error = inode->ops->truncate(inode, 0);
        if (!*error && file->ops->open)
            *error = file->ops->open(inode, file);
        if (*error) {
            file->ops = NULL; /* it was never open: nothing to release */
            file_put(file);
            file = NULL;
        }
    }
    kfree(canonical);
    return file;
}

struct file *file_open(const char *path, int flags, int mode, int *error)
{
    return file_open_at(cwd(), path, flags, mode, error);
}

void file_get(struct file *file)
{
    atomic_inc(&file->refs);
}

void file_put(struct file *file)
{
    if (!file || !atomic_dec_and_test(&file->refs))
        return;
    if (file->ops && file->ops->release)
        file->ops->release(file);
    inode_put(file->inode);
    kfree(file->path);
    kfree(file);
}

ssize_t file_read_at(struct file *file, void *buffer, size_t n, u64 offset)
{
    struct io io = { .at = (u64)buffer, .left = n };

    return file->ops->read ? file->ops->read(file, &io, &offset) : -EINVAL;
}

bool file_is_executable(struct file *file)
{
    return S_ISREG(file->inode->mode) && (file->inode->mode & 0111);
}

u64 file_size(struct file *file)
{
    return READ_ONCE(file->inode->size);
}
