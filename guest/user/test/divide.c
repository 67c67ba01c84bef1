// SPDX-License-Identifier: GPL-2.0-or-later
//
// Division that has no answer: an exception where the processor has one, the documented value where it does not.

#include "tap.h"

#include <arch/machine.h>
#include <limits.h>

struct division {
    long dividend, divisor, expected;
};

static int divides(void *argument)
{
    const volatile struct division *d = argument;

    return divide(d->dividend, d->divisor) == d->expected ? 0 : 1;
}

static int divides_ignoring(void *argument)
{
    signal(SIGFPE, SIG_IGN);
    return divides(argument);
}

// IEEE 754: division by zero gives infinity, and no exception as long as it is masked.
static int divides_float(void *unused)
{
    volatile double zero = 0, one = 1;

    (void)unused;
    return one / zero > 1e308 && -one / zero < -1e308 && zero / zero != zero / zero ? 0 : 1;
}

static int breaks(void *unused)
{
    (void)unused;
    breakpoint();
    return 0;
}

int main(void)
{
    struct division by_zero = {7, 0, DIVIDE_BY_ZERO}, too_large = {LONG_MIN, -1, DIVIDE_OVERFLOW}, good = {-7, 2, -3};

    plan(7);
    same(in_child(divides, &good), 0, "-7 / 2 is -3");
    same(in_child(divides, &by_zero), -DIVIDE_SIGNAL, "7 / 0 ends as this processor says");
    same(in_child(divides, &too_large), -DIVIDE_SIGNAL, "LONG_MIN / -1 ends as this processor says");
    same(in_child(divides_ignoring, &by_zero), -DIVIDE_SIGNAL, "ignoring SIGFPE does not help");
    same(in_child(divides_float, NULL), 0, "1.0 / 0.0 is infinity and 0.0 / 0.0 is not a number");
    same(in_child(breaks, NULL), -BREAKPOINT_SIGNAL, "a breakpoint instruction is SIGTRAP");
    same(divides(&good), 0, "we can still divide");
    return done();
}
