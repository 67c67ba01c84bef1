/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_gettime(2), nanosleep(2). */
#pragma once

#include <abi/declared/time.h>
