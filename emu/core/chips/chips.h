/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chips: operation tables, the meaning of their banks, inputs, outputs and configuration words, and the few calls
 * that are neither a register access nor a wire.
 *
 *   chip      banks                                  inputs                   outputs           config words
 *   gic_ops   0 distributor, 1 CPU interface         GIC_SPI, GIC_PPI         chip_cpu IRQ FIQ  0 interrupt lines
 *   timer_ops 0 system registers of the asking CPU   -                        TIMER_OUT         0 counter frequency, Hz
 *   apic_ops  0 xAPIC page of the asking CPU         APIC_LINT                chip_cpu, EOI     0 timer frequency, Hz
 *   ioapic_ops 0 IOREGSEL, IOWIN, EOI                0..23 pins               messages          -
 *   pic_ops   0 master, 1 slave, 2 ELCR              0..15 IR pins (not 2)    0 INTR            -
 *   pit_ops   0 counters 0-2 and control, 1 port 61h -                        0 OUT of counter 0 -
 *
 * Services are called on change only: an output or a deadline that keeps its value is not announced again, so a host
 * that restores `state` must restore its own copy of outputs and deadlines with it.
 * An access that the manual does not allow reads as zero, writes nothing, and is reported through chip_fault().
 */
#ifndef TRAPDOOR_CHIPS_H
#define TRAPDOOR_CHIPS_H

#include "../chip.h"

extern const struct chip_ops gic_ops, timer_ops, apic_ops, ioapic_ops, pic_ops, pit_ops;

/* ---- GICv2: ARM IHI 0048B.b. At most 8 CPUs (GICD_ITARGETSR has a bit each) and 1020 interrupt IDs. ---- */
#define GIC_CPUS 8u
#define GIC_SPI(intid) (intid)                                /* input of shared interrupt 32..lines-1 */
#define GIC_PPI(cpu, intid) (1024u + (cpu) * 32u + (intid))   /* input of private interrupt 16..31 of one CPU */

/* ---- Generic timer: ARM DDI 0487, chapter D11. Offsets are ours: system registers have no address. ---- */
#define TIMER_CPUS 16u
enum timer_register {
    CNTP_CTL = 0, CNTP_CVAL = 8, CNTP_TVAL = 16, CNTV_CTL = 24, CNTV_CVAL = 32, CNTV_TVAL = 40,
    CNTPCT = 48, CNTVCT = 56, CNTFRQ = 64, CNTKCTL = 72, CNTVOFF = 80,
};
enum timer_output { TIMER_OUT_PHYSICAL, TIMER_OUT_VIRTUAL };  /* PPI 30 and PPI 27 on the boards we know */
#define TIMER_OUT(cpu, which) ((cpu) * 4u + (which))          /* output number; the deadline has the same index */

/* ---- Local APICs: Intel SDM volume 3, chapter "Advanced Programmable Interrupt Controller". ---- */
#define APIC_CPUS 16u
#define APIC_LINT(cpu, pin) ((cpu) * 2u + (pin)) /* input: pin 0 = LINT0 (the PIC's INTR), 1 = LINT1 (NMI) */
#define APIC_OUT_EOI 0u      /* output: EOI broadcast of a level interrupt, value = vector, for ioapic_ops.message() */
#define APIC_ACK_EXTINT (-2) /* what ack() gives when the vector has to come from the PIC: call pic_ops.ack() */

/*
 * Also apic_ops.message(). The layout is that of an IO-APIC redirection entry: vector [7:0], delivery mode [10:8],
 * logical destination [11], assert [14] (ignored), level triggered [15], destination [63:56].
 * Safe to be called while apic_ops.write() is in the EOI output.
 */
void apic_message(struct chip *c, uint64_t message);
/* IA32_APIC_BASE of a CPU; the write gives false where WRMSR must raise #GP(0) (reserved bit, or x2APIC asked for). */
uint64_t apic_base(const struct chip *c, unsigned cpu);
bool apic_base_write(struct chip *c, unsigned cpu, uint64_t value);
/* CR8, the upper half of TPR: no MMIO access, hence no fault; works with the page moved away. */
unsigned apic_cr8(const struct chip *c, unsigned cpu);
void apic_cr8_write(struct chip *c, unsigned cpu, unsigned value);
/* An INIT that did not come by message (a reset by software): registers as after power-up, the ID and the base kept. */
void apic_init(struct chip *c, unsigned cpu);

/* ---- IO-APIC: Intel 82093AA (order number 290566), version 20h of later parts with an EOI register. ---- */
#define IOAPIC_PINS 24u
/* Output number = pin, level = true, value = the message for apic_ops.message(). Also ioapic_ops.message(). */
void ioapic_eoi(struct chip *c, uint8_t vector);

/* ---- 8259A pair (Intel 231468) with the ELCR of the PIIX3 (290550). Ports 20h-21h, A0h-A1h, 4D0h-4D1h. ---- */
/* ---- 8254 (Intel 231164). Ports 40h-43h, and 61h of the PIIX3. 1193182 Hz. ---- */
#define PIT_HZ 1193182u

/* Virtual time in clock ticks and back. Products need up to 94 bits. */
__extension__ typedef unsigned __int128 chip_u128;
#define CHIP_NS_PER_S 1000000000u

/* Ticks of an `hz` clock that have begun by `ns`: tick k begins at the first nanosecond not before k / hz. */
static inline uint64_t chip_ticks(uint64_t ns, uint64_t hz) { return (uint64_t)((chip_u128)ns * hz / CHIP_NS_PER_S); }

/* The nanosecond at which tick `k` begins, CHIP_NEVER if that is beyond the end of time. */
static inline uint64_t chip_tick_ns(chip_u128 k, uint64_t hz)
{
    /* Beyond this, the product below could leave 128 bits; the time is far out of range anyway. */
    if (k >= (chip_u128)1 << 96)
        return CHIP_NEVER;
    chip_u128 ns = (k * CHIP_NS_PER_S + hz - 1) / hz;
    return ns < CHIP_NEVER ? (uint64_t)ns : CHIP_NEVER;
}

#endif
