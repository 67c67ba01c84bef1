/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System call dispatch: the table is generated from guest/abi/syscalls.abi, in this architecture's numbers. */
#include <abi/errno.h>
#include <arch.h>
#include <printk.h>
#include <syscall.h>
#include <task.h>

typedef long (*handler_t)(const struct syscall_args *a);

static const handler_t handlers[] = {
#define SYSCALL(number, name, nargs) [number] = sys_##name,
#include <abi/syscall_table.h>
#undef SYSCALL
};

void syscall_dispatch(struct trapframe *tf)
{
    unsigned long number = arch_syscall_number(tf);
    struct syscall_args args = { .tf = tf };

    if (unlikely(number >= ARRAY_SIZE(handlers) || !handlers[number])) {
        pr_debug("%s[%d]: unknown system call %lu", current->name, current->pid, number);
        arch_syscall_return(tf, -ENOSYS);
        return;
    }
    for (int i = 0; i < 6; i++)
        args.arg[i] = arch_syscall_arg(tf, i);
    arch_syscall_return(tf, handlers[number](&args));
}
