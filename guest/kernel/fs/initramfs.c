/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The initramfs: a cpio archive of the "newc" kind (Linux,
   Documentation/driver-api/early-userspace/buffer-format.rst). It comes from outside: every length is checked
   against what is left. */
#include <abi/errno.h>
#include <fs.h>
#include <page.h>
#include <printk.h>
#include <string.h>
#include <time.h>

#define HEADER_SIZE 110
#define MAGIC_SIZE 6
#define FIELD_SIZE 8
#define TRAILER "TRAILER!!!"

/* The header's fields after the magic, 8 hexadecimal digits each. */
enum field {
    INO, MODE, UID, GID, NLINK, MTIME, FILESIZE, DEV_MAJOR, DEV_MINOR, RDEV_MAJOR, RDEV_MINOR, NAMESIZE, CHECK,
    FIELDS,
};

struct member {
    u32 field[FIELDS];
    const char *name;
    const char *data;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Read the member at `*at` and move `*at` behind it. */
static int read_member(const char *cpio, size_t size, size_t *at, struct member *m)
{
    const char *p = cpio + *at;
    size_t left = size - *at, name_end, data_end;

    if (left < HEADER_SIZE || (memcmp(p, "070701", MAGIC_SIZE) && memcmp(p, "070702", MAGIC_SIZE)))
        return -EINVAL;
    for (int f = 0; f < FIELDS; f++) {
        u32 value = 0;

        for (int i = 0; i < FIELD_SIZE; i++) {
            int digit = hex_digit(p[MAGIC_SIZE + f * FIELD_SIZE + i]);

            if (digit < 0)
                return -EINVAL;
            value = value << 4 | (u32)digit;
        }
        m->field[f] = value;
    }
    name_end = ALIGN_UP((size_t)HEADER_SIZE + m->field[NAMESIZE], 4UL);
    data_end = ALIGN_UP(name_end + m->field[FILESIZE], 4UL);
    if (m->field[NAMESIZE] < 1 || m->field[NAMESIZE] > PATH_MAX || name_end > left ||
        name_end + m->field[FILESIZE] > left || p[HEADER_SIZE + m->field[NAMESIZE] - 1] != '\0')
        return -EINVAL;
    m->name = p + HEADER_SIZE;
    m->data = p + name_end;
    *at += MIN(data_end, left);
    return 0;
}

static void set_attributes(struct inode *inode, const struct member *m)
{
    inode->mode = m->field[MODE];
    inode->uid = m->field[UID];
    inode->gid = m->field[GID];
    inode->mtime_ns = m->field[MTIME] * NSEC_PER_SEC;
}

static int unpack_symlink(const struct member *m)
{
    char name[NAME_MAX + 1];
    struct inode *dir;
    int error = path_parent("/", m->name, &dir, name);

    if (error)
        return error;
    error = ramfs_symlink(dir, name, strlen(name), m->data, m->field[FILESIZE]);
    inode_put(dir);
    return error;
}

static int unpack_member(const struct member *m)
{
    u32 mode = m->field[MODE];
    struct inode *inode;
    int error;

    if (S_ISLNK(mode))
        return unpack_symlink(m);
    error = path_mknod(m->name, mode, makedev(m->field[RDEV_MAJOR], m->field[RDEV_MINOR]), &inode);
    if (error == -EEXIST && !S_ISREG(mode)) { /* ".", and the directories and devices that vfs_init made */
        error = path_walk("/", m->name, WALK_FOLLOW, &inode, NULL);
        if (!error && (inode->mode & S_IFMT) != (mode & S_IFMT)) {
            inode_put(inode);
            error = -EEXIST;
        }
    }
    if (error)
        return error;
    if (S_ISREG(mode)) {
        ssize_t n = ramfs_append(inode, m->data, m->field[FILESIZE]);

        if (n < 0)
            error = (int)n;
        else if ((size_t)n != m->field[FILESIZE])
            error = -ENOSPC;
    }
    set_attributes(inode, m);
    inode_put(inode);
    return error;
}

int initramfs_unpack(const void *cpio, size_t n)
{
    size_t at = 0;
    u32 count = 0;

    while (at < n) {
        struct member m;
        int error = read_member(cpio, n, &at, &m);

        if (error) {
            pr_err("initramfs: no cpio header where one should be");
            return error;
        }
        if (!strcmp(m.name, TRAILER))
            break;
        error = unpack_member(&m);
        if (error) {
            pr_err("initramfs: %s: error %d", m.name, error);
            return error;
        }
        count++;
    }
    pr_info("initramfs: %u members, %zu bytes", count, n);
    return 0;
}
