/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls: Linux's numbers per architecture, declared once in guest/abi/syscalls.abi. Handlers are
   `long sys_NAME(const struct syscall_args *a)`, a result or a negative errno. */
#pragma once
#include <types.h>

struct trapframe;

struct syscall_args {
    unsigned long arg[6];
    struct trapframe *tf; /* for the few calls that change the caller's registers */
};

/* Every call of this architecture's table; a handler for one that only other architectures have needs no declaration.
 */
#define SYSCALL(number, name, nargs) long sys_##name(const struct syscall_args *a);
#include <abi/syscall_table.h>
#undef SYSCALL

void syscall_dispatch(struct trapframe *tf);
