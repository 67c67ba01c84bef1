// SPDX-License-Identifier: GPL-2.0-or-later
//
// reboot: resets the machine, at once.

#include "program.h"

#include <sys/reboot.h>

int main(int argc, char **argv)
{
    answer_help(argc, argv, "reboot");
    if (argc > 1)
        usage_error(1, "reboot", "extra operand", argv[1]);
    reboot(LINUX_REBOOT_CMD_RESTART);
    complain("reboot", "cannot reset the machine");
    return 1;
}
