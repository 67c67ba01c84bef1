// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/utsname.h>

int uname(struct utsname *name);
