// SPDX-License-Identifier: GPL-2.0-or-later
//
// The first instruction of every program. The kernel enters here with rsp at argc (argv, envp and the auxiliary
// vector follow); every other register is unspecified.

	.text
	.globl	_start
	.type	_start, @function
_start:
	.cfi_startproc
	.cfi_undefined %rip		// no caller: a backtrace ends here
	xorl	%ebp, %ebp
	movq	%rsp, %rdi
	andq	$-16, %rsp
	call	__libc_start		// does not return
	ud2
	.cfi_endproc
	.size	_start, . - _start

	.section .note.GNU-stack, "", @progbits
