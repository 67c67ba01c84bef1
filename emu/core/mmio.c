/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From an access to the chip behind it.
 */
#include "core.h"

struct window *window_find(struct core *c, bool port, uint64_t addr)
{
    struct window *w = port ? c->port : c->mmio;
    unsigned low = 0, high = port ? c->nport : c->nmmio;
    while (low < high) {
        unsigned mid = (low + high) / 2;
        if (addr - w[mid].base < w[mid].size)
            return &w[mid];
        if (addr < w[mid].base)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

static void report(struct cpu *cpu, struct window *w, bool port, bool write, uint64_t addr, unsigned size,
                   uint64_t value)
{
    enum event_kind kind = !w ? EVENT_UNASSIGNED : port ? EVENT_PORT : EVENT_MMIO;
    if (event_wanted(cpu->core, kind))
        event_put(cpu, (struct event){.kind = (uint8_t)kind,
                                      .code = (uint16_t)(size | (unsigned)write << 7 | (w ? w->chip : 0) << 8),
                                      .pc = cpu->core->arch->pc(cpu),
                                      .a = addr,
                                      .b = value});
}

uint64_t core_io_read(struct cpu *cpu, bool port, uint64_t addr, unsigned size, bool *nothing)
{
    struct core *c = cpu->core;
    struct window *w = window_find(c, port, addr);
    uint64_t mask = size < 8 ? ((uint64_t)1 << 8 * size) - 1 : UINT64_MAX, value = mask;
    *nothing = !w;
    cpu_slow(cpu, 10);
    if (w) {
        struct chip *chip = &c->chips[w->chip];
        value = chip->ops->read(chip, w->bank, addr - w->base, size, cpu->index) & mask;
    }
    report(cpu, w, port, false, addr, size, value);
    return value;
}

void core_io_write(struct cpu *cpu, bool port, uint64_t addr, unsigned size, uint64_t value, bool *nothing)
{
    struct core *c = cpu->core;
    struct window *w = window_find(c, port, addr);
    *nothing = !w;
    cpu_slow(cpu, 10);
    report(cpu, w, port, true, addr, size, value); /* before its effects, which are events too */
    if (w) {
        struct chip *chip = &c->chips[w->chip];
        chip->ops->write(chip, w->bank, addr - w->base, size, value, cpu->index);
    }
}
