/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Virtual time and the deadlines of chips.
 */
#include "core.h"

uint64_t core_icount(struct core *c)
{
    return c->active_running ? cpu_count(c->active) - (uint64_t)c->active->adjust : c->ms->icount;
}

static uint64_t to_ns(const struct core *c, uint64_t icount)
{
    return c->clock_num == c->clock_den ? icount : (uint64_t)((unsigned __int128)icount * c->clock_num / c->clock_den);
}

uint64_t core_now(struct core *c) { return to_ns(c, core_icount(c)) + c->ms->idle_ns; }

/* The first instruction before which virtual time is `ns` or later. */
uint64_t core_icount_at(struct core *c, uint64_t ns)
{
    if (ns == NEVER)
        return NEVER;
    if (ns <= c->ms->idle_ns)
        return 0;
    ns -= c->ms->idle_ns;
    if (c->clock_num == c->clock_den)
        return ns;
    unsigned __int128 n = ((unsigned __int128)ns * c->clock_den + c->clock_num - 1) / c->clock_num;
    return n > NEVER ? NEVER : (uint64_t)n;
}

void core_timers_changed(struct core *c)
{
    c->next_timer = NEVER;
    for (uint64_t i = 0; i < c->ms->ntimers; i++)
        if (c->ms->timers[i].when < c->next_timer)
            c->next_timer = c->ms->timers[i].when;
}

/* Chips and indices are few, so the list stays short; it has room for every chip's CHIP_TIMERS in practice. */
void core_timer(struct core *c, unsigned chip, unsigned index, uint64_t when)
{
    struct machine_state *ms = c->ms;
    uint64_t i;
    for (i = 0; i < ms->ntimers && (ms->timers[i].chip != chip || ms->timers[i].index != index); i++)
        ;
    if (when == CHIP_NEVER) {
        if (i == ms->ntimers)
            return;
        ms->timers[i] = ms->timers[--ms->ntimers];
        ms->timers[ms->ntimers] = (struct timer){0};
    } else {
        if (i == ms->ntimers) {
            if (i == MAX_TIMERS) {
                core_end(c, STOP_INTERNAL, 0);
                return;
            }
            ms->ntimers++;
        }
        ms->timers[i] = (struct timer){when, chip, index};
    }
    core_timers_changed(c);
    core_deadline(c);
}

/* Run what is due, earliest first, ties by chip and index, so that the order never depends on the list's. */
void core_timers_run(struct core *c)
{
    struct machine_state *ms = c->ms;
    uint64_t now = core_now(c);
    while (c->next_timer <= now) {
        struct timer *first = NULL;
        for (uint64_t i = 0; i < ms->ntimers; i++) {
            struct timer *t = &ms->timers[i];
            if (!first || t->when < first->when ||
                (t->when == first->when &&
                 (t->chip < first->chip || (t->chip == first->chip && t->index < first->index))))
                first = t;
        }
        struct timer due = *first;
        *first = ms->timers[--ms->ntimers];
        ms->timers[ms->ntimers] = (struct timer){0};
        core_timers_changed(c);
        c->chips[due.chip].ops->timer(&c->chips[due.chip], due.index);
        for (uint64_t i = 0; i < ms->ntimers; i++) /* a chip that asks for the past would never let time go on */
            if (ms->timers[i].chip == due.chip && ms->timers[i].index == due.index && ms->timers[i].when <= due.when)
                ms->timers[i].when = now + 1;
        core_timers_changed(c);
    }
}
