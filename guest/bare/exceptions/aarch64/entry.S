/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The start, the vectors, and the way into a probe and back.
 */
#include "layout.h"

    .section .head, "ax"
    .globl _start
_start:
    adrp x1, stack_top
    add x1, x1, :lo12:stack_top
    mov sp, x1
    adrp x1, __bss_start
    adrp x2, __bss_end
1:  stp xzr, xzr, [x1], #16
    cmp x1, x2
    b.ne 1b
    adrp x1, vectors
    add x1, x1, :lo12:vectors
    msr vbar_el1, x1
    bl main
    b .

    .text
/* void enter(pc, spsr, a, b): runs what is there with x0 = a, x1 = b; returns when it has raised something, with
 * `record` filled. */
    .globl enter
enter:
    stp x29, x30, [sp, #-96]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    adrp x9, resume
    mov x10, sp
    str x10, [x9, :lo12:resume]
    msr elr_el1, x0
    msr spsr_el1, x1
    mov x0, x2
    mov x1, x3
    isb
    eret

.macro vector offset
    .balign 128
    msr tpidr_el1, x0
    mov x0, #\offset
    b caught
.endm

    .balign 2048
vectors:
    .irp group, 0, 0x200, 0x400, 0x600 /* same EL on SP_EL0, same EL on SP_ELx, lower EL in AArch64, in AArch32 */
    .irp kind, 0, 0x80, 0x100, 0x180   /* synchronous, IRQ, FIQ, SError */
    vector (\group + \kind)
    .endr
    .endr
    .balign 128

caught:
    msr tpidrro_el0, x1
    adrp x1, record
    add x1, x1, :lo12:record
    str x0, [x1, #RECORD_VECTOR]
    mrs x0, tpidr_el1
    str x0, [x1, #RECORD_X0]
    mov x0, sp
    str x0, [x1, #RECORD_SP]
    stp x2, x3, [x1, #128]
    mrs x0, currentel
    mrs x2, spsel
    orr x0, x0, x2
    mrs x2, daif
    orr x0, x0, x2
    str x0, [x1, #RECORD_PSTATE]
    mrs x0, esr_el1
    str x0, [x1, #RECORD_ESR]
    mrs x0, far_el1
    str x0, [x1, #RECORD_FAR]
    mrs x0, elr_el1
    str x0, [x1, #RECORD_ELR]
    mrs x0, spsr_el1
    str x0, [x1, #RECORD_SPSR]
    mrs x0, sp_el0
    str x0, [x1, #RECORD_SP_EL0]
    adrp x1, resume
    ldr x1, [x1, :lo12:resume]
    mov sp, x1
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp x29, x30, [sp], #96
    ret

    .bss
    .balign 16
    .globl resume
resume:
    .skip 16
    .globl record
record:
    .skip 256
    .skip 16384
stack_top:
