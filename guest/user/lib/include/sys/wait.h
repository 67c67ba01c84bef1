// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/wait.h>
#include <sys/types.h>

struct rusage;

pid_t wait(int *status);
pid_t waitpid(pid_t pid, int *status, int options);
pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage);
