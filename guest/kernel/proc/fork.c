/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork(2), and clone(2) as far as it makes processes. */
#include <abi/errno.h>
#include <abi/sched.h>
#include <abi/signal.h>
#include <arch.h>
#include <fs.h>
#include <mm.h>
#include <string.h>
#include <task.h>
#include <time.h>

#define CLONE_SIGNAL_MASK 0xffUL
#define CLONE_SUPPORTED                                                                                                \
    (CLONE_VM | CLONE_VFORK | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)

/* What the child has before it is visible to anyone; false: no memory. */
static bool copy_resources(struct task *child, const struct task *parent, u64 flags)
{
    child->cwd = kstrdup(parent->cwd);
    child->files = files_fork(parent->files);
    if (flags & CLONE_VM) {
        mm_get(parent->mm);
        child->mm = parent->mm;
    } else {
        child->mm = mm_fork(parent->mm);
    }
    return child->cwd && child->files && child->mm;
}

static void drop_resources(struct task *child)
{
    if (child->files)
        files_put(child->files);
    if (child->mm)
        mm_put(child->mm);
    child->mm = NULL;
    task_put(child);
}

void task_vfork_done(struct task *task)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    struct wait_queue *parent = task->vfork_done;

    task->vfork_done = NULL;
    if (parent)
        wake_all(parent);
    spin_unlock_irqrestore(&tasks_lock, flags);
}

static bool still_borrowing(const struct task *child)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    bool borrowing = child->vfork_done;

    spin_unlock_irqrestore(&tasks_lock, flags);
    return borrowing;
}

/* CLONE_CHILD_SETTID: the child's own copy of that word, written through its address space before it runs. */
static void write_pid(struct task *child, u64 address)
{
    struct task *task = current;
    struct mm *own = task->mm;

    task->mm = child->mm;
    mm_switch(child->mm);
    (void)copy_to_user(address, &child->pid, sizeof(child->pid));
    task->mm = own;
    mm_switch(own);
}

long task_fork(u64 flags, u64 stack, u64 parent_tid, u64 child_tid, u64 tls)
{
    struct task *parent = current, *child;
    struct wait_queue borrowed;
    pid_t pid;

    /* Sharing memory without waiting for the child would be a thread, which this kernel does not have. */
    if (flags & ~(CLONE_SUPPORTED | CLONE_SIGNAL_MASK) || (flags & CLONE_VM && !(flags & CLONE_VFORK)))
        return -EINVAL;
    if ((flags & CLONE_SIGNAL_MASK) > NSIG)
        return -EINVAL;
    child = task_allocate(parent->name);
    if (!child)
        return -ENOMEM;
    if (!copy_resources(child, parent, flags)) {
        drop_resources(child);
        return -ENOMEM;
    }
    child->kernel_thread = false;
    child->umask = parent->umask;
    child->exit_signal = flags & CLONE_SIGNAL_MASK;
    child->pgid = parent->pgid;
    child->sid = parent->sid;
    signal_init_task(child, parent);
    arch_task_fork(child, arch_task_trapframe(parent), stack, flags & CLONE_SETTLS, tls);
    if (flags & CLONE_CHILD_CLEARTID)
        child->clear_child_tid = child_tid;
    if (flags & CLONE_VFORK) {
        wait_queue_init(&borrowed, "vfork");
        child->vfork_done = &borrowed;
        child->refs++; /* to look at vfork_done although the child may be gone */
    }

    pid = task_publish(child, parent);
    if (pid < 0) {
        child->refs = 1;
        drop_resources(child);
        return pid;
    }
    if (flags & CLONE_PARENT_SETTID)
        (void)copy_to_user(parent_tid, &pid, sizeof(pid)); /* as Linux: too late to fail */
    if (flags & CLONE_CHILD_SETTID)
        write_pid(child, child_tid);
    sched_add(child);
    if (flags & CLONE_VFORK) {
        wait_event(&borrowed, !still_borrowing(child));
        task_put(child);
    }
    return pid;
}
