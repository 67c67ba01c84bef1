// SPDX-License-Identifier: GPL-2.0-or-later
//
// machine.h's routines for test programs. struct registers: rax rcx rdx rbx rsp rbp rsi rdi r8..r15 at 0, rflags at
// 128, the control bits of MXCSR at 136, its status bits at 144, xmm0..xmm15 at 152.

	.macro	each_xmm load, base, offset
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.if	\load
	movups	\offset + 16 * \n(\base), %xmm\n
	.else
	movups	%xmm\n, \offset + 16 * \n(\base)
	.endif
	.endr
	.endm

	.macro	save_for_c
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	.endm

	.macro	restore_for_c
	pushq	$0x1f80
	ldmxcsr	(%rsp)
	popq	%rax
	cld
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	.endm

	.text
	.globl	registers_across_syscall
	.type	registers_across_syscall, @function
registers_across_syscall:
	save_for_c
	pushq	%rsi				// `after`
	movq	136(%rdi), %rax
	orq	144(%rdi), %rax
	pushq	%rax
	ldmxcsr	(%rsp)
	popq	%rax
	each_xmm 1, %rdi, 152
	movq	0(%rdi), %rax
	movq	8(%rdi), %rcx
	movq	16(%rdi), %rdx
	movq	24(%rdi), %rbx
	movq	40(%rdi), %rbp
	movq	48(%rdi), %rsi
	movq	64(%rdi), %r8
	movq	72(%rdi), %r9
	movq	80(%rdi), %r10
	movq	88(%rdi), %r11
	movq	96(%rdi), %r12
	movq	104(%rdi), %r13
	movq	112(%rdi), %r14
	movq	120(%rdi), %r15
	pushq	128(%rdi)
	movq	56(%rdi), %rdi
	popfq
	syscall
	movq	%rdi, -8(%rsp)			// below the stack pointer: the red zone, which signals leave alone
	movq	(%rsp), %rdi
	movq	%rax, 0(%rdi)
	movq	%rcx, 8(%rdi)
	movq	%rdx, 16(%rdi)
	movq	%rbx, 24(%rdi)
	movq	%rsp, 32(%rdi)
	movq	%rbp, 40(%rdi)
	movq	%rsi, 48(%rdi)
	movq	-8(%rsp), %rax
	movq	%rax, 56(%rdi)
	movq	%r8, 64(%rdi)
	movq	%r9, 72(%rdi)
	movq	%r10, 80(%rdi)
	movq	%r11, 88(%rdi)
	movq	%r12, 96(%rdi)
	movq	%r13, 104(%rdi)
	movq	%r14, 112(%rdi)
	movq	%r15, 120(%rdi)
	pushfq
	popq	128(%rdi)
	pushq	$0
	stmxcsr	(%rsp)
	popq	%rax
	movl	%eax, %ecx
	andl	$0xffc0, %eax
	andl	$0x003f, %ecx
	movq	%rax, 136(%rdi)
	movq	%rcx, 144(%rdi)
	each_xmm 0, %rdi, 152
	popq	%rsi
	restore_for_c
	ret
	.size	registers_across_syscall, . - registers_across_syscall

	.globl	hold_vectors
	.type	hold_vectors, @function
hold_vectors:
	save_for_c
	pushq	136(%rdi)
	ldmxcsr	(%rsp)
	popq	%rdx
	each_xmm 1, %rdi, 152
1:	subq	$1, %rsi
	jnz	1b
	subq	$264, %rsp
	each_xmm 0, %rsp, 0
	xorl	%eax, %eax
	stmxcsr	256(%rsp)
	movl	256(%rsp), %ecx
	andl	$0xffc0, %ecx
	cmpl	%ecx, %edx
	setne	%al
	xorl	%ecx, %ecx
2:	movq	152(%rdi, %rcx), %r8
	movq	160(%rdi, %rcx), %r9
	xorq	(%rsp, %rcx), %r8
	xorq	8(%rsp, %rcx), %r9
	orq	%r9, %r8
	cmpq	$1, %r8				// carry if equal
	sbbq	$-1, %rax
	addq	$16, %rcx
	cmpq	$256, %rcx
	jne	2b
	addq	$264, %rsp
	movq	%rax, %rdx
	restore_for_c
	movq	%rdx, %rax
	ret
	.size	hold_vectors, . - hold_vectors

	.section .note.GNU-stack, "", @progbits
