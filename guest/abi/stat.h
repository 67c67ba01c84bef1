/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct stat and file modes: stat(2), inode(7). */
#pragma once

#include <abi/declared/stat.h>

#define S_ISTYPE(mode, type) (((mode) & S_IFMT) == (type))
#define S_ISFIFO(mode) S_ISTYPE(mode, S_IFIFO)
#define S_ISCHR(mode) S_ISTYPE(mode, S_IFCHR)
#define S_ISDIR(mode) S_ISTYPE(mode, S_IFDIR)
#define S_ISBLK(mode) S_ISTYPE(mode, S_IFBLK)
#define S_ISREG(mode) S_ISTYPE(mode, S_IFREG)
#define S_ISLNK(mode) S_ISTYPE(mode, S_IFLNK)
#define S_ISSOCK(mode) S_ISTYPE(mode, S_IFSOCK)

#define S_IRWXU (S_IRUSR | S_IWUSR | S_IXUSR)
#define S_IRWXG (S_IRGRP | S_IWGRP | S_IXGRP)
#define S_IRWXO (S_IROTH | S_IWOTH | S_IXOTH)

#ifndef __ASSEMBLER__

/* A device number as the kernel's new_encode_dev() packs it: minor 0-7, major 8-19, minor 20-31. */
static inline uint64_t makedev(uint32_t major, uint32_t minor)
{
    return (minor & 0xffU) | ((uint64_t)(major & 0xfffU) << 8) | ((uint64_t)(minor & ~0xffU) << 12);
}

static inline uint32_t major(uint64_t dev)
{
    return (uint32_t)(dev >> 8) & 0xfffU;
}

static inline uint32_t minor(uint64_t dev)
{
    return (uint32_t)(dev & 0xffU) | ((uint32_t)(dev >> 12) & ~0xffU);
}

#endif
