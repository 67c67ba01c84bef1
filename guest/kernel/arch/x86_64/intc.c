/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt controllers: the local APIC of each CPU (SDM volume 3, chapter 11), one IO-APIC (82093AA), the 8259 pair
   silenced.

     vector  index into the IDT, what a CPU is given
     gsi     an input of the IO-APIC: what the neutral kernel calls irq
     irq     a line of the ISA bus; boot.c knows at which gsi each arrives */
#include <abi/errno.h>
#include <arch.h>
#include <arch/board.h>
#include <arch/local.h>
#include <irq.h>
#include <printk.h>
#include <spinlock.h>
#include <time.h>

/* Local APIC registers: table 11-1. */
enum {
    LAPIC_ID = 0x20,
    LAPIC_TPR = 0x80,
    LAPIC_EOI = 0xb0,
    LAPIC_SVR = 0xf0,
    LAPIC_ESR = 0x280,
    LAPIC_LVT_TIMER = 0x320,
    LAPIC_LVT_LINT0 = 0x350,
    LAPIC_LVT_LINT1 = 0x360,
    LAPIC_LVT_ERROR = 0x370,
    LAPIC_TIMER_INITIAL = 0x380,
    LAPIC_TIMER_CURRENT = 0x390,
    LAPIC_TIMER_DIVIDE = 0x3e0,
};

#define LAPIC_SVR_ENABLE (1u << 8)
#define LVT_MASKED (1u << 16)
#define LVT_NMI (4u << 8)
#define TIMER_DIVIDE_BY_1 0xbu
#define APIC_BASE_ENABLE (1UL << 11)

/* IO-APIC: an index and a data window; 82093AA, section 3. */
enum { IOREGSEL = 0x00, IOWIN = 0x10 };
enum { IOAPICVER = 1, IOREDTBL = 0x10 };
#define REDIRECTION_ACTIVE_LOW (1u << 13)
#define REDIRECTION_LEVEL (1u << 15)
#define REDIRECTION_MASKED (1u << 16)

/* 8259A initialisation command words. */
#define ICW1_INIT_ICW4 0x11
#define ICW3_MASTER 0x04 /* slave at line 2 */
#define ICW3_SLAVE 0x02
#define ICW4_8086 0x01

static volatile void *lapic, *ioapic;
static u32 gsi_count;
static DEFINE_SPINLOCK(ioapic_lock, LOCK_IRQ);

static u32 ioapic_read(u32 index)
{
    mmio_write32(ioapic, IOREGSEL, index);
    return mmio_read32(ioapic, IOWIN);
}

static void ioapic_write(u32 index, u32 value)
{
    mmio_write32(ioapic, IOREGSEL, index);
    mmio_write32(ioapic, IOWIN, value);
}

/* The 8259s stay masked; their vectors are moved off the exceptions' all the same, for a spurious one. */
static void pic_silence(void)
{
    outb(BOARD_PORT_PIC_MASTER, ICW1_INIT_ICW4);
    outb(BOARD_PORT_PIC_SLAVE, ICW1_INIT_ICW4);
    outb(BOARD_PORT_PIC_MASTER + 1, VECTOR_PIC);
    outb(BOARD_PORT_PIC_SLAVE + 1, VECTOR_PIC + 8);
    outb(BOARD_PORT_PIC_MASTER + 1, ICW3_MASTER);
    outb(BOARD_PORT_PIC_SLAVE + 1, ICW3_SLAVE);
    outb(BOARD_PORT_PIC_MASTER + 1, ICW4_8086);
    outb(BOARD_PORT_PIC_SLAVE + 1, ICW4_8086);
    outb(BOARD_PORT_PIC_MASTER + 1, 0xff);
    outb(BOARD_PORT_PIC_SLAVE + 1, 0xff);
}

