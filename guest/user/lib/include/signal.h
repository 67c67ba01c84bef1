// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/signal.h>
#include <sys/types.h>

typedef uint64_t sigset_t;
typedef void (*sighandler_t)(int);

int kill(pid_t pid, int sig);
int raise(int sig);
sighandler_t signal(int sig, sighandler_t handler);
int sigaction(int sig, const struct sigaction *restrict action, struct sigaction *restrict old);
int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old);
int sigpending(sigset_t *set);
int sigsuspend(const sigset_t *mask);

static inline int sigemptyset(sigset_t *set) { *set = 0; return 0; }
static inline int sigfillset(sigset_t *set) { *set = ~(sigset_t)0; return 0; }
static inline int sigaddset(sigset_t *set, int sig) { *set |= (sigset_t)1 << (sig - 1); return 0; }
static inline int sigdelset(sigset_t *set, int sig) { *set &= ~((sigset_t)1 << (sig - 1)); return 0; }
static inline int sigismember(const sigset_t *set, int sig) { return *set >> (sig - 1) & 1; }
