/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Private layout of the x86-64 target of Unicorn 2.1.4 (see ../../unicorn_abi.h).
 */
#ifndef TRAPDOOR_UNICORN_ARCH_H
#define TRAPDOOR_UNICORN_ARCH_H

#define TARGET_SUFFIX _x86_64
#include "../../translate.h"

#define TCG_ENV 0x98f0
#define TCG_UC 0x9970
#define ENV 0x8a50
#define INSN_START_WORDS 2
#define MMU_MODES 3

/* CPUTLBDescFast of each mmu_idx, before env; CPUTLBEntry */
#define SOFT_TLB_FAST 0x40
#define SOFT_TLB_FAST_SIZE 16
#define SOFT_TLB_MASK 0x0 /* (entries - 1) << SOFT_TLB_ENTRY_BITS */
#define SOFT_TLB_TABLE 0x8
#define SOFT_TLB_ENTRY_BITS 6
#define SOFT_TLB_READ 0x0
#define SOFT_TLB_WRITE 0x8
#define SOFT_TLB_ADDEND 0x20
#define SOFT_TLB_NOTDIRTY 0x400u /* in SOFT_TLB_WRITE: the first store has to be announced */

/* CPUX86State */
#define ENV_REGS 0x0 /* rax rcx rdx rbx rsp rbp rsi rdi r8..r15 */
#define ENV_EIP 0x80
#define ENV_EFLAGS 0x88 /* without the arithmetic flags and DF */
#define ENV_CC_DST 0x90
#define ENV_CC_SRC 0x98
#define ENV_CC_SRC2 0xa0
#define ENV_CC_OP 0xa8
#define ENV_DF 0xac
#define ENV_HFLAGS 0xb0
#define ENV_HFLAGS2 0xb4
#define ENV_SEGS 0xb8 /* ES CS SS DS FS GS */
#define ENV_LDT 0x148
#define ENV_TR 0x160
#define ENV_GDT 0x178
#define ENV_IDT 0x190
#define ENV_CR 0x1a8 /* u64[5] */
#define ENV_A20_MASK 0x1f0
#define ENV_EFER 0x250
#define ENV_FPSTT 0x25c
#define ENV_FPUS 0x260
#define ENV_FPUC 0x262
#define ENV_FPTAGS 0x264
#define ENV_FPREGS 0x270
#define ENV_MXCSR 0x330
#define ENV_XMM 0x338 /* 64 bytes each */
#define ENV_SYSENTER_CS 0x12c0
#define ENV_SYSENTER_ESP 0x12c8
#define ENV_SYSENTER_EIP 0x12d0
#define ENV_STAR 0x12d8
#define ENV_LSTAR 0x12e8
#define ENV_CSTAR 0x12f0
#define ENV_FMASK 0x12f8
#define ENV_KERNELGSBASE 0x1300
#define ENV_TSC_AUX 0x1320
#define ENV_XCR0 0x1328
#define ENV_MCG_STATUS 0x1330
#define ENV_MISC_ENABLE 0x1338
#define ENV_PAT 0x14a0
#define ENV_SMBASE 0x14a8
#define ENV_INIT_END 0x14d0 /* from ENV_FPSTT up to here: not changed by INIT */
#define ENV_ERROR_CODE 0x1508
#define ENV_EXCEPTION_IS_INT 0x150c
#define ENV_EXCEPTION_NEXT_EIP 0x1510
#define ENV_DR 0x1518
#define ENV_CPU_BREAKPOINT 0x1558 /* pointers[4]: not plain data */
#define ENV_OLD_EXCEPTION 0x1578
#define ENV_STATE_SIZE 0x15c0 /* end_reset_fields: plain data up to here */
#define ENV_CPUID_LEVEL 0x15e4
#define ENV_CPUID_VERSION 0x15fc
#define ENV_FEATURES 0x1600 /* u64 each, by enum feature */
#define ENV_MTRR_FIXED 0x18b0 /* u64[11] */
#define ENV_MTRR_DEFTYPE 0x1908
#define ENV_MTRR_VAR 0x1910 /* base, mask: u64 each, 8 pairs */
#define ENV_MTRR_END 0x1990

/* FeatureWord: the CPUID words that the decoder looks at too */
enum feature {
    FEATURE_1_EDX, FEATURE_1_ECX, FEATURE_7_EBX, FEATURE_7_ECX, FEATURE_7_EDX, FEATURE_7_1_EAX, FEATURE_80000001_EDX,
    FEATURE_80000001_ECX, FEATURE_80000007_EDX, FEATURE_80000008_EBX, FEATURE_SVM = 18, FEATURE_XSAVE, FEATURE_6_EAX,
    FEATURE_XSAVE_COMP_LO, FEATURE_XSAVE_COMP_HI,
};

#define SEG_SIZE 24
#define SEG_CS 1
#define SEG_SS 2
#define SEG_SELECTOR 0x0
#define SEG_BASE 0x8
#define SEG_LIMIT 0x10
#define SEG_FLAGS 0x14
#define BLOCK_EFLAGS 0x73100 /* the EFLAGS bits in a block's key */

#define SEG_ES 0
#define SEG_DS 3
#define SEG_FS 4
#define SEG_GS 5
#define SEG(n) (ENV_SEGS + (n) * SEG_SIZE)
/* attributes of a segment as in the second word of its descriptor */
#define DESC_ACCESSED (1u << 8)
#define DESC_RW (1u << 9)
#define DESC_CODE (1u << 11)
#define DESC_S (1u << 12)
#define DESC_DPL_SHIFT 13
#define DESC_P (1u << 15)
#define DESC_L (1u << 21)
#define DESC_B (1u << 22)
#define DESC_G (1u << 23)

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R11 = 11 };

#define HF_CPL_MASK 3u
#define HF_INHIBIT_IRQ 0x8u
#define HF_CS32 0x10u
#define HF_SS32 0x20u
#define HF_ADDSEG 0x40u
#define HF_PE 0x80u
#define HF_EFLAGS_BITS 0x23100u /* TF, IOPL and VM: x86_update_hflags leaves copies that would go stale */
#define HF_LMA 0x4000u
#define HF_CS64 0x8000u
#define HF_SMAP 0x800000u
#define HF2_GIF 1u
#define HF2_NMI 4u
#define CC_OP_EFLAGS 1

#define INTERRUPT_NMI 0x200u
#define INTERRUPT_SIPI 0x800u

#define EXCP_DB 1
#define EXCP_UD 6
#define EXCP_DF 8
#define EXCP_SS 12
#define EXCP_GP 13
#define EXCP_PF 14

/* mmu_idx */
#define MMU_KSMAP 0   /* supervisor, SMAP enforced */
#define MMU_USER 1
#define MMU_KNOSMAP 2 /* supervisor with AC set, or without SMAP */

/* cpu_state.arch[] */
enum { X86_TSC_OFFSET };

#endif
