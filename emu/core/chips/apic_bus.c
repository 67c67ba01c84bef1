/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APICs: priorities, acceptance and acknowledge of interrupts, and the bus on which messages go (Intel SDM volume
 * 3, "Advanced Programmable Interrupt Controller"). apic.c says what is left out.
 */
#include "apic.h"

static int highest(const uint32_t bits[8])
{
    for (int w = 7; w >= 0; w--)
        if (bits[w])
            return w * 32 + 31 - __builtin_clz(bits[w]);
    return -1;
}

/* 11.8.3.1: what is being served or the task priority, whichever class is higher. */
uint32_t apic_ppr(const struct cpu *a)
{
    int served = highest(a->isr);
    uint32_t isrv = served < 0 ? 0 : (uint32_t)served;
    return (a->tpr & 0xf0) >= (isrv & 0xf0) ? a->tpr : isrv & 0xf0;
}

/* The vector that may be delivered now, or -1. */
static int deliverable(const struct cpu *a)
{
    int vector = highest(a->irr);
    return vector >= 0 && ((uint32_t)vector & 0xf0) > (apic_ppr(a) & 0xf0) ? vector : -1;
}

static bool extint_waits(const struct cpu *a)
{
    bool level = (a->lvt[LVT_LINT0] & (LVT_MASKED | 0x700)) == EXTINT << 8 && a->lint[0];
    return level || a->extint;
}

void apic_update(struct chip *c, unsigned cpu)
{
    struct cpu *a = of(c, cpu);
    bool irq;

    if (!hard_enabled(a)) /* the LINT pins are the processor's INTR and NMI, 11.4.3 */
        irq = a->lint[0];
    else
        irq = (soft_enabled(a) && deliverable(a) >= 0) || extint_waits(a);
    if (irq != a->irq) {
        a->irq = irq;
        chip_cpu(c, cpu, CHIP_CPU_IRQ, irq);
    }
}

/* ---- delivery ---- */

void apic_error(struct chip *c, unsigned cpu, uint32_t bit)
{
    struct cpu *a = of(c, cpu);
    bool first = !(a->esr_new & bit);
    a->esr_new |= bit;
    /* An illegal vector in LVT error would report itself for ever: it interrupts on the first of a kind only. */
    if (first)
        apic_local(c, cpu, LVT_ERROR);
}

static void accept_fixed(struct chip *c, unsigned cpu, uint8_t vector, bool level)
{
    struct cpu *a = of(c, cpu);
    uint32_t bit = 1u << (vector % 32);

    if (vector < 16) {
        apic_error(c, cpu, ESR_RECEIVE_ILLEGAL);
        return;
    }
    a->irr[vector / 32] |= bit;
    a->tmr[vector / 32] = level ? a->tmr[vector / 32] | bit : a->tmr[vector / 32] & ~bit;
    apic_update(c, cpu);
}

/* One interrupt of any mode reaches one CPU whose APIC is globally enabled. */
static void accept(struct chip *c, unsigned cpu, enum delivery mode, uint8_t vector, bool level)
{
    struct cpu *a = of(c, cpu);

    switch (mode) {
    case FIXED: case LOWEST:
        if (soft_enabled(a))
            accept_fixed(c, cpu, vector, level);
        break;
    case EXTINT:
        if (soft_enabled(a)) {
            a->extint = 1;
            apic_update(c, cpu);
        }
        break;
    case SMI: chip_cpu(c, cpu, CHIP_CPU_SMI, 0); break;
    case NMI: chip_cpu(c, cpu, CHIP_CPU_NMI, 0); break;
    case INIT:
        apic_init(c, cpu);
        chip_cpu(c, cpu, CHIP_CPU_INIT, 0);
        break;
    case SIPI: chip_cpu(c, cpu, CHIP_CPU_SIPI, vector); break;
    case RESERVED3: break;
    }
}

static bool matches(const struct cpu *a, bool logical, uint8_t destination)
{
    uint8_t mine = (uint8_t)(a->ldr >> 24);

    if (!hard_enabled(a))
        return false;
    if (destination == 0xff)
        return true;
    if (!logical)
        return a->id >> 24 == destination;
    if (a->dfr >> 28 == 0xf) /* flat */
        return mine & destination;
    if (a->dfr >> 28 == 0) /* cluster */
        return (destination >> 4 == 0xf || destination >> 4 == mine >> 4) && (mine & destination & 0xf);
    return false;
}

static void deliver(struct chip *c, uint32_t targets, enum delivery mode, uint8_t vector, bool level)
{
    if (mode == LOWEST) {
        int best = -1;
        for (unsigned cpu = 0; cpu < c->ncpu; cpu++)
            if ((targets >> cpu & 1) && soft_enabled(of(c, cpu)) &&
                (best < 0 || apic_ppr(of(c, cpu)) < apic_ppr(of(c, (unsigned)best))))
                best = (int)cpu;
        targets = best < 0 ? 0 : 1u << best;
    }
    for (unsigned cpu = 0; cpu < c->ncpu; cpu++)
        if (targets >> cpu & 1)
            accept(c, cpu, mode, vector, level);
}

