/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file system in memory: directories are lists, files are arrays of pages. It holds the root (filled from the
   initramfs) and the device nodes. Nothing is ever removed: there is no unlink yet. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <fs.h>
#include <page.h>
#include <panic.h>
#include <string.h>
#include <time.h>

#define FILE_SIZE_MAX (1UL << 30)

struct entry {
    struct list node;
    struct inode *inode; /* a reference */
    u16 length;
    char name[];
};

struct directory {
    struct list entries;
};

struct contents {
    struct page **pages; /* NULL where nothing was written: zeros */
    size_t capacity;     /* of `pages` */
};

static const struct inode_ops directory_inode_ops, regular_inode_ops, other_inode_ops;
static const struct file_ops directory_file_ops, regular_file_ops;

static DEFINE_SPINLOCK(tree_lock, LOCK_FS); /* all directories' entries */

static struct inode *new_inode(struct super *super, u32 mode, u64 rdev)
{
    struct inode *inode = inode_create(super, mode);

    if (!inode)
        return NULL;
    inode->rdev = rdev;
    inode->mtime_ns = clock_realtime_ns();
    if (S_ISDIR(mode)) {
        struct directory *dir = kmalloc(sizeof *dir);

        if (!dir)
            goto no_memory;
        list_init(&dir->entries);
        inode->data = dir;
        inode->ops = &directory_inode_ops;
        inode->fops = &directory_file_ops;
    } else if (S_ISREG(mode)) {
        inode->data = kzalloc(sizeof(struct contents));
        if (!inode->data)
            goto no_memory;
        inode->ops = &regular_inode_ops;
        inode->fops = &regular_file_ops;
    } else {
        inode->ops = &other_inode_ops; /* a link's text is its data; a device has none and is found by its number */
    }
    return inode;
no_memory:
    kfree(inode);
    return NULL;
}

struct inode *ramfs_root(struct super *super)
{
    struct inode *root = new_inode(super, S_IFDIR | 0755, 0);

    if (!root)
        panic("no memory for a root directory");
    super->root = root;
    return root;
}

static struct entry *find(struct directory *dir, const char *name, size_t length)
{
    struct entry *e;

    list_for_each(e, &dir->entries, node)
        if (e->length == length && !memcmp(e->name, name, length))
            return e;
    return NULL;
}

static int ramfs_lookup(struct inode *inode, const char *name, size_t length, struct inode **out)
{
    struct entry *e;

    spin_lock(&tree_lock);
    e = find(inode->data, name, length);
    if (e)
        *out = inode_get(e->inode);
    spin_unlock(&tree_lock);
    return e ? 0 : -ENOENT;
}

static int add_entry(struct inode *dir, const char *name, size_t length, struct inode *inode)
{
    struct directory *directory = dir->data;
    struct entry *e = kmalloc(sizeof *e + length + 1);

    if (!e)
        return -ENOMEM;
    e->inode = inode;
    e->length = (u16)length;
    memcpy(e->name, name, length);
    e->name[length] = '\0';
    spin_lock(&tree_lock);
    if (find(directory, name, length)) {
        spin_unlock(&tree_lock);
        kfree(e);
        return -EEXIST;
    }
    list_add_tail(&directory->entries, &e->node);
    spin_lock(&dir->lock);
    dir->nlink += S_ISDIR(inode->mode);
    spin_unlock(&dir->lock);
    spin_unlock(&tree_lock);
    return 0;
}

static int ramfs_create(struct inode *dir, const char *name, size_t length, u32 mode, u64 rdev, struct inode **out)
{
    struct inode *inode = new_inode(dir->super, mode, rdev);
    int error;

    if (!inode)
        return -ENOMEM;
    error = add_entry(dir, name, length, inode);
    if (error)
        inode_put(inode);
    else
        *out = inode_get(inode); /* the entry keeps the first reference */
    return error;
}

int ramfs_symlink(struct inode *dir, const char *name, size_t length, const char *target, size_t target_length)
{
    struct inode *inode = new_inode(dir->super, S_IFLNK | 0777, 0);
    int error = -ENOMEM;

    if (!inode)
        return error;
    inode->data = kmalloc(target_length + 1);
    if (inode->data) {
        memcpy(inode->data, target, target_length);
        inode->size = target_length;
        error = add_entry(dir, name, length, inode);
    }
    if (error)
        inode_put(inode);
    return error;
}

static int ramfs_readlink(struct inode *inode, char *out, size_t size)
{
    size_t n = MIN(size, inode->size);

    memcpy(out, inode->data, n);
    return (int)n;
}

static int ramfs_iterate(struct file *file, struct dir_sink *sink, u64 *position)
{
    struct inode *inode = file->inode;
    struct directory *dir = inode->data;
    struct entry *e;
    u64 i = 2;

    /* 0 and 1 are the dots, entry i is at i + 2: entries are only ever added, at the end. The parent's number is not
       known here and not asked for by anyone; the directory's own stands in. */
    if (*position == 0) {
        if (!sink->emit(sink, ".", 1, inode->ino, S_IFDIR, 1))
            return 0;
        *position = 1;
    }
    if (*position == 1) {
        if (!sink->emit(sink, "..", 2, inode->ino, S_IFDIR, 2))
            return 0;
        *position = 2;
    }
    spin_lock(&tree_lock);
    list_for_each(e, &dir->entries, node) {
        if (i++ < *position)
            continue;
        if (!sink->emit(sink, e->name, e->length, e->inode->ino, e->inode->mode, i))
            break;
        *position = i;
    }
    spin_unlock(&tree_lock);
    return 0;
}

