/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv2 without the Security Extensions, as ARM IHI 0048B.b describes it and QEMU's virt board has it: both interrupt
 * groups, 8 bits of priority, 128 preemption levels, no bypass, no virtualization.
 *
 * Choices the manual leaves open: SGIs are always enabled; GICD_ICFGR1 is writable; writing GICC_DIR with EOImode 0, or
 * GICC_EOIR with no active priority, does nothing; reserved SGIR filter 3 sends nothing.
 */
#include "gic.h"

#include <string.h>

static uint32_t pending_word(struct gic *g, unsigned cpu, unsigned w)
{
    return *word(&g->latched, cpu, w) | (*word(&g->line, cpu, w) & ~*word(&g->edge, cpu, w));
}

/* Group priority (3.3.3): the bits of a priority that count for preemption. */
uint32_t gic_group_priority(struct gic *g, unsigned cpu, unsigned id)
{
    bool aliased = test(&g->group, cpu, id) && !(g->cpu[cpu].ctlr & GICC_CTLR_CBPR);
    unsigned point = aliased ? g->cpu[cpu].abpr - 1 : g->cpu[cpu].bpr;
    return *priority(g, cpu, id) & (~0u << (point + 1));
}

uint32_t gic_running_priority(struct gic *g, unsigned cpu)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t set = g->cpu[cpu].apr[i] | g->cpu[cpu].nsapr[i];
        if (set)
            return (i * 32 + (unsigned)__builtin_ctz(set)) << 1;
    }
    return IDLE_PRIORITY;
}

/* The highest priority pending interrupt that the distributor forwards to `cpu` and GICC_PMR lets through, or 1023. */
unsigned gic_highest_pending(struct chip *c, unsigned cpu)
{
    struct gic *g = state(c);
    unsigned best = SPURIOUS, best_priority = g->cpu[cpu].pmr;

    if (!(g->cpu[cpu].ctlr & ALL_GROUPS))
        return SPURIOUS;
    for (unsigned w = 0; w < words(c); w++) {
        uint32_t set = pending_word(g, cpu, w) & *word(&g->enabled, cpu, w) & ~*word(&g->active, cpu, w);
        uint32_t group = *word(&g->group, cpu, w);
        if (w != 0)
            set &= g->target[cpu][w];
        set &= (g->gicd_ctlr & 1 ? ~group : 0) | (g->gicd_ctlr & 2 ? group : 0);
        for (; set; set &= set - 1) {
            unsigned id = w * 32 + (unsigned)__builtin_ctz(set);
            if (*priority(g, cpu, id) < best_priority) { /* of equals the lowest ID wins, 3.3 */
                best_priority = *priority(g, cpu, id);
                best = id;
            }
        }
    }
    return best;
}

static void update_cpu(struct chip *c, unsigned cpu)
{
    struct gic *g = state(c);
    unsigned id = gic_highest_pending(c, cpu);
    bool irq = false, fiq = false;

    if (id != SPURIOUS && gic_group_priority(g, cpu, id) < gic_running_priority(g, cpu)) {
        unsigned group = test(&g->group, cpu, id);
        if (g->cpu[cpu].ctlr >> group & 1) {
            fiq = group == 0 && (g->cpu[cpu].ctlr & GICC_CTLR_FIQEN);
            irq = !fiq;
        }
    }
    if (irq != g->cpu[cpu].irq) {
        g->cpu[cpu].irq = irq;
        chip_cpu(c, cpu, CHIP_CPU_IRQ, irq);
    }
    if (fiq != g->cpu[cpu].fiq) {
        g->cpu[cpu].fiq = fiq;
        chip_cpu(c, cpu, CHIP_CPU_FIQ, fiq);
    }
}

void gic_update(struct chip *c)
{
    for (unsigned cpu = 0; cpu < c->ncpu; cpu++)
        update_cpu(c, cpu);
}

static void gic_reset(struct chip *c)
{
    struct gic *g = state(c);
    memset(g, 0, sizeof *g);
    for (unsigned cpu = 0; cpu < GIC_CPUS; cpu++) {
        g->enabled.banked[cpu] = 0xffff;
        g->edge.banked[cpu] = 0xffff;
        g->cpu[cpu].abpr = 1;
    }
    if (c->ncpu == 1) /* uniprocessor: GICD_ITARGETSR is RAZ/WI and everything goes to the one CPU, 4.3.12 */
        for (unsigned w = 1; w < WORDS; w++)
            g->target[0][w] = ~0u;
    for (unsigned cpu = 0; cpu < c->ncpu; cpu++) {
        chip_cpu(c, cpu, CHIP_CPU_IRQ, 0);
        chip_cpu(c, cpu, CHIP_CPU_FIQ, 0);
    }
}

