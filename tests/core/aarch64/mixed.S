/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A guest that mixes everything whose timing could slip: paging, EL0 and EL1, system calls, faults that are mapped away,
 * undefined and trapped instructions, exclusives, FP, blocks that end at a page, an MMIO device and timer interrupts.
 * x20 counts rounds at EL0; at the end the kernel masks everything and waits for ever.
 */
.equ TABLES, 0x40100000          /* L0, L1, user L1, user L2, user L3: one page each */
.equ USER, 0x8000000000          /* code at +0, data at +0x1000, a page that comes and goes at +0x2000 */
.equ GICD, 0x08000000
.equ GICC, 0x08010000
.equ DEVICE, 0x00000003 | 1 << 10            /* AF, attr 0; block descriptors lose bit 1 below */
.equ KERNEL, 0x00000000 | 1 << 10 | 1 << 2   /* AF, attr 1, EL1 read/write */
.ifndef ROUNDS
.equ ROUNDS, 3000
.endif

.text
.global _start
_start:
    ldr x0, =TABLES
    mov x1, #5 * 512
1:  str xzr, [x0], #8
    subs x1, x1, #1
    b.ne 1b
    ldr x0, =TABLES
    add x1, x0, #0x1000
    orr x1, x1, #3
    str x1, [x0]                 /* L0[0] */
    add x1, x0, #0x2000
    orr x1, x1, #3
    str x1, [x0, #8]             /* L0[1]: user */
    add x2, x0, #0x1000
    mov x1, #DEVICE & ~2
    str x1, [x2]                 /* 0..1 GiB: devices */
    ldr x1, =0x40000001 | KERNEL
    str x1, [x2, #8]             /* 1..2 GiB: RAM */
    add x2, x0, #0x2000
    add x1, x0, #0x3000
    orr x1, x1, #3
    str x1, [x2]
    add x2, x0, #0x3000
    add x1, x0, #0x4000
    orr x1, x1, #3
    str x1, [x2]
    add x2, x0, #0x4000
    adr x1, user
    ldr x3, =0x7 << 8 | 3 << 6 | 1 << 2 | 3      /* AF SH, read-only for both, attr 1 */
    orr x1, x1, x3
    str x1, [x2]
    adrp x1, data
    ldr x3, =1 << 54 | 0x7 << 8 | 1 << 6 | 1 << 2 | 3
    orr x1, x1, x3
    str x1, [x2, #8]
    adr x1, vectors
    msr vbar_el1, x1
    adr x1, stack
    mov sp, x1
    ldr x1, =0xff00
    msr mair_el1, x1
    ldr x1, =5 << 32 | 1 << 23 | 16 << 16 | 16
    msr tcr_el1, x1
    msr ttbr0_el1, x0
    isb
    mrs x1, sctlr_el1
    orr x1, x1, #1
    msr sctlr_el1, x1
    isb
    mov x1, #3 << 20
    msr cpacr_el1, x1
    /* the virtual timer, PPI 27 */
    ldr x1, =GICD
    mov w2, #1
    str w2, [x1]
    mov w2, #1 << 27
    str w2, [x1, #0x100]
    ldr x1, =GICC
    mov w2, #0xff
    str w2, [x1, #4]
    mov w2, #1
    str w2, [x1]
    mov x1, #61
    msr cntv_tval_el0, x1
    mov x1, #1
    msr cntv_ctl_el0, x1
    ldr x1, =USER
    msr elr_el1, x1
    msr spsr_el1, xzr
    eret

.balign 2048
vectors:
.rept 8
    .balign 128
    b .
.endr
    .balign 128
    b sync
    .balign 128
    b irq
.rept 6
    .balign 128
    b .
.endr

sync:
    stp x0, x1, [sp, #-16]!
    stp x2, x3, [sp, #-16]!
    mrs x0, esr_el1
    lsr x1, x0, #26
    cmp x1, #0x15
    b.eq call
    cmp x1, #0x24
    b.eq fault
    mrs x0, elr_el1              /* skip what is undefined or trapped */
    add x0, x0, #4
    msr elr_el1, x0
    b back
call:
    cmp x8, #0
    b.eq end
    ldr x0, =TABLES + 0x4010     /* take the third page away again */
    str xzr, [x0]
    dsb ishst
    ldr x0, =USER + 0x2000
    lsr x0, x0, #12
    tlbi vaae1is, x0
    dsb ish
    isb
    b back
fault:
    ldr x0, =TABLES + 0x4010
    adrp x1, data + 0x1000
    ldr x2, =1 << 54 | 0x7 << 8 | 1 << 6 | 1 << 2 | 3
    orr x1, x1, x2
    str x1, [x0]
    dsb ishst
back:
    ldp x2, x3, [sp], #16
    ldp x0, x1, [sp], #16
    eret
irq:
    stp x0, x1, [sp, #-16]!
    stp x2, x3, [sp, #-16]!
    ldr x1, =GICC
    ldr w2, [x1, #0xc]
    mov x0, #61
    msr cntv_tval_el0, x0
    adr x3, ticks
    ldr x0, [x3]
    add x0, x0, #1
    str x0, [x3]
    mrs x0, cntvct_el0
    str x0, [x3, #8]
    str w2, [x1, #0x10]
    b back
end:
    msr cntv_ctl_el0, xzr
1:  wfi
    b 1b
.balign 8
.global ticks
ticks: .quad 0, 0
.ltorg
.balign 4096
.skip 4096
stack:
.balign 4096
data: .skip 8192

.balign 4096
user:
    mov x20, #0
    ldr x21, =USER + 0x1000
    ldr x22, =ROUNDS
    mov x8, #1
round:
    mul x1, x20, x20
    eor x2, x2, x1
    ror x2, x2, #7
    str x2, [x21]
    ldr x3, [x21, #8]
    add x3, x3, x2
    str x3, [x21, #8]
    add x23, x21, #16
1:  ldxr x4, [x23]
    add x4, x4, #1
    stxr w5, x4, [x23]
    cbnz w5, 1b
    str x20, [x21, #0x1000]      /* faults every time */
    bl leaf
    svc #1
    udf #0
    brk #5
    mrs x6, ctr_el0              /* traps: SCTLR_EL1.UCT = 0 */
    tst x20, #1
    b.eq 2f
    add x9, x9, #3
    b 3f
2:  sub x9, x9, #2
3:  fmov d0, x20
    fadd d1, d1, d0
    mov x10, #50
4:  subs x10, x10, #1
    b.ne 4b
    add x20, x20, #1
    cmp x20, x22
    b.lo round
    mov x8, #0
    svc #0
leaf:
    add x11, x11, #1
    ret
.ltorg
