/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scheduler and sleeping. Round robin, one run queue per CPU; a task leaves the CPU when it sleeps, yields, or has
   used its slice and returns to user mode. Kernel code is never preempted. */
#pragma once
#include <list.h>
#include <spinlock.h>
#include <types.h>

struct task;

enum task_state {
    TASK_RUNNING,         /* R: on a CPU or in a run queue */
    TASK_INTERRUPTIBLE,   /* S: sleeping, a signal ends it */
    TASK_UNINTERRUPTIBLE, /* D: sleeping, only its event ends it */
    TASK_STOPPED,         /* T: by a signal */
    TASK_ZOMBIE,          /* Z: exited, not yet waited for */
};

struct wait_queue {
    spinlock_t lock;
    struct list waiters; /* struct waiter */
};

struct waiter {
    struct list node;
    struct task *task; /* NULL until it is queued */
};

#define WAIT_QUEUE_INIT(name) { SPINLOCK_INIT(#name, LOCK_WAIT), LIST_INIT((name).waiters) }

void wait_queue_init(struct wait_queue *wq, const char *name);
void wake_all(struct wait_queue *wq); /* from any context */
void wake_one(struct wait_queue *wq);
void wake_task(struct task *task); /* make it runnable if it sleeps */

/* The two halves of a sleep: between them test the condition, then schedule(). A wake-up after prepare is never lost.
 */
void wait_prepare(struct wait_queue *wq, struct waiter *waiter, enum task_state state);
void wait_finish(struct wait_queue *wq, struct waiter *waiter);

bool signal_pending(struct task *task);
void schedule(void); /* give up the CPU; returns when chosen again */

/* Sleep until `condition`, evaluated without locks. */
#define wait_event(wq, condition)                                                                                      \
    do {                                                                                                               \
        struct waiter waiter_ = { .task = NULL };                                                                      \
        for (;;) {                                                                                                     \
            wait_prepare(wq, &waiter_, TASK_UNINTERRUPTIBLE);                                                          \
            if (condition)                                                                                             \
                break;                                                                                                 \
            schedule();                                                                                                \
        }                                                                                                              \
        wait_finish(wq, &waiter_);                                                                                     \
    } while (0)

/* The same, ended also by a signal: the value is 0 or -EINTR (includer needs <abi/errno.h>). */
#define wait_event_interruptible(wq, condition)                                                                        \
    ({                                                                                                                 \
        struct waiter waiter_ = { .task = NULL };                                                                      \
        int result_ = 0;                                                                                               \
        for (;;) {                                                                                                     \
            wait_prepare(wq, &waiter_, TASK_INTERRUPTIBLE);                                                            \
            if (condition)                                                                                             \
                break;                                                                                                 \
            if (signal_pending(current)) {                                                                             \
                result_ = -EINTR;                                                                                      \
                break;                                                                                                 \
            }                                                                                                          \
            schedule();                                                                                                \
        }                                                                                                              \
        wait_finish(wq, &waiter_);                                                                                     \
        result_;                                                                                                       \
    })

/* The same with `lock` (taken by spin_lock_irqsave into `irqflags`) held around each look at the condition and on
   return. */
#define wait_event_interruptible_locked(wq, condition, lock, irqflags)                                                 \
    ({                                                                                                                 \
        struct waiter waiter_ = { .task = NULL };                                                                      \
        int result_ = 0;                                                                                               \
        for (;;) {                                                                                                     \
            wait_prepare(wq, &waiter_, TASK_INTERRUPTIBLE);                                                            \
            if (condition)                                                                                             \
                break;                                                                                                 \
            if (signal_pending(current)) {                                                                             \
                result_ = -EINTR;                                                                                      \
                break;                                                                                                 \
            }                                                                                                          \
            spin_unlock_irqrestore(lock, irqflags);                                                                    \
            schedule();                                                                                                \
            irqflags = spin_lock_irqsave(lock);                                                                        \
        }                                                                                                              \
        wait_finish(wq, &waiter_);                                                                                     \
        result_;                                                                                                       \
    })

/* Sleep until the clock reaches `deadline` (ns): 0, or -EINTR when a signal came first. */
int sleep_until(u64 deadline);

void sched_init(void);
void sched_tick(void);             /* the timer's: charge the slice */
void sched_add(struct task *task); /* a new task becomes runnable */
void sched_yield(void);
void sched_finish_switch(struct task *previous); /* first thing a task does after being switched to */
void sched_idle(void) __noreturn;                /* the boot CPU's last act */
