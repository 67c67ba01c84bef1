/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prlimit(2), struct rusage of wait4(2). */
#pragma once

#include <abi/declared/resource.h>

#define RLIM_INFINITY (~0UL)
#define RLIM_NLIMITS 16
