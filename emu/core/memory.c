/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RAM by physical address, dirty pages, and coherence of translated code.
 *
 * Unicorn protects translated code by virtual address and per engine. Here it is done by physical page: a page may be
 * executed (by any engine) or written (by any engine), never both at once. A fill that needs the other right takes the
 * first one away, by flushing the virtual page it was used through, and a write throws the page's translations away.
 */
#include <string.h>

#include "core.h"

struct ram *ram_find(struct core *c, uint64_t pa)
{
    for (unsigned i = 0; i < c->nram; i++)
        if (pa - c->ram[i].base < c->ram[i].size)
            return &c->ram[i];
    return NULL;
}

uint8_t *ram_ptr(struct core *c, uint64_t pa)
{
    struct ram *r = ram_find(c, pa);
    return r ? c->ram_host + r->offset + (pa - r->base) : NULL;
}

static uint64_t ram_pa(struct core *c, uint64_t offset)
{
    unsigned i = 0;
    while (offset - c->ram[i].offset >= c->ram[i].size)
        i++;
    return c->ram[i].base + (offset - c->ram[i].offset);
}

void page_dirty(struct core *c, struct page *p)
{
    if (!p->dirty) {
        p->dirty = 1;
        c->dirty[c->ndirty++] = (uint32_t)(p - c->pages);
    }
}

/* Take the page away from every engine in `engines`, through the one virtual page it is known by, or wholly. */
static void revoke(struct core *c, unsigned engines, uint64_t va)
{
    for (unsigned i = 0; i < c->ncpu; i++)
        if (engines >> i & 1) {
            if (va == VA_MANY)
                c->arch->flush(c->cpu[i]);
            else
                c->arch->flush_page(c->cpu[i], va);
        }
}

static void drop_code(struct core *c, size_t index, unsigned engines)
{
    uint64_t addr = (uint64_t)index << PAGE_SHIFT; /* in RAM */
    for (unsigned i = 0; i < c->ncpu; i++)
        if (engines >> i & 1)
            c->arch->drop_code(c->cpu[i], addr, PAGE_SIZE);
    if (event_wanted(c, EVENT_CODE))
        event_put(c->active, (struct event){.kind = EVENT_CODE, .a = ram_pa(c, addr)});
}

static void remember(uint64_t *known, uint8_t *engines, unsigned cpu, uint64_t va)
{
    va &= ~(uint64_t)(PAGE_SIZE - 1);
    *known = !*engines || *known == va ? va : VA_MANY;
    *engines |= (uint8_t)(1u << cpu);
}

void page_grant_write(struct cpu *cpu, uint8_t *host, uint64_t va)
{
    struct core *c = cpu->core;
    struct page *p = page_of(c, host);
    size_t index = (size_t)(p - c->pages);
    page_dirty(c, p);
    if (p->code) {
        drop_code(c, index, p->code);
        revoke(c, p->code, c->code_va[index]);
        p->code = 0;
    }
    remember(&c->write_va[index], &p->writable, cpu->index, va);
}

void page_grant_fetch(struct cpu *cpu, uint8_t *host, uint64_t va)
{
    struct core *c = cpu->core;
    struct page *p = page_of(c, host);
    size_t index = (size_t)(p - c->pages);
    if (p->writable) {
        revoke(c, p->writable, c->write_va[index]);
        p->writable = 0;
    }
    remember(&c->code_va[index], &p->code, cpu->index, va);
    mark_fetched(cpu, va);
}

size_t phys_read(struct core *c, uint64_t pa, void *to, size_t n)
{
    size_t done = 0;
    while (done < n) {
        struct ram *r = ram_find(c, pa + done);
        if (!r)
            break;
        uint64_t offset = pa + done - r->base;
        size_t part = n - done < r->size - offset ? n - done : (size_t)(r->size - offset);
        memcpy((char *)to + done, c->ram_host + r->offset + offset, part);
        done += part;
    }
    return done;
}

/* A write by the host or a device: pages keep their code bit, because engines may still hold entries to fetch from. */
size_t phys_write(struct core *c, uint64_t pa, const void *from, size_t n)
{
    size_t done = 0;
    while (done < n) {
        uint8_t *host = ram_ptr(c, pa + done);
        if (!host)
            break;
        size_t room = PAGE_SIZE - (size_t)((pa + done) % PAGE_SIZE), part = n - done < room ? n - done : room;
        struct page *p = page_of(c, host);
        page_dirty(c, p);
        if (p->code)
            drop_code(c, (size_t)(p - c->pages), p->code);
        memcpy(host, (const char *)from + done, part);
        done += part;
    }
    return done;
}

void code_drop_page(struct core *c, size_t index) { drop_code(c, index, c->pages[index].code); }
