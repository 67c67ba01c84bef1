/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a task keeps of the CPU while it is switched out. switch.S uses the offsets; cpu.c asserts them. */
#pragma once

#define AT_X19 0
#define AT_X29 80
#define AT_SP 96

#ifndef __ASSEMBLER__
#include <types.h>

struct fp_state {
    u64 v[64]; /* q0-q31 */
    u64 fpcr, fpsr;
} __aligned(16);

struct arch_task {
    u64 x19_x28[10], x29, lr, sp; /* the callee-saved registers of AAPCS64 */
    u64 tls;                      /* TPIDR_EL0 */
    struct fp_state fp;           /* of a user task */
};
#endif
