// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the programs of /bin share: --help and the one-line ways to say no.
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Answers --help as the first argument; `usage` is the line behind "Usage: ".
static inline void answer_help(int argc, char **argv, const char *usage)
{
    if (argc > 1 && !strcmp(argv[1], "--help")) {
        printf("Usage: %s\n", usage);
        exit(0);
    }
}

// "program: subject: reason" of errno, on standard error.
static inline void complain(const char *program, const char *subject)
{
    int reason = errno;

    fflush(stdout);
    fprintf(stderr, "%s: %s: %s\n", program, subject, strerror(reason));
}

// A wrong option or operand: one line, then the end with `status`.
_Noreturn static inline void usage_error(int status, const char *program, const char *problem, const char *subject)
{
    fflush(stdout);
    fprintf(stderr, "%s: %s '%s' (try '%s --help')\n", program, problem, subject, program);
    exit(status);
}

// Flushes standard output and turns a failed write into a message and status 1.
static inline int finish(const char *program, int status)
{
    if (fflush(stdout) || ferror(stdout)) {
        complain(program, "write error");
        return status ? status : 1;
    }
    return status;
}
