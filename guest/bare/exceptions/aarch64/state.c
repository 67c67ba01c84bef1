// SPDX-License-Identifier: GPL-2.0-or-later
// The translation tables, and what is set up around single probes.
#include "layout.h"

#define VALID 1ul
#define TABLE 3ul
#define LEAF_PAGE 3ul
#define NORMAL (1ul << 2) // AttrIndx 1
#define DEVICE 0ul        // AttrIndx 0
#define USER (1ul << 6)
#define READ_ONLY (1ul << 7)
#define SHARED (3ul << 8)
#define AF (1ul << 10)
#define PXN (1ul << 53)
#define UXN (1ul << 54)
#define PXN_TABLE (1ul << 59)
#define UXN_TABLE (1ul << 60)
#define AP_TABLE_NO_USER (1ul << 61)
#define AP_TABLE_READ_ONLY (1ul << 62)
#define RAM 0x40000000ul
#define NOWHERE 0x1000000000ul
#define TOO_FAR 0x600000000000ul

#define MDSCR_SS 1ul
#define MDSCR_KDE (1ul << 13)
#define MDSCR_MDE (1ul << 15)

#define READ(name) ({ unsigned long v_; __asm__ volatile("mrs %0, " #name : "=r"(v_)); v_; })
#define WRITE(name, value) __asm__ volatile("msr " #name ", %0\n isb" : : "r"((unsigned long)(value)) : "memory")

typedef unsigned long table[512] __attribute__((aligned(4096)));
static table l0, l1_low, l1, l2, l3, l2_common, l3_common, upper0, upper1, upper2, upper3, data;
unsigned long probe_address;
int irq_taken;

static unsigned long at(const void *p) { return (unsigned long)p; }

void mmu_on(void)
{
    unsigned long page = AF | SHARED | NORMAL | LEAF_PAGE, block = AF | SHARED | NORMAL | VALID;
    l0[0] = at(l1_low) | TABLE;
    l0[1] = at(l1) | TABLE;
    l0[3] = RAM | block;
    l1_low[0] = 0 | AF | DEVICE | UXN | PXN | VALID;
    l1_low[1] = RAM | block | UXN;
    l1_low[2] = at(l2) | TABLE;
    l1[0] = at(l2) | TABLE;
    l1[2] = (RAM | block | USER | UXN | PXN) & ~AF;
    l1[3] = RAM | block | READ_ONLY | UXN | PXN;
    l1[4] = NOWHERE | TABLE;
    l1[6] = at(l2_common) | TABLE | AP_TABLE_READ_ONLY;
    l1[7] = at(l2_common) | TABLE | AP_TABLE_NO_USER;
    l1[8] = at(l2_common) | TABLE | UXN_TABLE;
    l1[9] = at(l2_common) | TABLE | PXN_TABLE;
    l1[10] = TOO_FAR | TABLE;
    l2[0] = at(l3) | TABLE;
    l2[2] = (RAM | block | USER | UXN | PXN) & ~AF;
    l2[3] = RAM | block | READ_ONLY | UXN | PXN;
    l2[4] = TOO_FAR | block;
    l2_common[0] = at(l3_common) | TABLE;
    for (unsigned long i = 0; i < 16; i++)
        l3[i] = (at(__probes_start) + i * 4096) | page | USER | READ_ONLY | PXN;
    l3[16] = at(data) | page | USER | UXN | PXN;
    l3[18] = (at(data) | page | USER | UXN | PXN) & ~AF;
    l3[19] = at(data) | page | UXN | PXN;
    l3[20] = at(data) | page | READ_ONLY | UXN | PXN;
    l3[21] = at(data) | page | USER | READ_ONLY | UXN | PXN;
    l3[22] = at(__probes_start) | page | USER | READ_ONLY | UXN | PXN;
    l3[23] = NOWHERE | page | USER | UXN | PXN;
    l3[24] = TOO_FAR | page | USER | UXN | PXN;
    l3[25] = at(data) | block | USER | UXN | PXN;
    l3[26] = at(__probes_start) | page | READ_ONLY | UXN;
    l3[27] = at(__probes_start) | page | USER;
    l3[28] = (at(__probes_start) | page | USER | READ_ONLY) & ~AF;
    l3[29] = PL011 | AF | DEVICE | LEAF_PAGE | USER | UXN | PXN;
    l3_common[0] = at(data) | page | USER;                        // UXN = PXN = 0; read/write
    l3_common[1] = at(__probes_start) | page | USER | READ_ONLY;  // executable everywhere
    upper0[0] = at(upper1) | TABLE;
    upper1[0] = at(upper2) | TABLE;
    upper2[0] = at(upper3) | TABLE;
    upper3[0] = at(data) | page | UXN | PXN;
    data[0] = 0x1122334455667788;

    WRITE(mair_el1, 0xff00);
    // 48-bit input on both sides, 4 KiB granule, inner shareable write-back walks, 44-bit output
    WRITE(tcr_el1, 4ul << 32 | 2ul << 30 | 3ul << 28 | 1ul << 26 | 1ul << 24 | 16ul << 16 | 3ul << 12 | 1ul << 10 | 1ul << 8 | 16);
    WRITE(ttbr0_el1, at(l0));
    WRITE(ttbr1_el1, at(upper0));
    __asm__ volatile("dsb ish\n tlbi vmalle1\n dsb ish\n isb" : : : "memory");
    WRITE(sctlr_el1, READ(sctlr_el1) | 1 | 1 << 2 | 1 << 12);
}

