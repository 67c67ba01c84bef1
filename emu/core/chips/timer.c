/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generic timer of ARMv8-A (ARM DDI 0487, D11.2): for each CPU the EL1 physical and the virtual timer over one
 * system counter. Who may access what (CNTKCTL_EL1) is the CPU's business; the event stream is not generated.
 * The counter is computed from virtual time when it is looked at, so it never needs an event of its own.
 */
#include "chips.h"

#include <string.h>

enum { CTL_ENABLE = 1, CTL_IMASK = 2, CTL_ISTATUS = 4 };
#define CNTKCTL_MASK 0x3ffu

struct comparator {
    uint64_t cval;     /* CNT{P,V}_CVAL */
    uint64_t deadline; /* last asked of chip_timer() */
    uint32_t ctl;      /* ENABLE and IMASK; ISTATUS is computed */
    uint32_t out;      /* level last driven */
};

struct timer {
    struct {
        struct comparator comparator[2]; /* indexed by enum timer_output */
        uint64_t cntvoff;
        uint64_t cntfrq; /* what software says the frequency is: informative, changes nothing */
        uint64_t cntkctl;
    } cpu[TIMER_CPUS];
};

static struct timer *state(struct chip *c) { return c->state; }

static uint64_t count(struct chip *c, unsigned cpu, unsigned which)
{
    uint64_t physical = chip_ticks(chip_now(c), c->config[0]);
    return which == TIMER_OUT_VIRTUAL ? physical - state(c)->cpu[cpu].cntvoff : physical;
}

static void update(struct chip *c, unsigned cpu, unsigned which)
{
    struct comparator *t = &state(c)->cpu[cpu].comparator[which];
    uint64_t now = count(c, cpu, which), deadline = CHIP_NEVER;
    bool out = false;

    if (t->ctl & CTL_ENABLE) {
        bool met = now >= t->cval; /* unsigned, D11.2.4 */
        out = met && !(t->ctl & CTL_IMASK);
        /* The next change: the comparison becomes true, or false again when the offset count wraps. */
        chip_u128 ahead = met ? ((chip_u128)1 << 64) - now : t->cval - now;
        if (!(t->ctl & CTL_IMASK))
            deadline = chip_tick_ns(chip_ticks(chip_now(c), c->config[0]) + ahead, c->config[0]);
    }
    if (deadline != t->deadline) {
        t->deadline = deadline;
        chip_timer(c, TIMER_OUT(cpu, which), deadline);
    }
    if (out != t->out) {
        t->out = out;
        chip_output(c, TIMER_OUT(cpu, which), out, 0);
    }
}

static void timer_reset(struct chip *c)
{
    memset(c->state, 0, sizeof(struct timer));
    for (unsigned cpu = 0; cpu < TIMER_CPUS; cpu++) {
        state(c)->cpu[cpu].cntfrq = c->config[0];
        for (unsigned which = 0; which < 2; which++)
            state(c)->cpu[cpu].comparator[which].deadline = CHIP_NEVER;
    }
    for (unsigned cpu = 0; cpu < c->ncpu; cpu++)
        for (unsigned which = 0; which < 2; which++) {
            chip_timer(c, TIMER_OUT(cpu, which), CHIP_NEVER);
            chip_output(c, TIMER_OUT(cpu, which), false, 0);
        }
}

static bool access_ok(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value)
{
    if (size != 8)
        chip_fault(c, CHIP_FAULT_SIZE, offset, size, value);
    else if (bank != 0 || offset > CNTVOFF || offset % 8 != 0)
        chip_fault(c, CHIP_FAULT_RESERVED, offset, size, value);
    else
        return true;
    return false;
}

static uint64_t timer_read(struct chip *c, unsigned bank, uint64_t offset, unsigned size, unsigned cpu)
{
    if (!access_ok(c, bank, offset, size, 0))
        return 0;
    unsigned which = offset >= CNTV_CTL ? TIMER_OUT_VIRTUAL : TIMER_OUT_PHYSICAL;
    struct comparator *t = &state(c)->cpu[cpu].comparator[which];

    switch (offset) {
    case CNTP_CTL: case CNTV_CTL:
        return t->ctl | ((t->ctl & CTL_ENABLE) && count(c, cpu, which) >= t->cval ? CTL_ISTATUS : 0);
    case CNTP_CVAL: case CNTV_CVAL: return t->cval;
    case CNTP_TVAL: case CNTV_TVAL: return (uint32_t)(t->cval - count(c, cpu, which));
    case CNTPCT: return count(c, cpu, TIMER_OUT_PHYSICAL);
    case CNTVCT: return count(c, cpu, TIMER_OUT_VIRTUAL);
    case CNTFRQ: return state(c)->cpu[cpu].cntfrq;
    case CNTKCTL: return state(c)->cpu[cpu].cntkctl;
    default: return state(c)->cpu[cpu].cntvoff;
    }
}

static void timer_write(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value, unsigned cpu)
{
    if (!access_ok(c, bank, offset, size, value))
        return;
    unsigned which = offset >= CNTV_CTL ? TIMER_OUT_VIRTUAL : TIMER_OUT_PHYSICAL;
    struct comparator *t = &state(c)->cpu[cpu].comparator[which];

    switch (offset) {
    case CNTP_CTL: case CNTV_CTL: t->ctl = (uint32_t)value & (CTL_ENABLE | CTL_IMASK); break;
    case CNTP_CVAL: case CNTV_CVAL: t->cval = value; break;
    case CNTP_TVAL: case CNTV_TVAL: t->cval = count(c, cpu, which) + (uint64_t)(int64_t)(int32_t)value; break;
    case CNTPCT: case CNTVCT: chip_fault(c, CHIP_FAULT_READ_ONLY, offset, size, value); return;
    case CNTFRQ: state(c)->cpu[cpu].cntfrq = (uint32_t)value; return;
    case CNTKCTL: state(c)->cpu[cpu].cntkctl = value & CNTKCTL_MASK; return;
    case CNTVOFF: state(c)->cpu[cpu].cntvoff = value; break;
    }
    update(c, cpu, which);
}

static void timer_timer(struct chip *c, unsigned index)
{
    unsigned cpu = index / 4, which = index % 4;
    if (cpu < c->ncpu && which < 2)
        update(c, cpu, which);
}

const struct chip_ops timer_ops = {
    .name = "timer", .state_size = sizeof(struct timer), .reset = timer_reset,
    .read = timer_read, .write = timer_write, .timer = timer_timer,
};
