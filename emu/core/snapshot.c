/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Snapshots in memory. A snapshot is a two-level table of page copies, shared by reference with the snapshots before
 * and after it, plus the arena, the TLBs and the engines' CPU state. RAM is always `sync` (the snapshot taken or
 * restored last) plus the dirty pages, so that both taking and restoring touch only what differs.
 */
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define LEAF_PAGES 512

struct pagecopy {
    union {
        uint64_t refs;
        struct pagecopy *next;
    };
    uint8_t data[PAGE_SIZE];
};

struct leaf {
    uint64_t refs;
    struct pagecopy *page[LEAF_PAGES]; /* NULL: all zero */
};

struct cpu_copy {
    void *engine;
    struct tlb tlb;
};

struct snapshot {
    uint64_t refs; /* the owner's, and one while it is `sync` */
    size_t nleaves;
    struct leaf **leaf; /* NULL: 512 zero pages */
    uint8_t *arena;
    size_t arena_size;
    struct cpu_copy cpu[MAX_CPUS];
    unsigned ncpu;
    uint64_t event_hash; /* so that a restored run hashes as one that was never interrupted */
};

static void page_unref(struct core *c, struct pagecopy *p)
{
    if (p && !--p->refs) {
        p->next = c->free_pages;
        c->free_pages = p;
    }
}

static struct pagecopy *page_copy(struct core *c, const uint8_t *data)
{
    struct pagecopy *p = c->free_pages;
    if (p)
        c->free_pages = p->next;
    else if (!(p = malloc(sizeof *p)))
        return NULL;
    p->refs = 1;
    memcpy(p->data, data, PAGE_SIZE);
    return p;
}

static void leaf_unref(struct core *c, struct leaf *l)
{
    if (!l || --l->refs)
        return;
    for (unsigned i = 0; i < LEAF_PAGES; i++)
        page_unref(c, l->page[i]);
    free(l);
}

static void unref(struct core *c, struct snapshot *s)
{
    if (!s || --s->refs)
        return;
    for (size_t i = 0; s->leaf && i < s->nleaves; i++)
        leaf_unref(c, s->leaf[i]);
    for (unsigned i = 0; i < s->ncpu; i++)
        free(s->cpu[i].engine);
    free(s->leaf);
    free(s->arena);
    free(s);
}

void snapshot_free(struct core *c, struct snapshot *s) { unref(c, s); }

/* The pool of page copies and the reference to `sync`, when the core goes. */
void snapshot_close(struct core *c)
{
    unref(c, c->sync);
    c->sync = NULL;
    while (c->free_pages) {
        struct pagecopy *p = c->free_pages;
        c->free_pages = p->next;
        free(p);
    }
}

/* A leaf of `s` that may be changed: its own copy if it is shared. */
static struct leaf *leaf_own(struct core *c, struct snapshot *s, size_t index)
{
    struct leaf *old = s->leaf[index];
    if (old && old->refs == 1)
        return old;
    struct leaf *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->refs = 1;
    for (unsigned i = 0; old && i < LEAF_PAGES; i++)
        if ((l->page[i] = old->page[i]))
            l->page[i]->refs++;
    leaf_unref(c, old);
    return s->leaf[index] = l;
}

/* From here on RAM equals `s`: no page is dirty, and the next write to each comes to page_grant_write() again. */
static void now_equal_to(struct core *c, struct snapshot *s)
{
    for (uint32_t i = 0; i < c->ndirty; i++) {
        struct page *p = &c->pages[c->dirty[i]];
        p->dirty = p->writable = 0;
    }
    c->ndirty = 0;
    s->refs++;
    unref(c, c->sync);
    c->sync = s;
    for (unsigned i = 0; i < c->ncpu; i++) {
        c->arch->flush(c->cpu[i]);
        memset(c->cpu[i]->tlb_changed, 0, sizeof c->cpu[i]->tlb_changed);
    }
}

