/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Private layout of the AArch64 target of Unicorn 2.1.4 (see ../../unicorn_abi.h).
 */
#ifndef TRAPDOOR_UNICORN_ARCH_H
#define TRAPDOOR_UNICORN_ARCH_H

#define TARGET_SUFFIX _aarch64
#include "../../translate.h"

#define TCG_ENV 0xa8f0 /* TCGContext.cpu_env, as an offset from the context */
#define TCG_UC 0xa970
#define ENV 0xa350 /* CPUARMState within ARMCPU */
#define INSN_START_WORDS 3
#define MMU_MODES 12

/* CPUARMState */
#define ENV_R15 0x3c /* the PC in AArch32 state */
#define ENV_XREGS 0x40
#define ENV_PC 0x140
#define ENV_PSTATE 0x148 /* without NZCV, DAIF and BTYPE */
#define ENV_AARCH64 0x14c
#define ENV_HFLAGS 0x150
#define ENV_BANKED_SPSR 0x160 /* u64[8]; SPSR_EL1 is [1] */
#define ENV_CF 0x208
#define ENV_VF 0x20c
#define ENV_NF 0x210
#define ENV_ZF 0x214
#define ENV_BTYPE 0x228
#define ENV_DAIF 0x230
#define ENV_ELR_EL 0x238
#define ENV_SP_EL 0x258
#define ENV_SCTLR_EL 0x2a0
#define ENV_CPACR_EL1 0x2c0
#define ENV_TTBR0_EL 0x300
#define ENV_TTBR1_EL 0x320
#define ENV_TCR_EL 0x348 /* 16 bytes each */
#define ENV_HCR_EL2 0x3b8
#define ENV_SCR_EL3 0x3c0
#define ENV_ESR_EL 0x3d8
#define ENV_FAR_EL 0x418
#define ENV_PAR_EL 0x448
#define ENV_MAIR_EL 0x4a0
#define ENV_VBAR_EL 0x4c0
#define ENV_CONTEXTIDR_EL 0x4f0
#define ENV_TPIDR_EL 0x510
#define ENV_TPIDRRO_EL0 0x548
#define ENV_CNTKCTL 0x558
#define ENV_MDSCR_EL1 0x7e8
#define ENV_EXCEPTION_SYNDROME 0xbd0 /* u32 */
#define ENV_EXCEPTION_VADDRESS 0xbd8
#define ENV_EXCEPTION_TARGET_EL 0xbe0
#define ENV_ZREGS 0xc10 /* 256 bytes each */
#define ENV_EXCLUSIVE_ADDR 0x2f00
#define ENV_STATE_SIZE 0x3030 /* end_reset_fields: plain data up to here */
#define CPU_CP_REGS 0xd510
#define CPU_MP_AFFINITY 0xd668

#define HFLAGS_AARCH64 (1u << 31)
#define HFLAGS_SS (1u << 30)

/* ARMCPRegInfo: a system register */
#define RI_OPAQUE 0x20
#define RI_RESETVALUE 0x28
#define RI_READFN 0x50
#define RI_WRITEFN 0x58

/* exception_index */
#define EXCP_UDEF 1
#define EXCP_SWI 2
#define EXCP_PREFETCH_ABORT 3
#define EXCP_DATA_ABORT 4
#define EXCP_HVC 11
#define EXCP_SMC 13

#define INTERRUPT_FIQ 0x10

/* mmu_idx */
#define MMU_E10_0 0
#define MMU_E10_1 2
#define MMU_E10_1_PAN 3


#endif
