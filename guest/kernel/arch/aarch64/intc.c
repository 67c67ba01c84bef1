/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interrupt controller: GICv2 (Arm IHI 0048B) or GICv3 (Arm IHI 0069), whichever the devicetree describes. "irq" is
   the INTID: 0-15 software generated, 16-31 private to the CPU (PPI), from 32 on shared (SPI). All interrupts have one
   priority, so they do not nest.

   The distributor is nearly the same in both. What differs: version 3 keeps the registers of INTIDs 0-31 in each CPU's
   redistributor, acknowledges through system registers instead of a memory-mapped CPU interface, and routes an SPI to
   an affinity value instead of a mask of CPUs. */
#include <abi/errno.h>
#include <arch.h>
#include <arch/board.h>
#include <arch/local.h>
#include <irq.h>
#include <panic.h>
#include <printk.h>
#include <time.h>

enum gicd {                  /* distributor, and the second frame of a redistributor */
    GICD_CTLR = 0x000,
    GICD_TYPER = 0x004,      /* RO: bits 4-0 = number of SPIs / 32 */
    GICD_IGROUPR = 0x080,    /* a bit an interrupt: 1 = group 1, the one that EL1 takes as IRQ under GICv3 */
    GICD_ISENABLER = 0x100,  /* a bit an interrupt, write 1 to set */
    GICD_ICENABLER = 0x180,  /* write 1 to clear */
    GICD_ICPENDR = 0x280,
    GICD_IPRIORITYR = 0x400, /* a byte an interrupt */
    GICD_ITARGETSR = 0x800,  /* v2: a byte of CPU bits an interrupt */
    GICD_IROUTER = 0x6000,   /* v3: 64 bits an SPI, the affinity */
};

enum gicc {          /* v2's CPU interface */
    GICC_CTLR = 0x00,
    GICC_PMR = 0x04,
    GICC_IAR = 0x0c, /* reading acknowledges */
    GICC_EOIR = 0x10,
};

enum gicr {             /* v3's redistributor: two 64 KiB frames a CPU, one CPU after the other */
    GICR_TYPER = 0x008, /* RO, 64 bits: affinity in 63-32, bit 4 = the last one */
    GICR_WAKER = 0x014,
    GICR_SGI_FRAME = 0x10000, /* registers of INTIDs 0-31, laid out as in the distributor */
    GICR_STRIDE = 0x20000,
};

#define CTLR_ENABLE 1U
#define CTLR_ENABLE_GROUP1 2U
#define CTLR_ARE 0x10U /* v3: affinity routing */
#define TYPER_LAST (1U << 4)
#define WAKER_PROCESSOR_SLEEP (1U << 1)
#define WAKER_CHILDREN_ASLEEP (1U << 2)
#define PRIORITY_MASK 0xf0
#define PRIORITY_ALL 0xa0a0a0a0
#define IAR_INTID 0x3ff
#define FIRST_SPECIAL 1020 /* 1020-1023: nothing (more) to take */

/* ICC_* by encoding: the assembler knows their names only with the GICv3 extension. */
#define ICC_PMR_EL1 s3_0_c4_c6_0
#define ICC_IAR1_EL1 s3_0_c12_c12_0
#define ICC_EOIR1_EL1 s3_0_c12_c12_1
#define ICC_SRE_EL1 s3_0_c12_c12_5
#define ICC_IGRPEN1_EL1 s3_0_c12_c12_7

static void *distributor, *cpu_interface; /* cpu_interface: v2 */
static void *private_frame;               /* v3: this CPU's INTIDs 0-31 */
static u32 input_count;
static bool v3;

/* Where the one-bit and one-byte registers of `irq` are. */
static void *frame_of(u32 irq)
{
    return v3 && irq < 32 ? private_frame : distributor;
}

static void set_up_inputs(u32 from, u32 to)
{
    for (u32 i = from; i < to; i += 32) {
        mmio_write32(frame_of(i), GICD_ICENABLER + i / 8, ~0U);
        mmio_write32(frame_of(i), GICD_ICPENDR + i / 8, ~0U);
        if (v3)
            mmio_write32(frame_of(i), GICD_IGROUPR + i / 8, ~0U);
    }
    for (u32 i = from; i < to; i += 4)
        mmio_write32(frame_of(i), GICD_IPRIORITYR + i, PRIORITY_ALL);
}

