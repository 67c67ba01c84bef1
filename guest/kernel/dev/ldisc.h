/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line discipline: termios(3)'s meaning of input and output bytes. Between dev/tty.c and dev/ldisc.c. */
#pragma once
#include <abi/termios.h>
#include <sched.h>
#include <spinlock.h>
#include <types.h>

struct ldisc {
    spinlock_t lock; /* guards everything here; taken in interrupts */
    struct termios termios;
    struct wait_queue readers, writers;
    pid_t session, foreground; /* 0: none */
    bool stopped;              /* by VSTOP: writers wait */
    u32 column;                /* of the cursor */
};

extern struct ldisc ldisc;

void ldisc_init(void);
/* All below: ldisc.lock held. */
size_t ldisc_available(void); /* bytes that a read could take now; an end of file alone counts 1 */
/* Take at most `size` bytes; *end: the read is complete (end of a line, of file, or nothing left in raw mode). */
size_t ldisc_take(char *out, size_t size, bool *end);
void ldisc_output(const char *text, size_t n);      /* with output processing */
void ldisc_echo(u8 c);                              /* a typed character: as itself or as ^X */
u32 ldisc_echo_column(u32 column, u8 c);            /* where the cursor would be after that */
void ldisc_flush(void);
void ldisc_set_termios(const struct termios *termios);
