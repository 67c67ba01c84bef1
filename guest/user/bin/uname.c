// SPDX-License-Identifier: GPL-2.0-or-later
//
// uname: the system's name, in POSIX's order: sysname nodename release version machine.

#include "program.h"

#include <stdbool.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static const char letters[] = "snrvm";
    bool wanted[sizeof(letters) - 1] = {false};
    bool any = false, first = true;
    struct utsname name;
    int option;

    answer_help(argc, argv, "uname [-asnrvm]");
    while ((option = getopt(argc, argv, "asnrvm")) != -1) {
        if (option == '?')
            return 1;
        for (unsigned i = 0; i < sizeof(wanted); i++)
            wanted[i] |= option == 'a' || option == letters[i];
        any = true;
    }
    if (optind < argc)
        usage_error(1, "uname", "extra operand", argv[optind]);
    if (!any)
        wanted[0] = true;
    if (uname(&name) < 0) {
        complain("uname", "cannot get system name");
        return 1;
    }
    const char *const fields[] = {
        (char *)name.sysname, (char *)name.nodename, (char *)name.release, (char *)name.version, (char *)name.machine,
    };
    for (unsigned i = 0; i < sizeof(wanted); i++) {
        if (wanted[i]) {
            printf("%s%s", first ? "" : " ", fields[i]);
            first = false;
        }
    }
    putchar('\n');
    return finish("uname", 0);
}
