/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmap(2). */
#pragma once

#include <abi/declared/mman.h>

#define MAP_ANON MAP_ANONYMOUS

#ifndef __ASSEMBLER__
#define MAP_FAILED ((void *)-1)
#endif
