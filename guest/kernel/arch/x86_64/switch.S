/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From one kernel stack to another. Only the callee-saved registers cross: the compiler has saved the rest around
   the call. */
    .cfi_sections .debug_frame
    .text

/* struct task *switch_stacks(u64 *previous_sp, u64 next_sp, struct task *previous): returns `previous`, on the next
   task's stack. */
    .balign 16
    .globl switch_stacks
    .type switch_stacks, @function
switch_stacks:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    movq %rdx, %rax
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size switch_stacks, . - switch_stacks

/* Where a new task's first switch_stacks returns to: rax = the task before it, r12 = fn, r13 = arg (trap.c laid them
   out). */
    .balign 16
    .globl task_start
    .type task_start, @function
task_start:
    movq %rax, %rdi
    call sched_finish_switch
    sti
    movq %r13, %rdi
    call *%r12
    xorl %edi, %edi
    call task_exit
    .size task_start, . - task_start

/* void arch_return_to_user(struct trapframe *tf): the stack is the task's own with nothing above the frame. */
    .balign 16
    .globl arch_return_to_user
    .type arch_return_to_user, @function
arch_return_to_user:
    cli
    movq %rdi, %rsp
    xorl %ebp, %ebp
    jmp trap_return
    .size arch_return_to_user, . - arch_return_to_user

    .section .note.GNU-stack, "", @progbits
