/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inodes and mounts: what all file systems share. */
#include <abi/errno.h>
#include <fs.h>
#include <mm.h>
#include <panic.h>
#include <string.h>
#include <time.h>

#define BLOCK_SIZE 4096

static struct super root_super = { .type = "ramfs", .dev = 1, .next_ino = 1 };
static struct super dev_super = { .type = "devtmpfs", .dev = 5, .next_ino = 1 };

int io_put(struct io *io, const void *from, size_t n)
{
    if (io->user) {
        if (copy_to_user(io->at, from, n))
            return -EFAULT;
    } else {
        memcpy((void *)io->at, from, n);
    }
    io->at += n;
    io->left -= n;
    return 0;
}

int io_get(struct io *io, void *to, size_t n)
{
    if (io->user) {
        if (copy_from_user(to, io->at, n))
            return -EFAULT;
    } else {
        memcpy(to, (const void *)io->at, n);
    }
    io->at += n;
    io->left -= n;
    return 0;
}

int io_put_zeros(struct io *io, size_t n)
{
    if (io->user) {
        if (clear_user(io->at, n))
            return -EFAULT;
    } else {
        memset((void *)io->at, 0, n);
    }
    io->at += n;
    io->left -= n;
    return 0;
}

struct inode *inode_create(struct super *super, u32 mode)
{
    struct inode *inode = kzalloc(sizeof *inode);

    if (!inode)
        return NULL;
    inode->super = super;
    inode->ino = __atomic_fetch_add(&super->next_ino, 1, __ATOMIC_RELAXED);
    inode->mode = mode;
    inode->nlink = S_ISDIR(mode) ? 2 : 1;
    atomic_set(&inode->refs, 1);
    spin_init(&inode->lock, "inode", LOCK_INODE);
    return inode;
}

struct inode *inode_get(struct inode *inode)
{
    atomic_inc(&inode->refs);
    return inode;
}

void inode_put(struct inode *inode)
{
    if (!inode || !atomic_dec_and_test(&inode->refs))
        return;
    if (inode->ops->free)
        inode->ops->free(inode);
    kfree(inode);
}

void inode_stat(struct inode *inode, struct stat *st)
{
    memset(st, 0, sizeof *st);
    spin_lock(&inode->lock);
    st->st_dev = inode->super->dev;
    st->st_ino = inode->ino;
    st->st_mode = inode->mode;
    st->st_nlink = inode->nlink;
    st->st_uid = inode->uid;
    st->st_gid = inode->gid;
    st->st_rdev = inode->rdev;
    st->st_size = (s64)inode->size;
    st->st_blksize = BLOCK_SIZE;
    st->st_blocks = (s64)ALIGN_UP(inode->size, BLOCK_SIZE) / 512;
    st->st_mtime = (s64)(inode->mtime_ns / NSEC_PER_SEC);
    st->st_mtime_nsec = inode->mtime_ns % NSEC_PER_SEC;
    st->st_atime = st->st_ctime = st->st_mtime;
    st->st_atime_nsec = st->st_ctime_nsec = st->st_mtime_nsec;
    spin_unlock(&inode->lock);
}

/* The root of another file system takes the place of the directory at `path`, which keeps the reference it is given. */
int vfs_mount(const char *path, struct inode *root)
{
    struct inode *point;
    int error = path_walk("/", path, WALK_FOLLOW, &point, NULL);

    if (error)
        return error;
    if (!S_ISDIR(point->mode) || point->mounted) {
        inode_put(point);
        return -ENOTDIR;
    }
    point->mounted = root; /* `point` keeps its reference: a mount stays for ever */
    return 0;
}

struct inode *vfs_root(void)
{
    return root_super.root;
}

static void must(int error, const char *what)
{
    if (error)
        panic("%s: error %d", what, error);
}

void vfs_init(void)
{
    root_super.root = ramfs_root(&root_super);
    dev_super.root = ramfs_root(&dev_super);
    must(path_mknod("/dev", S_IFDIR | 0755, 0, NULL), "/dev");
    must(path_mknod("/proc", S_IFDIR | 0555, 0, NULL), "/proc");
    must(vfs_mount("/dev", dev_super.root), "mount of /dev");
    must(vfs_mount("/proc", procfs_root()), "mount of /proc");
    devfs_init();
}
