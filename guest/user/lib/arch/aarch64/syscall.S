// SPDX-License-Identifier: GPL-2.0-or-later
//
// long __syscall(long number, ...): up to six arguments, the kernel's own answer (-errno on failure).
// Number in x8, arguments in x0..x5; the kernel changes x0 only.

	.text
	.globl	__syscall
	.type	__syscall, %function
__syscall:
	.cfi_startproc
	mov	x8, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, x3
	mov	x3, x4
	mov	x4, x5
	mov	x5, x6
	svc	#0
	ret
	.cfi_endproc
	.size	__syscall, . - __syscall

// long syscall(long number, ...): the same, but -1 with errno set on failure.
	.globl	syscall
	.type	syscall, %function
syscall:
	.cfi_startproc
	stp	x29, x30, [sp, #-16]!
	.cfi_def_cfa_offset 16
	.cfi_offset x29, -16
	.cfi_offset x30, -8
	mov	x29, sp
	bl	__syscall
	ldp	x29, x30, [sp], #16
	.cfi_def_cfa_offset 0
	.cfi_restore x29
	.cfi_restore x30
	b	__syscall_result
	.cfi_endproc
	.size	syscall, . - syscall

	.section .note.GNU-stack, "", %progbits
