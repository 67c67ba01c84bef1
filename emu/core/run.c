/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The run loop: whose turn it is, until when, and why it ended.
 *
 * A slice runs one CPU up to the next thing that must happen: a chip's deadline, the budget, the time limit, the end of
 * its quantum. Inside a slice cpu_event() moves on to the next deadline without leaving the engine. CHUNK bounds how
 * long the host is not looked at; it is no deadline that a guest could see.
 */
#include <unicorn/unicorn.h>

#include "translate.h"

#define CHUNK 20000000u

/* Unicorn's own way to interrupt a CPU, from uc_emu_stop: it must reach the counter. One symbol for all targets. */
EXPORT void cpu_exit(void *cs)
{
    ORIGINAL(void (*)(void *), original, "cpu_exit");
    struct cpu *c = cpu_of(cs);
    original(cs);
    if (c)
        cpu_kick(c);
}

static uint64_t slice_end(struct core *c)
{
    uint64_t end = c->slice_end, timer = core_icount_at(c, c->next_timer);
    if (timer < end)
        end = timer;
    return end;
}

/* Something that bounds the slice changed while the guest runs (or before it does: then nothing is to be done yet). */
void core_deadline(struct core *c)
{
    if (c->active_running)
        cpu_set_deadline(c->active, c->stopping ? cpu_count(c->active) : slice_end(c));
}

void core_breathe(struct core *c)
{
    if (c->active_running) {
        c->slice_end = cpu_count(c->active);
        core_deadline(c);
    }
}

void core_end(struct core *c, enum stop_reason reason, uint64_t code)
{
    if (c->stopping)
        return;
    c->stopping = true;
    c->stop = reason;
    c->stop_code = code;
    if (reason == STOP_POWEROFF || reason == STOP_RESET || reason == STOP_EXIT || reason == STOP_TRIPLE_FAULT)
        if (event_wanted(c, EVENT_POWER))
            event_put(c->active, (struct event){.kind = EVENT_POWER, .code = (uint16_t)reason, .a = code});
    core_deadline(c);
}

void core_stop(struct core *c) { __atomic_store_n(&c->stop_flag, 1, __ATOMIC_SEQ_CST); }

void core_irq_changed(struct cpu *cpu) { cpu->core->arch->update_irq(cpu); }

void cpu_event(struct cpu *cpu)
{
    struct core *c = cpu->core;
    core_timers_run(c);
    uint64_t now = cpu_count(cpu);
    if (c->stopping || now >= c->slice_end)
        uc_emu_stop(cpu->uc);
    else
        cpu_set_deadline(cpu, slice_end(c));
}

#define STUCK 100000u

void cpu_exception_taken(struct cpu *cpu)
{
    struct core *c = cpu->core;
    uint64_t now = cpu_count(cpu);
    cpu_slow(cpu, 3);
    if (now != cpu->stuck_at) {
        cpu->stuck_at = now;
        cpu->stuck = 0;
    } else if (++cpu->stuck == STUCK) {
        cpu->stuck = 0;
        core_end(c, STOP_STUCK, 0);
    }
    if (c->stopping) /* no block may ever start that would notice */
        uc_emu_stop(cpu->uc);
}

static bool runnable(struct core *c, struct cpu *cpu)
{
    struct cpu_state *st = cpu->st;
    if (!st->running && !st->init && !st->sipi)
        return false;
    if (st->waiting && !c->arch->has_work(cpu))
        return false;
    return true;
}

static struct cpu *choose(struct core *c)
{
    struct machine_state *ms = c->ms;
    if (c->ncpu == 1)
        return runnable(c, c->cpu[0]) ? c->cpu[0] : NULL;
    bool keep = ms->icount < ms->quantum_end;
    for (unsigned i = keep ? 0 : 1; i <= c->ncpu; i++) {
        unsigned n = (unsigned)((ms->current + i) % c->ncpu);
        if (!runnable(c, c->cpu[n]))
            continue;
        if (n != ms->current || !keep) {
            ms->current = n;
            ms->quantum_end = ms->icount + c->quantum;
            c->arch->switch_in(c->cpu[n]);
        }
        return c->cpu[n];
    }
    return NULL;
}

