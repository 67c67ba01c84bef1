// SPDX-License-Identifier: GPL-2.0-or-later
//
// Preemption: a process that never makes a system call does not keep the processor.

#include "tap.h"

static int spin_forever(void *unused)
{
    (void)unused;
    for (volatile unsigned long n = 0;; n++)
        ;
    return 0;
}

// Runs without a system call for about as long as `us` says, so the clock is asked rarely.
static int spin_for(void *us)
{
    int64_t end = now_ns() + (long)us * 1000;

    while (now_ns() < end)
        for (volatile int n = 0; n < 20000; n++)
            ;
    return 3;
}

static int kill_later(void *pid)
{
    sleep_us(2000);
    return kill((pid_t)(intptr_t)pid, SIGKILL) ? 1 : 0;
}

int main(void)
{
    pid_t one, two, killer;
    int status;

    plan(6);
    one = start(spin_forever, NULL);
    sleep_us(3000);
    ok(true, "a sleeping process gets the processor back from a busy loop");
    same(waitpid(one, &status, WNOHANG), 0, "the loop runs on");
    killer = start(kill_later, (void *)(intptr_t)one);
    same(finish(one), -SIGKILL, "another process, woken by the timer, kills it while we wait");
    same(finish(killer), 0, "and ends well");

    one = start(spin_for, (void *)2000L);
    two = start(spin_for, (void *)2000L);
    int first = spin_for((void *)2000L);
    ok(first == 3 && finish(one) == 3 && finish(two) == 3, "three busy loops at once all come to their end");
    ok(wait(&status) == -1, "nothing is left");
    return done();
}
