/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A deterministic generator seeded from what the loader and the machine give (AT_RANDOM, getrandom). Not for
   cryptography. */
#pragma once
#include <types.h>

void random_init(void);
void random_bytes(void *to, size_t n);