/* ---- Regular files ---- */

/* The page at `index` with a reference, NULL for a hole. */
static struct page *get_page(struct inode *inode, u64 index)
{
    struct contents *c = inode->data;
    struct page *page;

    spin_lock(&inode->lock);
    page = index < c->capacity ? c->pages[index] : NULL;
    if (page)
        page_get(page);
    spin_unlock(&inode->lock);
    return page;
}

/* The same, and a hole is filled with a page of zeros. */
static struct page *make_page(struct inode *inode, u64 index)
{
    struct contents *c = inode->data;
    struct page *fresh, *page = get_page(inode, index);

    if (page)
        return page;
    fresh = alloc_zero_page();
    if (!fresh)
        return NULL;
    spin_lock(&inode->lock);
    if (index >= c->capacity) {
        size_t capacity = MAX(MAX(c->capacity * 2, (size_t)index + 1), (size_t)4);
        struct page **pages = kzalloc(capacity * sizeof *pages);

        if (!pages) {
            spin_unlock(&inode->lock);
            page_put(fresh);
            return NULL;
        }
        if (c->pages)
            memcpy(pages, c->pages, c->capacity * sizeof *pages);
        kfree(c->pages);
        c->pages = pages;
        c->capacity = capacity;
    }
    if (!c->pages[index]) {
        c->pages[index] = fresh;
        fresh = NULL;
    }
    page = c->pages[index];
    page_get(page);
    spin_unlock(&inode->lock);
    if (fresh)
        page_put(fresh); /* another writer was here first */
    return page;
}

static ssize_t ramfs_read(struct file *file, struct io *io, u64 *position)
{
    struct inode *inode = file->inode;
    ssize_t done = 0;

    while (io->left) {
        u64 size = READ_ONCE(inode->size), at = *position;
        size_t offset = at % PAGE_SIZE, n;
        struct page *page;
        int error;

        if (at >= size)
            break;
        n = MIN(MIN(PAGE_SIZE - offset, size - at), io->left);
        page = get_page(inode, at / PAGE_SIZE);
        /* No lock here: the copy may fault and sleep. The reference keeps the page. */
        error = page ? io_put(io, (char *)page_virt(page) + offset, n) : io_put_zeros(io, n);
        if (page)
            page_put(page);
        if (error)
            return done ? done : error;
        *position += n;
        done += (ssize_t)n;
    }
    return done;
}

static ssize_t ramfs_write(struct file *file, struct io *io, u64 *position)
{
    struct inode *inode = file->inode;
    ssize_t done = 0;

    if (file->flags & O_APPEND)
        *position = READ_ONCE(inode->size);
    while (io->left) {
        size_t offset = *position % PAGE_SIZE, n = MIN(PAGE_SIZE - offset, io->left);
        struct page *page;
        int error;

        if (*position >= FILE_SIZE_MAX)
            return done ? done : -EFBIG;
        page = make_page(inode, *position / PAGE_SIZE);
        if (!page)
            return done ? done : -ENOSPC;
        error = io_get(io, (char *)page_virt(page) + offset, n);
        page_put(page);
        if (error)
            return done ? done : error;
        *position += n;
        done += (ssize_t)n;
        spin_lock(&inode->lock);
        inode->size = MAX(inode->size, *position);
        inode->mtime_ns = clock_realtime_ns();
        spin_unlock(&inode->lock);
    }
    return done;
}

ssize_t ramfs_append(struct inode *inode, const void *data, size_t n)
{
    struct file file = { .inode = inode };
    struct io io = { .at = (u64)data, .left = n };
    u64 position = inode->size;

    return ramfs_write(&file, &io, &position);
}

/* Drop the pages behind `size` and clear the tail of the last one, so that growing again shows zeros. */
static int ramfs_truncate(struct inode *inode, u64 size)
{
    struct contents *c = inode->data;

    if (size > FILE_SIZE_MAX)
        return -EFBIG;
    spin_lock(&inode->lock);
    for (u64 i = ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE; i < c->capacity; i++) {
        if (c->pages[i])
            page_put(c->pages[i]);
        c->pages[i] = NULL;
    }
    if (size % PAGE_SIZE && size / PAGE_SIZE < c->capacity && c->pages[size / PAGE_SIZE])
        memset((char *)page_virt(c->pages[size / PAGE_SIZE]) + size % PAGE_SIZE, 0, PAGE_SIZE - size % PAGE_SIZE);
    inode->size = size;
    inode->mtime_ns = clock_realtime_ns();
    spin_unlock(&inode->lock);
    return 0;
}

static void ramfs_free_file(struct inode *inode)
{
    struct contents *c = inode->data;

    (void)ramfs_truncate(inode, 0);
    kfree(c->pages);
    kfree(c);
}

static void ramfs_free_data(struct inode *inode)
{
    kfree(inode->data);
}

const struct inode_ops ramfs_dir_ops = { .lookup = ramfs_lookup, .create = ramfs_create, .free = ramfs_free_data };
static const struct inode_ops directory_inode_ops = {
    .lookup = ramfs_lookup,
    .create = ramfs_create,
    .free = ramfs_free_data,
};
static const struct inode_ops regular_inode_ops = { .truncate = ramfs_truncate, .free = ramfs_free_file };
static const struct inode_ops other_inode_ops = { .readlink = ramfs_readlink, .free = ramfs_free_data };
static const struct file_ops directory_file_ops = { .iterate = ramfs_iterate, .seekable = true };
static const struct file_ops regular_file_ops = { .read = ramfs_read, .write = ramfs_write, .seekable = true };
