/* SPDX-License-Identifier: GPL-2.0-or-later */
/* getdents64(2): records one after another, each d_reclen bytes long, a multiple of 8. */
#pragma once

#include <abi/declared/dirent.h>

#ifndef __ASSEMBLER__

#include <stdint.h>

struct linux_dirent64 {
    uint64_t d_ino;
    int64_t d_off; /* the directory's offset of the record after this one, for lseek */
    uint16_t d_reclen;
    uint8_t d_type;
    char d_name[]; /* ends with NUL */
};

_Static_assert(__builtin_offsetof(struct linux_dirent64, d_name) == 19, "struct linux_dirent64");

#endif
