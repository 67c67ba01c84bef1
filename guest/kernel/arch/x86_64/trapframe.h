/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trap frame: what vectors.S leaves on the kernel stack at every way into the kernel, and what it takes from there
   on the way out. Readable from C and from assembly; trap.c proves the offsets. */
#pragma once

#define TF_R15 0
#define TF_R14 8
#define TF_R13 16
#define TF_R12 24
#define TF_RBP 32
#define TF_RBX 40
#define TF_R11 48
#define TF_R10 56
#define TF_R9 64
#define TF_R8 72
#define TF_RAX 80
#define TF_RCX 88
#define TF_RDX 96
#define TF_RSI 104
#define TF_RDI 112
#define TF_VECTOR 120
#define TF_ERROR_CODE 128
#define TF_RIP 136
#define TF_CS 144
#define TF_RFLAGS 152
#define TF_RSP 160
#define TF_SS 168
#define TF_SIZE 176

/* Segment selectors. SYSRET wants user data at STAR[63:48] + 8 and user code at + 16, in this order. */
#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_CODE32 0x18
#define SELECTOR_USER_DATA 0x20
#define SELECTOR_USER_CODE 0x28
#define SELECTOR_TSS 0x30
#define SELECTOR_RPL_USER 3
#define USER_CS (SELECTOR_USER_CODE | SELECTOR_RPL_USER)
#define USER_SS (SELECTOR_USER_DATA | SELECTOR_RPL_USER)

/* Vectors that the architecture defines (SDM volume 3, section 6.3.1) and those we choose. */
#define VECTOR_NMI 2
#define VECTOR_BREAKPOINT 3
#define VECTOR_OVERFLOW 4
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PAGE_FAULT 14
#define VECTOR_X87_ERROR 16
#define VECTOR_MACHINE_CHECK 18
#define VECTOR_SIMD_ERROR 19
#define VECTOR_EXCEPTIONS 32  /* vectors below are exceptions */
#define VECTOR_ISA 0x30       /* irq n of the ISA bus, through the IO-APIC */
#define VECTOR_PIC 0xe0       /* where the masked 8259s point, so that a spurious irq 7 or 15 is recognised */
#define VECTOR_TIMER 0xf0     /* local APIC timer */
#define VECTOR_ERROR 0xfe     /* local APIC error */
#define VECTOR_SPURIOUS 0xff  /* local APIC spurious; its low four bits must be ones on old parts */
#define VECTOR_COUNT 256
#define VECTOR_SYSCALL 256    /* not in the IDT: marks a frame made by SYSCALL */
#define VECTOR_RETURN 257     /* no longer from anywhere: the frame was replaced (signal handler, sigreturn) */

/* Interrupt stacks: the index in the TSS (1 to 7) of the vectors that may not trust the current stack. */
#define IST_DOUBLE_FAULT 1
#define IST_NMI 2
#define IST_MACHINE_CHECK 3
#define IST_COUNT 3
#define IST_STACK_SIZE 4096

#define RFLAGS_FIXED 0x2
#define RFLAGS_TF 0x100
#define RFLAGS_IF 0x200
#define RFLAGS_DF 0x400
#define RFLAGS_IOPL 0x3000
#define RFLAGS_NT 0x4000
#define RFLAGS_RF 0x10000
#define RFLAGS_AC 0x40000

/* Page-fault error code (SDM volume 3, section 4.7). */
#define PF_PRESENT 0x1
#define PF_WRITE 0x2
#define PF_USER 0x4
#define PF_RESERVED 0x8
#define PF_FETCH 0x10

#ifndef __ASSEMBLER__

#include <types.h>

struct trapframe {
    u64 r15, r14, r13, r12, rbp, rbx;
    u64 r11, r10, r9, r8;
    u64 rax, rcx, rdx, rsi, rdi;
    u64 vector;                    /* which way in: a vector, or VECTOR_SYSCALL */
    u64 error_code;                /* the exception's; of a system call its number, since the result overwrites rax */
    u64 rip, cs, rflags, rsp, ss;  /* pushed by the CPU, or by the SYSCALL entry in the same order */
};

/* vectors.S */
extern const u64 vector_entries[VECTOR_COUNT];
void syscall_entry(void);
void trap_return(void);

/* trap.c */
void trap_dispatch(struct trapframe *tf);

static inline unsigned long arch_syscall_number(const struct trapframe *tf)
{
    return tf->error_code;
}

static inline unsigned long arch_syscall_arg(const struct trapframe *tf, int i)
{
    const u64 args[6] = { tf->rdi, tf->rsi, tf->rdx, tf->r10, tf->r8, tf->r9 };
    return args[i];
}

/* clone(2) swaps its last two arguments between architectures. */
enum { CLONE_ARG_CHILD_TID = 3, CLONE_ARG_TLS = 4 };

static inline void arch_syscall_return(struct trapframe *tf, long value)
{
    tf->rax = (u64)value;
}

static inline long arch_syscall_result(const struct trapframe *tf)
{
    return (long)tf->rax;
}

static inline bool arch_tf_in_syscall(const struct trapframe *tf)
{
    return tf->vector == VECTOR_SYSCALL;
}

static inline u64 arch_tf_pc(const struct trapframe *tf)
{
    return tf->rip;
}

static inline void arch_tf_set_pc(struct trapframe *tf, u64 pc)
{
    tf->rip = pc;
}

static inline u64 arch_tf_sp(const struct trapframe *tf)
{
    return tf->rsp;
}

static inline u64 arch_tf_frame_pointer(const struct trapframe *tf)
{
    return tf->rbp;
}

static inline bool arch_tf_user(const struct trapframe *tf)
{
    return (tf->cs & SELECTOR_RPL_USER) != 0;
}

#endif
