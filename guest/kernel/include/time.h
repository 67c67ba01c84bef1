/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time: one monotonic clock in nanoseconds, one-shot timers on it, and the scheduling tick derived from it. */
#pragma once
#include <list.h>
#include <types.h>

#define HZ 250
#define TICK_NS (NSEC_PER_SEC / HZ)

/* Nanoseconds since the counter started: arch_clock_ns(). CLOCK_REALTIME = clock + the boot moment read from the RTC.
 */
u64 clock_ns(void);
u64 clock_realtime_ns(void);
u64 boot_ns(void); /* clock_ns() when the kernel started: the log's zero */
void time_init(void);

struct timer {
    struct list node;                     /* sorted by deadline */
    u64 deadline;                         /* ns */
    void (*expired)(struct timer *timer); /* in interrupt context, the timer lock held: may only wake_task() */
    void *arg;
};

void timer_add(struct timer *timer, u64 deadline, void (*expired)(struct timer *), void *arg);
void timer_cancel(struct timer *timer); /* harmless when it is not pending */

/* The timer interrupt's neutral half (arch/<arch>/timer.c calls it): run expired timers, count ticks, arm the next
   deadline. */
void timer_interrupt(bool from_user);
/* Arm the hardware for the next timer, and for the tick when this CPU runs a task. */
void timer_rearm(void);
