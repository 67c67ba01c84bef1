/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The neutral half of exceptions: page faults, faults of user code, and what happens before user code runs again. */
#include <abi/errno.h>
#include <abi/signal.h>
#include <arch.h>
#include <mm.h>
#include <printk.h>
#include <sched.h>
#include <signal.h>
#include <syscall.h>
#include <task.h>
#include <trap.h>

struct ex_entry {
    s32 access, fixup; /* each relative to its own address */
};

extern const struct ex_entry __ex_table_start[], __ex_table_end[];

u64 trap_fixup(u64 pc)
{
    for (const struct ex_entry *e = __ex_table_start; e < __ex_table_end; e++)
        if ((u64)&e->access + e->access == pc)
            return (u64)&e->fixup + e->fixup;
    return 0;
}

static const char *access_name(enum fault_access access)
{
    return access == FAULT_WRITE ? "write" : access == FAULT_EXEC ? "execute" : "read";
}

/* The line that says why a process dies, unless it handles the signal itself. */
static void report(struct trapframe *tf, int sig, u64 address, const char *cause, const char *detail)
{
    struct task *task = current;

    if (signal_is_fatal(task, sig) || task->signals.blocked & SIG_BIT(sig))
        pr_notice("%s[%d]: %s at 0x%lx, pc 0x%lx: %s%s%s%s", task->name, task->pid, signal_name(sig),
                  (unsigned long)address, (unsigned long)arch_tf_pc(tf), cause, *detail ? " (" : "", detail,
                  *detail ? ")" : "");
}

bool trap_page_fault(struct trapframe *tf, u64 va, enum fault_access access, bool user)
{
    struct task *task = current;
    enum fault_result result = FAULT_NO_MAPPING;
    u64 fixup = 0;

    if (!user) {
        /* The kernel touches user memory only through the copy functions; anything else is a kernel bug. */
        fixup = trap_fixup(arch_tf_pc(tf));
        if (!fixup)
            return false;
    }
    if (task->mm && va < USER_TOP) {
        arch_irq_enable(); /* making the page may take long, and may sleep */
        result = mm_fault(task->mm, va, access);
        arch_irq_disable();
    }
    if (result == FAULT_OK) {
        task->minor_faults++;
        return true;
    }
    if (!user) {
        arch_tf_set_pc(tf, fixup);
        return true;
    }
    switch (result) {
    case FAULT_NO_MEMORY:
        pr_err("%s[%d]: out of memory", task->name, task->pid);
        signal_force(SIGKILL, SI_KERNEL, va);
        break;
    case FAULT_IO:
        report(tf, SIGBUS, va, "file cannot be read", access_name(access));
        signal_force(SIGBUS, BUS_ADRERR, va);
        break;
    case FAULT_PERMISSION:
        report(tf, SIGSEGV, va, "no permission", access_name(access));
        signal_force(SIGSEGV, SEGV_ACCERR, va);
        break;
    default:
        report(tf, SIGSEGV, va, "no mapping", access_name(access));
        signal_force(SIGSEGV, SEGV_MAPERR, va);
    }
    return false;
}

void trap_user_exception(struct trapframe *tf, int sig, int code, u64 address, const char *cause)
{
    report(tf, sig, address, cause, "");
    signal_force(sig, code, address);
}

void trap_irq_enter(void)
{
    struct cpu *cpu = this_cpu();

    /* The handler may take locks of any rank: those that the interrupted code holds are never taken with interrupts
       enabled. */
    cpu->irq_depth++;
    cpu->interrupted_locks = cpu->locks_held;
    cpu->locks_held = 0;
}

void trap_irq_exit(void)
{
    struct cpu *cpu = this_cpu();

    cpu->locks_held = cpu->interrupted_locks;
    cpu->irq_depth--;
}

void trap_return_to_user(struct trapframe *tf)
{
    for (;;) {
        if (this_cpu()->need_resched) {
            schedule();
        } else if (signal_pending(current) || (arch_tf_in_syscall(tf) && arch_syscall_result(tf) == -ERESTARTSYS)) {
            arch_irq_enable();
            signal_deliver(tf);
            arch_irq_disable();
            if (!signal_pending(current) && !this_cpu()->need_resched)
                return;
        } else {
            return;
        }
    }
}