// ---- system registers ----------------------------------------------------------------------------------------------

static void change(int on, unsigned long *saved, unsigned long value, unsigned long now, unsigned long *out)
{
    if (on)
        *saved = now;
    *out = on ? value : *saved;
}

#define WITH(name, reg, expression)                                                                                     \
    void with_##name(int on)                                                                                            \
    {                                                                                                                   \
        static unsigned long saved;                                                                                     \
        unsigned long now = READ(reg), out;                                                                             \
        change(on, &saved, (expression), now, &out);                                                                    \
        WRITE(reg, out);                                                                                                \
        __asm__ volatile("tlbi vmalle1\n dsb ish\n isb" : : : "memory");                                                    \
    }

WITH(no_fp, cpacr_el1, now & ~(3ul << 20))
WITH(fp_el1, cpacr_el1, (now & ~(3ul << 20)) | 1ul << 20)
WITH(fp, cpacr_el1, now | 3ul << 20)
WITH(uct, sctlr_el1, now | 1ul << 15)
WITH(dze, sctlr_el1, now | 1ul << 14)
WITH(uci, sctlr_el1, now | 1ul << 26)
WITH(uma, sctlr_el1, now | 1ul << 9)
WITH(no_twi, sctlr_el1, now & ~(1ul << 16))
WITH(alignment, sctlr_el1, now | 2)
WITH(epd1, tcr_el1, now | 1ul << 23)
WITH(tbi0, tcr_el1, now | 1ul << 37)
WITH(t1sz, tcr_el1, (now & ~(63ul << 16)) | 25ul << 16)
WITH(ips32, tcr_el1, now & ~(7ul << 32))
WITH(kernel_counter, cntkctl_el1, 0)
WITH(user_counter, cntkctl_el1, 0x303)

// ---- interrupts ----------------------------------------------------------------------------------------------------

static volatile unsigned int *const gicd = (void *)GICD, *const gicc = (void *)GICC;

void gic_on(void)
{
    gicd[0] = 1;                // CTLR
    gicd[0x100 / 4] = 1u << 27; // ISENABLER0: the virtual timer; SGIs are always enabled
    gicc[1] = 0xff;             // PMR
    gicc[0] = 1;                // CTLR
}

static unsigned int acknowledge(void)
{
    unsigned int iar = gicc[0xc / 4];
    if ((iar & 0x3ff) < 1020)
        irq_taken = iar & 0x3ff;
    return iar;
}

void with_gic(int on)
{
    if (!on)
        gicc[0x10 / 4] = acknowledge();
}

void with_sgi(int on)
{
    if (on)
        gicd[0xf00 / 4] = 2u << 24 | 3; // SGIR: to self, interrupt 3
    else
        with_gic(0);
}

void with_timer(int on)
{
    if (on) {
        WRITE(cntv_cval_el0, 0);
        WRITE(cntv_ctl_el0, 1);
    } else {
        unsigned int iar = acknowledge();
        WRITE(cntv_ctl_el0, 0);
        gicc[0x10 / 4] = iar;
    }
}

// ---- debug ---------------------------------------------------------------------------------------------------------

void with_step(int on)
{
    WRITE(oslar_el1, 0);
    WRITE(mdscr_el1, on ? MDSCR_SS | MDSCR_KDE : 0);
}

// On the second instruction of the probe.
void with_breakpoint(int on)
{
    WRITE(oslar_el1, 0);
    WRITE(dbgbvr0_el1, probe_address + 4);
    WRITE(dbgbcr0_el1, on ? 0xful << 5 | 3ul << 1 | 1 : 0); // BAS, PMC: EL1 and EL0, E
    WRITE(mdscr_el1, on ? MDSCR_MDE | MDSCR_KDE : 0);
}

void with_watchpoint(int on)
{
    WRITE(oslar_el1, 0);
    WRITE(dbgwvr0_el1, USER_DATA + 8);
    WRITE(dbgwcr0_el1, on ? 0xfful << 5 | 3ul << 3 | 3ul << 1 | 1 : 0); // BAS, LSC: loads and stores, PAC, E
    WRITE(mdscr_el1, on ? MDSCR_MDE | MDSCR_KDE : 0);
}
