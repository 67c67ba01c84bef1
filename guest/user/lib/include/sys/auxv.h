// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/auxvec.h>

unsigned long getauxval(unsigned long type);  // 0 with errno ENOENT when the kernel gave none
