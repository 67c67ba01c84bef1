// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/errno.h>

extern int errno;                       // one thread a process, so one errno
