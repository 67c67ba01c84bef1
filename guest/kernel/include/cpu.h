/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each CPU has for itself. The kernel is not preemptible in kernel mode, so `this_cpu()` stays true until the
   caller sleeps. The first fields are read by entry code: their offsets are asserted in arch/<arch>/cpu.c. */
#pragma once
#include <types.h>

#define MAX_CPUS 8

struct task;
struct mm;

struct cpu {
    struct cpu *self;     /* offset 0: this structure's own address */
    struct task *running; /* offset 8: the task running here */
    u64 kernel_stack;     /* offset 16: top of the current task's kernel stack */
    u64 scratch;          /* offset 24: one word for entry code that has no free register yet */
    u32 id;               /* index in cpus[] */
    u32 hwid;             /* the number the hardware knows it by */
    bool online;
    bool need_resched;     /* set by the tick or a wake-up, honoured on the way back to user mode */
    u32 irq_depth;         /* > 0 inside an interrupt handler */
    u32 locks_held;        /* bit per lock_rank */
    struct task *idle;     /* runs when nothing else can */
    struct mm *mm;         /* the address space loaded in the MMU, 0 = none yet */
    u64 next_tick;         /* clock time of the next scheduling tick, ns */
    u64 ticks;             /* scheduling ticks taken here */
    u32 interrupted_locks; /* locks_held of the code that an interrupt handler suspends */
};

extern struct cpu cpus[MAX_CPUS];
extern u32 cpu_count; /* CPUs online */

#include <arch/cpu.h> /* static inline struct cpu *this_cpu(void); plus interrupt masking, barriers, pause */

#define current (this_cpu()->running)