static uint32_t targets_of(struct chip *c, bool logical, uint8_t destination)
{
    uint32_t targets = 0;
    for (unsigned cpu = 0; cpu < c->ncpu; cpu++)
        if (matches(of(c, cpu), logical, destination))
            targets |= 1u << cpu;
    return targets;
}

void apic_message(struct chip *c, uint64_t message)
{
    uint32_t targets = targets_of(c, message >> 11 & 1, (uint8_t)(message >> 56));
    deliver(c, targets, (enum delivery)(message >> 8 & 7), (uint8_t)message, message & LVT_LEVEL);
}

/* A local source raises its interrupt. */
void apic_local(struct chip *c, unsigned cpu, enum lvt entry)
{
    struct cpu *a = of(c, cpu);
    uint32_t lvt = a->lvt[entry];
    enum delivery mode = entry == LVT_TIMER || entry == LVT_ERROR ? FIXED : (enum delivery)(lvt >> 8 & 7);
    bool level = (entry == LVT_LINT0 || entry == LVT_LINT1) && mode == FIXED && (lvt & LVT_LEVEL);

    if (!hard_enabled(a) || (lvt & LVT_MASKED))
        return;
    if (level) {
        if (lvt & LVT_REMOTE_IRR)
            return;
        a->lvt[entry] |= LVT_REMOTE_IRR;
    }
    if (mode == EXTINT) { /* LINT0's level is looked at in apic_update(); other sources latch */
        if (entry != LVT_LINT0)
            a->extint = 1;
        apic_update(c, cpu);
    } else if (mode == FIXED || mode == SMI || mode == NMI || mode == INIT) {
        accept(c, cpu, mode, (uint8_t)lvt, level);
    }
}

void apic_line(struct chip *c, unsigned input, bool level)
{
    unsigned cpu = input / 2, pin = input % 2;

    if (cpu >= c->ncpu || of(c, cpu)->lint[pin] == level)
        return;
    of(c, cpu)->lint[pin] = level;
    if (level && hard_enabled(of(c, cpu)))
        apic_local(c, cpu, pin ? LVT_LINT1 : LVT_LINT0);
    else if (level && pin == 1)
        chip_cpu(c, cpu, CHIP_CPU_NMI, 0);
    apic_update(c, cpu);
}

int apic_ack(struct chip *c, unsigned cpu)
{
    struct cpu *a = of(c, cpu);
    int vector = soft_enabled(a) ? deliverable(a) : -1;

    if (!hard_enabled(a))
        return a->lint[0] ? APIC_ACK_EXTINT : -1;
    if (vector >= 0) {
        a->irr[vector / 32] &= ~(1u << (vector % 32));
        a->isr[vector / 32] |= 1u << (vector % 32);
    } else if (extint_waits(a)) {
        a->extint = 0;
        vector = APIC_ACK_EXTINT;
    }
    apic_update(c, cpu);
    return vector;
}

void apic_end_of_interrupt(struct chip *c, unsigned cpu)
{
    struct cpu *a = of(c, cpu);
    int vector = highest(a->isr);

    if (vector < 0)
        return;
    a->isr[vector / 32] &= ~(1u << (vector % 32));
    if (a->tmr[vector / 32] >> (vector % 32) & 1) {
        for (unsigned pin = 0; pin < 2; pin++) {
            enum lvt entry = pin ? LVT_LINT1 : LVT_LINT0;
            if ((a->lvt[entry] & LVT_REMOTE_IRR) && (a->lvt[entry] & 0xff) == (uint32_t)vector) {
                a->lvt[entry] &= ~LVT_REMOTE_IRR;
                if (a->lint[pin])
                    apic_local(c, cpu, entry);
            }
        }
        chip_output(c, APIC_OUT_EOI, true, (uint64_t)vector); /* may come back through apic_message() */
    }
    apic_update(c, cpu);
}

void apic_send_ipi(struct chip *c, unsigned cpu)
{
    struct cpu *a = of(c, cpu);
    uint32_t low = a->icr_low, all = (1u << c->ncpu) - 1, targets;
    enum delivery mode = (enum delivery)(low >> 8 & 7);
    unsigned shorthand = low >> 18 & 3;
    bool level = low & LVT_LEVEL;

    if (mode == RESERVED3 || mode == EXTINT || (mode == INIT && level && !(low & 0x4000)))
        return;
    if ((mode == FIXED || mode == LOWEST) && (low & 0xff) < 16) {
        apic_error(c, cpu, ESR_SEND_ILLEGAL);
        return;
    }
    switch (shorthand) {
    case 0: targets = targets_of(c, low >> 11 & 1, (uint8_t)(a->icr_high >> 24)); break;
    case 1: targets = mode == FIXED ? 1u << cpu : 0; break;
    case 2: targets = mode == FIXED ? all : 0; break;
    default: targets = all & ~(1u << cpu); break;
    }
    for (unsigned to = 0; to < c->ncpu; to++)
        if (!hard_enabled(of(c, to)))
            targets &= ~(1u << to);
    deliver(c, targets, mode, (uint8_t)low, false);
}
