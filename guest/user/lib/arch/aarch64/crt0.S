// SPDX-License-Identifier: GPL-2.0-or-later
//
// The first instruction of every program. The kernel enters here with sp at argc (argv, envp and the auxiliary
// vector follow); every other register is unspecified.

	.text
	.globl	_start
	.type	_start, %function
_start:
	.cfi_startproc
	.cfi_undefined x30		// no caller: a backtrace ends here
	mov	x29, #0
	mov	x30, #0
	mov	x0, sp
	and	sp, x0, #-16
	bl	__libc_start		// does not return
	brk	#1
	.cfi_endproc
	.size	_start, . - _start

	.section .note.GNU-stack, "", %progbits
