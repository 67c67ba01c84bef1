/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals: posting, default actions, delivery on the way back to user mode (signal(7), sigaction(2)). tasks_lock guards
   all of it. */
#include <abi/errno.h>
#include <abi/signal.h>
#include <abi/wait.h>
#include <arch.h>
#include <printk.h>
#include <string.h>
#include <syscall.h>
#include <task.h>

enum default_action { KILL, IGNORE, STOP, CONTINUE };

static const struct {
    const char *name;
    enum default_action action;
} kinds[] = {
    [SIGHUP] = { "SIGHUP", KILL },       [SIGINT] = { "SIGINT", KILL },       [SIGQUIT] = { "SIGQUIT", KILL },
    [SIGILL] = { "SIGILL", KILL },       [SIGTRAP] = { "SIGTRAP", KILL },     [SIGABRT] = { "SIGABRT", KILL },
    [SIGBUS] = { "SIGBUS", KILL },       [SIGFPE] = { "SIGFPE", KILL },       [SIGKILL] = { "SIGKILL", KILL },
    [SIGUSR1] = { "SIGUSR1", KILL },     [SIGSEGV] = { "SIGSEGV", KILL },     [SIGUSR2] = { "SIGUSR2", KILL },
    [SIGPIPE] = { "SIGPIPE", KILL },     [SIGALRM] = { "SIGALRM", KILL },     [SIGTERM] = { "SIGTERM", KILL },
    [SIGSTKFLT] = { "SIGSTKFLT", KILL }, [SIGCHLD] = { "SIGCHLD", IGNORE },   [SIGCONT] = { "SIGCONT", CONTINUE },
    [SIGSTOP] = { "SIGSTOP", STOP },     [SIGTSTP] = { "SIGTSTP", STOP },     [SIGTTIN] = { "SIGTTIN", STOP },
    [SIGTTOU] = { "SIGTTOU", STOP },     [SIGURG] = { "SIGURG", IGNORE },     [SIGXCPU] = { "SIGXCPU", KILL },
    [SIGXFSZ] = { "SIGXFSZ", KILL },     [SIGVTALRM] = { "SIGVTALRM", KILL }, [SIGPROF] = { "SIGPROF", KILL },
    [SIGWINCH] = { "SIGWINCH", IGNORE }, [SIGIO] = { "SIGIO", KILL },         [SIGPWR] = { "SIGPWR", KILL },
    [SIGSYS] = { "SIGSYS", KILL },
};

#define UNMASKABLE (SIG_BIT(SIGKILL) | SIG_BIT(SIGSTOP))
#define STOPPERS (SIG_BIT(SIGSTOP) | SIG_BIT(SIGTSTP) | SIG_BIT(SIGTTIN) | SIG_BIT(SIGTTOU))
/* Raised by the instruction stream itself: they go first, so that the frame shows the faulting instruction. */
#define SYNCHRONOUS                                                                                                    \
    (SIG_BIT(SIGSEGV) | SIG_BIT(SIGBUS) | SIG_BIT(SIGILL) | SIG_BIT(SIGTRAP) | SIG_BIT(SIGFPE) | SIG_BIT(SIGSYS))

const char *signal_name(int sig)
{
    return sig > 0 && sig < (int)ARRAY_SIZE(kinds) && kinds[sig].name ? kinds[sig].name : "real-time signal";
}

static enum default_action default_of(int sig)
{
    return sig < (int)ARRAY_SIZE(kinds) ? kinds[sig].action : KILL;
}

bool signal_pending(struct task *task)
{
    return READ_ONCE(task->signals.pending) & ~READ_ONCE(task->signals.blocked);
}

bool signal_is_fatal(const struct task *task, int sig)
{
    u64 handler = task->signals.actions[sig - 1].handler;

    return handler == (u64)SIG_DFL && default_of(sig) == KILL;
}

static bool ignored(const struct task *task, int sig)
{
    u64 handler = task->signals.actions[sig - 1].handler;

    if (handler == (u64)SIG_IGN)
        return true;
    if (handler != (u64)SIG_DFL)
        return false;
    /* Nobody but init itself decides when init dies. */
    return default_of(sig) == IGNORE || default_of(sig) == CONTINUE || task == init_task;
}

