// SPDX-License-Identifier: GPL-2.0-or-later
//
// Clocks and sleep.

#include "tap.h"

#include <limits.h>

static long sleep_for(long seconds, long nanoseconds)
{
    struct timespec time = {.tv_sec = seconds, .tv_nsec = nanoseconds};

    return __syscall(__NR_nanosleep, &time, NULL);
}

static int sleep_and_exit(void *us)
{
    sleep_us((long)us);
    return 0;
}

int main(void)
{
    struct timespec time;
    int64_t last = now_ns(), first = last, backward = 0;

    plan(16);
    for (int i = 0; i < 2000; i++) {
        int64_t now = now_ns();
        backward += now < last;
        last = now;
    }
    same(backward, 0, "CLOCK_MONOTONIC never goes back");
    ok(last > first, "and goes on");
    for (int spins = 0; now_ns() < first + 2000000 && spins < 2000000; spins++)
        ;
    ok(now_ns() >= first + 2000000, "a loop that waits for 2 ms ends");

    for (long ms = 1; ms <= 4; ms += 3) {
        int64_t start = now_ns();
        same(sleep_for(0, ms * 1000000), 0, "nanosleep of %ld ms", ms);
        int64_t slept = now_ns() - start;
        if (!ok(slept >= ms * 1000000 && slept < 1000000000, "takes that long, and no second more"))
            diagnose("slept %ld ns", (long)slept);
    }
    same(sleep_for(0, 0), 0, "nanosleep of nothing returns at once");
    same(sleep_for(0, 1000000000), -EINVAL, "a nanosecond part of a whole second is EINVAL");
    same(sleep_for(0, -1), -EINVAL, "a negative nanosecond part is EINVAL");
    same(sleep_for(-1, 0), -EINVAL, "a negative time is EINVAL");

    // The shorter sleep ends first, although it began last.
    pid_t slow = start(sleep_and_exit, (void *)20000L), quick = start(sleep_and_exit, (void *)1000L);
    same(wait(NULL), quick, "sleepers wake in the order of their times");
    same(wait(NULL), slow, "and all of them");

    same(__syscall(__NR_clock_gettime, (long)CLOCK_REALTIME, &time), 0, "CLOCK_REALTIME can be read");
    ok(time.tv_nsec >= 0 && time.tv_nsec < 1000000000, "its nanoseconds are less than a second");
    same(__syscall(__NR_clock_gettime, 9999L, &time), -EINVAL, "an unknown clock is EINVAL");
    return done();
}
