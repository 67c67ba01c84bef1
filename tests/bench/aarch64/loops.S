/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Measuring loops without an operating system; the same binary runs on us and on QEMU (-M virt, raw kernel). Before
 * each loop its letter goes to the console, 'z' after the last: the host takes the time at each letter.
 *
 *   a ALU   m load/add/store   c call/return   b branches   s svc from EL0   p page fault at EL1, mapped and unmapped
 *   t TLB miss   i interrupt, from GICD_SGIR to EOI   w UART register write
 */
#include "counts.h"

.equ TABLES, 0x40100000
.equ WINDOW, 0x8000000000        /* pages that tests map and unmap */
.equ GICD, 0x08000000
.equ GICC, 0x08010000
.equ UART, 0x09000000
.equ NORMAL, 3 << 8 | 1 << 10 | 1 << 2       /* inner shareable, AF, attribute 1 */

.macro begin letter
    mov w0, #\letter
    bl putc
.endm

.text
.global _start
_start:
    adr x1, stack
    mov sp, x1
    ldr x0, =TABLES
    mov x1, #8 * 512
1:  str xzr, [x0], #8
    subs x1, x1, #1
    b.ne 1b
    ldr x0, =TABLES
    add x1, x0, #0x1000
    orr x1, x1, #3
    str x1, [x0]
    add x1, x0, #0x2000
    orr x1, x1, #3
    str x1, [x0, #8]
    add x2, x0, #0x1000
    mov x1, #1 << 10 | 1                      /* 0..1 GiB: devices */
    str x1, [x2]
    ldr x1, =0x40000000 | NORMAL | 1          /* 1..2 GiB: RAM, EL1 only */
    str x1, [x2, #8]
    add x2, x0, #0x2000
    add x1, x0, #0x3000
    orr x1, x1, #3
    str x1, [x2]
    add x2, x0, #0x3000
    add x1, x0, #0x4000
    orr x1, x1, #3
    str x1, [x2]                              /* window: pages 0-511 */
    add x1, x0, #0x5000
    orr x1, x1, #3
    str x1, [x2, #8]                          /* user: window + 2 MiB */
    /* 512 window pages onto RAM at 0x40400000, not executable */
    add x2, x0, #0x4000
    ldr x1, =0x40400000 | NORMAL | 3 | 3 << 53
    mov x3, #512
2:  str x1, [x2], #8
    add x1, x1, #0x1000
    subs x3, x3, #1
    b.ne 2b
    add x2, x0, #0x5000
    adr x1, user
    ldr x3, =NORMAL | 3 | 3 << 6
    orr x1, x1, x3
    str x1, [x2]
    adr x1, vectors
    msr vbar_el1, x1
    ldr x1, =0xff00
    msr mair_el1, x1
    ldr x1, =5 << 32 | 1 << 23 | 16 << 16 | 16
    msr tcr_el1, x1
    msr ttbr0_el1, x0
    isb
    mrs x1, sctlr_el1
    orr x1, x1, #1
    orr x1, x1, #1 << 2
    orr x1, x1, #1 << 12
    msr sctlr_el1, x1
    isb
    mov x1, #3 << 20
    msr cpacr_el1, x1
    ldr x1, =GICD
    mov w2, #1
    str w2, [x1]
    str w2, [x1, #0x100]
    ldr x1, =GICC
    mov w2, #0xff
    str w2, [x1, #4]
    mov w2, #1
    str w2, [x1]
    ldr x1, =UART
    mov w2, #0x301
    str w2, [x1, #0x30]

    begin 'a'
    ldr x20, =ALU / 16
1:  add x1, x1, x20
    eor x2, x2, x1
    lsr x3, x2, #3
    add x4, x3, x1, lsl #2
    sub x5, x4, x2
    orr x6, x5, x3
    eor x7, x6, x1
    add x9, x7, x2
    lsl x10, x9, #1
    sub x11, x10, x6
    and x12, x11, x7
    orr x13, x12, x9
    add x14, x13, #5
    eor x15, x14, x13
    subs x20, x20, #1
    b.ne 1b

    begin 'm'
    ldr x20, =MEM / 8
    ldr x21, =WINDOW
1:  ldr x1, [x21]
    add x1, x1, x20
    str x1, [x21, #8]
    ldr x2, [x21, #16]
    add x2, x2, x1
    str x2, [x21, #24]
    subs x20, x20, #1
    b.ne 1b

    begin 'c'
    ldr x20, =CALL / 6
1:  bl 2f
    bl 2f
    subs x20, x20, #1
    b.ne 1b
    b 3f
2:  ret
3:
    begin 'b'
    ldr x20, =BRANCHY / 7
1:  tbz x20, #0, 2f
    add x1, x1, #1
2:  tbz x20, #1, 3f
    add x2, x2, #1
3:  eor x3, x3, x20
    subs x20, x20, #1
    b.ne 1b

    begin 's'
    ldr x1, =WINDOW + 0x200000
    msr elr_el1, x1
    msr spsr_el1, xzr
    ldr x20, =SYSCALL
    mov x9, #0
    eret
after_s:

    begin 'p'
    ldr x20, =FAULT
    ldr x21, =WINDOW
    ldr x22, =TABLES + 0x4000
    ldr x23, [x22]
    lsr x24, x21, #12
1:  str xzr, [x22]
    dsb ishst
    tlbi vaae1, x24
    dsb ish
    isb
    str x20, [x21]
    subs x20, x20, #1
    b.ne 1b

    begin 't'
    ldr x20, =TLB / 256
1:  tlbi vmalle1
    dsb ish
    isb
    ldr x21, =WINDOW
    mov x22, #256
2:  ldr x1, [x21]
    add x21, x21, #0x1000
    subs x22, x22, #1
    b.ne 2b
    subs x20, x20, #1
    b.ne 1b

    begin 'i'
    ldr x20, =INTERRUPT
    ldr x21, =GICD
    ldr x23, =GICC
    mov w22, #0x2000000                       /* to this CPU, SGI 0 */
    msr daifclr, #2
1:  str w22, [x21, #0xf00]
    nop
    subs x20, x20, #1
    b.ne 1b
    msr daifset, #2

    begin 'w'
    ldr x20, =WRITES
    ldr x21, =GICD
1:  str w20, [x21, #0x400]
    subs x20, x20, #1
    b.ne 1b

    begin 'z'
    ldr x0, =0x84000008                       /* PSCI SYSTEM_OFF */
    hvc #0
    b .

putc:
    ldr x1, =UART
    str w0, [x1]
    ret

.balign 2048
vectors:
.rept 4
    .balign 128
    b .
.endr
    .balign 128
    b fault
    .balign 128
    b irq
    .balign 128
    b .
    .balign 128
    b .
    .balign 128
    b call
.rept 7
    .balign 128
    b .
.endr

call:
    cbnz x9, 1f
    eret
1:  b after_s
fault:
    str x23, [x22]
    dsb ishst
    eret
irq:
    ldr w1, [x23, #0xc]
    str w1, [x23, #0x10]
    eret
.ltorg
.balign 4096
.skip 4096
stack:
.balign 4096
user:
1:  svc #0
    subs x20, x20, #1
    b.ne 1b
    mov x9, #1
    svc #0
