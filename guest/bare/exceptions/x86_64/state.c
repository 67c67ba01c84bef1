// SPDX-License-Identifier: GPL-2.0-or-later
// Paging structures, descriptor tables, the local APIC, and what is set up around single probes.
#include "layout.h"

#define P 1ul
#define W 2ul
#define U 4ul
#define LARGE (1ul << 7)
#define NX (1ul << 63)
#define NOWHERE 0xd0000000ul
#define RESERVED_BIT (1ul << 51)

#define GATE_INTERRUPT 0x8e00ul
#define GATE_TRAP 0x8f00ul
#define GATE_DPL3 0x6000ul

#define IA32_STAR 0xc0000081
#define IA32_LSTAR 0xc0000082
#define IA32_FMASK 0xc0000084
#define IA32_EFER 0xc0000080

#define READ(reg) ({ unsigned long v_; __asm__ volatile("mov %%" #reg ", %0" : "=r"(v_)); v_; })
#define WRITE(reg, value) __asm__ volatile("mov %0, %%" #reg : : "r"((unsigned long)(value)) : "memory")

typedef unsigned long table[512] __attribute__((aligned(4096)));
extern table pml4;
static table pdpt, pd, pt, pd_common, pt_common, data, user_stack;
static unsigned long idt[512] __attribute__((aligned(16)));
static unsigned char tss[104 + 129] __attribute__((aligned(16)));
extern unsigned long gdt[];
extern char handlers[], syscall_entry[], nothing[];
unsigned long probe_address;

static unsigned long at(const void *p) { return (unsigned long)p; }

static void wrmsr(unsigned msr, unsigned long value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((unsigned)value), "d"((unsigned)(value >> 32)));
}
static unsigned long rdmsr(unsigned msr)
{
    unsigned low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return low | (unsigned long)high << 32;
}

static void gate(unsigned n, unsigned long flags, unsigned selector, unsigned ist, unsigned long offset)
{
    idt[2 * n] = (offset & 0xffff) | (unsigned long)selector << 16 | (flags | ist) << 32 | (offset >> 16 & 0xffff) << 48;
    idt[2 * n + 1] = offset >> 32;
}

static void plain_gate(unsigned n, unsigned long flags, unsigned ist)
{
    gate(n, GATE_INTERRUPT | flags, KERNEL_CODE, ist, at(handlers) + 16 * n);
}

