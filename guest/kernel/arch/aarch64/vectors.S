/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exception vectors (Arm ARM D1.3.1), every entry in one table, and the one way in and out of the kernel.

   An entry saves the interrupted registers as a struct trapframe on the kernel stack, links a frame record so that
   backtraces walk through, and calls its C handler with (trapframe, ESR, FAR). */
#include <arch/trapframe.h>

/* Save everything. From EL0 the stack is the task's kernel stack (SP_EL1), whose top the frame becomes. */
.macro save_frame el
    sub sp, sp, #TF_SIZE
    stp x0, x1, [sp, #TF_X(0)]
    stp x2, x3, [sp, #TF_X(2)]
    stp x4, x5, [sp, #TF_X(4)]
    stp x6, x7, [sp, #TF_X(6)]
    stp x8, x9, [sp, #TF_X(8)]
    stp x10, x11, [sp, #TF_X(10)]
    stp x12, x13, [sp, #TF_X(12)]
    stp x14, x15, [sp, #TF_X(14)]
    stp x16, x17, [sp, #TF_X(16)]
    stp x18, x19, [sp, #TF_X(18)]
    stp x20, x21, [sp, #TF_X(20)]
    stp x22, x23, [sp, #TF_X(22)]
    stp x24, x25, [sp, #TF_X(24)]
    stp x26, x27, [sp, #TF_X(26)]
    stp x28, x29, [sp, #TF_X(28)]
    mrs x22, elr_el1
    mrs x23, spsr_el1
    .if \el == 0
    mrs x21, sp_el0
    stp xzr, xzr, [sp, #TF_FRAME]  /* the walk ends at user code */
    .else
    add x21, sp, #TF_SIZE
    stp x29, x22, [sp, #TF_FRAME]
    .endif
    stp x30, x21, [sp, #TF_X(30)]  /* x30 and sp */
    stp x22, x23, [sp, #TF_PC]     /* pc and pstate */
    mov x24, #-1
    stp x0, x24, [sp, #TF_ORIG_X0] /* orig_x0; not (yet) a system call */
    add x29, sp, #TF_FRAME
.endm

.macro restore_frame el
    ldp x22, x23, [sp, #TF_PC]
    ldp x30, x21, [sp, #TF_X(30)]
    msr elr_el1, x22
    msr spsr_el1, x23
    .if \el == 0
    msr sp_el0, x21
    .endif
    ldp x0, x1, [sp, #TF_X(0)]
    ldp x2, x3, [sp, #TF_X(2)]
    ldp x4, x5, [sp, #TF_X(4)]
    ldp x6, x7, [sp, #TF_X(6)]
    ldp x8, x9, [sp, #TF_X(8)]
    ldp x10, x11, [sp, #TF_X(10)]
    ldp x12, x13, [sp, #TF_X(12)]
    ldp x14, x15, [sp, #TF_X(14)]
    ldp x16, x17, [sp, #TF_X(16)]
    ldp x18, x19, [sp, #TF_X(18)]
    ldp x20, x21, [sp, #TF_X(20)]
    ldp x22, x23, [sp, #TF_X(22)]
    ldp x24, x25, [sp, #TF_X(24)]
    ldp x26, x27, [sp, #TF_X(26)]
    ldp x28, x29, [sp, #TF_X(28)]
    add sp, sp, #TF_SIZE
    eret
.endm

.macro vector label
    .balign 128
    b \label
.endm

    .section .vectors, "ax"
    .balign 2048
    .globl vectors
vectors:
    /*      label             from, SP          kind   */
    vector bad_sp0_sync    /* EL1, SP_EL0       synchronous: the kernel never selects SP_EL0 */
    vector bad_sp0_irq     /*                   IRQ    */
    vector bad_sp0_fiq     /*                   FIQ    */
    vector bad_sp0_serror  /*                   SError */
    vector el1_sync        /* EL1, SP_EL1       synchronous: a kernel fault, or a user copy that needs a page */
    vector el1_irq         /*                   IRQ    */
    vector bad_el1_fiq     /*                   FIQ: no secure world here sends one */
    vector bad_el1_serror  /*                   SError: an asynchronous external abort */
    vector el0_sync        /* EL0, AArch64      synchronous: svc, faults, undefined instructions */
    vector el0_irq         /*                   IRQ    */
    vector bad_el0_fiq     /*                   FIQ    */
    vector el0_serror      /*                   SError */
    vector bad_32_sync     /* EL0, AArch32      synchronous: no task is ever started in AArch32 */
    vector bad_32_irq      /*                   IRQ    */
    vector bad_32_fiq      /*                   FIQ    */
    vector bad_32_serror   /*                   SError */
    .balign 128

    .text
.macro entry_point label, el, handler, vector=0
    .type \label, %function
\label:
    save_frame \el
    mov x0, sp
    mrs x1, esr_el1
    mrs x2, far_el1
    mov w3, #\vector
    bl \handler
    .if \el == 0
    b return_to_user
    .else
    restore_frame 1
    .endif
    .size \label, . - \label
.endm

    entry_point el1_sync, 1, trap_el1_sync
    entry_point el1_irq, 1, trap_irq
    entry_point el0_sync, 0, trap_el0_sync
    entry_point el0_irq, 0, trap_irq
    entry_point el0_serror, 0, trap_el0_serror

    /* These only report and stop; vector= is the index of the table above. */
    entry_point bad_sp0_sync, 1, trap_bad, 0
    entry_point bad_sp0_irq, 1, trap_bad, 1
    entry_point bad_sp0_fiq, 1, trap_bad, 2
    entry_point bad_sp0_serror, 1, trap_bad, 3
    entry_point bad_el1_fiq, 1, trap_bad, 6
    entry_point bad_el1_serror, 1, trap_bad, 7
    entry_point bad_el0_fiq, 0, trap_bad, 10
    entry_point bad_32_sync, 0, trap_bad, 12
    entry_point bad_32_irq, 0, trap_bad, 13
    entry_point bad_32_fiq, 0, trap_bad, 14
    entry_point bad_32_serror, 0, trap_bad, 15

/* The only way to EL0. Interrupts stay masked from the last look at need_resched and signals until eret. */
    .globl return_to_user
    .type return_to_user, %function
return_to_user:
    msr daifset, #2
    mov x0, sp
    bl trap_return_to_user
    restore_frame 0
    .size return_to_user, . - return_to_user

/* void arch_return_to_user(struct trapframe *tf): the frame lies where an entry would have put it. */
    .globl arch_return_to_user
    .type arch_return_to_user, %function
arch_return_to_user:
    msr daifset, #2
    mov sp, x0
    add x29, sp, #TF_FRAME
    b return_to_user
    .size arch_return_to_user, . - arch_return_to_user
