/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of the interrupted code, as vectors.S stores them on the kernel stack. */
#pragma once

#define TF_X(n) ((n) * 8)
#define TF_SP 248
#define TF_PC 256
#define TF_PSTATE 264
#define TF_ORIG_X0 272
#define TF_SYSCALL 280
#define TF_FRAME 288
#define TF_SIZE 304

#ifndef __ASSEMBLER__
#include <types.h>

struct trapframe {
    u64 x[31];
    u64 sp;       /* SP_EL0 from user mode, the kernel's own sp otherwise */
    u64 pc;       /* ELR_EL1 */
    u64 pstate;   /* SPSR_EL1 */
    u64 orig_x0;  /* x0 before the system call's result replaced it: for a restart */
    u64 syscall;  /* number, NO_SYSCALL when the frame is not from one */
    u64 frame[2]; /* a frame record, so that a backtrace walks through the exception */
};

#define NO_SYSCALL (~0UL)

/* Which arguments of clone(2) these are: the order differs between architectures. */
enum { CLONE_ARG_TLS = 3, CLONE_ARG_CHILD_TID = 4 };

static inline unsigned long arch_syscall_number(const struct trapframe *tf)
{
    return tf->syscall;
}

static inline unsigned long arch_syscall_arg(const struct trapframe *tf, int i)
{
    return i ? tf->x[i] : tf->orig_x0;
}

static inline void arch_syscall_return(struct trapframe *tf, long value)
{
    tf->x[0] = value;
}

static inline long arch_syscall_result(const struct trapframe *tf)
{
    return tf->x[0];
}

static inline bool arch_tf_in_syscall(const struct trapframe *tf)
{
    return tf->syscall != NO_SYSCALL;
}

static inline u64 arch_tf_pc(const struct trapframe *tf)
{
    return tf->pc;
}

static inline void arch_tf_set_pc(struct trapframe *tf, u64 pc)
{
    tf->pc = pc;
}

static inline u64 arch_tf_sp(const struct trapframe *tf)
{
    return tf->sp;
}

static inline u64 arch_tf_frame_pointer(const struct trapframe *tf)
{
    return tf->x[29];
}

static inline bool arch_tf_user(const struct trapframe *tf)
{
    return (tf->pstate & 0xf) == 0; /* EL0t */
}
#endif
