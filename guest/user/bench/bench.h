/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measured from outside: the host takes the time when it sees the two lines. */
#pragma once
#include <stdio.h>
#include <stdlib.h>

static inline long bench_count(int argc, char **argv, long usual) { return argc > 1 ? strtol(argv[1], NULL, 10) : usual; }

static inline void bench_mark(const char *line)
{
    puts(line);
    fflush(stdout);
}
