/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Accesses that the PL011's manual (Arm DDI 0183G, 3.2) and the door do not allow, then a loop with one of them and an
 * access to nothing in the middle of its code, then the end. The twin is x86_64/accesses.S. */
    .globl _start
_start:
    adr x0, vectors
    msr vbar_el1, x0
    isb
    movz x1, #0x0900, lsl #16       /* the PL011 of the board */
    movz x2, #0x0b00, lsl #16       /* the door */
    movz x3, #0x0c00, lsl #16       /* nothing */
    mov w0, #0x55
    str w0, [x1, #0x18]             /* UARTFR is read-only */
    ldr w4, [x1, #0x44]             /* UARTICR is write-only */
    ldr w4, [x1, #0x80]             /* reserved */
    ldrb w4, [x2]                   /* the door has 32-bit registers */
    ldr w5, [x1, #0x18]             /* and UARTFR is as it was */

    mov x6, #0
    mov x7, #200
1:  add x6, x6, x7
    add x6, x6, #1
    ldr w4, [x3]                    /* an external abort; its handler goes on behind it */
    add x6, x6, #1
    str w0, [x1, #0x18]
    add x6, x6, #1
    subs x7, x7, #1
    b.ne 1b

    mov w0, #7
    str w0, [x2, #0x08]             /* the door's EXIT */
    b .

    .balign 2048
vectors:
    .fill 0x200 / 4, 4, 0x14000000  /* b . */
    mrs x8, elr_el1                 /* synchronous, current EL with SP_ELx */
    add x8, x8, #4
    msr elr_el1, x8
    add x9, x9, #1
    eret
    .balign 2048
