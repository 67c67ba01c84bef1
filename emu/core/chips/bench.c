/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A workbench for chips, for tests only: a host that keeps virtual time and writes down every service a chip asks for.
 * tests/device/chipbench.py compiles it with the chips into a shared library and drives it with ctypes.
 * Deadlines are not fired here: the test does that, so that both twins see the same order.
 */
#include "chips.h"

#include <stdlib.h>
#include <string.h>

enum kind { LOG_TIMER, LOG_OUTPUT, LOG_CPU, LOG_FAULT };

struct entry {
    uint64_t kind, a, b, c, d;
};

struct wire {
    uint64_t out;
    struct bench *to;
    unsigned input;
};

struct bench {
    struct chip chip;
    struct wire wires[64];
    unsigned nwires;
    uint64_t now;
    uint64_t config[4];
    uint64_t used, dropped;
    struct entry log[4096];
};

static void record(void *host, uint64_t kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct bench *bench = host;
    if (bench->used < sizeof bench->log / sizeof bench->log[0])
        bench->log[bench->used++] = (struct entry){kind, a, b, c, d};
    else
        bench->dropped++;
}

static uint64_t host_now(void *host) { return ((struct bench *)host)->now; }
static void host_timer(void *h, unsigned chip, unsigned index, uint64_t when)
{
    (void)chip;
    record(h, LOG_TIMER, index, when, 0, 0);
}
/* As the core does it: a value is a message to a chip that takes messages, else the level goes to the input. */
static void host_output(void *h, unsigned chip, unsigned out, bool level, uint64_t value)
{
    struct bench *b = h;
    (void)chip;
    record(h, LOG_OUTPUT, out, level, value, 0);
    for (unsigned i = 0; i < b->nwires; i++) {
        struct chip *to = &b->wires[i].to->chip;
        if (b->wires[i].out != out)
            continue;
        if (value && to->ops->message)
            to->ops->message(to, value);
        else if (to->ops->line)
            to->ops->line(to, b->wires[i].input, level);
    }
}
static void host_cpu(void *h, unsigned chip, unsigned cpu, enum chip_cpu_input input, uint64_t value)
{
    (void)chip;
    record(h, LOG_CPU, cpu, input, value, 0);
}
static void host_fault(void *h, unsigned chip, enum chip_fault why, uint64_t offset, unsigned size, uint64_t value)
{
    (void)chip;
    record(h, LOG_FAULT, why, offset, size, value);
}

static const struct chip_host host = {host_now, host_timer, host_output, host_cpu, host_fault};

struct bench *bench_new(const char *name, unsigned ncpu, const uint64_t config[4])
{
    const struct chip_ops *all[] = {&gic_ops, &timer_ops, &apic_ops, &ioapic_ops, &pic_ops, &pit_ops};
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i]->name, name) == 0) {
            struct bench *b = calloc(1, sizeof *b);
            if (!b)
                return NULL;
            memcpy(b->config, config, sizeof b->config);
            b->chip = (struct chip){.ops = all[i], .host = &host, .host_arg = b, .ncpu = ncpu, .config = b->config};
            b->chip.state = calloc(1, all[i]->state_size);
            if (!b->chip.state) {
                free(b);
                return NULL;
            }
            return b;
        }
    return NULL;
}

void bench_free(struct bench *b)
{
    free(b->chip.state);
    free(b);
}

/* Lead an output to an input of another chip. */
bool bench_wire(struct bench *b, unsigned out, struct bench *to, unsigned input)
{
    if (b->nwires == sizeof b->wires / sizeof b->wires[0])
        return false;
    b->wires[b->nwires++] = (struct wire){out, to, input};
    return true;
}

struct chip *bench_chip(struct bench *b) { return &b->chip; }
void *bench_state(struct bench *b) { return b->chip.state; }
uint32_t bench_state_size(struct bench *b) { return b->chip.ops->state_size; }
void bench_time(struct bench *b, uint64_t now) { b->now = now; }
void bench_reset(struct bench *b) { b->chip.ops->reset(&b->chip); }
uint64_t bench_read(struct bench *b, unsigned bank, uint64_t offset, unsigned size, unsigned cpu)
{
    return b->chip.ops->read(&b->chip, bank, offset, size, cpu);
}
void bench_write(struct bench *b, unsigned bank, uint64_t offset, unsigned size, uint64_t value, unsigned cpu)
{
    b->chip.ops->write(&b->chip, bank, offset, size, value, cpu);
}
void bench_line(struct bench *b, unsigned input, bool level)
{
    if (b->chip.ops->line)
        b->chip.ops->line(&b->chip, input, level);
}
void bench_timer(struct bench *b, unsigned index)
{
    if (b->chip.ops->timer)
        b->chip.ops->timer(&b->chip, index);
}
int bench_ack(struct bench *b, unsigned cpu) { return b->chip.ops->ack ? b->chip.ops->ack(&b->chip, cpu) : -1; }

/* The log so far, and how many entries; it starts anew. Entries beyond its size are counted in `dropped`. */
uint64_t bench_log(struct bench *b, struct entry *to, uint64_t room, uint64_t *dropped)
{
    uint64_t n = b->used < room ? b->used : room;
    memcpy(to, b->log, n * sizeof *to);
    *dropped = b->dropped + (b->used - n);
    b->used = b->dropped = 0;
    return n;
}
