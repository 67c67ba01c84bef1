// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/time.h>
#include <sys/types.h>

time_t time(time_t *now);
int clock_gettime(clockid_t clock, struct timespec *now);
int nanosleep(const struct timespec *request, struct timespec *remaining);
