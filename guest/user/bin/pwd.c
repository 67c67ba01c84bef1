// SPDX-License-Identifier: GPL-2.0-or-later
//
// pwd: the working directory's path.

#include "program.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    char path[4096];

    answer_help(argc, argv, "pwd");
    if (!getcwd(path, sizeof(path))) {
        fprintf(stderr, "pwd: %s\n", strerror(errno));
        return 1;
    }
    puts(path);
    return finish("pwd", 0);
}
