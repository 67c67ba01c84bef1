/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The architectural TLB. What a guest can see of stale translations depends on this table alone: Unicorn's own holds a
 * subset of it, so an entry that leaves here leaves there too.
 */
#include <string.h>

#include "core.h"

#define VALID     1u
#define PAGE_MASK (~(uint64_t)(PAGE_SIZE - 1))

static inline unsigned set_of(uint64_t va)
{
    return (unsigned)(va >> PAGE_SHIFT ^ va >> (PAGE_SHIFT + 8)) & (TLB_SETS - 1);
}

/* How many cached fragments belong to blocks that hash like the one of this size that `va` lies in; 0: certainly none.
 */
static inline uint16_t *large_of(struct tlb *t, uint64_t va, unsigned shift)
{
    uint64_t block = va >> shift;
    return &t->large[shift > 21][(block ^ block >> 6 ^ block >> 12) & 63];
}

static inline void count_large(struct tlb *t, const struct tlb_entry *e, int by)
{
    if (e->shift > PAGE_SHIFT)
        *large_of(t, e->tag, e->shift) += (uint16_t)by;
}

static inline bool matches(const struct tlb_entry *e, uint64_t va, uint16_t asid)
{
    return e->tag == ((va & PAGE_MASK) | VALID) && (e->asid == asid || e->perms & PERM_GLOBAL);
}

struct tlb_entry *tlb_find(struct cpu *cpu, uint64_t va, uint16_t asid)
{
    struct tlb_entry *e = cpu->tlb->e[set_of(va)];
    for (int i = 0; i < TLB_WAYS; i++)
        if (matches(&e[i], va, asid)) {
            cpu->stats.hits++;
            return &e[i];
        }
    cpu->stats.misses++;
    return NULL;
}

static void drop(struct cpu *cpu, unsigned set, struct tlb_entry *e)
{
    if (!e->tag)
        return;
    cpu->core->arch->flush_page(cpu, e->tag & PAGE_MASK);
    count_large(cpu->tlb, e, -1);
    memset(e, 0, sizeof *e);
    cpu->tlb_changed[set / 64] |= (uint64_t)1 << set % 64;
}

struct tlb_entry *tlb_insert(struct cpu *cpu, uint64_t va, uint16_t asid, const struct walk *w)
{
    unsigned set = set_of(va);
    struct tlb *t = cpu->tlb;
    struct tlb_entry *e = NULL;
    for (int i = 0; i < TLB_WAYS; i++) /* the same page again (a write that set D): in its old place */
        if (matches(&t->e[set][i], va, asid))
            e = &t->e[set][i];
    if (!e) {
        e = &t->e[set][t->next[set]++ % TLB_WAYS];
        if (e->tag)
            cpu->stats.evictions++;
    }
    drop(cpu, set, e);
    *e = (struct tlb_entry){
        .tag = (va & PAGE_MASK) | VALID, .pa = w->pa, .perms = w->perms, .asid = asid, .shift = w->shift};
    count_large(t, e, 1);
    t->used[set / 64] |= (uint64_t)1 << set % 64;
    cpu->tlb_changed[set / 64] |= (uint64_t)1 << set % 64;
    return e;
}

/* True if `e` translates some address of the block that `va` lies in. */
static bool same_block(const struct tlb_entry *e, uint64_t va) { return e->tag && (e->tag ^ va) >> e->shift == 0; }

static bool concerned(const struct tlb_entry *e, enum tlb_op op, uint64_t va, uint16_t asid)
{
    bool global = e->perms & PERM_GLOBAL;
    switch (op) {
    case TLB_ALL:
        return e->tag;
    case TLB_ALL_NONGLOBAL:
        return e->tag && !global;
    case TLB_ASID:
        return e->tag && !global && e->asid == asid;
    case TLB_VA:
        return same_block(e, va) && (global || e->asid == asid);
    case TLB_VA_ALL_ASID:
        return same_block(e, va);
    }
    return false;
}

/* So few pages are cheaper to take from the engine one by one than all at once, and what stays (global pages) is hot.
 */
#define FEW 12

static void flush_one(struct cpu *cpu, enum tlb_op op, uint64_t va, uint16_t asid)
{
    struct tlb *t = cpu->tlb;
    bool by_address = op == TLB_VA || op == TLB_VA_ALL_ASID;
    uint64_t gone[FEW];
    unsigned n = op == TLB_ALL ? FEW + 1 : 0;
    if (by_address && !*large_of(t, va, 21) && !*large_of(t, va, 30)) {
        unsigned s = set_of(va);
        for (int i = 0; i < TLB_WAYS; i++)
            if (concerned(&t->e[s][i], op, va, asid))
                drop(cpu, s, &t->e[s][i]);
        cpu->stats.flush_va++;
        return;
    }
    for (unsigned w = 0; w < TLB_SETS / 64; w++)
        for (uint64_t m = t->used[w]; m; m &= m - 1) {
            unsigned bit = (unsigned)__builtin_ctzll(m), s = w * 64 + bit;
            bool left = false, changed = false;
            for (int i = 0; i < TLB_WAYS; i++) {
                struct tlb_entry *e = &t->e[s][i];
                bool hit = concerned(e, op, va, asid);
                if (hit) {
                    if (n < FEW)
                        gone[n] = e->tag & PAGE_MASK;
                    n++;
                    count_large(t, e, -1);
                    memset(e, 0, sizeof *e);
                    changed = true;
                }
                left |= e->tag != 0;
            }
            if (!left)
                t->used[w] &= ~((uint64_t)1 << bit);
            if (changed)
                cpu->tlb_changed[w] |= (uint64_t)1 << bit;
        }
    if (n > FEW)
        cpu->core->arch->flush(cpu);
    for (unsigned i = 0; n <= FEW && i < n; i++)
        cpu->core->arch->flush_page(cpu, gone[i]);
    *(by_address ? &cpu->stats.flush_va : op == TLB_ASID ? &cpu->stats.flush_asid : &cpu->stats.flush_all) += 1;
}

void tlb_flush_op(struct cpu *cpu, enum tlb_op op, uint64_t va, uint16_t asid, bool broadcast)
{
    struct core *c = cpu->core;
    if (event_wanted(c, EVENT_TLB))
        event_put(cpu, (struct event){.kind = EVENT_TLB, .code = (uint16_t)op, .a = va, .b = asid, .c = broadcast});
    for (unsigned i = 0; i < c->ncpu; i++)
        if (broadcast || c->cpu[i] == cpu)
            flush_one(c->cpu[i], op, va, asid);
}