struct snapshot *snapshot_take(struct core *c)
{
    struct snapshot *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->refs = 1;
    s->ncpu = c->ncpu;
    s->nleaves = ((c->ram_size >> PAGE_SHIFT) + LEAF_PAGES - 1) / LEAF_PAGES;
    s->arena_size = c->arena_size;
    if (!(s->leaf = calloc(s->nleaves, sizeof *s->leaf)) || !(s->arena = malloc(s->arena_size)))
        goto fail;
    for (size_t i = 0; c->sync && i < s->nleaves; i++)
        if ((s->leaf[i] = c->sync->leaf[i]))
            s->leaf[i]->refs++;
    for (uint32_t i = 0; i < c->ndirty; i++) {
        size_t n = c->dirty[i];
        struct leaf *l = leaf_own(c, s, n / LEAF_PAGES);
        struct pagecopy *p = l ? page_copy(c, c->ram_host + (n << PAGE_SHIFT)) : NULL;
        if (!p)
            goto fail;
        page_unref(c, l->page[n % LEAF_PAGES]);
        l->page[n % LEAF_PAGES] = p;
    }
    s->event_hash = c->event_hash;
    memcpy(s->arena, c->arena, s->arena_size);
    for (unsigned i = 0; i < c->ncpu; i++) {
        if (!(s->cpu[i].engine = malloc(c->arch->state_size())))
            goto fail;
        c->arch->save(c->cpu[i], s->cpu[i].engine);
        s->cpu[i].tlb = *c->cpu[i]->tlb;
    }
    now_equal_to(c, s);
    return s;
fail:
    unref(c, s);
    return NULL;
}

static void put_page(struct core *c, struct snapshot *s, size_t n)
{
    struct leaf *l = s->leaf[n / LEAF_PAGES];
    struct pagecopy *p = l ? l->page[n % LEAF_PAGES] : NULL;
    uint8_t *host = c->ram_host + (n << PAGE_SHIFT);
    if (c->pages[n].code)
        code_drop_page(c, n);
    if (p)
        memcpy(host, p->data, PAGE_SIZE);
    else
        memset(host, 0, PAGE_SIZE);
}

static void restore_tlb(struct cpu *cpu, const struct tlb *from, bool all)
{
    for (unsigned w = 0; w < 4; w++)
        for (uint64_t m = all ? UINT64_MAX : cpu->tlb_changed[w]; m; m &= m - 1) {
            unsigned set = w * 64 + (unsigned)__builtin_ctzll(m);
            memcpy(cpu->tlb->e[set], from->e[set], sizeof from->e[set]);
            cpu->tlb->next[set] = from->next[set];
        }
    memcpy(cpu->tlb->used, from->used, sizeof from->used);
    memcpy(cpu->tlb->large, from->large, sizeof from->large);
}

const char *snapshot_restore(struct core *c, struct snapshot *s)
{
    bool same = s == c->sync;
    for (uint32_t i = 0; i < c->ndirty; i++)
        put_page(c, s, c->dirty[i]);
    for (size_t i = 0; !same && i < s->nleaves; i++) {
        struct leaf *a = c->sync ? c->sync->leaf[i] : NULL, *b = s->leaf[i];
        for (unsigned j = 0; a != b && j < LEAF_PAGES; j++) {
            size_t n = i * LEAF_PAGES + j;
            if ((a ? a->page[j] : NULL) != (b ? b->page[j] : NULL) && !c->pages[n].dirty)
                put_page(c, s, n);
        }
    }
    c->event_hash = s->event_hash;
    memcpy(c->arena, s->arena, s->arena_size);
    for (unsigned i = 0; i < c->ncpu; i++) {
        struct cpu *cpu = c->cpu[i];
        c->arch->load(cpu, s->cpu[i].engine);
        restore_tlb(cpu, &s->cpu[i].tlb, !same);
        c->arch->update_irq(cpu);
    }
    now_equal_to(c, s);
    core_timers_changed(c);
    return NULL;
}

/* CPUs, TLBs, arena and (if asked) every page of RAM that is not zero, with its number. */
uint64_t core_state_hash(struct core *c, bool ram)
{
    uint64_t h = hash_words(1, c->arena, c->arena_size / 8);
    static const uint8_t zero[PAGE_SIZE];
    for (unsigned i = 0; i < c->ncpu; i++) {
        h = hash_word(h, c->arch->hash(c->cpu[i], true));
        h = hash_words(h, c->cpu[i]->tlb, sizeof *c->cpu[i]->tlb / 8);
    }
    for (uint64_t n = 0; ram && n < c->ram_size >> PAGE_SHIFT; n++) {
        const uint8_t *page = c->ram_host + (n << PAGE_SHIFT);
        if (memcmp(page, zero, PAGE_SIZE)) {
            h = hash_words(hash_word(h, n), page, PAGE_SIZE / 8);
        }
    }
    return h;
}
