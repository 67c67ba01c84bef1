// SPDX-License-Identifier: GPL-2.0-or-later
//
// Instructions that a program may not execute, or nobody.

#include "tap.h"

#include <arch/machine.h>

static int run(void *instruction)
{
    ((const struct instruction *)instruction)->run();
    return 0;
}

static int ignore_and_run(void *instruction)
{
    signal(UNDEFINED_SIGNAL, SIG_IGN);
    return run(instruction);
}

int main(void)
{
    enum { COUNT = sizeof(privileged) / sizeof(*privileged) };
    struct instruction undefined = {"undefined", undefined_instruction};

    plan(10);
    same(in_child(run, &undefined), -UNDEFINED_SIGNAL, "an undefined instruction is SIGILL");
    same(in_child(ignore_and_run, &undefined), -UNDEFINED_SIGNAL, "ignoring SIGILL does not help");
    _Static_assert(COUNT == 7, "the plan says how many");
    for (int i = 0; i < COUNT; i++)
        same(in_child(run, (void *)&privileged[i]), -PRIVILEGED_SIGNAL, "%s is for the kernel only",
             privileged[i].text);
    ok(getpid() > 0, "the kernel is still there");
    return done();
}