static void gic_line(struct chip *c, unsigned input, bool level)
{
    struct gic *g = state(c);
    unsigned cpu = 0, id = input;

    if (input >= GIC_PPI(0, 0)) {
        cpu = (input - GIC_PPI(0, 0)) / 32;
        id = (input - GIC_PPI(0, 0)) % 32;
        if (cpu >= c->ncpu || id < 16)
            return;
    } else if (id < 32 || id >= lines(c)) {
        return;
    }
    if (test(&g->line, cpu, id) == level)
        return;
    put(&g->line, cpu, id, level);
    if (level && test(&g->edge, cpu, id))
        put(&g->latched, cpu, id, true);
    gic_update(c);
}

/* ---- distributor ---- */

static const uint8_t gicd_id[12] = {0x04, 0, 0, 0, 0x90, 0xb4, 0x2b, 0x00, 0x0d, 0xf0, 0x05, 0xb1}; /* FD0h-FFCh */

static void send_sgi(struct chip *c, unsigned from, uint32_t value)
{
    struct gic *g = state(c);
    unsigned id = value & 15, all = (1u << c->ncpu) - 1, targets = 0;

    switch (value >> 24 & 3) { /* TargetListFilter */
    case 0: targets = value >> 16 & all; break;
    case 1: targets = all & ~(1u << from); break;
    case 2: targets = 1u << from; break;
    }
    for (; targets; targets &= targets - 1) {
        unsigned cpu = (unsigned)__builtin_ctz(targets);
        g->sgi_sources[cpu][id] |= (uint8_t)(1u << from);
        put(&g->latched, cpu, id, true);
    }
}

/* A register with a bit per ID: which array, and what a write of ones does. */
static uint32_t *bit_register(struct chip *c, unsigned offset, unsigned cpu, bool *clear)
{
    struct gic *g = state(c);
    unsigned w = (offset & 0x7f) / 4;
    *clear = offset & 0x80;
    switch (offset >> 8) {
    case 1: return word(&g->enabled, cpu, w);
    case 2: return word(&g->latched, cpu, w);
    case 3: return word(&g->active, cpu, w);
    }
    *clear = false;
    return word(&g->group, cpu, w);
}

static uint32_t gicd_read_word(struct chip *c, unsigned offset, unsigned cpu)
{
    struct gic *g = state(c);
    unsigned w = (offset & 0x7f) / 4;
    bool clear;

    if (offset == 0x000)
        return g->gicd_ctlr;
    if (offset == 0x004)
        return (lines(c) / 32 - 1) | (c->ncpu - 1) << 5;
    if (offset == 0x008) /* GICD_IIDR: implementer ARM, as QEMU reports it */
        return 0x43b;
    if (offset >= 0x080 && offset < 0x400) {
        uint32_t value = offset >> 8 == 2 ? pending_word(g, cpu, w) : *bit_register(c, offset, cpu, &clear);
        return value & implemented(c, w);
    }
    if (offset >= 0xc00 && offset < 0xd00) { /* GICD_ICFGR: 16 IDs, the upper bit of each pair */
        unsigned id = (offset - 0xc00) * 4;
        uint32_t half = (*word(&g->edge, cpu, id / 32) & implemented(c, id / 32)) >> (id % 32), value = 0;
        for (unsigned i = 0; i < 16; i++)
            value |= (half >> i & 1) << (2 * i + 1);
        return value;
    }
    if (offset == 0xf00) {
        chip_fault(c, CHIP_FAULT_WRITE_ONLY, offset, 4, 0);
        return 0;
    }
    if (offset >= 0xfd0)
        return gicd_id[(offset - 0xfd0) / 4];
    chip_fault(c, CHIP_FAULT_RESERVED, offset, 4, 0);
    return 0;
}

static void gicd_write_word(struct chip *c, unsigned offset, uint32_t value, unsigned cpu)
{
    struct gic *g = state(c);
    unsigned w = (offset & 0x7f) / 4;

    if (offset == 0x000) {
        g->gicd_ctlr = value & ALL_GROUPS;
    } else if (offset == 0x004 || offset == 0x008 || offset >= 0xfd0) {
        chip_fault(c, CHIP_FAULT_READ_ONLY, offset, 4, value);
    } else if (offset >= 0x080 && offset < 0x400) {
        bool clear;
        uint32_t *reg = bit_register(c, offset, cpu, &clear);
        value &= implemented(c, w);
        if (w == 0 && (offset >> 8 == 1 || offset >> 8 == 2))
            value &= 0xffff0000; /* SGIs: always enabled; pending only through GICD_SGIR and GICD_[SC]PENDSGIR */
        if (offset < 0x100)
            *reg = value;
        else
            *reg = clear ? *reg & ~value : *reg | value;
    } else if (offset >= 0xc00 && offset < 0xd00) {
        unsigned id = (offset - 0xc00) * 4;
        for (unsigned i = 0; i < 16; i++, id++)
            if (id >= 16 && id < lines(c))
                put(&g->edge, cpu, id, value >> (2 * i + 1) & 1);
    } else if (offset == 0xf00) {
        send_sgi(c, cpu, value);
    } else {
        chip_fault(c, CHIP_FAULT_RESERVED, offset, 4, value);
    }
}

