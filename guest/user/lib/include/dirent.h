// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/dirent.h>
#include <sys/types.h>

struct dirent {
    ino_t d_ino;
    off_t d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[256];
};

typedef struct DIR DIR;

DIR *opendir(const char *path);
DIR *fdopendir(int fd);
struct dirent *readdir(DIR *dir);       // NULL at the end (errno untouched) and on failure (errno set)
void rewinddir(DIR *dir);
int dirfd(DIR *dir);
int closedir(DIR *dir);
