/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arch_prctl(2): the FS and GS bases of x86-64. On aarch64 the thread pointer is a register that programs can write. */
#pragma once

#include <abi/declared/prctl.h>
