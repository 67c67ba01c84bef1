/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv2, the CPU interface (ARM IHI 0048B.b, 4.4): which pending interrupt a CPU sees, acknowledge, priority drop and
 * deactivation.
 */
#include "gic.h"

/* What GICC_HPPIR (alias false) or GICC_AHPPIR shows: the ID and, for an SGI, the lowest-numbered requesting CPU. */
static uint32_t visible_pending(struct chip *c, unsigned cpu, bool alias)
{
    struct gic *g = state(c);
    unsigned id = gic_highest_pending(c, cpu);

    if (id == SPURIOUS)
        return SPURIOUS;
    bool group1 = test(&g->group, cpu, id);
    if (alias && !group1)
        return SPURIOUS;
    if (!alias && group1 && !(g->cpu[cpu].ctlr & GICC_CTLR_ACKCTL))
        return OTHER_GROUP;
    if (id < 16 && g->sgi_sources[cpu][id])
        return id | (uint32_t)__builtin_ctz(g->sgi_sources[cpu][id]) << 10;
    return id;
}

static uint32_t acknowledge(struct chip *c, unsigned cpu, bool alias)
{
    struct gic *g = state(c);
    uint32_t seen = visible_pending(c, cpu, alias);
    unsigned id = seen & 0x3ff;

    if (id >= OTHER_GROUP)
        return id;
    bool group1 = test(&g->group, cpu, id);
    uint32_t priority = gic_group_priority(g, cpu, id);
    if (!(g->cpu[cpu].ctlr >> group1 & 1) || priority >= gic_running_priority(g, cpu))
        return SPURIOUS;
    uint32_t *active = group1 ? g->cpu[cpu].nsapr : g->cpu[cpu].apr;
    active[priority >> 6] |= 1u << (priority >> 1 & 31);
    put(&g->active, cpu, id, true);
    if (id < 16) {
        g->sgi_sources[cpu][id] &= (uint8_t)~(1u << (seen >> 10));
        put(&g->latched, cpu, id, g->sgi_sources[cpu][id] != 0);
    } else {
        put(&g->latched, cpu, id, false);
    }
    gic_update(c);
    return seen;
}

static void end_of_interrupt(struct chip *c, unsigned cpu, uint32_t value)
{
    struct gic *g = state(c);
    unsigned id = value & 0x3ff;

    if (id >= lines(c) || gic_running_priority(g, cpu) == IDLE_PRIORITY)
        return;
    uint32_t *active = test(&g->group, cpu, id) ? g->cpu[cpu].nsapr : g->cpu[cpu].apr;
    for (unsigned i = 0; i < 4; i++)
        if (active[i]) {
            active[i] &= active[i] - 1;
            break;
        }
    if (!(g->cpu[cpu].ctlr & GICC_CTLR_EOIMODE))
        put(&g->active, cpu, id, false);
}

uint64_t gicc_read(struct chip *c, unsigned offset, unsigned cpu)
{
    struct gic *g = state(c);
    uint32_t running;

    switch (offset) {
    case 0x00: return g->cpu[cpu].ctlr;
    case 0x04: return g->cpu[cpu].pmr;
    case 0x08: return g->cpu[cpu].bpr;
    case 0x0c: return acknowledge(c, cpu, false);
    case 0x14:
        running = gic_running_priority(g, cpu);
        return running == IDLE_PRIORITY ? 0xff : running;
    case 0x18: return visible_pending(c, cpu, false);
    case 0x1c: return g->cpu[cpu].abpr;
    case 0x20: return acknowledge(c, cpu, true);
    case 0x28: return visible_pending(c, cpu, true);
    case 0xd0: case 0xd4: case 0xd8: case 0xdc: return g->cpu[cpu].apr[(offset - 0xd0) / 4];
    case 0xe0: case 0xe4: case 0xe8: case 0xec: return g->cpu[cpu].nsapr[(offset - 0xe0) / 4];
    case 0xfc: return 0x0002043b; /* GICC_IIDR: architecture 2, implementer ARM, as QEMU reports it */
    case 0x10: case 0x24: case 0x1000:
        chip_fault(c, CHIP_FAULT_WRITE_ONLY, offset, 4, 0);
        return 0;
    }
    chip_fault(c, CHIP_FAULT_RESERVED, offset, 4, 0);
    return 0;
}

void gicc_write(struct chip *c, unsigned offset, uint32_t value, unsigned cpu)
{
    struct gic *g = state(c);
    unsigned id = value & 0x3ff;

    switch (offset) {
    case 0x00: g->cpu[cpu].ctlr = value & GICC_CTLR_MASK; break;
    case 0x04: g->cpu[cpu].pmr = value & 0xff; break;
    case 0x08: g->cpu[cpu].bpr = value & 7; break;
    case 0x1c: g->cpu[cpu].abpr = (value & 7) ? value & 7 : 1; break; /* the minimum is one above GICC_BPR's */
    case 0x10: case 0x24: end_of_interrupt(c, cpu, value); break;
    case 0x1000:
        if (id < lines(c) && (g->cpu[cpu].ctlr & GICC_CTLR_EOIMODE))
            put(&g->active, cpu, id, false);
        break;
    case 0xd0: case 0xd4: case 0xd8: case 0xdc: g->cpu[cpu].apr[(offset - 0xd0) / 4] = value; break;
    case 0xe0: case 0xe4: case 0xe8: case 0xec: g->cpu[cpu].nsapr[(offset - 0xe0) / 4] = value; break;
    case 0x0c: case 0x14: case 0x18: case 0x20: case 0x28: case 0xfc:
        chip_fault(c, CHIP_FAULT_READ_ONLY, offset, 4, value);
        return;
    default:
        chip_fault(c, CHIP_FAULT_RESERVED, offset, 4, value);
        return;
    }
    gic_update(c);
}
