// SPDX-License-Identifier: GPL-2.0-or-later
//
// The start and the end of a process: what crt0.S calls, exit, the auxiliary vector.

#include "internal.h"

#include <abi/auxvec.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp);

char **environ;

static const unsigned long *auxv;

enum { ATEXIT_MAX = 32 };
static void (*at_exit[ATEXIT_MAX])(void);
static unsigned at_exit_count;

// stack: argc, argv[argc], NULL, envp[], NULL, (type, value) pairs up to AT_NULL.
_Noreturn void __libc_start(unsigned long *stack)
{
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);

    environ = argv + argc + 1;
    char **after = environ;
    while (*after++)
        ;
    auxv = (const unsigned long *)after;
    exit(main(argc, argv, environ));
}

unsigned long getauxval(unsigned long type)
{
    for (const unsigned long *pair = auxv; pair[0] != AT_NULL; pair += 2)
        if (pair[0] == type)
            return pair[1];
    errno = ENOENT;
    return 0;
}

int atexit(void (*function)(void))
{
    if (at_exit_count == ATEXIT_MAX) {
        errno = ENOMEM;
        return -1;
    }
    at_exit[at_exit_count++] = function;
    return 0;
}

_Noreturn void exit(int status)
{
    while (at_exit_count)
        at_exit[--at_exit_count]();
    __stdio_exit();
    _exit(status);
}

_Noreturn void _exit(int status)
{
    for (;;)
        __syscall(__NR_exit_group, (long)status);
}

_Noreturn void abort(void)
{
    sigset_t set = SIG_BIT(SIGABRT);

    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGABRT);
    signal(SIGABRT, SIG_DFL);   // it was ignored or handled: abort ends the process all the same
    raise(SIGABRT);
    _exit(127);
}

_Noreturn void __assert_failed(const char *expression, const char *file, int line)
{
    fflush(stdout);
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
    abort();
}
