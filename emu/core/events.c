/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The event ring. Kinds that nobody asked for are not even made (event_wanted). The ring loses nothing: when it is full
 * it is drained where the guest stands.
 */
#include "core.h"

void event_put(struct cpu *cpu, struct event e)
{
    struct core *c = cpu->core;
    uint64_t bit = (uint64_t)1 << e.kind;
    e.icount = core_icount(c);
    e.cpu = (uint8_t)cpu->index;
    c->event_count[e.kind]++;
    if (c->hash_kinds & bit)
        c->event_hash = hash_word(hash_words(c->event_hash, &e, sizeof e / 8), c->arch->hash(cpu, false));
    if (c->want_kinds & bit && c->ring) {
        c->ring[c->ring_head++] = e;
        if (c->ring_head == c->ring_size && !c->drain(c))
            core_end(c, STOP_DEVICE_ERROR, 0);
    }
    if (c->break_kinds & bit && !c->stopping) {
        c->last_event = e;
        core_end(c, STOP_EVENT, e.kind);
    }
}
