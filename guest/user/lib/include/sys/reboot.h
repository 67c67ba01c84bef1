// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/reboot.h>

int reboot(unsigned command);           // LINUX_REBOOT_CMD_*