static void init_v2(void)
{
    cpu_interface = arch_ioremap(board.gic_cpu.base, 0x1000);
    set_up_inputs(0, input_count);
    for (u32 i = 32; i < input_count; i += 4)
        mmio_write32(distributor, GICD_ITARGETSR + i, 0x01010101); /* to the boot CPU */
    mmio_write32(distributor, GICD_CTLR, CTLR_ENABLE);
    mmio_write32(cpu_interface, GICC_PMR, PRIORITY_MASK);
    mmio_write32(cpu_interface, GICC_CTLR, CTLR_ENABLE);
}

/* This CPU's redistributor, by its affinity; NULL when the devicetree describes none. */
static void *find_redistributor(u32 affinity)
{
    for (u64 offset = 0; offset + GICR_STRIDE <= board.gic_redistributors.size; offset += GICR_STRIDE) {
        void *frames = arch_ioremap(board.gic_redistributors.base + offset, GICR_STRIDE);

        if (mmio_read32(frames, GICR_TYPER + 4) == affinity)
            return frames;
        if (mmio_read32(frames, GICR_TYPER) & TYPER_LAST)
            break;
    }
    return NULL;
}

static void init_v3(void)
{
    u64 mpidr = read_sysreg(mpidr_el1);
    u32 affinity = (mpidr & 0xffffff) | (mpidr >> 8 & 0xff000000);
    void *frames = find_redistributor(affinity);

    if (!frames)
        panic("no redistributor for this CPU in the devicetree");
    private_frame = (u8 *)frames + GICR_SGI_FRAME;
    mmio_write32(frames, GICR_WAKER, mmio_read32(frames, GICR_WAKER) & ~WAKER_PROCESSOR_SLEEP);
    while (mmio_read32(frames, GICR_WAKER) & WAKER_CHILDREN_ASLEEP)
        arch_pause();

    mmio_write32(distributor, GICD_CTLR, CTLR_ARE); /* first: it changes what the other registers mean */
    set_up_inputs(0, input_count);
    for (u32 i = 32; i < input_count; i++) {
        mmio_write32(distributor, GICD_IROUTER + i * 8, mpidr & 0xffffff);
        mmio_write32(distributor, GICD_IROUTER + i * 8 + 4, mpidr >> 32 & 0xff);
    }
    mmio_write32(distributor, GICD_CTLR, CTLR_ARE | CTLR_ENABLE_GROUP1);

    write_sysreg(ICC_SRE_EL1, 1); /* the system registers, not the legacy interface */
    isb();
    write_sysreg(ICC_PMR_EL1, PRIORITY_MASK);
    write_sysreg(ICC_IGRPEN1_EL1, 1);
    isb();
}

void intc_init(void)
{
    if (!board.gic_distributor.present || (!board.gic_cpu.present && !board.gic_redistributors.present))
        panic("no interrupt controller: this kernel drives GICv2 and GICv3, and the devicetree describes none");
    v3 = board.gic_redistributors.present;
    distributor = arch_ioremap(board.gic_distributor.base, v3 ? 0x10000 : 0x1000);
    mmio_write32(distributor, GICD_CTLR, 0);
    input_count = MIN(((mmio_read32(distributor, GICD_TYPER) & 0x1f) + 1) * 32, (u32)FIRST_SPECIAL);
    if (v3)
        init_v3();
    else
        init_v2();
    pr_info("GICv%u: %u interrupts", v3 ? 3 : 2, input_count);
}

int arch_irq_unmask(u32 irq)
{
    if (irq >= input_count)
        return -EINVAL;
    mmio_write32(frame_of(irq), GICD_ISENABLER + irq / 32 * 4, 1U << irq % 32);
    return 0;
}

void arch_irq_mask(u32 irq)
{
    if (irq < input_count)
        mmio_write32(frame_of(irq), GICD_ICENABLER + irq / 32 * 4, 1U << irq % 32);
}

static u32 acknowledge(void)
{
    return v3 ? (u32)read_sysreg(ICC_IAR1_EL1) : mmio_read32(cpu_interface, GICC_IAR);
}

/* `iar` as it was read: it also carries the sending CPU of a software-generated interrupt. */
static void end_of_interrupt(u32 iar)
{
    if (v3)
        write_sysreg(ICC_EOIR1_EL1, iar);
    else
        mmio_write32(cpu_interface, GICC_EOIR, iar);
}

void intc_handle(struct trapframe *tf)
{
    for (;;) {
        u32 iar = acknowledge(), irq = iar & IAR_INTID;

        if (irq >= FIRST_SPECIAL)
            return;
        if (irq == board.timer_irq)
            timer_interrupt(arch_tf_user(tf));
        else
            irq_dispatch(irq);
        end_of_interrupt(iar);
    }
}
