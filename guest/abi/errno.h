/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error numbers. A system call returns -E...; results from -MAX_ERRNO to -1 are errors, nothing else is. */
#pragma once

#include <abi/declared/errno.h>

#define EWOULDBLOCK EAGAIN
#define ENOTSUP EOPNOTSUPP

#define MAX_ERRNO 4095
