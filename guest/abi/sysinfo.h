/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysinfo(2). */
#pragma once

#include <abi/declared/sysinfo.h>
