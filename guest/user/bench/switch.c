/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two processes that yield to each other: every call switches address spaces. */
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

int main(int argc, char **argv)
{
    long n = bench_count(argc, argv, 50000);
    pid_t child = fork();
    if (child == 0) {
        for (long i = 0; i < n; i++)
            sched_yield();
        _exit(0);
    }
    bench_mark("begin");
    for (long i = 0; i < n; i++)
        sched_yield();
    waitpid(child, NULL, 0);
    bench_mark("end");
    return 0;
}
