// SPDX-License-Identifier: GPL-2.0-or-later
//
// Floating-point and vector registers belong to a process: they survive every switch to another one that uses them.

#include "tap.h"

#include <arch/machine.h>

static void fill(struct registers *r, uint64_t seed, uint64_t control)
{
    for (int i = 0; i < VECTOR_REGISTERS; i++) {
        r->vector[i][0] = seed * 0x9e3779b97f4a7c15 + (uint64_t)i;
        r->vector[i][1] = ~r->vector[i][0] ^ seed << 32;
    }
    r->control = control;
}

// Holds a pattern in all registers for `ms`, in long stretches without a system call.
static unsigned long hold(uint64_t seed, uint64_t control, long ms)
{
    struct registers pattern;
    unsigned long changed = 0;
    int64_t end = now_ns() + ms * 1000000;

    fill(&pattern, seed, control);
    do
        changed += hold_vectors(&pattern, 300000);
    while (now_ns() < end);
    return changed;
}

// Longer than a time slice, so that the switch comes in the middle.
enum { LONGER_THAN_A_SLICE = 21 };

static int hold_in_child(void *seed)
{
    return hold((uint64_t)seed, CONTROL_DEFAULT, LONGER_THAN_A_SLICE) ? 1 : 0;
}

// Gives the processor away again and again, with a pattern of its own in all registers.
static int yield_in_turn(void *seed)
{
    static struct registers before, after;

    fill(&before, (uint64_t)seed, (uint64_t)seed & 1 ? CONTROL_PATTERN : CONTROL_DEFAULT);
    for (int i = 0; i < 100; i++) {
        before.general[NUMBER_REGISTER] = __NR_sched_yield;
        registers_across_syscall(&before, &after);
        if (memcmp(before.vector, after.vector, sizeof(before.vector)) || before.control != after.control)
            return 1;
    }
    return 0;
}

static int control_now(void *unused)
{
    (void)unused;
    return float_control() == CONTROL_DEFAULT ? 0 : 1;
}

static double harmonic(int terms)
{
    double sum = 0;

    for (int i = 1; i <= terms; i++)
        sum += 1.0 / i;
    return sum;
}

static int sum_in_child(void *expected)
{
    return harmonic(2000) == *(double *)expected ? 0 : 1;
}

int main(void)
{
    pid_t children[3];

    plan(7);
    same((long)float_control(), (long)CONTROL_DEFAULT, "a program starts with the default rounding and no trap");
    same((long)hold(1, CONTROL_DEFAULT, 1), 0, "registers hold what was put in, alone on the machine");
    for (long i = 0; i < 3; i++)
        children[i] = start(yield_in_turn, (void *)(i + 2));
    int own = yield_in_turn((void *)9);
    for (int i = 0; i < 3; i++)
        own |= finish(children[i]);
    same(own, 0, "four processes that take turns keep their registers and their rounding");
    children[0] = start(hold_in_child, (void *)7);
    same((long)hold(9, CONTROL_PATTERN, LONGER_THAN_A_SLICE), 0, "registers and rounding survive preemption");
    same(finish(children[0]), 0, "on both sides of it");
    same(in_child(control_now, NULL), 0, "rounding that another process changed is not ours");
    double expected = harmonic(2000);
    pid_t one = start(sum_in_child, &expected), two = start(sum_in_child, &expected);
    ok(harmonic(2000) == expected && finish(one) == 0 && finish(two) == 0, "three sums at once are equal to the bit");
    return done();
}
