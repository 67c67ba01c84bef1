/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cheapest system call, over and over. */
#include <sys/types.h>
#include <unistd.h>

#include "bench.h"

int main(int argc, char **argv)
{
    long n = bench_count(argc, argv, 200000);
    bench_mark("begin");
    for (long i = 0; i < n; i++)
        getppid();
    bench_mark("end");
    return 0;
}