static void lapic_init(void)
{
    wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE);
    mmio_write32(lapic, LAPIC_SVR, LAPIC_SVR_ENABLE | VECTOR_SPURIOUS);
    mmio_write32(lapic, LAPIC_TPR, 0);
    mmio_write32(lapic, LAPIC_LVT_LINT0, LVT_MASKED);
    mmio_write32(lapic, LAPIC_LVT_LINT1, LVT_NMI);
    mmio_write32(lapic, LAPIC_LVT_ERROR, VECTOR_ERROR);
    mmio_write32(lapic, LAPIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
    mmio_write32(lapic, LAPIC_LVT_TIMER, VECTOR_TIMER); /* one-shot */
    mmio_write32(lapic, LAPIC_EOI, 0);                  /* whatever the loader left in service */
}

void intc_init(void)
{
    pic_silence();
    lapic = arch_ioremap(platform.lapic, PAGE_SIZE);
    ioapic = arch_ioremap(platform.ioapic, PAGE_SIZE);
    this_cpu()->hwid = mmio_read32(lapic, LAPIC_ID) >> 24;
    lapic_init();

    gsi_count = MIN((ioapic_read(IOAPICVER) >> 16 & 0xff) + 1, (u32)(VECTOR_PIC - VECTOR_ISA));
    for (u32 gsi = 0; gsi < gsi_count; gsi++)
        ioapic_write(IOREDTBL + 2 * gsi, REDIRECTION_MASKED | (VECTOR_ISA + gsi));
    pr_info("interrupts: local APIC at %#lx, IO-APIC at %#lx with %u inputs", platform.lapic, platform.ioapic,
            gsi_count);
}

int arch_irq_unmask(u32 irq)
{
    u32 low = VECTOR_ISA + irq;
    u64 flags;

    if (irq >= gsi_count)
        return -EINVAL;
    for (u32 isa = 0; isa < ISA_IRQS; isa++)
        if (platform.isa[isa].gsi == irq)
            low |= (platform.isa[isa].active_low ? REDIRECTION_ACTIVE_LOW : 0) |
                   (platform.isa[isa].level ? REDIRECTION_LEVEL : 0);
    flags = spin_lock_irqsave(&ioapic_lock);
    ioapic_write(IOREDTBL + 2 * irq + 1, cpus[0].hwid << 24); /* physical destination: the boot CPU */
    ioapic_write(IOREDTBL + 2 * irq, low);
    spin_unlock_irqrestore(&ioapic_lock, flags);
    return 0;
}

void arch_irq_mask(u32 irq)
{
    u64 flags;

    if (irq >= gsi_count)
        return;
    flags = spin_lock_irqsave(&ioapic_lock);
    ioapic_write(IOREDTBL + 2 * irq, ioapic_read(IOREDTBL + 2 * irq) | REDIRECTION_MASKED);
    spin_unlock_irqrestore(&ioapic_lock, flags);
}

void lapic_timer_start(u32 count)
{
    mmio_write32(lapic, LAPIC_TIMER_INITIAL, count);
}

u32 lapic_timer_count(void)
{
    return mmio_read32(lapic, LAPIC_TIMER_CURRENT);
}

void intc_interrupt(u64 vector, bool from_user)
{
    if (vector == VECTOR_SPURIOUS || (vector >= VECTOR_PIC && vector < VECTOR_PIC + 16))
        return; /* not in service anywhere: no end of interrupt */
    if (vector == VECTOR_TIMER) {
        timer_interrupt(from_user);
    } else if (vector >= VECTOR_ISA && vector < VECTOR_ISA + gsi_count) {
        irq_dispatch((u32)(vector - VECTOR_ISA));
    } else if (vector == VECTOR_ERROR) {
        mmio_write32(lapic, LAPIC_ESR, 0); /* a write makes the register show what happened since the last one */
        pr_err("local APIC error %#x", mmio_read32(lapic, LAPIC_ESR));
    } else {
        pr_err("unexpected interrupt, vector %lu", vector);
    }
    mmio_write32(lapic, LAPIC_EOI, 0);
}
