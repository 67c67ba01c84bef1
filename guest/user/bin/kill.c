// SPDX-License-Identifier: GPL-2.0-or-later
//
// kill: sends a signal to processes; a negative or zero PID means a group, as in kill(2).

#include "program.h"

#include <ctype.h>
#include <signal.h>
#include <stdbool.h>

static const char *const names[] = {
    [0] = "0",
    [SIGHUP] = "HUP", [SIGINT] = "INT", [SIGQUIT] = "QUIT", [SIGILL] = "ILL", [SIGTRAP] = "TRAP",
    [SIGABRT] = "ABRT", [SIGBUS] = "BUS", [SIGFPE] = "FPE", [SIGKILL] = "KILL", [SIGUSR1] = "USR1",
    [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2", [SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM",
    [SIGSTKFLT] = "STKFLT", [SIGCHLD] = "CHLD", [SIGCONT] = "CONT", [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",
    [SIGTTIN] = "TTIN", [SIGTTOU] = "TTOU", [SIGURG] = "URG", [SIGXCPU] = "XCPU", [SIGXFSZ] = "XFSZ",
    [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGWINCH] = "WINCH", [SIGIO] = "IO", [SIGPWR] = "PWR",
    [SIGSYS] = "SYS",
};
enum { NAMES = sizeof(names) / sizeof(*names) };

// A number, NAME or SIGNAME, in either case; -1 if there is no such signal.
static int parse_signal(const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);

    if (isdigit(*text) && !*end)
        return number >= 0 && number <= SIGRTMAX ? (int)number : -1;
    if ((text[0] | 0x20) == 's' && (text[1] | 0x20) == 'i' && (text[2] | 0x20) == 'g')
        text += 3;
    for (int sig = 1; sig < NAMES; sig++) {
        size_t i = 0;
        while (text[i] && toupper(text[i]) == names[sig][i])
            i++;
        if (!text[i] && !names[sig][i])
            return sig;
    }
    return -1;
}

int main(int argc, char **argv)
{
    int sig = SIGTERM, first = 1;
    bool good = true;

    answer_help(argc, argv, "kill [-SIGNAL | -s SIGNAL] PID... | kill -l");
    if (argc > 1 && !strcmp(argv[1], "-l")) {
        for (int i = 1; i < NAMES; i++)
            printf("%2d %s\n", i, names[i]);
        return finish("kill", 0);
    }
    if (argc > 1 && argv[1][0] == '-' && argv[1][1] && strcmp(argv[1], "--")) {
        const char *name = argv[1] + 1;
        first = 2;
        if (!strcmp(argv[1], "-s")) {
            name = argc > 2 ? argv[2] : "";
            first = 3;
        }
        sig = parse_signal(name);
        if (sig < 0)
            usage_error(1, "kill", "unknown signal", name);
    }
    if (first < argc && !strcmp(argv[first], "--"))
        first++;
    if (first >= argc) {
        fprintf(stderr, "kill: no process ID given (try 'kill --help')\n");
        return 1;
    }
    for (int i = first; i < argc; i++) {
        char *end;
        long pid = strtol(argv[i], &end, 10);
        if (end == argv[i] || *end)
            usage_error(1, "kill", "not a process ID:", argv[i]);
        if (kill((pid_t)pid, sig) < 0) {
            complain("kill", argv[i]);
            good = false;
        }
    }
    return good ? 0 : 1;
}
