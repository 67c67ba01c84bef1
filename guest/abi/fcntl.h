/* SPDX-License-Identifier: GPL-2.0-or-later */
/* openat(2) and lseek(2). */
#pragma once

#include <abi/declared/fcntl.h>

#define O_SYNC (O_DSYNC | 04000000)
