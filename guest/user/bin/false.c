// SPDX-License-Identifier: GPL-2.0-or-later
//
// false: do nothing, without success.

#include "program.h"

int main(int argc, char **argv)
{
    answer_help(argc, argv, "false");
    return 1;
}
