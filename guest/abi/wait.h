/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wait4(2). The status word: bits 0-6 = the signal that killed (0: it exited, 0x7f: it is stopped),
 * bit 7 = core dumped, bits 8-15 = exit status or stopping signal.
 */
#pragma once

#include <abi/declared/wait.h>
#include <abi/resource.h>

#define WTERMSIG(status) ((status)&0x7f)
#define WEXITSTATUS(status) (((status) >> 8) & 0xff)
#define WSTOPSIG(status) WEXITSTATUS(status)
#define WIFEXITED(status) (WTERMSIG(status) == 0)
#define WIFSTOPPED(status) (((status)&0xff) == 0x7f)
#define WIFSIGNALED(status) (WTERMSIG(status) != 0 && WTERMSIG(status) != 0x7f)
#define WCOREDUMP(status) ((status)&0x80)

/* What the kernel stores. */
#define W_EXITCODE(status, sig) ((((status)&0xff) << 8) | (sig))
