// SPDX-License-Identifier: GPL-2.0-or-later
//
// machine.h's routines for test programs. struct registers: x0..x30 at 0, NZCV at 248, FPCR at 256, FPSR at 264,
// v0..v31 at 272.

	.macro	each_pair op, base, offset
	\op	q0, q1, [\base, #\offset]
	\op	q2, q3, [\base, #\offset + 32]
	\op	q4, q5, [\base, #\offset + 64]
	\op	q6, q7, [\base, #\offset + 96]
	\op	q8, q9, [\base, #\offset + 128]
	\op	q10, q11, [\base, #\offset + 160]
	\op	q12, q13, [\base, #\offset + 192]
	\op	q14, q15, [\base, #\offset + 224]
	\op	q16, q17, [\base, #\offset + 256]
	\op	q18, q19, [\base, #\offset + 288]
	\op	q20, q21, [\base, #\offset + 320]
	\op	q22, q23, [\base, #\offset + 352]
	\op	q24, q25, [\base, #\offset + 384]
	\op	q26, q27, [\base, #\offset + 416]
	\op	q28, q29, [\base, #\offset + 448]
	\op	q30, q31, [\base, #\offset + 480]
	.endm

	.macro	save_for_c
	stp	x29, x30, [sp, #-176]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	.endm

	.macro	restore_for_c
	msr	fpcr, xzr
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	ldp	x29, x30, [sp], #176
	.endm

	.text
	.globl	registers_across_syscall
	.type	registers_across_syscall, %function
registers_across_syscall:
	save_for_c
	str	x1, [sp, #160]
	ldr	x2, [x0, #248]
	msr	nzcv, x2
	ldp	x2, x3, [x0, #256]
	msr	fpcr, x2
	msr	fpsr, x3
	add	x1, x0, #272
	each_pair ldp, x1, 0
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #240]
	ldp	x0, x1, [x0]
	svc	#0
	stp	x30, x0, [sp, #-16]!		// room to work in: the result and x30 wait on the stack
	ldr	x30, [sp, #160 + 16]		// `after`
	stp	x2, x3, [x30, #16]
	str	x1, [x30, #8]
	ldp	x3, x2, [sp], #16		// x30, x0
	str	x2, [x30]
	str	x3, [x30, #240]
	stp	x4, x5, [x30, #32]
	stp	x6, x7, [x30, #48]
	stp	x8, x9, [x30, #64]
	stp	x10, x11, [x30, #80]
	stp	x12, x13, [x30, #96]
	stp	x14, x15, [x30, #112]
	stp	x16, x17, [x30, #128]
	stp	x18, x19, [x30, #144]
	stp	x20, x21, [x30, #160]
	stp	x22, x23, [x30, #176]
	stp	x24, x25, [x30, #192]
	stp	x26, x27, [x30, #208]
	stp	x28, x29, [x30, #224]
	mrs	x2, nzcv
	mrs	x3, fpcr
	mrs	x4, fpsr
	str	x2, [x30, #248]
	stp	x3, x4, [x30, #256]
	add	x1, x30, #272
	each_pair stp, x1, 0
	restore_for_c
	ret
	.size	registers_across_syscall, . - registers_across_syscall

	.globl	hold_vectors
	.type	hold_vectors, %function
hold_vectors:
	save_for_c
	ldr	x3, [x0, #256]
	msr	fpcr, x3
	add	x2, x0, #272
	each_pair ldp, x2, 0
1:	subs	x1, x1, #1
	b.ne	1b
	sub	sp, sp, #512
	mov	x4, sp
	each_pair stp, x4, 0
	mrs	x5, fpcr
	cmp	x5, x3
	cset	x0, ne
	mov	x6, #32
2:	ldp	x7, x8, [x2], #16
	ldp	x9, x10, [x4], #16
	cmp	x7, x9
	ccmp	x8, x10, #0, eq
	cinc	x0, x0, ne
	subs	x6, x6, #1
	b.ne	2b
	add	sp, sp, #512
	restore_for_c
	ret
	.size	hold_vectors, . - hold_vectors

	.section .note.GNU-stack, "", %progbits