static void resume(struct task *task)
{
    if (!task->stop_signal)
        return;
    task->stop_signal = 0;
    task->continued = true;
    if (task->parent)
        wake_all(&task->parent->child_exit);
    if (READ_ONCE(task->state) == TASK_STOPPED)
        wake_task(task);
}

void signal_post(struct task *task, int sig, int code, u64 value, int status)
{
    struct signals *signals = &task->signals;

    if (task->state == TASK_ZOMBIE || task->kernel_thread)
        return;
    if (sig == SIGCONT || sig == SIGKILL) {
        signals->pending &= ~STOPPERS;
        resume(task);
    } else if (SIG_BIT(sig) & STOPPERS) {
        signals->pending &= ~SIG_BIT(SIGCONT);
    }
    if (ignored(task, sig) && !(signals->blocked & SIG_BIT(sig)))
        return;
    if (!(signals->pending & SIG_BIT(sig))) /* standard signals do not queue: the first one's details count */
        signals->details[sig - 1] = (struct signal_detail){ .code = code, .value = value, .status = status };
    signals->pending |= SIG_BIT(sig);
    if (!(signals->blocked & SIG_BIT(sig)) && READ_ONCE(task->state) == TASK_INTERRUPTIBLE)
        wake_task(task);
}

int signal_send(struct task *task, int sig, int code, u64 value)
{
    u64 flags;

    if (sig < 0 || sig > NSIG)
        return -EINVAL;
    if (sig == 0) /* only asks whether it exists */
        return 0;
    flags = spin_lock_irqsave(&tasks_lock);
    signal_post(task, sig, code, value, 0);
    spin_unlock_irqrestore(&tasks_lock, flags);
    return 0;
}

void signal_force(int sig, int code, u64 address)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    struct signals *signals = &current->signals;
    struct signal_action *action = &signals->actions[sig - 1];

    /* Returning to the instruction would only fault again: what cannot be handled kills, init too. */
    if (action->handler == (u64)SIG_IGN || signals->blocked & SIG_BIT(sig) || sig == SIGKILL)
        *action = (struct signal_action){ .handler = (u64)SIG_DFL };
    signals->blocked &= ~SIG_BIT(sig);
    signals->pending |= SIG_BIT(sig);
    signals->details[sig - 1] = (struct signal_detail){ .code = code, .value = address };
    spin_unlock_irqrestore(&tasks_lock, flags);
}

int signal_group(pid_t pgid, int sig)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    struct task *task;
    int result = -ESRCH;

    list_for_each(task, &all_tasks, all_node)
        if (task->pgid == pgid && !task->kernel_thread) {
            if (sig)
                signal_post(task, sig, SI_KERNEL, 0, 0);
            result = 0;
        }
    spin_unlock_irqrestore(&tasks_lock, flags);
    return result;
}

void signal_child(struct task *parent, struct task *child)
{
    int status = child->exit_status, code = CLD_EXITED, value = (status >> 8) & 0xff;

    if (child->state != TASK_ZOMBIE) {
        if (parent->signals.actions[SIGCHLD - 1].flags & SA_NOCLDSTOP)
            return;
        code = CLD_STOPPED;
        value = child->stop_signal;
        signal_post(parent, SIGCHLD, code, child->pid, value);
        return;
    }
    if (status & 0x7f) {
        code = CLD_KILLED;
        value = status & 0x7f;
    }
    signal_post(parent, child->exit_signal, code, child->pid, value);
}

void signal_init_task(struct task *task, const struct task *parent)
{
    task->signals = parent->signals;
    task->signals.pending = 0;
    task->signals.restore_blocked = false;
}

void signal_exec(struct task *task)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);

    for (u32 i = 0; i < NSIG; i++) {
        struct signal_action *action = &task->signals.actions[i];
        bool keep = action->handler == (u64)SIG_IGN;

        *action = (struct signal_action){ .handler = (u64)(keep ? SIG_IGN : SIG_DFL) };
    }
    spin_unlock_irqrestore(&tasks_lock, flags);
}

void signal_set_blocked(u64 blocked)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);

    current->signals.blocked = blocked & ~UNMASKABLE;
    spin_unlock_irqrestore(&tasks_lock, flags);
}

