/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APICs of all CPUs and the bus between them: Intel SDM volume 3, "Advanced Programmable Interrupt
 * Controller" (chapter 11 in recent editions; section numbers below are of that chapter). xAPIC mode, integrated APIC
 * version 14h with 6 LVT entries (no CMCI), no x2APIC, no TSC deadline, no EOI-broadcast suppression.
 *
 * Lowest priority delivery goes to the CPU with the lowest PPR, of equals to the lowest number. Level de-assert INITs
 * do nothing. Combinations of shorthand and mode that the manual calls invalid send nothing.
 */
#include "apic.h"

#include <string.h>

static const uint32_t lvt_writable[LVT_COUNT] = {0x300ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff};

/* ---- timer ---- */

/* 11.5.4: bits 3, 1 and 0 of the divide configuration; 000 = by 2, ... 110 = by 128, 111 = by 1. */
static unsigned divider_shift(const struct cpu *a) { return ((a->divide & 3) + (a->divide >> 1 & 4) + 1) & 7; }

/* Take the timer to now: periods gone by, and the interrupt of one that ended. */
static void timer_sync(struct chip *c, unsigned cpu)
{
    struct cpu *a = of(c, cpu);
    unsigned shift = divider_shift(a);

    if (a->timer_from == 0)
        return;
    uint64_t gone = (chip_ticks(chip_now(c), c->config[0]) - a->timer_since) >> shift;
    if (gone < a->timer_from)
        return;
    uint64_t over = gone - a->timer_from;
    bool periodic = (a->lvt[LVT_TIMER] & LVT_PERIODIC) && a->initial_count;
    if (periodic) {
        a->timer_since += (uint64_t)(a->timer_from + over / a->initial_count * a->initial_count) << shift;
        a->timer_from = a->initial_count;
    } else {
        a->timer_from = 0;
    }
    apic_local(c, cpu, LVT_TIMER);
}

static uint32_t current_count(struct chip *c, const struct cpu *a)
{
    if (a->timer_from == 0)
        return 0;
    return a->timer_from - (uint32_t)((chip_ticks(chip_now(c), c->config[0]) - a->timer_since) >> divider_shift(a));
}

static void timer_start(struct chip *c, struct cpu *a, uint32_t from)
{
    a->timer_since = chip_ticks(chip_now(c), c->config[0]);
    a->timer_from = from;
}

static void timer_update(struct chip *c, unsigned cpu)
{
    struct cpu *a = of(c, cpu);
    uint64_t deadline = CHIP_NEVER;

    if (a->timer_from && !(a->lvt[LVT_TIMER] & LVT_MASKED))
        deadline = chip_tick_ns(a->timer_since + ((chip_u128)a->timer_from << divider_shift(a)), c->config[0]);
    if (deadline != a->deadline) {
        a->deadline = deadline;
        chip_timer(c, cpu, deadline);
    }
}

static void apic_timer(struct chip *c, unsigned index)
{
    if (index >= c->ncpu)
        return;
    timer_sync(c, index);
    timer_update(c, index);
}

/* ---- registers ---- */

static bool in_page(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value, unsigned cpu)
{
    if (!hard_enabled(of(c, cpu)) || bank != 0 || offset >= 0x400 || offset % 16 >= 4)
        chip_fault(c, CHIP_FAULT_RESERVED, offset, size, value);
    else if (size != 4 || offset % 16 != 0)
        chip_fault(c, CHIP_FAULT_SIZE, offset, size, value);
    else
        return true;
    return false;
}

