// SPDX-License-Identifier: GPL-2.0-or-later
//
// true: do nothing, with success.

#include "program.h"

int main(int argc, char **argv)
{
    answer_help(argc, argv, "true");
    return 0;
}
