/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reboot(2): needs both magic numbers, any of the four second ones. */
#pragma once

#include <abi/declared/reboot.h>
