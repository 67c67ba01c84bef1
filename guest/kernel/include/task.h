/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process: one thread of control with its address space, open files and identity. */
#pragma once
#include <arch/task.h> /* struct arch_task: the saved callee registers, TLS base, FP state */
#include <list.h>
#include <sched.h>
#include <signal.h>
#include <spinlock.h>
#include <types.h>

#define TASK_NAME 16
#define KSTACK_ORDER 2
#define KSTACK_SIZE (PAGE_SIZE << KSTACK_ORDER)
#define PID_MAX 32768

struct mm;
struct files; /* fs.h: the descriptor table */
struct inode; /* fs.h */

struct task {
    /* Set at creation, constant afterwards. */
    pid_t pid;
    struct page *stack_page; /* KSTACK_SIZE bytes; the trap frame of a user task lies at the top */
    bool kernel_thread;

    /* Guarded by the run queue's lock. */
    enum task_state state;
    struct list run_node;
    u32 slice; /* ticks left */
    u32 cpu; /* whose run queue it belongs to */
    bool on_cpu;
    struct arch_task arch;

    /* Guarded by tasks_lock. */
    struct task *parent;
    struct list children, sibling;
    struct list all_node; /* the task table, ascending pid */
    pid_t pgid, sid;
    int exit_status;      /* as wait4 reports it */
    int exit_signal;      /* to the parent when this one ends: SIGCHLD */
    bool stop_reported, continued;
    int stop_signal;
    struct wait_queue child_exit;
    struct signals signals;
    int refs;             /* task_get/put */

    /* The task's own; others only read. */
    char name[TASK_NAME];
    struct mm *mm; /* NULL in a kernel thread and after exit */
    struct files *files;
    char *cwd;             /* absolute, normalised path; kmalloc */
    u32 umask;
    bool self_reap;        /* nobody waits for it: freed as soon as it has left its stack */
    u64 clear_child_tid;   /* user address, written 0 at exit */
    u64 start_ns;
    u64 user_ticks, kernel_ticks;
    u64 minor_faults;
    struct wait_queue *vfork_done; /* the parent of a vfork sleeps here until exec or exit; under tasks_lock */
};

extern spinlock_t tasks_lock;

void task_init(void);
/* A task without address space or files, not in the table yet; NULL: no memory. */
struct task *task_allocate(const char *name);
/* Give it a pid and put it in the table as a child of `parent`; the pid, or -EAGAIN when all are taken. */
pid_t task_publish(struct task *task, struct task *parent);
/* The one with that pid, without a reference: tasks_lock is held. */
struct task *task_lookup(pid_t pid);
extern struct task *init_task; /* pid 1, adopts orphans */
extern struct list all_tasks;
extern struct task boot_task;  /* what the boot CPU ran first; becomes its idle task */
/* A kernel thread running fn(arg). */
struct task *kthread_create(void (*fn)(void *), void *arg, const char *name);

/* A task that stays valid until task_put(); NULL when there is none with that pid. */
struct task *task_find(pid_t pid);
void task_put(struct task *task);
/* The smallest pid > `after`, 0 at the end: iteration for /proc. */
pid_t task_next_pid(pid_t after);
char task_state_letter(const struct task *task); /* R S D T Z */

/* fork(2) with clone(2)'s flags as far as supported; the child's pid or an errno. */
long task_fork(u64 flags, u64 stack, u64 parent_tid, u64 child_tid, u64 tls);
/* A child of vfork no longer uses its parent's memory: let the parent go on. */
void task_vfork_done(struct task *task);
/* execve(2) on the running task. argv/envp are kernel copies. Returns only on error. */
struct exec_args {
    char *strings; /* argv then envp, NUL-terminated, back to back */
    size_t bytes;
    u32 argc, envc;
};
int task_exec(const char *path, struct exec_args *args);
/* status as wait4 reports it: exit code << 8, or signal | 0x80 for a core. */
void task_exit(int status) __noreturn;
long task_wait(pid_t pid, u64 ustatus, int options, u64 urusage);
