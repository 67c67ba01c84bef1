/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sending signals, actions and masks. */
#include <abi/errno.h>
#include <abi/signal.h>
#include <arch.h>
#include <mm.h>
#include <syscall.h>
#include <task.h>

#define SI_TKILL (-6)

static long send_to(pid_t pid, int sig, int code)
{
    struct task *task = task_find(pid);
    int result;

    if (!task)
        return -ESRCH;
    result = signal_send(task, sig, code, current->pid);
    task_put(task);
    return result;
}

/* kill(-1): every process but init and the caller. */
static long send_to_all(int sig)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    struct task *task;
    long result = -ESRCH;

    list_for_each(task, &all_tasks, all_node) {
        if (task->kernel_thread || task == init_task || task == current)
            continue;
        if (sig)
            signal_post(task, sig, SI_USER, current->pid, 0);
        result = 0;
    }
    spin_unlock_irqrestore(&tasks_lock, flags);
    return result;
}

long sys_kill(const struct syscall_args *a)
{
    pid_t pid = a->arg[0];
    int sig = a->arg[1];

    if (sig < 0 || sig > NSIG)
        return -EINVAL;
    if (pid > 0)
        return send_to(pid, sig, SI_USER);
    if (pid == -1)
        return send_to_all(sig);
    if (pid == INT32_MIN)
        return -ESRCH;
    return signal_group(pid ? -pid : current->pgid, sig);
}

long sys_tkill(const struct syscall_args *a)
{
    return (pid_t)a->arg[0] > 0 ? send_to(a->arg[0], a->arg[1], SI_TKILL) : -EINVAL;
}

long sys_tgkill(const struct syscall_args *a)
{
    if ((pid_t)a->arg[0] <= 0 || (pid_t)a->arg[1] <= 0)
        return -EINVAL;
    return (pid_t)a->arg[0] == (pid_t)a->arg[1] ? send_to(a->arg[1], a->arg[2], SI_TKILL) : -ESRCH;
}

long sys_rt_sigaction(const struct syscall_args *a)
{
    int sig = a->arg[0];
    struct sigaction new, old;
    struct signal_action *slot;
    u64 flags;

    if (a->arg[3] != sizeof(u64) || sig < 1 || sig > NSIG || (a->arg[1] && (sig == SIGKILL || sig == SIGSTOP)))
        return -EINVAL;
    if (a->arg[1] && copy_from_user(&new, a->arg[1], sizeof(new)))
        return -EFAULT;
    slot = &current->signals.actions[sig - 1];
    flags = spin_lock_irqsave(&tasks_lock);
    old = (struct sigaction){ .sa_handler = (void *)slot->handler,
                              .sa_flags = slot->flags,
                              .sa_restorer = (void *)slot->restorer,
                              .sa_mask = slot->mask };
    if (a->arg[1]) {
        *slot = (struct signal_action){
            .handler = (u64)new.sa_handler, .flags = new.sa_flags, .restorer = (u64)new.sa_restorer, .mask = new.sa_mask
        };
        /* A pending signal that is ignored from now on is gone (POSIX 2.4.3). */
        if (slot->handler == (u64)SIG_IGN ||
            (slot->handler == (u64)SIG_DFL && (sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH)))
            current->signals.pending &= ~SIG_BIT(sig);
    }
    spin_unlock_irqrestore(&tasks_lock, flags);
    if (a->arg[2] && copy_to_user(a->arg[2], &old, sizeof(old)))
        return -EFAULT;
    return 0;
}

long sys_rt_sigprocmask(const struct syscall_args *a)
{
    u64 old = current->signals.blocked, set;

    if (a->arg[3] != sizeof(u64))
        return -EINVAL;
    if (a->arg[1]) {
        if (copy_from_user(&set, a->arg[1], sizeof(set)))
            return -EFAULT;
        switch ((int)a->arg[0]) {
        case SIG_BLOCK:
            signal_set_blocked(old | set);
            break;
        case SIG_UNBLOCK:
            signal_set_blocked(old & ~set);
            break;
        case SIG_SETMASK:
            signal_set_blocked(set);
            break;
        default:
            return -EINVAL;
        }
    }
    if (a->arg[2] && copy_to_user(a->arg[2], &old, sizeof(old)))
        return -EFAULT;
    return 0;
}

long sys_rt_sigpending(const struct syscall_args *a)
{
    u64 pending = current->signals.pending & current->signals.blocked;

    if (a->arg[1] > sizeof(u64))
        return -EINVAL;
    return copy_to_user(a->arg[0], &pending, a->arg[1]);
}

static void sleep_for_signal(void)
{
    while (!signal_pending(current)) {
        WRITE_ONCE(current->state, TASK_INTERRUPTIBLE);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (signal_pending(current))
            break;
        schedule();
    }
    WRITE_ONCE(current->state, TASK_RUNNING);
}

long sys_rt_sigsuspend(const struct syscall_args *a)
{
    struct signals *signals = &current->signals;
    u64 set;

    if (a->arg[1] != sizeof(u64))
        return -EINVAL;
    if (copy_from_user(&set, a->arg[0], sizeof(set)))
        return -EFAULT;
    signals->saved_blocked = signals->blocked;
    signal_set_blocked(set);
    sleep_for_signal();
    signals->restore_blocked = true; /* by signal_deliver, after the handler's frame has noted the old mask */
    return -EINTR;
}

long sys_pause(const struct syscall_args *a)
{
    (void)a;
    sleep_for_signal();
    return -EINTR;
}

long sys_rt_sigreturn(const struct syscall_args *a)
{
    u64 blocked;

    if (arch_signal_return(a->tf, &blocked)) {
        signal_force(SIGSEGV, SI_KERNEL, arch_tf_sp(a->tf));
        return 0;
    }
    signal_set_blocked(blocked);
    return arch_syscall_result(a->tf); /* the interrupted code's own register: the dispatcher must not change it */
}