static void load_idt(unsigned short limit)
{
    struct {
        unsigned short limit;
        unsigned long base;
    } __attribute__((packed)) pointer = {limit, at(idt)};
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

static void set_tss(unsigned offset, unsigned long value) { *(unsigned long *)(tss + offset) = value; }

static void load_tss(unsigned limit)
{
    unsigned long base = at(tss);
    gdt[TSS_SELECTOR / 8] = limit | (base & 0xffffff) << 16 | 0x89ul << 40 | (base >> 24 & 0xff) << 56;
    gdt[TSS_SELECTOR / 8 + 1] = base >> 32;
    __asm__ volatile("ltr %w0" : : "r"(TSS_SELECTOR));
}

static unsigned long top(const char *stack) { return at(stack) + STACK_SIZE; }

static void pages(void)
{
    pml4[1] = at(pdpt) | P | W | U;
    pml4[3] = at(pdpt) | P | W | U | LARGE;
    pdpt[0] = at(pd) | P | W | U;
    pdpt[2] = 0 | P | U | LARGE;
    pdpt[3] = at(pd_common) | P | U;
    pdpt[4] = at(pd_common) | P | W;
    pdpt[5] = at(pd_common) | P | W | U | NX;
    pdpt[6] = at(pd_common) | P | W | U | RESERVED_BIT;
    pd[0] = at(pt) | P | W | U;
    pd[2] = 0 | P | U | LARGE;
    pd[3] = 0 | P | W | U | LARGE | 1 << 13;
    pd_common[0] = at(pt_common) | P | W | U;
    for (unsigned long i = 0; i < 16; i++)
        pt[i] = (at(__probes_start) + i * 4096) | P | U;
    pt[16] = at(data) | P | W | U | NX;
    pt[18] = at(data) | P | W | NX;
    pt[19] = at(data) | P | NX;
    pt[20] = at(data) | P | U | NX;
    pt[21] = at(__probes_start) | P | U | NX;
    pt[22] = at(data) | P | W | U | NX | RESERVED_BIT;
    pt[23] = NOWHERE | P | W | U | NX;
    pt[24] = at(__probes_start) | P;
    pt[25] = at(user_stack) | P | W | U | NX;
    pt_common[0] = at(data) | P | W | U;
    pt_common[1] = at(__probes_start) | P | U;
    data[0] = 0x1122334455667788;
    WRITE(cr3, READ(cr3));
}

static void gates(void)
{
    for (unsigned n = 0; n < 256; n++)
        plain_gate(n, 0, 0);
    plain_gate(2, 0, 2);
    plain_gate(3, GATE_DPL3, 0);
    plain_gate(8, 0, 1);
    plain_gate(DONE, GATE_DPL3, 0);
    // 0x81 stays DPL 0
    gate(0x82, (GATE_INTERRUPT | GATE_DPL3) & ~0x8000ul, KERNEL_CODE, 0, at(handlers) + 16 * 0x82);
    gate(0x83, GATE_TRAP | GATE_DPL3, KERNEL_CODE, 0, at(handlers) + 16 * 0x83);
    gate(0x84, 0xe000 | 0x0500, KERNEL_CODE, 0, at(handlers)); // a task gate
    gate(0x85, GATE_INTERRUPT | GATE_DPL3, 0, 0, at(handlers) + 16 * 0x85);
    gate(0x86, GATE_INTERRUPT | GATE_DPL3, KERNEL_DATA, 0, at(handlers) + 16 * 0x86);
    gate(0x87, GATE_INTERRUPT | GATE_DPL3, ABSENT_CODE, 0, at(handlers) + 16 * 0x87);
    plain_gate(0x88, GATE_DPL3, 3);
    plain_gate(0x89, GATE_DPL3, 7);
    gate(0x8a, GATE_INTERRUPT | GATE_DPL3, BEYOND, 0, at(handlers) + 16 * 0x8a);
    gate(0x8b, GATE_INTERRUPT | GATE_DPL3, USER_CODE_SELECTOR, 0, at(handlers) + 16 * 0x8b);
    load_idt(sizeof idt - 1);
}

static volatile unsigned *apic(unsigned offset) { return (void *)(APIC + (unsigned long)offset); }

void cpu_on(void)
{
    pages();
    gates();
    set_tss(4, top(stack_rsp0));
    set_tss(36, top(stack_ist1));
    set_tss(44, top(stack_ist2));
    set_tss(52, top(stack_ist3));
    set_tss(60, top(stack_ist4));
    *(unsigned short *)(tss + 102) = 104;
    for (unsigned i = 104; i < sizeof tss; i++)
        tss[i] = 0xff;
    tss[104 + 0x80 / 8] = 0xfc; // ports 0x80 and 0x81 are open
    load_tss(103);
    wrmsr(IA32_STAR, (unsigned long)KERNEL_DATA << 48 | (unsigned long)KERNEL_CODE << 32);
    wrmsr(IA32_LSTAR, at(syscall_entry));
    wrmsr(IA32_FMASK, 0x40601);
    *apic(0xf0) = 0x1ff; // SVR: enabled, spurious vector 0xff
    *apic(0x3e0) = 0xb;  // divide by 1
    __asm__ volatile("outb %b0, $0x21\n outb %b0, $0xa1" : : "a"(0xff)); // both 8259s: everything masked
}

void end_of_interrupt(unsigned long vector)
{
    if (vector >= 0x40 && vector < 0x60)
        *apic(0xb0) = 0;
}

void triple_fault(void)
{
    load_idt(0);
    __asm__ volatile("ud2");
}

// ---- control registers ---------------------------------------------------------------------------------------------

#define WITH(name, reg, expression)                                                                                     \
    void with_##name(int on)                                                                                            \
    {                                                                                                                   \
        static unsigned long saved;                                                                                     \
        unsigned long now = READ(reg);                                                                                  \
        if (on)                                                                                                         \
            saved = now;                                                                                                \
        WRITE(reg, on ? (expression) : saved);                                                                          \
    }

WITH(cr0, cr0, now)
WITH(ts, cr0, now | 8)
WITH(em, cr0, (now | 4) & ~2ul)
WITH(no_wp, cr0, now & ~(1ul << 16))
WITH(am, cr0, now | 1ul << 18)
WITH(tsd, cr4, now | 4)
WITH(de, cr4, now | 8)
WITH(no_osfxsr, cr4, now & ~(1ul << 9))
WITH(no_xmm, cr4, now & ~(1ul << 10))
WITH(smep, cr4, now | 1ul << 20)
WITH(smap, cr4, now | 1ul << 21)
WITH(cr8_15, cr8, 15)

// ---- descriptor tables and the TSS ---------------------------------------------------------------------------------

// Loads what the probe may have changed.
void with_segments(int on)
{
    if (!on)
        __asm__ volatile("mov %w0, %%ds\n mov %w0, %%es\n mov %w1, %%fs\n mov %w1, %%gs" : : "r"(KERNEL_DATA), "r"(0));
}

void with_short_idt(int on) { load_idt(on ? 0x90 * 16 - 1 : sizeof idt - 1); }
void with_bitmap(int on) { load_tss(on ? sizeof tss - 1 : 103); }
void with_tss(int on)
{
    if (!on)
        load_tss(103);
}

void with_short_tss(int on) { load_tss(on ? 0x53 : 103); }
void with_absent_gp(int on) { on ? gate(13, GATE_INTERRUPT & ~0x8000ul, KERNEL_CODE, 0, 0) : plain_gate(13, 0, 0); }
void with_absent_ud(int on) { on ? gate(6, GATE_INTERRUPT & ~0x8000ul, KERNEL_CODE, 0, 0) : plain_gate(6, 0, 0); }
void with_bad_rsp0(int on) { set_tss(4, on ? PAGE_ABSENT + 0x800 : top(stack_rsp0)); }
void with_odd_rsp0(int on) { set_tss(4, on ? top(stack_rsp0) - 3 : top(stack_rsp0)); }
void with_far_rsp0(int on) { set_tss(4, on ? NON_CANONICAL : top(stack_rsp0)); }

// RSP0 is bad, but #PF and #SS have a stack of their own.
void with_bad_rsp0_ist(int on)
{
    with_bad_rsp0(on);
    plain_gate(14, 0, on ? 4 : 0);
    plain_gate(12, 0, on ? 4 : 0);
}

void with_far_rsp0_ist(int on)
{
    with_bad_rsp0_ist(on);
    with_far_rsp0(on);
}

void with_efer(int on)
{
    static unsigned long saved;
    if (on)
        saved = rdmsr(IA32_EFER);
    else
        wrmsr(IA32_EFER, saved);
}

void with_syscall(int on) { wrmsr(IA32_EFER, on ? rdmsr(IA32_EFER) | 1 : rdmsr(IA32_EFER) & ~1ul); }

// ---- debug registers -----------------------------------------------------------------------------------------------

void with_breakpoint(int on) // on the second byte of the probe
{
    WRITE(dr0, probe_address + 1);
    WRITE(dr7, on ? 0x402 : 0x400);
}

void with_watchpoint(int on) // eight bytes, written
{
    WRITE(dr1, USER_DATA + 8);
    WRITE(dr7, on ? 0x400 | 8 | 9ul << 20 : 0x400);
}

void with_general_detect(int on)
{
    WRITE(dr7, on ? 0x2400 : 0x400); // the handler finds GD clear
}

// ---- interrupts ----------------------------------------------------------------------------------------------------

void with_ipi(int on)
{
    if (on)
        *apic(0x300) = 0x40000 | 0x45; // to self, fixed
}

// Takes what is still pending, so that the next probe does not.
static void drain(void)
{
    struct record kept = record;
    do {
        enter(at(nothing), KERNEL_CODE, 0x202, top(stack_probe), KERNEL_DATA, 0, 0);
        end_of_interrupt(record.vector);
    } while (record.vector != DONE);
    record = kept;
}

void with_two_ipis(int on)
{
    if (on) {
        *apic(0x300) = 0x40000 | 0x45;
        *apic(0x300) = 0x40000 | 0x56;
    } else {
        drain();
    }
}

void with_ipi_drained(int on)
{
    if (on)
        with_ipi(1);
    else
        drain();
}

void with_masked_ipi(int on)
{
    with_ipi(on);
    with_cr8_15(on);
}

void with_apic_timer(int on)
{
    *apic(0x320) = on ? 0x47 : 0x10000;
    *apic(0x380) = on ? 10000 : 0;
}

// The ICR is a supervisor page; nothing is to be set up but the other half of it: to APIC 0.
void with_nmi(int on)
{
    if (on)
        *apic(0x310) = 0;
}
