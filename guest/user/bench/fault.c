/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First touch of anonymous pages, 256 at a time. */
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define PAGES 256

int main(int argc, char **argv)
{
    long n = bench_count(argc, argv, 51200);
    bench_mark("begin");
    for (long i = 0; i < n; i += PAGES) {
        volatile char *p = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            return 1;
        for (int j = 0; j < PAGES; j++)
            p[j * 4096] = 1;
        munmap((void *)p, PAGES * 4096);
    }
    bench_mark("end");
    return 0;
}
