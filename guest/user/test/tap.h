// SPDX-License-Identifier: GPL-2.0-or-later
//
// The Test Anything Protocol, and children to try things in. A program says `plan(N)`, N times `ok`, and returns
// `done()`. Only the process that called plan() may print.
#pragma once

#include <abi/auxvec.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096 };

static struct {
    int planned, run, failed;
} tap;

static inline void plan(int count)
{
    tap.planned = count;
    printf("1..%d\n", count);
    fflush(stdout);
}

// One test: the sentence says what holds. Gives back `good`, for a diagnosis.
__attribute__((format(printf, 2, 3))) static inline bool ok(bool good, const char *sentence, ...)
{
    va_list args;
    char text[256];

    va_start(args, sentence);
    vsnprintf(text, sizeof(text), sentence, args);
    va_end(args);
    tap.run++;
    tap.failed += !good;
    printf("%sok %d - %s\n", good ? "" : "not ", tap.run, text);
    fflush(stdout);
    return good;
}

__attribute__((format(printf, 1, 2))) static inline void diagnose(const char *format, ...)
{
    va_list args;
    char text[256];

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    printf("# %s\n", text);
    fflush(stdout);
}

// A number that must be what it should be.
__attribute__((format(printf, 3, 4))) static inline bool same(long got, long want, const char *sentence, ...)
{
    va_list args;
    char text[256];

    va_start(args, sentence);
    vsnprintf(text, sizeof(text), sentence, args);
    va_end(args);
    if (!ok(got == want, "%s", text))
        diagnose("got %ld (%#lx), expected %ld (%#lx)", got, (unsigned long)got, want, (unsigned long)want);
    return got == want;
}

// The status of the program: 0 if every planned test ran and held.
static inline int done(void)
{
    if (tap.run != tap.planned)
        diagnose("planned %d tests, ran %d", tap.planned, tap.run);
    return tap.failed || tap.run != tap.planned;
}

// ---- children ----

// Runs `function(argument)` in a child, which ends with what it returns. Gives the child's pid.
static inline pid_t start(int (*function)(void *), void *argument)
{
    pid_t pid = fork();

    if (!pid)
        _exit(function(argument));
    if (pid < 0) {
        diagnose("fork: %s", strerror(errno));
        exit(1);
    }
    return pid;
}

// Waits for a child: its exit status, or minus the signal that killed it.
static inline int finish(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1000;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline int in_child(int (*function)(void *), void *argument)
{
    return finish(start(function, argument));
}

// ---- odds and ends ----

static inline int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline void sleep_us(long us)
{
    usleep((unsigned)us);
}

// The path of this very program: a file that is there, is longer than a page, and starts with "\x7f" "ELF".
static inline const char *own_path(char **argv)
{
    const char *path = (const char *)getauxval(AT_EXECFN);

    return path && *path ? path : argv[0];
}

// Where scratch files may be made.
static inline const char *scratch_path(const char *name)
{
    static char path[256];
    const char *folder = getenv("TMPDIR");

    snprintf(path, sizeof(path), "%s/%s", folder ? folder : "/tmp", name);
    return path;
}

static inline void *map_pages(size_t pages, int protection)
{
    return mmap(NULL, pages * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