static uint64_t apic_read(struct chip *c, unsigned bank, uint64_t offset, unsigned size, unsigned cpu)
{
    struct cpu *a = of(c, cpu);
    unsigned n = (unsigned)(offset >> 4);

    if (!in_page(c, bank, offset, size, 0, cpu))
        return 0;
    timer_sync(c, cpu);
    timer_update(c, cpu);
    if (offset >= APIC_ISR && offset < APIC_ISR + 0x80)
        return a->isr[n & 7];
    if (offset >= APIC_TMR && offset < APIC_TMR + 0x80)
        return a->tmr[n & 7];
    if (offset >= APIC_IRR && offset < APIC_IRR + 0x80)
        return a->irr[n & 7];
    if (offset >= APIC_LVT && offset < APIC_LVT_END)
        return a->lvt[n - (APIC_LVT >> 4)];
    switch (offset) {
    case APIC_ID: return a->id;
    case APIC_VERSION: return VERSION;
    case APIC_TPR: return a->tpr;
    case APIC_APR: return apic_ppr(a); /* arbitration is by PPR here */
    case APIC_PPR: return apic_ppr(a);
    case APIC_LDR: return a->ldr;
    case APIC_DFR: return a->dfr;
    case APIC_SVR: return a->svr;
    case APIC_ESR: return a->esr;
    case APIC_ICR_LOW: return a->icr_low;
    case APIC_ICR_HIGH: return a->icr_high;
    case APIC_INITIAL_COUNT: return a->initial_count;
    case APIC_CURRENT_COUNT: return current_count(c, a);
    case APIC_DIVIDE: return a->divide;
    case APIC_EOI: chip_fault(c, CHIP_FAULT_WRITE_ONLY, offset, size, 0); return 0;
    }
    chip_fault(c, CHIP_FAULT_RESERVED, offset, size, 0);
    apic_error(c, cpu, ESR_ILLEGAL_REGISTER);
    return 0;
}

static void write_lvt(struct chip *c, unsigned cpu, enum lvt entry, uint32_t value)
{
    struct cpu *a = of(c, cpu);
    uint32_t count = current_count(c, a);

    a->lvt[entry] = (value & lvt_writable[entry]) | (a->lvt[entry] & LVT_REMOTE_IRR);
    if (!(a->svr & SVR_ENABLED))
        a->lvt[entry] |= LVT_MASKED;
    if (!(a->lvt[entry] & LVT_LEVEL))
        a->lvt[entry] &= ~LVT_REMOTE_IRR;
    if (entry == LVT_TIMER && count)
        timer_start(c, a, count);
    /* A level that is up already asks as soon as it is let through. */
    if ((entry == LVT_LINT0 && a->lint[0]) || (entry == LVT_LINT1 && a->lint[1]))
        if ((a->lvt[entry] & (LVT_LEVEL | 0x700)) == LVT_LEVEL)
            apic_local(c, cpu, entry);
}

static void write_svr(struct chip *c, unsigned cpu, uint32_t value)
{
    struct cpu *a = of(c, cpu);
    a->svr = value & 0x3ff;
    if (!(a->svr & SVR_ENABLED)) { /* 11.4.7.2: masked, and to stay so */
        for (unsigned i = 0; i < LVT_COUNT; i++)
            a->lvt[i] |= LVT_MASKED;
        a->extint = 0;
    }
    apic_update(c, cpu);
}

