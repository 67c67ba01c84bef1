// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/fcntl.h>
#include <abi/stat.h>
#include <sys/types.h>

int fstat(int fd, struct stat *status);
int stat(const char *restrict path, struct stat *restrict status);
int lstat(const char *restrict path, struct stat *restrict status);
int fstatat(int dirfd, const char *restrict path, struct stat *restrict status, int flags);
