// SPDX-License-Identifier: GPL-2.0-or-later
//
// echo: its arguments with a space between; -n without the newline.

#include "program.h"

#include <stdbool.h>

int main(int argc, char **argv)
{
    int first = 1;
    bool newline = true;

    answer_help(argc, argv, "echo [-n] [STRING]...");
    if (argc > 1 && !strcmp(argv[1], "-n")) {
        newline = false;
        first = 2;
    }
    for (int i = first; i < argc; i++)
        printf("%s%s", i > first ? " " : "", argv[i]);
    if (newline)
        putchar('\n');
    return finish("echo", 0);
}
