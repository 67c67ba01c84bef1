/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What apic.c (registers, timer, reset) and apic_bus.c (priorities, delivery, messages) share. */
#ifndef TRAPDOOR_CHIPS_APIC_H
#define TRAPDOOR_CHIPS_APIC_H

#include "chips.h"

enum apic_register {
    APIC_ID = 0x020, APIC_VERSION = 0x030, APIC_TPR = 0x080, APIC_APR = 0x090, APIC_PPR = 0x0a0, APIC_EOI = 0x0b0,
    APIC_LDR = 0x0d0, APIC_DFR = 0x0e0, APIC_SVR = 0x0f0, APIC_ISR = 0x100, APIC_TMR = 0x180, APIC_IRR = 0x200,
    APIC_ESR = 0x280, APIC_ICR_LOW = 0x300, APIC_ICR_HIGH = 0x310, APIC_LVT = 0x320, APIC_LVT_END = 0x380,
    APIC_INITIAL_COUNT = 0x380, APIC_CURRENT_COUNT = 0x390, APIC_DIVIDE = 0x3e0,
};
enum lvt { LVT_TIMER, LVT_THERMAL, LVT_PERFORMANCE, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };
enum delivery { FIXED, LOWEST, SMI, RESERVED3, NMI, INIT, SIPI, EXTINT };

#define VERSION (0x14u | (LVT_COUNT - 1u) << 16)
#define SVR_ENABLED 0x100u
#define LVT_REMOTE_IRR 0x4000u
#define LVT_LEVEL 0x8000u
#define LVT_MASKED 0x10000u
#define LVT_PERIODIC 0x20000u
#define ESR_SEND_ILLEGAL 0x20u
#define ESR_RECEIVE_ILLEGAL 0x40u
#define ESR_ILLEGAL_REGISTER 0x80u
#define BASE_BSP 0x100ull
#define BASE_ENABLED 0x800ull
#define BASE_ADDRESS 0x000ffffffffff000ull
#define BASE_RESET 0xfee00000ull

struct cpu {
    uint64_t base;          /* IA32_APIC_BASE */
    uint64_t timer_since;   /* timer tick (undivided) at which timer_from was the current count */
    uint64_t deadline;      /* last asked of chip_timer() */
    uint32_t timer_from;    /* 0: stopped */
    uint32_t initial_count;
    uint32_t divide;        /* divide configuration register */
    uint32_t id, ldr, dfr;  /* as the registers read */
    uint32_t tpr, svr;
    uint32_t icr_low, icr_high;
    uint32_t esr;           /* as read: latched by the last write */
    uint32_t esr_new;       /* errors since */
    uint32_t lvt[LVT_COUNT];
    uint32_t isr[8], tmr[8], irr[8];
    uint8_t lint[2];        /* LINT0, LINT1 wires now */
    uint8_t extint;         /* an ExtINT message or edge waits for its INTA */
    uint8_t irq;            /* level last driven */
};

struct apic {
    struct cpu cpu[APIC_CPUS];
};

static inline struct cpu *of(const struct chip *c, unsigned cpu) { return &((struct apic *)c->state)->cpu[cpu]; }
static inline bool hard_enabled(const struct cpu *a) { return a->base & BASE_ENABLED; }
static inline bool soft_enabled(const struct cpu *a) { return hard_enabled(a) && (a->svr & SVR_ENABLED); }

/* apic_bus.c */
uint32_t apic_ppr(const struct cpu *a);
void apic_update(struct chip *c, unsigned cpu);                  /* drive the CPU's INTR from the state */
void apic_local(struct chip *c, unsigned cpu, enum lvt entry);   /* a local source raises its interrupt */
void apic_error(struct chip *c, unsigned cpu, uint32_t esr_bit);
void apic_send_ipi(struct chip *c, unsigned cpu);                /* ICR was written */
void apic_end_of_interrupt(struct chip *c, unsigned cpu);
void apic_line(struct chip *c, unsigned input, bool level);
int apic_ack(struct chip *c, unsigned cpu);

#endif