static void apic_write(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value_, unsigned cpu)
{
    struct cpu *a = of(c, cpu);
    uint32_t value = (uint32_t)value_, count;

    if (!in_page(c, bank, offset, size, value_, cpu))
        return;
    timer_sync(c, cpu);
    if (offset >= APIC_LVT && offset < APIC_LVT_END) {
        write_lvt(c, cpu, (enum lvt)((offset - APIC_LVT) >> 4), value);
    } else switch (offset) {
    case APIC_ID: a->id = value & 0xff000000; break;
    case APIC_TPR: a->tpr = value & 0xff; break;
    case APIC_EOI: apic_end_of_interrupt(c, cpu); break;
    case APIC_LDR: a->ldr = value & 0xff000000; break;
    case APIC_DFR: a->dfr = value | 0x0fffffff; break;
    case APIC_SVR: write_svr(c, cpu, value); break;
    case APIC_ESR: a->esr = a->esr_new; a->esr_new = 0; break;
    case APIC_ICR_LOW: a->icr_low = value & 0x000ccfff; apic_send_ipi(c, cpu); break;
    case APIC_ICR_HIGH: a->icr_high = value & 0xff000000; break;
    case APIC_INITIAL_COUNT: a->initial_count = value; timer_start(c, a, value); break;
    case APIC_DIVIDE:
        count = current_count(c, a);
        a->divide = value & 0xb;
        timer_start(c, a, count);
        break;
    case APIC_VERSION: case APIC_APR: case APIC_PPR: case APIC_CURRENT_COUNT:
        chip_fault(c, CHIP_FAULT_READ_ONLY, offset, size, value);
        break;
    default:
        if (offset >= APIC_ISR && offset < APIC_ESR) {
            chip_fault(c, CHIP_FAULT_READ_ONLY, offset, size, value);
        } else {
            chip_fault(c, CHIP_FAULT_RESERVED, offset, size, value);
            apic_error(c, cpu, ESR_ILLEGAL_REGISTER);
        }
    }
    timer_update(c, cpu);
    apic_update(c, cpu);
}

unsigned apic_cr8(const struct chip *c, unsigned cpu) { return of(c, cpu)->tpr >> 4; }

void apic_cr8_write(struct chip *c, unsigned cpu, unsigned value)
{
    of(c, cpu)->tpr = (value & 15) << 4;
    apic_update(c, cpu);
}

/* ---- reset, INIT and IA32_APIC_BASE ---- */

/* 11.4.7.1: registers as after power-up; the ID, the base and the wires are not among them. */
static void power_up(struct chip *c, unsigned cpu)
{
    struct cpu *a = of(c, cpu), old = *a;

    memset(a, 0, sizeof *a);
    a->base = old.base;
    a->id = old.id;
    a->lint[0] = old.lint[0];
    a->lint[1] = old.lint[1];
    a->irq = old.irq;
    a->deadline = old.deadline;
    a->dfr = 0xffffffff;
    a->svr = 0xff;
    for (unsigned i = 0; i < LVT_COUNT; i++)
        a->lvt[i] = LVT_MASKED;
    if (a->base & BASE_BSP) /* virtual wire mode, as a PC's firmware leaves it: the PIC works before the APIC does */
        a->lvt[LVT_LINT0] = EXTINT << 8;
    timer_update(c, cpu);
}

void apic_init(struct chip *c, unsigned cpu)
{
    power_up(c, cpu);
    apic_update(c, cpu);
}

uint64_t apic_base(const struct chip *c, unsigned cpu) { return of(c, cpu)->base; }

bool apic_base_write(struct chip *c, unsigned cpu, uint64_t value)
{
    struct cpu *a = of(c, cpu);

    if (value & ~(BASE_ADDRESS | BASE_ENABLED | BASE_BSP))
        return false;
    bool enabled = hard_enabled(a);
    a->base = (value & (BASE_ADDRESS | BASE_ENABLED)) | (a->base & BASE_BSP);
    if (enabled != hard_enabled(a)) /* 11.4.3: either way the state is lost */
        power_up(c, cpu);
    apic_update(c, cpu);
    return true;
}

static void apic_reset(struct chip *c)
{
    memset(c->state, 0, sizeof(struct apic));
    for (unsigned cpu = 0; cpu < c->ncpu; cpu++) {
        struct cpu *a = of(c, cpu);
        a->base = BASE_RESET | BASE_ENABLED | (cpu == 0 ? BASE_BSP : 0);
        a->id = cpu << 24;
        a->deadline = CHIP_NEVER;
        power_up(c, cpu);
        chip_timer(c, cpu, CHIP_NEVER);
        chip_cpu(c, cpu, CHIP_CPU_IRQ, 0);
    }
}

const struct chip_ops apic_ops = {
    .name = "apic", .state_size = sizeof(struct apic), .reset = apic_reset,
    .read = apic_read, .write = apic_write, .line = apic_line, .timer = apic_timer, .ack = apic_ack,
    .message = apic_message,
};
