/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uname(2). */
#pragma once

#include <abi/declared/utsname.h>
