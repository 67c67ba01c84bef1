/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switching kernel stacks. Only what AAPCS64 says a callee must keep is saved here: the C caller saved the rest. */
#include <arch/task.h>
#include <arch/trapframe.h>

    .arch_extension fp
    .arch_extension simd

    .text
/* struct task *arch_switch_registers(struct task *previous, struct arch_task *from, struct arch_task *to)
   Returns `previous` on the stack of `to`. */
    .globl arch_switch_registers
    .type arch_switch_registers, %function
arch_switch_registers:
    stp x19, x20, [x1, #AT_X19]
    stp x21, x22, [x1, #AT_X19 + 16]
    stp x23, x24, [x1, #AT_X19 + 32]
    stp x25, x26, [x1, #AT_X19 + 48]
    stp x27, x28, [x1, #AT_X19 + 64]
    stp x29, x30, [x1, #AT_X29]
    mov x9, sp
    str x9, [x1, #AT_SP]
    ldp x19, x20, [x2, #AT_X19]
    ldp x21, x22, [x2, #AT_X19 + 16]
    ldp x23, x24, [x2, #AT_X19 + 32]
    ldp x25, x26, [x2, #AT_X19 + 48]
    ldp x27, x28, [x2, #AT_X19 + 64]
    ldp x29, x30, [x2, #AT_X29]
    ldr x9, [x2, #AT_SP]
    mov sp, x9
    ret
    .size arch_switch_registers, . - arch_switch_registers

/* Where a new kernel thread starts: x19 = fn, x20 = arg, x0 = the task it was switched from. */
    .globl kernel_thread_start
    .type kernel_thread_start, %function
kernel_thread_start:
    mov x29, xzr
    bl sched_finish_switch
    msr daifclr, #2
    mov x0, x20
    blr x19
    mov w0, #0
    bl task_exit
    .size kernel_thread_start, . - kernel_thread_start

/* Where a forked child starts: its trap frame lies at sp. */
    .globl fork_child_start
    .type fork_child_start, %function
fork_child_start:
    bl sched_finish_switch
    add x29, sp, #TF_FRAME
    b return_to_user
    .size fork_child_start, . - fork_child_start

/* void fp_save(struct fp_state *), void fp_load(const struct fp_state *) */
    .globl fp_save
    .type fp_save, %function
fp_save:
    stp q0, q1, [x0]
    stp q2, q3, [x0, #32]
    stp q4, q5, [x0, #64]
    stp q6, q7, [x0, #96]
    stp q8, q9, [x0, #128]
    stp q10, q11, [x0, #160]
    stp q12, q13, [x0, #192]
    stp q14, q15, [x0, #224]
    stp q16, q17, [x0, #256]
    stp q18, q19, [x0, #288]
    stp q20, q21, [x0, #320]
    stp q22, q23, [x0, #352]
    stp q24, q25, [x0, #384]
    stp q26, q27, [x0, #416]
    stp q28, q29, [x0, #448]
    stp q30, q31, [x0, #480]
    mrs x1, fpcr
    mrs x2, fpsr
    add x0, x0, #512
    stp x1, x2, [x0]
    ret
    .size fp_save, . - fp_save

    .globl fp_load
    .type fp_load, %function
fp_load:
    ldp q0, q1, [x0]
    ldp q2, q3, [x0, #32]
    ldp q4, q5, [x0, #64]
    ldp q6, q7, [x0, #96]
    ldp q8, q9, [x0, #128]
    ldp q10, q11, [x0, #160]
    ldp q12, q13, [x0, #192]
    ldp q14, q15, [x0, #224]
    ldp q16, q17, [x0, #256]
    ldp q18, q19, [x0, #288]
    ldp q20, q21, [x0, #320]
    ldp q22, q23, [x0, #352]
    ldp q24, q25, [x0, #384]
    ldp q26, q27, [x0, #416]
    ldp q28, q29, [x0, #448]
    ldp q30, q31, [x0, #480]
    add x0, x0, #512
    ldp x1, x2, [x0]
    msr fpcr, x1
    msr fpsr, x2
    ret
    .size fp_load, . - fp_load
