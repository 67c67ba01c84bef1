// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/mman.h>
#include <sys/types.h>

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);
int munmap(void *address, size_t length);
int mprotect(void *address, size_t length, int protection);