/* Every CPU waits. True if the guest may go on. */
static bool idle(struct core *c)
{
    struct machine_state *ms = c->ms;
    uint64_t now = core_now(c), until = c->next_timer < c->time_end ? c->next_timer : c->time_end;
    if (c->idle && c->idle(c, until))
        return true;
    if (c->stopping)
        return false;
    if (until == NEVER) {
        core_end(c, STOP_IDLE, 0);
        return false;
    }
    if (until > now) {
        if (event_wanted(c, EVENT_IDLE))
            event_put(c->active, (struct event){.kind = EVENT_IDLE, .a = until - now});
        ms->idle_ns += until - now;
    }
    return true;
}

static void slice(struct core *c, struct cpu *cpu, uint64_t end)
{
    uint64_t chunk = c->ms->icount + CHUNK;
    c->active = cpu;
    c->slice_end = end < chunk ? end : chunk;
    if (c->ncpu > 1 && c->ms->quantum_end < c->slice_end)
        c->slice_end = c->ms->quantum_end;
    cpu->st->waiting = 0;
    cpu->base = end = slice_end(c);
    cpu_set_left(cpu, (int64_t)(end - c->ms->icount));
    c->active_running = true;
    uc_err e = uc_emu_start(cpu->uc, c->arch->start_pc(cpu), 0, 0, 0);
    c->active_running = false;
    c->ms->icount = cpu_count(cpu);
    cpu->adjust = 0;
    if (AT(uint32_t, cpu->cs, CS_HALTED))
        cpu->st->waiting = 1;
    if (e && !c->stopping)
        core_end(c, STOP_INTERNAL, (uint64_t)e);
}

enum stop_reason core_run(struct core *c, uint64_t max_insns, uint64_t until_ns)
{
    struct machine_state *ms = c->ms;
    c->stopping = false;
    c->stop_code = 0;
    c->time_end = until_ns;
    c->budget_end = max_insns < NEVER - ms->icount ? ms->icount + max_insns : NEVER;
    while (!c->stopping) {
        core_timers_run(c);
        if (__atomic_exchange_n(&c->stop_flag, 0, __ATOMIC_SEQ_CST))
            core_end(c, STOP_REQUEST, 0);
        else if (c->poll && !c->poll(c))
            core_end(c, STOP_SIGNAL, 0);
        else if (ms->icount >= c->budget_end)
            core_end(c, STOP_BUDGET, 0);
        else if (core_now(c) >= c->time_end)
            core_end(c, STOP_TIME, 0);
        if (c->stopping)
            break;
        struct cpu *cpu = choose(c);
        uint64_t end = core_icount_at(c, c->time_end);
        if (cpu)
            slice(c, cpu, end < c->budget_end ? end : c->budget_end);
        else if (!idle(c))
            break;
    }
    if (c->ring_head && c->drain)
        c->drain(c);
    return c->stop;
}

/* One instruction, one exception or interrupt entry, whatever comes first. */
enum stop_reason core_step(struct core *c)
{
    uint64_t kinds = c->break_kinds;
    c->break_kinds = (uint64_t)1 << EVENT_EXCEPTION | (uint64_t)1 << EVENT_IRQ;
    enum stop_reason why = core_run(c, 1, NEVER);
    c->break_kinds = kinds;
    return why;
}

/* Step until the instruction at `pc` is the next one, before it is fetched: STOP_EVENT. At least one step is made, and
 * at most those that retire `max` instructions. A handler's first instruction counts as any other. */
enum stop_reason core_step_until(struct core *c, uint64_t pc, uint64_t max)
{
    uint64_t end = max < NEVER - c->ms->icount ? c->ms->icount + max : NEVER;
    enum stop_reason why;
    do {
        why = core_step(c);
        if (why != STOP_BUDGET && why != STOP_EVENT)
            return why;
        if (c->arch->pc(c->active) == pc)
            return STOP_EVENT;
    } while (c->ms->icount < end);
    return STOP_BUDGET;
}
