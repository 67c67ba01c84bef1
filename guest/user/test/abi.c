// SPDX-License-Identifier: GPL-2.0-or-later
//
// The system call itself: what it keeps, what it takes, and what unknown numbers give.

#include "tap.h"

#include <arch/machine.h>
#include <limits.h>
#include <sys/utsname.h>

static void fill(struct registers *r)
{
    for (int i = 0; i < GENERAL_REGISTERS; i++)
        r->general[i] = 0x1111111111111111u * (unsigned)(i % 15 + 1) ^ (uint64_t)i << 56;
    for (int i = 0; i < VECTOR_REGISTERS; i++)
        r->vector[i][0] = 0x0123456789abcdefu + (unsigned)i, r->vector[i][1] = ~r->vector[i][0];
    r->flags = FLAGS_PATTERN;
    r->control = CONTROL_PATTERN;
    r->status = STATUS_PATTERN;
}

// Makes a call with every register set to a pattern; tells which kind of register did not keep it.
static const char *changed_by(long number, const long arguments[6], long *result)
{
    static struct registers before, after;
    static char text[64];

    fill(&before);
    before.general[NUMBER_REGISTER] = (uint64_t)number;
    for (int i = 0; i < 6; i++)
        before.general[argument_registers[i]] = (uint64_t)arguments[i];
    registers_across_syscall(&before, &after);
    *result = (long)after.general[RESULT_REGISTER];
    for (int i = 0; i < GENERAL_REGISTERS; i++) {
        if (i != RESULT_REGISTER && !NEVER_COMPARED(i) && before.general[i] != after.general[i]) {
            snprintf(text, sizeof(text), "general register %d: %#lx", i, (unsigned long)after.general[i]);
            return text;
        }
    }
    if ((before.flags ^ after.flags) & FLAGS_MASK)
        return "flags";
    if (before.control != after.control)
        return "floating-point control";
    if (before.status != after.status)
        return "floating-point status";
    return memcmp(before.vector, after.vector, sizeof(before.vector)) ? "vector registers" : NULL;
}

static void keeps(const char *what, long number, const long arguments[6], long expected)
{
    long result;
    const char *changed = changed_by(number, arguments, &result);

    if (!ok(!changed && (expected == LONG_MIN || result == expected), "%s keeps every register but the result", what))
        diagnose("%s; result %ld", changed ? changed : "nothing changed", result);
}

int main(void)
{
    static const long none[6];
    struct timespec time = {.tv_nsec = 1000000};
    struct utsname name;

    plan(19);
    keeps("getpid", __NR_getpid, none, getpid());
    keeps("sched_yield", __NR_sched_yield, none, 0);
    keeps("nanosleep", __NR_nanosleep, (long[6]){(long)&time}, 0);
    keeps("write", __NR_write, (long[6]){-1, (long)&time, 1}, -EBADF);
    keeps("an unknown call", 5000, none, -ENOSYS);
    keeps("a call that fails on a pointer", __NR_uname, (long[6]){(long)KERNEL_ADDRESS}, -EFAULT);
    keeps("kill of a process that is not there", __NR_kill, (long[6]){0x3fffffff, 0}, -ESRCH);

    same(__syscall(__NR_syscalls + 4000L), -ENOSYS, "a number above all calls is ENOSYS");
    same(__syscall(-1L), -ENOSYS, "number -1 is ENOSYS");
    same(__syscall(INT32_MAX + 0L), -ENOSYS, "the largest number is ENOSYS");
    same(__syscall(INT32_MIN + 0L), -ENOSYS, "the smallest number is ENOSYS");

    errno = 0;
    same(syscall(__NR_close, -1L), -1, "syscall() turns an error into -1");
    same(errno, EBADF, "and errno");
    same(__syscall(__NR_close, 1L << 32 | 0x7ffffff0), -EBADF, "a descriptor is 32 bits: what is above does not count");
    same(__syscall(__NR_getpid, KERNEL_ADDRESS, -1L), getpid(), "arguments that a call does not have do not count");

    same(syscall(__NR_uname, &name), 0, "uname answers");
    ok(!strcmp((char *)name.machine, MACHINE), "the machine is " MACHINE);
    ok(name.sysname[0] && name.release[0] && name.version[0] && name.nodename[0], "no field is empty");
    same(__syscall(__NR_gettid), getpid(), "the only thread has the process's id");
    return done();
}
