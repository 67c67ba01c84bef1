// SPDX-License-Identifier: GPL-2.0-or-later
//
// poweroff: switches the machine off, at once.

#include "program.h"

#include <sys/reboot.h>

int main(int argc, char **argv)
{
    answer_help(argc, argv, "poweroff");
    if (argc > 1)
        usage_error(1, "poweroff", "extra operand", argv[1]);
    reboot(LINUX_REBOOT_CMD_POWER_OFF);
    complain("poweroff", "cannot power off");
    return 1;
}
