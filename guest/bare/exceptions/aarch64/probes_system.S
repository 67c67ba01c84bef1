/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Interrupts, AArch32 at EL0, illegal execution state, debug.
 */
#include "probe.h"

    .section .probes, "ax"
/* Interrupts in each group of vectors */
    probe "SGI to self", (EL1 | UNMASKED), with_gic, (GICD + 0xf00), 0x2000005
    str w1, [x0]
    b .
    probe "SGI pending, taken after eret", (EL1 | EL0 | UNMASKED), with_sgi
    nop
    b .
    probe "virtual timer", (EL1 | EL0 | UNMASKED), with_timer
    nop
    b .
    probe "SGI pending, msr daifclr", EL1, with_sgi
    nop
    msr daifclr, #2
    nop
    b .
    probe "SGI pending, masked", EL1, with_sgi
    mrs x0, isr_el1
    done
    probe "wfi, SGI pending and masked", EL1, with_sgi
    wfi
    mrs x0, isr_el1
    done
    probe "wfi until the virtual timer, masked", EL1, with_timer, 10000
    msr cntv_tval_el0, x0
    isb
    wfi
    mrs x0, isr_el1
    done
    probe "wfi until the virtual timer", (EL1 | UNMASKED), with_timer, 10000
    msr daifset, #2
    msr cntv_tval_el0, x0
    isb
    wfi
    msr daifclr, #2
    b .

/* From AArch32 at EL0: the last group of vectors */
.macro done_a32
    .inst 0xef00ffff /* svc #DONE */
.endm
    probe "svc #0x12", EL0_A32
    .inst 0xef000012
    probe "udf", EL0_A32
    .inst 0xe7f000f0
    probe "bkpt #0x34", EL0_A32
    .inst 0xe1200374
    probe "ldr, translation, level 3", EL0_A32, 0, LOW_PAGE(17)
    .inst 0xe5900000 /* ldr r0, [r0] */
    done_a32
    probe "str, EL0 read-only", EL0_A32, 0, LOW_PAGE(21)
    .inst 0xe5801000 /* str r1, [r0] */
    done_a32
    probe "ldr", EL0_A32, 0, LOW_PAGE(16)
    .inst 0xe5900000
    done_a32
    probe "bx, translation, level 3", EL0_A32, 0, LOW_PAGE(17)
    .inst 0xe12fff10 /* bx r0 */
    probe "bx, UXN", EL0_A32, 0, LOW_PAGE(22)
    .inst 0xe12fff10
    probe "mrc, TTBR0", EL0_A32
    .inst 0xee120f10 /* mrc p15, 0, r0, c2, c0, 0 */
    done_a32
    probe "mrc, CNTFRQ, CNTKCTL_EL1=0", EL0_A32, with_kernel_counter
    .inst 0xee1e0f10 /* mrc p15, 0, r0, c14, c0, 0 */
    done_a32
    probe "mrrc, CNTVCT, CNTKCTL_EL1=0", EL0_A32, with_kernel_counter
    .inst 0xec510f1e /* mrrc p15, 1, r0, r1, c14 */
    done_a32
    probe "vadd, FPEN=0", EL0_A32, with_no_fp
    .inst 0xee300b00 /* vadd.f64 d0, d0, d0 */
    done_a32
    probe "SGI pending", (EL0_A32 | UNMASKED), with_sgi
    .inst 0xeafffffe /* b . */

/* Illegal execution state: DDI 0487, D1.11.4 (illegal exception return), EC 0x0e */
.macro illegal text, spsr
    probe "eret, \text", EL1, 0, \spsr
    msr spsr_el1, x0
    adr x1, 1f
    msr elr_el1, x1
    isb
    eret
    nop
1:  nop
    done
.endm
    illegal "to EL2", 0x3c9
    illegal "to EL3", 0x3cd
    illegal "to EL0 on SP_ELx", 0x3c1
    illegal "to a reserved mode", 0x3c6
    illegal "to AArch32 Supervisor", 0x1d3
    illegal "IL set in SPSR_EL1", 0x1003c5
    illegal "IL set in SPSR_EL1, to EL0", 0x100000

/* Self-hosted debug */
    probe "software step", (EL0 | EL1 | UNMASKED | STEPPED), with_step
    nop
    nop
    done
    probe "software step, already done", (EL0 | EL1 | UNMASKED), with_step
    nop
    nop
    done
    probe "software step, masked by D", EL1, with_step
    nop
    done
    probe "software step of svc", (EL0 | UNMASKED | STEPPED), with_step
    svc #0x42
    done
    probe "breakpoint", (EL0 | EL1 | UNMASKED), with_breakpoint
    nop
    nop
    done
    probe "watchpoint, ldr", (EL0 | EL1 | UNMASKED), with_watchpoint, (USER_DATA + 8)
    ldr x0, [x0]
    mov x0, #0
    done
    probe "watchpoint, str", (EL0 | EL1 | UNMASKED), with_watchpoint, (USER_DATA + 12)
    str w1, [x0]
    mov x0, #0
    done
