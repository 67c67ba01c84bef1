/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes: birth, program, death, identity. */
#include <abi/errno.h>
#include <abi/sched.h>
#include <abi/signal.h>
#include <abi/wait.h>
#include <arch.h>
#include <fs.h>
#include <mm.h>
#include <string.h>
#include <syscall.h>
#include <task.h>

#define ARGUMENTS_MAX (128UL << 10) /* bytes of argv and envp strings; more is -E2BIG */
#define WORDS_MAX 4096

long sys_clone(const struct syscall_args *a)
{
    return task_fork(a->arg[0], a->arg[1], a->arg[2], a->arg[CLONE_ARG_CHILD_TID], a->arg[CLONE_ARG_TLS]);
}

long sys_fork(const struct syscall_args *a)
{
    (void)a;
    return task_fork(SIGCHLD, 0, 0, 0, 0);
}

long sys_vfork(const struct syscall_args *a)
{
    (void)a;
    return task_fork(CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
}

/* Append the strings of a user pointer array to args. */
static int collect(struct exec_args *args, u64 array, u32 *count)
{
    for (*count = 0; array; array += sizeof(u64)) {
        u64 string;
        ssize_t length;

        if (copy_from_user(&string, array, sizeof(string)))
            return -EFAULT;
        if (!string)
            return 0;
        if (*count == WORDS_MAX)
            return -E2BIG;
        length = strncpy_from_user(args->strings + args->bytes, string, ARGUMENTS_MAX - args->bytes);
        if (length < 0)
            return length == -ENAMETOOLONG ? -E2BIG : (int)length;
        args->bytes += length + 1;
        (*count)++;
    }
    return 0;
}

long sys_execve(const struct syscall_args *a)
{
    struct exec_args args = { 0 };
    int error = 0;
    char *path = getname(a->arg[0], &error);

    if (!path)
        return error;
    args.strings = kmalloc(ARGUMENTS_MAX);
    if (!args.strings)
        error = -ENOMEM;
    if (!error)
        error = collect(&args, a->arg[1], &args.argc);
    if (!error && !args.argc) { /* no program finds argv[0] missing: as Linux since 5.18 */
        args.strings[args.bytes++] = 0;
        args.argc = 1;
    }
    if (!error)
        error = collect(&args, a->arg[2], &args.envc);
    if (!error)
        error = task_exec(path, &args);
    kfree(args.strings);
    kfree(path);
    /* On success the frame starts the new program: its first register is the result that the dispatcher stores. */
    return error;
}

long sys_exit(const struct syscall_args *a)
{
    task_exit((a->arg[0] & 0xff) << 8);
}

long sys_exit_group(const struct syscall_args *a)
{
    task_exit((a->arg[0] & 0xff) << 8);
}

long sys_wait4(const struct syscall_args *a)
{
    return task_wait((pid_t)a->arg[0], a->arg[1], (int)a->arg[2], a->arg[3]);
}

long sys_getpid(const struct syscall_args *a)
{
    (void)a;
    return current->pid;
}

long sys_getppid(const struct syscall_args *a)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    pid_t pid = current->parent ? current->parent->pid : 0;

    (void)a;
    spin_unlock_irqrestore(&tasks_lock, flags);
    return pid;
}

long sys_gettid(const struct syscall_args *a)
{
    (void)a;
    return current->pid;
}

long sys_set_tid_address(const struct syscall_args *a)
{
    current->clear_child_tid = a->arg[0];
    return current->pid;
}

long sys_set_robust_list(const struct syscall_args *a)
{
    /* The list is for threads that die holding a futex; a process of one thread leaves nobody behind. */
    return a->arg[1] == 24 ? 0 : -EINVAL;
}

/* ---- Groups and sessions ---- */

static bool group_exists(pid_t pgid, pid_t sid)
{
    struct task *task;

    list_for_each(task, &all_tasks, all_node)
        if (task->pgid == pgid && task->sid == sid)
            return true;
    return false;
}

long sys_setpgid(const struct syscall_args *a)
{
    pid_t pid = (pid_t)a->arg[0] ? (pid_t)a->arg[0] : current->pid, pgid = (pid_t)a->arg[1] ? (pid_t)a->arg[1] : pid;
    struct task *task;
    long result = 0;
    u64 flags;

    if (pgid < 0)
        return -EINVAL;
    flags = spin_lock_irqsave(&tasks_lock);
    task = task_lookup(pid);
    if (!task || (task != current && task->parent != current))
        result = -ESRCH;
    else if (task->sid != current->sid || task->sid == task->pid || (pgid != pid && !group_exists(pgid, task->sid)))
        result = -EPERM;
    else
        task->pgid = pgid;
    spin_unlock_irqrestore(&tasks_lock, flags);
    return result;
}

/* The group or session of process `pid`, 0 = the caller. */
static long identity(pid_t pid, bool session)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    struct task *task = pid ? task_lookup(pid) : current;
    long result = task ? (session ? task->sid : task->pgid) : -ESRCH;

    spin_unlock_irqrestore(&tasks_lock, flags);
    return result;
}

long sys_getpgid(const struct syscall_args *a)
{
    return identity((pid_t)a->arg[0], false);
}

long sys_getpgrp(const struct syscall_args *a)
{
    (void)a;
    return identity(0, false);
}

long sys_getsid(const struct syscall_args *a)
{
    return identity((pid_t)a->arg[0], true);
}

long sys_setsid(const struct syscall_args *a)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    struct task *task;
    long result = current->pid;

    (void)a;
    list_for_each(task, &all_tasks, all_node)
        if (task->pgid == current->pid)
            result = -EPERM;
    if (result > 0)
        current->sid = current->pgid = current->pid;
    spin_unlock_irqrestore(&tasks_lock, flags);
    return result;
}

/* ---- There is one user, root ---- */

long sys_getuid(const struct syscall_args *a)
{
    (void)a;
    return 0;
}

long sys_geteuid(const struct syscall_args *a)
{
    (void)a;
    return 0;
}

long sys_getgid(const struct syscall_args *a)
{
    (void)a;
    return 0;
}

long sys_getegid(const struct syscall_args *a)
{
    (void)a;
    return 0;
}

long sys_umask(const struct syscall_args *a)
{
    u32 old = current->umask;

    current->umask = a->arg[0] & 0777;
    return old;
}

long sys_sched_yield(const struct syscall_args *a)
{
    (void)a;
    sched_yield();
    return 0;
}
