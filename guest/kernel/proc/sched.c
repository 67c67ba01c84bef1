/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scheduler: round robin with time slices, one run queue per CPU.

   A task that wakes up goes before those that only wait for their turn, and preempts if an interrupt woke it, so that a
   terminal or a timer is answered at once; but it goes on with the slice it had, and who has used its slice up goes to the back. So nobody can
   starve the others by sleeping often.

   A task is in exactly one place: on a CPU (on_cpu), in a run queue, or waiting for a wake-up. The run queue's lock is
   held across the switch itself and released by the task that is switched to, so nobody sees a task that is half gone.
 */
#include <arch.h>
#include <mm.h>
#include <panic.h>
#include <sched.h>
#include <task.h>
#include <time.h>

#define SLICE_TICKS 5 /* 20 ms at HZ 250 */

struct runqueue {
    spinlock_t lock;
    struct list woken; /* go first, in the order in which they woke */
    struct list tasks;
};

static struct runqueue runqueues[MAX_CPUS];

void task_check_stack(const struct task *task);

void sched_init(void)
{
    for (u32 i = 0; i < MAX_CPUS; i++) {
        spin_init(&runqueues[i].lock, "runqueue", LOCK_RUNQUEUE);
        list_init(&runqueues[i].woken);
        list_init(&runqueues[i].tasks);
    }
}

static struct runqueue *this_runqueue(void)
{
    return &runqueues[this_cpu()->id];
}

static void to_the_back(struct runqueue *rq, struct task *task)
{
    task->slice = SLICE_TICKS;
    list_add_tail(&rq->tasks, &task->run_node);
}

static struct task *take_next(struct runqueue *rq)
{
    struct list *from = list_empty(&rq->woken) ? &rq->tasks : &rq->woken;
    struct task *task;

    if (list_empty(from))
        return NULL;
    task = list_first(from, struct task, run_node);
    list_del(&task->run_node);
    return task;
}

void sched_add(struct task *task)
{
    struct runqueue *rq = this_runqueue();
    u64 flags = spin_lock_irqsave(&rq->lock);

    task->cpu = this_cpu()->id;
    task->state = TASK_RUNNING;
    to_the_back(rq, task);
    spin_unlock_irqrestore(&rq->lock, flags);
}

void wake_task(struct task *task)
{
    struct runqueue *rq = &runqueues[task->cpu];
    u64 flags = spin_lock_irqsave(&rq->lock);

    if (task->state == TASK_INTERRUPTIBLE || task->state == TASK_UNINTERRUPTIBLE || task->state == TASK_STOPPED) {
        task->state = TASK_RUNNING;
        /* Between wait_prepare() and schedule() it is still on its CPU and will see that it has nothing to wait for. */
        if (!task->on_cpu) {
            if (task->slice)
                list_add_tail(&rq->woken, &task->run_node);
            else
                to_the_back(rq, task);
            if (this_cpu()->irq_depth)
                cpus[task->cpu].need_resched = true; /* a task that wakes another goes on itself */
        }
    }
    spin_unlock_irqrestore(&rq->lock, flags);
}

void sched_finish_switch(struct task *previous)
{
    bool reap = previous->self_reap; /* read before anybody else may free it */

    previous->on_cpu = false;
    spin_unlock(&this_runqueue()->lock);
    if (previous == this_cpu()->idle)
        timer_rearm(); /* the tick was off while idle */
    if (reap)
        task_put(previous);
}

void schedule(void)
{
    u64 flags = arch_irq_save();
    struct cpu *cpu = this_cpu();
    struct runqueue *rq = this_runqueue();
    struct task *previous = cpu->running, *next;

    BUG_ON(cpu->irq_depth || cpu->locks_held);
    task_check_stack(previous);
    spin_lock(&rq->lock);
    next = take_next(rq);
    if (previous->state == TASK_RUNNING && previous != cpu->idle) {
        if (!next)
            next = previous; /* nobody else wants to */
        else if (previous->slice)
            list_add(&rq->tasks, &previous->run_node); /* preempted: goes on where it was */
        else
            to_the_back(rq, previous);
    }
    if (!next)
        next = cpu->idle;
    cpu->need_resched = false;
    if (next->slice == 0)
        next->slice = SLICE_TICKS;
    if (next == previous) {
        spin_unlock(&rq->lock);
    } else {
        next->on_cpu = true;
        if (previous == cpu->idle)
            cpu->next_tick = clock_ns() + TICK_NS; /* no ticks while idle: a fresh one for the fresh task */
        if (next->mm)                              /* a kernel thread borrows whatever is loaded */
            mm_switch(next->mm);
        previous = arch_switch(previous, next);
        sched_finish_switch(previous);
    }
    arch_irq_restore(flags);
}

void sched_yield(void)
{
    current->slice = 0; /* to the back of the queue */
    schedule();
}

void sched_tick(void)
{
    struct cpu *cpu = this_cpu();
    struct task *task = cpu->running;

    if (task == cpu->idle)
        return;
    if (task->slice > 0)
        task->slice--;
    if (task->slice == 0)
        cpu->need_resched = true;
}

static bool has_work(const struct runqueue *rq)
{
    return !list_empty(&rq->woken) || !list_empty(&rq->tasks);
}

void sched_idle(void)
{
    for (;;) {
        arch_irq_disable();
        if (!has_work(this_runqueue())) {
            timer_rearm(); /* without the tick: sleep until something is due */
            arch_idle();
        }
        if (has_work(this_runqueue()))
            schedule();
    }
}
