/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wait queues: who sleeps for what, and waking them. */
#include <abi/errno.h>
#include <arch.h>
#include <sched.h>
#include <task.h>
#include <time.h>

void wait_queue_init(struct wait_queue *wq, const char *name)
{
    spin_init(&wq->lock, name, LOCK_WAIT);
    list_init(&wq->waiters);
}

void wait_prepare(struct wait_queue *wq, struct waiter *waiter, enum task_state state)
{
    u64 flags = spin_lock_irqsave(&wq->lock);

    if (!waiter->task) { /* else an earlier round of the same sleep has queued it */
        waiter->task = current;
        list_add_tail(&wq->waiters, &waiter->node);
    }
    WRITE_ONCE(current->state, state);
    spin_unlock_irqrestore(&wq->lock, flags);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the state is visible before the caller looks at its condition */
}

void wait_finish(struct wait_queue *wq, struct waiter *waiter)
{
    u64 flags = spin_lock_irqsave(&wq->lock);

    WRITE_ONCE(current->state, TASK_RUNNING);
    list_del(&waiter->node);
    spin_unlock_irqrestore(&wq->lock, flags);
}

void wake_all(struct wait_queue *wq)
{
    u64 flags = spin_lock_irqsave(&wq->lock);
    struct waiter *waiter;

    list_for_each(waiter, &wq->waiters, node)
        wake_task(waiter->task);
    spin_unlock_irqrestore(&wq->lock, flags);
}

void wake_one(struct wait_queue *wq)
{
    u64 flags = spin_lock_irqsave(&wq->lock);
    struct waiter *waiter;

    /* The first that really sleeps: one that is just being woken by something else would waste this wake-up. */
    list_for_each(waiter, &wq->waiters, node) {
        enum task_state state = READ_ONCE(waiter->task->state);

        if (state == TASK_INTERRUPTIBLE || state == TASK_UNINTERRUPTIBLE) {
            wake_task(waiter->task);
            break;
        }
    }
    spin_unlock_irqrestore(&wq->lock, flags);
}

static void wake_sleeper(struct timer *timer)
{
    wake_task(timer->arg);
}

int sleep_until(u64 deadline)
{
    struct timer timer;
    int result = 0;

    timer_add(&timer, deadline, wake_sleeper, current);
    for (;;) {
        WRITE_ONCE(current->state, TASK_INTERRUPTIBLE);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (clock_ns() >= deadline)
            break;
        if (signal_pending(current)) {
            result = -EINTR;
            break;
        }
        schedule();
    }
    WRITE_ONCE(current->state, TASK_RUNNING);
    timer_cancel(&timer);
    return result;
}
