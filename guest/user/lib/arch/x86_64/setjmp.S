// SPDX-License-Identifier: GPL-2.0-or-later
//
// int setjmp(jmp_buf env); void longjmp(jmp_buf env, int value): all that the psABI asks a callee to preserve
// (rbx, rbp, r12..r15, rsp, and the return address). The signal mask is not part of it.

	.text
	.globl	setjmp
	.type	setjmp, @function
setjmp:
	.cfi_startproc
	movq	%rbx, 0(%rdi)
	movq	%rbp, 8(%rdi)
	movq	%r12, 16(%rdi)
	movq	%r13, 24(%rdi)
	movq	%r14, 32(%rdi)
	movq	%r15, 40(%rdi)
	leaq	8(%rsp), %rdx		// the caller's rsp, once setjmp has returned
	movq	%rdx, 48(%rdi)
	movq	(%rsp), %rdx
	movq	%rdx, 56(%rdi)
	xorl	%eax, %eax
	ret
	.cfi_endproc
	.size	setjmp, . - setjmp

	.globl	longjmp
	.type	longjmp, @function
longjmp:
	.cfi_startproc
	movq	0(%rdi), %rbx
	movq	8(%rdi), %rbp
	movq	16(%rdi), %r12
	movq	24(%rdi), %r13
	movq	32(%rdi), %r14
	movq	40(%rdi), %r15
	movq	48(%rdi), %rsp
	movl	%esi, %eax
	cmpl	$1, %eax
	adcl	$0, %eax		// setjmp never returns 0 a second time
	jmpq	*56(%rdi)
	.cfi_endproc
	.size	longjmp, . - longjmp

	.section .note.GNU-stack, "", @progbits