/* ---- Delivery ---- */

/* The next signal to act on, taken off `pending`; 0 when there is none. tasks_lock is held. */
static int take_next(struct signals *signals)
{
    u64 ready = signals->pending & ~signals->blocked;
    int sig;

    if (!ready)
        return 0;
    if (ready & SIG_BIT(SIGKILL))
        ready = SIG_BIT(SIGKILL);
    else if (ready & SYNCHRONOUS)
        ready &= SYNCHRONOUS;
    sig = __builtin_ctzl(ready) + 1;
    signals->pending &= ~SIG_BIT(sig);
    return sig;
}

/* Stop until SIGCONT or SIGKILL. tasks_lock is held on entry, not on return. */
static void stop(struct task *task, int sig, u64 flags)
{
    task->stop_signal = sig;
    task->stop_reported = task->continued = false;
    WRITE_ONCE(task->state, TASK_STOPPED);
    if (task->parent) {
        signal_child(task->parent, task);
        wake_all(&task->parent->child_exit);
    }
    spin_unlock_irqrestore(&tasks_lock, flags);
    schedule();
}

/* Could nobody continue the group once it has stopped? True when no member has a parent in another group of its session
   (POSIX 2.4.3). tasks_lock is held. */
static bool group_orphaned(pid_t pgid)
{
    struct task *task;

    list_for_each(task, &all_tasks, all_node)
        if (task->pgid == pgid && task->state != TASK_ZOMBIE && task->parent && task->parent->pgid != pgid &&
            task->parent->sid == task->sid)
            return false;
    return true;
}

/* Start the handler: its frame on the user stack, its mask in force. False when the stack has no room. */
static bool run_handler(struct trapframe *tf, int sig, const struct signal_action *action,
                        const struct signal_detail *detail)
{
    struct signals *signals = &current->signals;
    u64 before = signals->restore_blocked ? signals->saved_blocked : signals->blocked;
    u64 during = signals->blocked | action->mask;

    if (arch_signal_frame(tf, sig, action, detail, before))
        return false;
    signals->restore_blocked = false;
    if (!(action->flags & SA_NODEFER))
        during |= SIG_BIT(sig);
    signal_set_blocked(during);
    return true;
}

void signal_deliver(struct trapframe *tf)
{
    struct task *task = current;
    struct signals *signals = &task->signals;
    bool restart = arch_tf_in_syscall(tf) && arch_syscall_result(tf) == -ERESTARTSYS;

    for (;;) {
        u64 flags = spin_lock_irqsave(&tasks_lock);
        int sig = take_next(signals);
        struct signal_action *slot = &signals->actions[sig ? sig - 1 : 0], action = *slot;
        struct signal_detail detail = signals->details[sig ? sig - 1 : 0];

        if (!sig) {
            if (signals->restore_blocked) { /* rt_sigsuspend woke for a signal that needed no handler */
                signals->blocked = signals->saved_blocked;
                signals->restore_blocked = false;
            }
            spin_unlock_irqrestore(&tasks_lock, flags);
            if (restart)
                arch_syscall_restart(tf);
            return;
        }
        if (action.handler == (u64)SIG_DFL && default_of(sig) == STOP) {
            if (sig != SIGSTOP && group_orphaned(task->pgid))
                spin_unlock_irqrestore(&tasks_lock, flags);
            else
                stop(task, sig, flags);
            continue;
        }
        if (action.flags & SA_RESETHAND)
            *slot = (struct signal_action){ .handler = (u64)SIG_DFL };
        spin_unlock_irqrestore(&tasks_lock, flags);

        if (action.handler == (u64)SIG_IGN)
            continue;
        if (action.handler == (u64)SIG_DFL) {
            if (default_of(sig) == KILL)
                task_exit(sig);
            continue;
        }
        if (restart) {
            if (action.flags & SA_RESTART)
                arch_syscall_restart(tf);
            else
                arch_syscall_return(tf, -EINTR);
            restart = false;
        }
        if (!run_handler(tf, sig, &action, &detail)) {
            pr_notice("%s[%d]: no room on the user stack for the handler of %s", task->name, task->pid,
                      signal_name(sig));
            task_exit(SIGSEGV);
        }
    }
}
