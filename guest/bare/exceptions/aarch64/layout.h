/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where things are: the virtual addresses that probes use, and the record that the vectors fill.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

/* Below L0[1], one 1 GiB slot for each idea (state.c builds the tables). */
#define USER_CODE 0x8000000000       /* the probes again: readable and executable at EL0, PXN */
#define PAGE(n) (0x8000000000 + (n) * 0x1000)
#define LOW 0x80000000               /* L1[2] below L0[0]: all of this again, where AArch32 reaches it */
#define LOW_PAGE(n) (LOW + (n) * 0x1000)
#define USER_DATA PAGE(16)           /* EL0 read/write */
#define PAGE_INVALID PAGE(17)
#define PAGE_NO_AF PAGE(18)
#define PAGE_KERNEL PAGE(19)         /* EL1 read/write */
#define PAGE_KERNEL_RO PAGE(20)
#define PAGE_USER_RO PAGE(21)
#define PAGE_USER_XN PAGE(22)        /* the probes, UXN and PXN */
#define PAGE_NOWHERE PAGE(23)        /* maps to a physical address without memory */
#define PAGE_TOO_FAR PAGE(24)        /* an output address beyond TCR_EL1.IPS */
#define PAGE_BLOCK PAGE(25)          /* a block descriptor at level 3: reserved */
#define PAGE_CODE_KERNEL PAGE(26)    /* the probes, executable at EL1 only */
#define PAGE_CODE_WRITABLE PAGE(27)  /* EL0 read/write, UXN = PXN = 0: EL1 may not execute it all the same */
#define PAGE_CODE_NO_AF PAGE(28)
#define PAGE_DEVICE PAGE(29)         /* the PL011, EL0 read/write */
#define L2_INVALID 0x8000200000
#define L2_NO_AF 0x8000400000
#define L2_KERNEL_RO 0x8000600000
#define L2_TOO_FAR 0x8000800000
#define L1_INVALID 0x8040000000
#define L1_NO_AF 0x8080000000
#define L1_KERNEL_RO 0x80c0000000
#define TABLE_NOWHERE 0x8100000000   /* L1[4]: the level 2 table is where no memory is */
#define TABLE_READ_ONLY 0x8180000000 /* L1[6]: APTable[1] */
#define TABLE_KERNEL 0x81c0000000    /* L1[7]: APTable[0] */
#define TABLE_UXN 0x8200000000       /* L1[8] */
#define TABLE_PXN 0x8240000000       /* L1[9] */
#define TABLE_TOO_FAR 0x8280000000   /* L1[10] */
#define L0_INVALID 0x10000000000     /* L0[2] */
#define L0_BLOCK 0x18000000000       /* L0[3]: a block descriptor at level 0: reserved */
#define UPPER_INVALID 0xffff800000000000
#define UPPER_DATA 0xffff000000000000 /* TTBR1: USER_DATA's page, EL1 only */
#define HOLE 0x0100000000000000
#define TAGGED 0x5a00000000000000
#define NO_MEMORY 0x70000000         /* physical, mapped flat for EL1 */
#define GICD 0x08000000
#define GICC 0x08010000
#define PL011 0x09000000

#define RECORD_VECTOR 0
#define RECORD_ESR 8
#define RECORD_FAR 16
#define RECORD_ELR 24
#define RECORD_SPSR 32
#define RECORD_PSTATE 40 /* CurrentEL, SPSel and DAIF in the handler, where SPSR has them */
#define RECORD_X0 48
#define RECORD_SP 56
#define RECORD_SP_EL0 64

#define EL1H 1
#define EL1T 2
#define EL0 4
#define EL0_A32 8
#define EL1 (EL1H | EL1T)
#define ALL (EL1 | EL0)
#define UNMASKED 16 /* with PSTATE.DAIF clear; EL0 always has it so */
#define STEPPED 32  /* with SPSR_EL1.SS */

#define DONE 0xffff

#ifndef __ASSEMBLER__
struct record {
    unsigned long vector, esr, far, elr, spsr, pstate, x0, sp, sp_el0;
};
extern struct record record;

struct probe {
    const char *text;
    char *code;
    unsigned long modes;
    void (*with)(int on);
    unsigned long a, b;
};
extern struct probe __table_start[], __table_end[];
extern char __probes_start[], __probes_end[];

void enter(unsigned long pc, unsigned long spsr, unsigned long a, unsigned long b);

/* state.c */
extern unsigned long probe_address;
extern int irq_taken; /* interrupt that was acknowledged, or -1 */
void mmu_on(void);
void gic_on(void);
#endif

#endif
