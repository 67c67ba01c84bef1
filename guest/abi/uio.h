/* SPDX-License-Identifier: GPL-2.0-or-later */
/* readv(2), writev(2). */
#pragma once

#include <abi/declared/uio.h>

#define IOV_MAX 1024
