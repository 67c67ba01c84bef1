// SPDX-License-Identifier: GPL-2.0-or-later
//
// env: runs a program with a changed environment, or prints the environment.

#include "program.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    int i = 1;

    answer_help(argc, argv, "env [-i] [NAME=VALUE]... [COMMAND [ARGUMENT]...]");
    if (i < argc && !strcmp(argv[i], "-i")) {
        static char *empty[] = {NULL};
        environ = empty;
        i++;
    } else if (i < argc && argv[i][0] == '-') {
        usage_error(125, "env", "invalid option", argv[i]);
    }
    for (; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals)
            break;
        *equals = '\0';
        if (setenv(argv[i], equals + 1, 1) < 0) {
            complain("env", "cannot set variable");
            return 125;
        }
    }
    if (i == argc) {
        for (char **entry = environ; *entry; entry++)
            puts(*entry);
        return finish("env", 0);
    }
    execvp(argv[i], argv + i);
    int status = errno == ENOENT ? 127 : 126;
    complain("env", argv[i]);
    return status;
}
