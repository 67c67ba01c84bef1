/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Building a machine: RAM, arena, chips, windows, wires, engines.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unicorn/unicorn.h>

#include "core.h"

#define ARENA_CAP   ((size_t)64 << 20)
#define CODE_BUFFER ((size_t)48 << 20) /* of translated code, per engine */

static void *reserve(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

struct core *core_new(const struct arch *arch, unsigned ncpu, const char **error)
{
    if (ncpu < 1 || ncpu > MAX_CPUS) {
        *error = "the number of CPUs must be 1 to 8";
        return NULL;
    }
    struct core *c = calloc(1, sizeof *c);
    if (!c || !(c->arena = reserve(ARENA_CAP))) {
        free(c);
        *error = "out of memory";
        return NULL;
    }
    c->arch = arch;
    c->ncpu = ncpu;
    c->arena_cap = ARENA_CAP;
    c->clock_num = c->clock_den = 1;
    c->quantum = 10000;
    c->firmware = c->intc = c->timer = c->pic = -1;
    c->next_timer = NEVER;
    c->ms = core_arena(c, sizeof *c->ms);
    for (unsigned i = 0; i < ncpu; i++) {
        struct cpu *cpu = calloc(1, sizeof *cpu);
        if (!cpu || !(cpu->tlb = calloc(1, sizeof *cpu->tlb))) {
            free(cpu);
            core_free(c);
            *error = "out of memory";
            return NULL;
        }
        c->cpu[i] = cpu;
        cpu->core = c;
        cpu->index = i;
        cpu->st = core_arena(c, sizeof *cpu->st);
    }
    c->active = c->cpu[0];
    return c;
}

/* The caller has freed its snapshots. */
void core_free(struct core *c)
{
    snapshot_close(c);
    for (unsigned i = 0; i < c->ncpu && c->cpu[i]; i++) {
        if (c->cpu[i]->uc)
            uc_close(c->cpu[i]->uc);
        free(c->cpu[i]->tlb);
        free(c->cpu[i]);
    }
    size_t pages = c->ram_size >> PAGE_SHIFT;
    if (c->ram_host)
        munmap(c->ram_host, c->ram_size + PAGE_SIZE);
    if (c->pages) {
        munmap(c->pages, pages * sizeof *c->pages);
        munmap(c->code_va, pages * sizeof *c->code_va);
        munmap(c->write_va, pages * sizeof *c->write_va);
        munmap(c->dirty, pages * sizeof *c->dirty);
    }
    munmap(c->arena, c->arena_cap);
    free(c->ring);
    free(c);
}

const char *core_ram(struct core *c, uint64_t base, uint64_t size)
{
    if (c->nram == MAX_RAM)
        return "too many RAM ranges";
    if (!size || (base | size) % PAGE_SIZE || base + size < base || base + size > (uint64_t)1 << 40)
        return "a RAM range must be whole pages below 1 TiB";
    const struct ram *last = c->nram ? &c->ram[c->nram - 1] : NULL;
    if (last && base < last->base + last->size)
        return "RAM ranges must be added in order and not overlap";
    struct ram *r = &c->ram[c->nram++];
    r->base = base;
    r->size = size;
    r->offset = c->ram_size;
    c->ram_size += size;
    return NULL;
}

void *core_arena(struct core *c, size_t size)
{
    size_t at = (c->arena_size + 63) / 64 * 64;
    if (size > c->arena_cap - at)
        return NULL;
    c->arena_size = at + size;
    return c->arena + at;
}

int core_chip(struct core *c, const struct chip_ops *ops, const uint64_t *config)
{
    if (c->nchips == MAX_CHIPS)
        return -1;
    struct chip *chip = &c->chips[c->nchips];
    if (!(chip->state = core_arena(c, ops->state_size)))
        return -1;
    chip->ops = ops;
    chip->host = &core_chip_host;
    chip->host_arg = c;
    chip->id = c->nchips;
    chip->ncpu = c->ncpu;
    chip->config = config;
    return (int)c->nchips++;
}

const char *core_window(struct core *c, bool port, uint64_t base, uint64_t size, unsigned chip, unsigned bank)
{
    struct window *w = port ? c->port : c->mmio;
    unsigned *n = port ? &c->nport : &c->nmmio, i;
    if (*n == MAX_WINDOWS)
        return "too many device windows";
    if (chip >= c->nchips)
        return "no such chip";
    if (!size || base + size < base || (port && base + size > 0x10000))
        return "bad window size";
    if (!port)
        for (i = 0; i < c->nram; i++)
            if (base < c->ram[i].base + c->ram[i].size && c->ram[i].base < base + size)
                return "a device window overlaps RAM";
    for (i = *n; i > 0 && w[i - 1].base > base; i--)
        ;
    if ((i > 0 && w[i - 1].base + w[i - 1].size > base) || (i < *n && base + size > w[i].base))
        return "device windows overlap";
    memmove(&w[i + 1], &w[i], (*n - i) * sizeof *w);
    w[i] = (struct window){base, size, chip, bank};
    ++*n;
    return NULL;
}

const char *core_wire(struct core *c, unsigned from, unsigned out, unsigned to, unsigned in)
{
    if (c->nwires == MAX_WIRES)
        return "too many wires";
    if (from >= c->nchips || to >= c->nchips)
        return "no such chip";
    c->wires[c->nwires++] = (struct wire){from, out, to, in};
    return NULL;
}

/* Physical space that is no RAM is one MMIO region per hole. */
static uint64_t hole_read(uc_engine *uc, uint64_t offset, unsigned size, void *user)
{
    (void)uc;
    struct cpu_hole *h = user;
    return h->cpu->core->arch->mmio_read(h->cpu, h->base + offset, size);
}

static void hole_write(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value, void *user)
{
    (void)uc;
    struct cpu_hole *h = user;
    h->cpu->core->arch->mmio_write(h->cpu, h->base + offset, size, value);
}

static uc_err map_hole(struct cpu *cpu, unsigned slot, uint64_t from, uint64_t to)
{
    cpu->holes[slot] = (struct cpu_hole){cpu, from};
    return from < to
               ? uc_mmio_map(cpu->uc, from, to - from, hole_read, &cpu->holes[slot], hole_write, &cpu->holes[slot])
               : UC_ERR_OK;
}

static const char *open_engine(struct core *c, struct cpu *cpu)
{
    const char *error;
    uc_err e = uc_open((uc_arch)c->arch->uc_arch, (uc_mode)c->arch->uc_mode, &cpu->uc);
    if (e)
        return uc_strerror(e);
    if ((e = uc_ctl_set_tcg_buffer_size(cpu->uc, CODE_BUFFER)))
        return uc_strerror(e);
    if ((error = c->arch->prepare(cpu)))
        return error;
    if ((e = uc_ctl_exits_enable(cpu->uc)))
        return uc_strerror(e);
    uint64_t at = 0;
    for (unsigned i = 0; i < c->nram; i++) {
        struct ram *r = &c->ram[i];
        if ((e = uc_mem_map_ptr(cpu->uc, r->base, r->size, UC_PROT_ALL, c->ram_host + r->offset)))
            return uc_strerror(e);
        if ((e = map_hole(cpu, i, at, r->base)))
            return uc_strerror(e);
        at = r->base + r->size;
    }
    if ((e = map_hole(cpu, c->nram, at, VOID_PA)))
        return uc_strerror(e);
    if ((e = uc_mem_map_ptr(cpu->uc, VOID_PA, PAGE_SIZE, UC_PROT_READ | UC_PROT_EXEC, c->ram_host + c->ram_size)))
        return uc_strerror(e);
    cpu->cs = AT(char *, cpu->uc, UC_CPU);
    return c->arch->open(cpu);
}

const char *core_seal(struct core *c, uint64_t seed)
{
    const char *error;
    if (!c->nram)
        return "a machine needs RAM";
    size_t pages = c->ram_size >> PAGE_SHIFT;
    c->ram_host = reserve(c->ram_size + PAGE_SIZE);
    c->pages = reserve(pages * sizeof *c->pages);
    c->code_va = reserve(pages * sizeof *c->code_va);
    c->write_va = reserve(pages * sizeof *c->write_va);
    c->dirty = reserve(pages * sizeof *c->dirty);
    if (!c->ram_host || !c->pages || !c->code_va || !c->write_va || !c->dirty)
        return "out of memory";
    memset(c->ram_host + c->ram_size, 0xff, PAGE_SIZE);
    for (unsigned i = 0; i < c->ncpu; i++)
        if ((error = open_engine(c, c->cpu[i])))
            return error;
    /* splitmix64, so that neighbouring seeds give unrelated streams */
    for (int i = 0; i < 2; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        c->ms->rng[i] = z ^ z >> 31;
    }
    c->sealed = true;
    for (unsigned i = 0; i < c->nchips; i++)
        if (c->chips[i].ops->reset)
            c->chips[i].ops->reset(&c->chips[i]);
    for (unsigned i = 0; i < c->ncpu; i++) {
        c->arch->reset(c->cpu[i]);
        c->cpu[i]->st->running = i == 0;
    }
    return NULL;
}

/* xoroshiro128+: every random number that a guest sees comes from here. */
uint64_t core_random(struct core *c)
{
    uint64_t *s = c->ms->rng, a = s[0], b = s[1], result = a + b;
    b ^= a;
    s[0] = (a << 24 | a >> 40) ^ b ^ b << 16;
    s[1] = b << 37 | b >> 27;
    return result;
}

/* ---- services for chips (chip.h) ------------------------------------------------------------------------------- */

static uint64_t host_now(void *host) { return core_now(host); }

static void host_timer(void *host, unsigned chip, unsigned index, uint64_t when)
{
    core_timer(host, chip, index, when);
}

static void host_output(void *host, unsigned chip, unsigned output, bool level, uint64_t value)
{
    struct core *c = host;
    for (unsigned i = 0; i < c->nwires; i++) {
        struct wire *w = &c->wires[i];
        if (w->from != chip || w->out != output)
            continue;
        struct chip *to = &c->chips[w->to];
        if (event_wanted(c, EVENT_LINE))
            event_put(c->active,
                      (struct event){.kind = EVENT_LINE, .code = (uint16_t)w->to, .a = w->in, .b = level, .c = value});
        if (to->ops->message && value)
            to->ops->message(to, value);
        else if (to->ops->line)
            to->ops->line(to, w->in, level);
    }
}

static void host_cpu_input(void *host, unsigned chip, unsigned cpu, enum chip_cpu_input input, uint64_t value)
{
    struct core *c = host;
    (void)chip;
    if (cpu >= c->ncpu)
        return;
    struct cpu_state *st = c->cpu[cpu]->st;
    switch (input) {
    case CHIP_CPU_IRQ:
        st->irq = value != 0;
        break;
    case CHIP_CPU_FIQ:
        st->fiq = value != 0;
        break;
    case CHIP_CPU_NMI:
    case CHIP_CPU_SMI:
        st->nmi = 1;
        break;
    case CHIP_CPU_INIT:
        st->init = 1;
        break;
    case CHIP_CPU_SIPI:
        st->sipi = (uint32_t)value | 0x100;
        break;
    }
    core_irq_changed(c->cpu[cpu]);
}

static void host_fault(void *host, unsigned chip, enum chip_fault why, uint64_t offset, unsigned size, uint64_t value)
{
    struct core *c = host;
    if (event_wanted(c, EVENT_DEVICE_FAULT))
        event_put(c->active, (struct event){.kind = EVENT_DEVICE_FAULT,
                                            .code = (uint16_t)((unsigned)why | chip << 8),
                                            .a = offset,
                                            .b = value,
                                            .c = size});
}

const struct chip_host core_chip_host = {host_now, host_timer, host_output, host_cpu_input, host_fault};
