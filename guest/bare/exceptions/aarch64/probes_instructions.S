/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Calls, undefined and trapped instructions, FP.
 */
#include "probe.h"

    .section .probes, "ax"
/* Calls and undefined instructions: DDI 0487, D1.11, D17.2.37 (ESR_EL1) */
    probe "svc #0x1234", ALL
    svc #0x1234
    probe "svc, unmasked", (EL1 | UNMASKED)
    svc #0
    probe "hvc, function unknown to PSCI", ALL, 0, 0x8000ffff
    hvc #0
    done
    probe "hvc, PSCI version", EL1, 0, 0x84000000
    hvc #0
    done
    probe "smc", ALL, 0, 0x84000000
    smc #0x77
    done
    probe "brk #0x55aa", ALL
    brk #0x55aa
    probe "udf", ALL
    udf #0
    probe "unallocated", ALL
    .inst 0xffffffff
    probe "hlt", ALL
    hlt #1
    probe "dcps1", ALL
    dcps1 #0
    probe "drps", ALL
    .inst 0xd6bf03e0
    probe "ldadd, which a Cortex-A72 does not have", ALL, 0, USER_DATA
    .inst 0xf8210000 /* ldadd x1, x0, [x0] */
    done
    probe "msr pan, which a Cortex-A72 does not have", ALL
    .inst 0xd500419f
    done
    probe "paciasp is a hint", ALL
    .inst 0xd503233f
    done
    probe "sve, which a Cortex-A72 does not have", ALL
    .inst 0x04205000
    done
    probe "eret", EL0
    eret
    probe "tlbi vmalle1", EL0
    tlbi vmalle1
    done
    probe "at s1e1r", EL0
    at s1e1r, x0
    done
    probe "dc isw", EL0
    dc isw, xzr
    done
    probe "ic iallu", EL0
    ic iallu
    done

/* System registers that are not there: UNDEFINED */
    .irp reg, ttbr0_el1, sctlr_el1, vbar_el1, tpidr_el1, esr_el1, elr_el1, sp_el0, currentel, spsel, midr_el1, id_aa64pfr0_el1, cpacr_el1
    probe "mrs \reg", EL0
    mrs x0, \reg
    done
    .endr
    .irp reg, ttbr0_el1, vbar_el1, elr_el1, spsel, tpidrro_el0
    probe "msr \reg", EL0
    msr \reg, x0
    done
    .endr
    .irp reg, hcr_el2, sctlr_el2, vbar_el2, scr_el3, sp_el1, elr_el2, cntvoff_el2, icc_sre_el1, s3_0_c15_c7_7
    probe "mrs \reg", (EL1 | EL0)
    mrs x0, \reg
    done
    .endr
    probe "mrs sp_el0 on SP_EL0", EL1
    mov x0, #0
    mrs x1, sp_el0
    done
    probe "msr midr_el1, read-only", EL1
    msr s3_0_c0_c0_0, x0
    done
    probe "mrs oslar_el1, write-only", EL1
    mrs x0, s2_0_c1_c0_4
    done

/* Trapped to EL1 with EC 0x18 or 0x01 while a control bit is clear */
    probe "mrs ctr_el0, UCT=0", EL0
    mrs x7, ctr_el0
    done
    probe "mrs ctr_el0, UCT=1", EL0, with_uct
    mrs x0, ctr_el0
    done
    probe "mrs dczid_el0", EL0
    mrs x0, dczid_el0
    done
    probe "dc zva, DZE=0", EL0, 0, USER_DATA
    dc zva, x0
    done
    probe "dc zva, DZE=1", EL0, with_dze, (USER_DATA + 0x800)
    dc zva, x0
    done
    probe "dc cvau, UCI=0", EL0, 0, USER_DATA
    dc cvau, x0
    done
    probe "dc civac, UCI=0", EL0, 0, USER_DATA
    dc civac, x0
    done
    probe "ic ivau, UCI=0", EL0, 0, USER_DATA
    ic ivau, x0
    done
    probe "ic ivau, UCI=1", EL0, with_uci, USER_DATA
    ic ivau, x0
    done
    probe "msr daifset, UMA=0", EL0
    msr daifset, #2
    done
    probe "msr daifclr, UMA=0", EL0
    msr daifclr, #0xf
    done
    probe "mrs daif, UMA=0", EL0
    mrs x3, daif
    done
    probe "msr daif, UMA=0", EL0
    msr daif, x3
    done
    probe "msr daifset, UMA=1", EL0, with_uma
    msr daifset, #0xf
    mrs x0, daif
    done
    probe "wfi, nTWI=0", EL0, with_no_twi
    wfi
    done
    .irp reg, cntvct_el0, cntpct_el0, cntfrq_el0, cntv_ctl_el0, cntv_cval_el0, cntp_ctl_el0, cntp_tval_el0
    probe "mrs \reg, CNTKCTL_EL1=0", EL0, with_kernel_counter
    mrs x9, \reg
    done
    .endr
    probe "msr cntv_cval_el0, CNTKCTL_EL1=0", EL0, with_kernel_counter
    msr cntv_cval_el0, x9
    done
    probe "mrs cntvct_el0, CNTKCTL_EL1 open", EL0, with_user_counter
    mrs x9, cntvct_el0
    done
    probe "mrs cntp_cval_el0, CNTKCTL_EL1 open", EL0, with_user_counter
    mrs x9, cntp_cval_el0
    done
    probe "msr cntfrq_el0", EL0, with_user_counter
    msr cntfrq_el0, x9
    done
    probe "mrs pmccntr_el0", EL0
    mrs x9, pmccntr_el0
    done

/* FP and SIMD: CPACR_EL1.FPEN */
    probe "fmov, FPEN=0", ALL, with_no_fp
    fmov d0, x0
    done
    probe "ldr q0, FPEN=0", ALL, with_no_fp, USER_DATA
    ldr q0, [x0]
    done
    probe "mrs fpcr, FPEN=0", ALL, with_no_fp
    mrs x0, fpcr
    done
    probe "fadd, FPEN=1", ALL, with_fp_el1
    fadd d0, d1, d2
    done
    probe "fadd, FPEN=3", ALL, with_fp
    fadd d0, d1, d2
    done
    probe "undefined FP encoding, FPEN=0", ALL, with_no_fp
    .inst 0x1ee0f000
    done
