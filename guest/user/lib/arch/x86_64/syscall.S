// SPDX-License-Identifier: GPL-2.0-or-later
//
// long __syscall(long number, ...): up to six arguments, the kernel's own answer (-errno on failure).
// Number in rax, arguments in rdi, rsi, rdx, r10, r8, r9; the instruction itself takes rcx and r11.

	.text
	.globl	__syscall
	.type	__syscall, @function
__syscall:
	.cfi_startproc
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	movq	8(%rsp), %r9		// the sixth argument is the seventh of this call: on the stack
	syscall
	ret
	.cfi_endproc
	.size	__syscall, . - __syscall

// long syscall(long number, ...): the same, but -1 with errno set on failure.
	.globl	syscall
	.type	syscall, @function
syscall:
	.cfi_startproc
	pushq	8(%rsp)
	.cfi_adjust_cfa_offset 8
	call	__syscall
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	movq	%rax, %rdi
	jmp	__syscall_result
	.cfi_endproc
	.size	syscall, . - syscall

	.section .note.GNU-stack, "", @progbits
