/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals: signal(7), rt_sigaction(2). A mask is 64 bits: bit n-1 is signal n. */
#pragma once

#include <abi/declared/signal.h>

#define NSIG 64
#define SIGPOLL SIGIO
#define SIG_BIT(sig) (1UL << ((sig)-1))

/* A fault's cause, siginfo_t.si_code; si_code of a signal sent by kill(2) is SI_USER. */
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_TKILL (-6)
#define ILL_ILLOPC 1
#define ILL_ILLOPN 2
#define ILL_ILLADR 3
#define ILL_ILLTRP 4
#define ILL_PRVOPC 5
#define FPE_INTDIV 1
#define FPE_INTOVF 2
#define FPE_FLTDIV 3
#define FPE_FLTINV 7
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define BUS_OBJERR 3
#define TRAP_BRKPT 1
#define TRAP_TRACE 2
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_TRAPPED 4
#define CLD_STOPPED 5
#define CLD_CONTINUED 6

#ifndef __ASSEMBLER__

/* With SA_SIGINFO the same field holds a handler of three arguments. */
#define sa_sigaction sa_handler

#define SIG_DFL ((void *)0)
#define SIG_IGN ((void *)1)
#define SIG_ERR ((void *)-1)

#endif