/* Registers with a byte per ID, the only ones that may be accessed by bytes (4.1.4). */
static bool is_byte_register(uint64_t offset)
{
    return (offset >= 0x400 && offset < 0xc00) || (offset >= 0xf10 && offset < 0xf30);
}

static uint8_t gicd_read_byte(struct chip *c, unsigned offset, unsigned cpu)
{
    struct gic *g = state(c);
    unsigned id = offset & 0x3ff;

    if (offset >= 0xf10)
        return g->sgi_sources[cpu][offset & 15];
    if (id >= lines(c))
        return 0;
    if (offset < 0x800)
        return *priority(g, cpu, id);
    if (c->ncpu == 1)
        return 0;
    if (id < 32)
        return (uint8_t)(1u << cpu);
    uint8_t value = 0;
    for (unsigned to = 0; to < c->ncpu; to++)
        value |= (uint8_t)((g->target[to][id / 32] >> (id % 32) & 1) << to);
    return value;
}

static void gicd_write_byte(struct chip *c, unsigned offset, uint8_t value, unsigned cpu)
{
    struct gic *g = state(c);
    unsigned id = offset & 0x3ff;

    if (offset >= 0xf10) {
        uint8_t *sources = &g->sgi_sources[cpu][offset & 15];
        value &= (uint8_t)((1u << c->ncpu) - 1);
        *sources = offset < 0xf20 ? *sources & (uint8_t)~value : *sources | value;
        put(&g->latched, cpu, offset & 15, *sources != 0);
    } else if (id >= lines(c)) {
        return;
    } else if (offset < 0x800) {
        *priority(g, cpu, id) = value;
    } else if (c->ncpu > 1 && id >= 32) {
        for (unsigned to = 0; to < c->ncpu; to++) {
            uint32_t bit = 1u << (id % 32), *w = &g->target[to][id / 32];
            *w = value >> to & 1 ? *w | bit : *w & ~bit;
        }
    }
}

static uint64_t gicd_read(struct chip *c, unsigned offset, unsigned size, unsigned cpu)
{
    if (!is_byte_register(offset))
        return gicd_read_word(c, offset, cpu);
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)gicd_read_byte(c, offset + i, cpu) << (8 * i);
    return value;
}

static void gicd_write(struct chip *c, unsigned offset, unsigned size, uint32_t value, unsigned cpu)
{
    if (is_byte_register(offset))
        for (unsigned i = 0; i < size; i++)
            gicd_write_byte(c, offset + i, (uint8_t)(value >> (8 * i)), cpu);
    else
        gicd_write_word(c, offset, value, cpu);
    gic_update(c);
}

static bool size_ok(unsigned bank, uint64_t offset, unsigned size)
{
    return (size == 4 && offset % 4 == 0) || (bank == 0 && size == 1 && is_byte_register(offset));
}

static uint64_t gic_read(struct chip *c, unsigned bank, uint64_t offset, unsigned size, unsigned cpu)
{
    if (!size_ok(bank, offset, size) || offset >= (bank ? 0x2000 : 0x1000)) {
        chip_fault(c, size_ok(bank, offset, size) ? CHIP_FAULT_RESERVED : CHIP_FAULT_SIZE, offset, size, 0);
        return 0;
    }
    return bank == 0 ? gicd_read(c, (unsigned)offset, size, cpu) : gicc_read(c, (unsigned)offset, cpu);
}

static void gic_write(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value, unsigned cpu)
{
    if (!size_ok(bank, offset, size) || offset >= (bank ? 0x2000 : 0x1000))
        chip_fault(c, size_ok(bank, offset, size) ? CHIP_FAULT_RESERVED : CHIP_FAULT_SIZE, offset, size, value);
    else if (bank == 0)
        gicd_write(c, (unsigned)offset, size, (uint32_t)value, cpu);
    else
        gicc_write(c, (unsigned)offset, (uint32_t)value, cpu);
}

const struct chip_ops gic_ops = {
    .name = "gicv2", .state_size = sizeof(struct gic), .reset = gic_reset,
    .read = gic_read, .write = gic_write, .line = gic_line,
};
