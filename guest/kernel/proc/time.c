/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks, one-shot timers and the scheduling tick. The hardware is armed for exactly one moment: the earlier of the
   next timer and, when this CPU runs a task, its next tick. */
#include <arch.h>
#include <sched.h>
#include <task.h>
#include <time.h>

static struct list timers = LIST_INIT(timers); /* ascending deadlines */
static DEFINE_SPINLOCK(timer_lock, LOCK_TIMER);
static u64 boot_moment;     /* clock_ns() at time_init() */
static u64 realtime_offset; /* CLOCK_REALTIME - clock_ns() */

void time_init(void)
{
    boot_moment = clock_ns();
    realtime_offset = arch_rtc_seconds() * NSEC_PER_SEC - boot_moment;
}

u64 clock_ns(void)
{
    return arch_clock_ns();
}

u64 clock_realtime_ns(void)
{
    return clock_ns() + realtime_offset;
}

u64 boot_ns(void)
{
    return boot_moment;
}

/* timer_lock is held. */
static void arm(void)
{
    struct cpu *cpu = this_cpu();
    u64 deadline = UINT64_MAX;

    if (!list_empty(&timers))
        deadline = list_first(&timers, struct timer, node)->deadline;
    if (cpu->running != cpu->idle)
        deadline = MIN(deadline, cpu->next_tick);
    arch_timer_set(deadline);
}

void timer_rearm(void)
{
    u64 flags = spin_lock_irqsave(&timer_lock);

    arm();
    spin_unlock_irqrestore(&timer_lock, flags);
}

void timer_add(struct timer *timer, u64 deadline, void (*expired)(struct timer *), void *arg)
{
    u64 flags = spin_lock_irqsave(&timer_lock);
    struct list *at = timers.prev;

    timer->deadline = deadline;
    timer->expired = expired;
    timer->arg = arg;
    while (at != &timers && list_entry(at, struct timer, node)->deadline > deadline)
        at = at->prev;
    list_add(at, &timer->node);
    if (timers.next == &timer->node)
        arm();
    spin_unlock_irqrestore(&timer_lock, flags);
}

void timer_cancel(struct timer *timer)
{
    u64 flags = spin_lock_irqsave(&timer_lock);

    list_del(&timer->node);
    spin_unlock_irqrestore(&timer_lock, flags);
}

void timer_interrupt(bool from_user)
{
    struct cpu *cpu = this_cpu();
    u64 now = clock_ns();

    spin_lock(&timer_lock);
    while (!list_empty(&timers)) {
        struct timer *timer = list_first(&timers, struct timer, node);

        if (timer->deadline > now)
            break;
        list_del(&timer->node);
        timer->expired(timer);
    }
    if (cpu->running != cpu->idle && now >= cpu->next_tick) {
        cpu->ticks++;
        /* Ticks that were lost (a long stretch with interrupts masked) are not made up for. */
        cpu->next_tick = MAX(cpu->next_tick + TICK_NS, now + 1);
        if (from_user)
            cpu->running->user_ticks++;
        else
            cpu->running->kernel_ticks++;
        sched_tick();
    }
    arm();
    spin_unlock(&timer_lock);
}
