/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a process, and its parent's wait4(2). */
#include <abi/errno.h>
#include <abi/signal.h>
#include <abi/wait.h>
#include <arch.h>
#include <fs.h>
#include <mm.h>
#include <panic.h>
#include <string.h>
#include <task.h>
#include <time.h>
#include <tty.h>

#define WAIT_OPTIONS (WNOHANG | WUNTRACED | WCONTINUED)

static void release_memory(struct task *task)
{
    struct mm *mm = task->mm;
    u32 zero = 0;

    if (!mm)
        return;
    if (task->clear_child_tid)
        (void)copy_to_user(task->clear_child_tid, &zero, sizeof(zero));
    task->mm = NULL;
    mm_switch(NULL);
    mm_put(mm);
}

/* Its children get init as parent; dead ones become init's to wait for. tasks_lock is held. */
static void orphan_children(struct task *task)
{
    struct task *child, *tmp;
    bool dead = false;

    list_for_each_safe(child, tmp, &task->children, sibling) {
        list_del(&child->sibling);
        child->parent = init_task;
        list_add_tail(&init_task->children, &child->sibling);
        dead |= child->state == TASK_ZOMBIE;
    }
    if (dead) {
        signal_post(init_task, SIGCHLD, SI_KERNEL, 0, 0);
        wake_all(&init_task->child_exit);
    }
}

/* Nobody will wait for it: the parent ignores SIGCHLD or asked for no zombies (sigaction(2)). tasks_lock is held. */
static bool unattended(const struct task *parent)
{
    const struct signal_action *action = &parent->signals.actions[SIGCHLD - 1];

    return action->handler == (u64)SIG_IGN || action->flags & SA_NOCLDWAIT;
}

static void unlink_task(struct task *task)
{
    list_del(&task->sibling);
    list_del(&task->all_node);
}

void task_exit(int status)
{
    struct task *task = current, *parent;

    if (task == init_task)
        panic("init exited with status %#x", status);
    if (task->files)
        files_put(task->files);
    task->files = NULL;
    release_memory(task);
    task_vfork_done(task);
    if (task->pid == task->sid)
        tty_session_ended(task->sid);

    arch_irq_disable();
    spin_lock(&tasks_lock);
    orphan_children(task);
    task->exit_status = status;
    parent = task->parent;
    if (!parent || (unattended(parent) && task->exit_signal == SIGCHLD)) {
        unlink_task(task);
        task->self_reap = true;
    }
    /* From here on a waiter may collect it; task_put() waits until this CPU has left its stack. */
    task->state = TASK_ZOMBIE;
    if (parent) {
        if (task->exit_signal)
            signal_child(parent, task);
        wake_all(&parent->child_exit);
    }
    spin_unlock(&tasks_lock);
    schedule();
    panic("a dead task was scheduled: %s[%d]", task->name, task->pid);
}

/* ---- wait4 ---- */

struct wait {
    pid_t pid;
    int options;
    /* the answer */
    struct task *zombie;
    pid_t found;
    int status;
    u64 user_ns, kernel_ns;
};

static bool matches(const struct task *child, pid_t pid)
{
    if (pid > 0)
        return child->pid == pid;
    if (pid == -1)
        return true;
    return child->pgid == (pid == 0 ? current->pgid : -pid);
}

/* Look through the children once. True: there is something to report (wait->found > 0), or no child matches
 * (wait->found < 0). */
static bool look(struct wait *wait)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    struct task *child;
    bool any = false;

    wait->found = 0;
    list_for_each(child, &current->children, sibling) {
        if (!matches(child, wait->pid))
            continue;
        any = true;
        if (child->state == TASK_ZOMBIE) {
            wait->status = child->exit_status;
            wait->zombie = child;
            unlink_task(child); /* ours alone now: nobody else finds it */
        } else if (child->stop_signal && !child->stop_reported && wait->options & WUNTRACED) {
            wait->status = child->stop_signal << 8 | 0x7f;
            child->stop_reported = true;
        } else if (child->continued && wait->options & WCONTINUED) {
            wait->status = 0xffff;
            child->continued = false;
        } else {
            continue;
        }
        wait->found = child->pid;
        wait->user_ns = child->user_ticks * TICK_NS;
        wait->kernel_ns = child->kernel_ticks * TICK_NS;
        break;
    }
    if (!any)
        wait->found = -ECHILD;
    spin_unlock_irqrestore(&tasks_lock, flags);
    return wait->found != 0;
}

long task_wait(pid_t pid, u64 ustatus, int options, u64 urusage)
{
    struct wait wait = { .pid = pid, .options = options };
    struct rusage usage;

    if (options & ~WAIT_OPTIONS)
        return -EINVAL;
    if (options & WNOHANG)
        look(&wait);
    else if (wait_event_interruptible(&current->child_exit, look(&wait)))
        return -ERESTARTSYS;
    if (wait.zombie)
        task_put(wait.zombie);
    if (wait.found <= 0)
        return wait.found;
    if (ustatus && copy_to_user(ustatus, &wait.status, sizeof(wait.status)))
        return -EFAULT;
    if (urusage) {
        memset(&usage, 0, sizeof(usage));
        usage.ru_utime.tv_sec = wait.user_ns / NSEC_PER_SEC;
        usage.ru_utime.tv_usec = wait.user_ns % NSEC_PER_SEC / NSEC_PER_USEC;
        usage.ru_stime.tv_sec = wait.kernel_ns / NSEC_PER_SEC;
        usage.ru_stime.tv_usec = wait.kernel_ns % NSEC_PER_SEC / NSEC_PER_USEC;
        if (copy_to_user(urusage, &usage, sizeof(usage)))
            return -EFAULT;
    }
    return wait.found;
}
