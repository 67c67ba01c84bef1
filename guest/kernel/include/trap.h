/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The neutral half of exceptions: arch/<arch>/trap.c decodes the hardware's cause and calls one of these. */
#pragma once
#include <mm.h>
#include <types.h>

struct trapframe;

void kernel_main(void) __noreturn; /* entry.S, interrupts masked, on the boot stack */

/* A translation or permission fault at `va`, interrupts masked. From user mode: the page is made present or the task
   gets SIGSEGV/SIGBUS. From kernel mode: true when the access may be retried or was fixed up, false is a broken kernel
   (the caller panics). */
bool trap_page_fault(struct trapframe *tf, u64 va, enum fault_access access, bool user);

/* Any other exception of user code: the signal with its si_code and address, `cause` in English for the log line. */
void trap_user_exception(struct trapframe *tf, int sig, int code, u64 address, const char *cause);

/* Bracket a device interrupt: bookkeeping only. */
void trap_irq_enter(void);
void trap_irq_exit(void);

/* Before any return to user mode, interrupts masked on entry and exit: reschedule, deliver signals. */
void trap_return_to_user(struct trapframe *tf);

/* The exception table: `pc` of a user access -> its fixup address, 0 when there is none. Entries are two s32, each
   relative to its own address, in section .ex_table between __ex_table_start and __ex_table_end. */
u64 trap_fixup(u64 pc);
