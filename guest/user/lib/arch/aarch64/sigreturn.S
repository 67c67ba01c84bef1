// SPDX-License-Identifier: GPL-2.0-or-later
//
// Where a signal handler returns to (sa_restorer): sp is at the signal frame, and rt_sigreturn takes it from there.

#include <abi/syscall_numbers.h>

	.text
	.globl	__sigreturn
	.type	__sigreturn, %function
__sigreturn:
	.cfi_startproc
	.cfi_signal_frame
#ifdef __NR_rt_sigreturn
	mov	x8, #__NR_rt_sigreturn
	svc	#0
#endif
	brk	#1			// not reached: rt_sigreturn does not come back here
	.cfi_endproc
	.size	__sigreturn, . - __sigreturn

	.section .note.GNU-stack, "", %progbits
