// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/fcntl.h>
#include <sys/types.h>

int open(const char *path, int flags, ...);
int openat(int dirfd, const char *path, int flags, ...);
int creat(const char *path, mode_t mode);
