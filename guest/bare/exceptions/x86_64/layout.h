/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where things are: selectors, the linear addresses that probes use, and the record that the handlers fill.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_DATA_SELECTOR 0x1b
#define USER_CODE_SELECTOR 0x23
#define TSS_SELECTOR 0x28      /* two slots */
#define ABSENT_DATA 0x38
#define ABSENT_CODE 0x40
#define EXECUTE_ONLY 0x48
#define READ_ONLY_DATA 0x50
#define BEYOND 0x1230          /* past the limit of the GDT */

/* Below PML4[1] (state.c builds the tables). */
#define USER_CODE 0x8000000000 /* the probes again: user, read-only */
#define PAGE(n) (0x8000000000 + (n) * 0x1000)
#define USER_DATA PAGE(16)     /* user, read/write, NX */
#define PAGE_ABSENT PAGE(17)
#define PAGE_KERNEL PAGE(18)   /* supervisor, read/write */
#define PAGE_KERNEL_RO PAGE(19)
#define PAGE_USER_RO PAGE(20)
#define PAGE_USER_NX PAGE(21)  /* the probes, NX */
#define PAGE_RESERVED PAGE(22) /* bit 51 */
#define PAGE_NOWHERE PAGE(23)  /* a physical address without memory */
#define PAGE_CODE_KERNEL PAGE(24) /* the probes, supervisor */
#define USER_STACK PAGE(26)    /* its end; the page below it is the stack */
#define PD_ABSENT 0x8000200000
#define PD_READ_ONLY 0x8000400000
#define PD_RESERVED 0x8000600000
#define PDPT_ABSENT 0x8040000000
#define PDPT_READ_ONLY 0x8080000000 /* a 1 GiB page */
#define TABLE_READ_ONLY 0x80c0000000
#define TABLE_KERNEL 0x8100000000
#define TABLE_NX 0x8140000000
#define TABLE_RESERVED 0x8180000000
#define PML4_ABSENT 0x10000000000
#define PML4_RESERVED 0x18000000000 /* PS is set */
#define NON_CANONICAL 0x8000000000000000
#define APIC 0xfee00000

#define STACK_SIZE 4096

#define RECORD_VECTOR 0
#define RECORD_ERROR 8
#define RECORD_RIP 16
#define RECORD_CS 24
#define RECORD_RFLAGS 32
#define RECORD_RSP 40
#define RECORD_SS 48
#define RECORD_CR2 56
#define RECORD_RAX 64
#define RECORD_FRAME 72 /* where the CPU pushed the frame: the address behind it */

#define RING0 1
#define RING3 2
#define BOTH (RING0 | RING3)
#define IF_ 0x200
#define TF 0x100
#define IOPL3 0x3000
#define NT 0x4000
#define AC 0x40000
#define SYSCALL_VECTOR 0x100
#define DONE 0x80

#ifndef __ASSEMBLER__
struct record {
    unsigned long vector, error, rip, cs, rflags, rsp, ss, cr2, rax, frame;
};
extern struct record record;

struct probe {
    const char *text;
    char *code;
    unsigned long modes; /* and RFLAGS */
    void (*with)(int on);
    unsigned long a, b;
};
extern struct probe __table_start[], __table_end[];
extern char __probes_start[], __probes_end[];
extern char stack_probe[], stack_rsp0[], stack_ist1[], stack_ist2[], stack_ist3[], stack_ist4[];

void enter(unsigned long rip, unsigned long cs, unsigned long rflags, unsigned long rsp, unsigned long ss, unsigned long a,
           unsigned long b);

/* state.c */
extern unsigned long probe_address;
void cpu_on(void);
void triple_fault(void);
void end_of_interrupt(unsigned long vector);
#endif

#endif
