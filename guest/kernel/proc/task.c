/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The task table: creation, lookup, references. */
#include <abi/errno.h>
#include <arch.h>
#include <fs.h>
#include <mm.h>
#include <panic.h>
#include <string.h>
#include <sched.h>
#include <task.h>
#include <time.h>

#define STACK_CANARY 0x57ac6e6d9d3a1f05UL /* at the low end of every kernel stack */

DEFINE_SPINLOCK(tasks_lock, LOCK_TASKS);
struct list all_tasks = LIST_INIT(all_tasks);
struct task *init_task;
struct task boot_task = { .name = "idle", .kernel_thread = true, .state = TASK_RUNNING };
static pid_t last_pid;

static void set_up(struct task *task, const char *name)
{
    strlcpy(task->name, name, TASK_NAME);
    list_init(&task->run_node);
    list_init(&task->children);
    list_init(&task->sibling);
    list_init(&task->all_node);
    wait_queue_init(&task->child_exit, "child_exit");
    task->kernel_thread = true;
    task->refs = 1;
    task->start_ns = clock_ns();
    task->umask = 022;
}

void task_init(void)
{
    set_up(&boot_task, "idle");
    boot_task.cwd = kstrdup("/");
    boot_task.on_cpu = true;
    this_cpu()->idle = &boot_task;
}

struct task *task_allocate(const char *name)
{
    struct task *task = kzalloc(sizeof(*task));

    if (!task)
        return NULL;
    task->stack_page = alloc_pages(KSTACK_ORDER);
    if (!task->stack_page) {
        kfree(task);
        return NULL;
    }
    *(u64 *)page_virt(task->stack_page) = STACK_CANARY;
    set_up(task, name);
    return task;
}

void task_check_stack(const struct task *task)
{
    if (task->stack_page && unlikely(*(u64 *)page_virt(task->stack_page) != STACK_CANARY))
        panic("kernel stack overflow in %s[%d]", task->name, task->pid);
}

struct task *task_lookup(pid_t pid)
{
    struct task *task;

    list_for_each(task, &all_tasks, all_node)
        if (task->pid == pid)
            return task;
    return NULL;
}

/* Is `pid` still in use, as a process, a group or a session? */
static bool pid_taken(pid_t pid)
{
    struct task *task;

    list_for_each(task, &all_tasks, all_node)
        if (task->pid == pid || task->pgid == pid || task->sid == pid)
            return true;
    return false;
}

pid_t task_publish(struct task *task, struct task *parent)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    struct list *at;

    for (u32 tries = 0;; tries++) {
        last_pid = last_pid + 1 < PID_MAX ? last_pid + 1 : 2; /* 1 is init for ever */
        if (!pid_taken(last_pid))
            break;
        if (tries == PID_MAX) {
            spin_unlock_irqrestore(&tasks_lock, flags);
            return -EAGAIN;
        }
    }
    task->pid = last_pid;
    task->parent = parent;
    if (parent)
        list_add_tail(&parent->children, &task->sibling);
    for (at = all_tasks.prev; at != &all_tasks; at = at->prev)
        if (list_entry(at, struct task, all_node)->pid < task->pid)
            break;
    list_add(at, &task->all_node);
    spin_unlock_irqrestore(&tasks_lock, flags);
    return task->pid;
}

struct task *task_find(pid_t pid)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    struct task *task = task_lookup(pid);

    if (task)
        task->refs++;
    spin_unlock_irqrestore(&tasks_lock, flags);
    return task;
}

void task_put(struct task *task)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    bool last = --task->refs == 0;

    spin_unlock_irqrestore(&tasks_lock, flags);
    if (!last)
        return;
    while (READ_ONCE(task->on_cpu)) /* it exited on another CPU and has not quite left its stack */
        arch_pause();
    free_pages(task->stack_page, KSTACK_ORDER);
    kfree(task->cwd);
    kfree(task);
}

pid_t task_next_pid(pid_t after)
{
    u64 flags = spin_lock_irqsave(&tasks_lock);
    struct task *task;
    pid_t pid = 0;

    list_for_each(task, &all_tasks, all_node)
        if (task->pid > after) {
            pid = task->pid;
            break;
        }
    spin_unlock_irqrestore(&tasks_lock, flags);
    return pid;
}

char task_state_letter(const struct task *task)
{
    return "RSDTZ"[task->state];
}

struct task *kthread_create(void (*fn)(void *), void *arg, const char *name)
{
    struct task *task = task_allocate(name);

    if (!task)
        return NULL;
    task->cwd = kstrdup("/");
    arch_task_kernel(task, fn, arg);
    if (!task->cwd || task_publish(task, NULL) < 0) {
        task_put(task);
        return NULL;
    }
    task->pgid = task->sid = task->pid;
    sched_add(task);
    return task;
}
