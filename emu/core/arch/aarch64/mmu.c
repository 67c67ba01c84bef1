/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * tlb_fill: the only translation authority of an engine, and the maintenance that a guest asks for.
 */
#include "cpu.h"
#include "walk.h"

#define PAGE_MASK     (~(uint64_t)(PAGE_SIZE - 1))
#define PROT_READ     1
#define PROT_WRITE    2
#define PROT_EXEC     4
#define PA_BITS       44 /* Cortex-A72: ID_AA64MMFR0_EL1.PARange */
#define FSC_EXTERNAL  0x10
#define FSC_ALIGNMENT 0x21
#define SCTLR_M       1u
#define SCTLR_A       2u

static void (*set_page)(void *, uint64_t va, uint64_t pa, int prot, int mmu_idx, uint64_t size);
static void (*soft_flush)(void *);
static void (*soft_flush_page)(void *, uint64_t, uint16_t);
static void (*soft_drop)(void *, uint64_t start, uint64_t end);
static void (*raise_exception)(void *env, uint32_t exception, uint32_t syndrome, uint32_t target_el);

void a64_mmu_symbols(void)
{
    *(void **)&set_page = unicorn_symbol("tlb_set_page_aarch64");
    *(void **)&soft_flush = unicorn_symbol("tlb_flush_aarch64");
    *(void **)&soft_flush_page = unicorn_symbol("tlb_flush_page_by_mmuidx_aarch64");
    *(void **)&soft_drop = unicorn_symbol("tb_invalidate_phys_range_aarch64");
    *(void **)&raise_exception = unicorn_symbol("raise_exception_aarch64");
}

static bool read_ram(void *core, uint64_t pa, uint64_t *value)
{
    uint8_t *p = ram_ptr(core, pa);
    if (p)
        *value = *(uint64_t *)p;
    return p;
}

struct buffer {
    uint8_t *at;
    uint64_t base, size;
};

static bool read_buffer(void *memory, uint64_t pa, uint64_t *value)
{
    struct buffer *b = memory;
    bool inside = pa - b->base < b->size && b->size - (pa - b->base) >= 8;
    if (inside)
        *value = *(uint64_t *)(b->at + (pa - b->base));
    return inside;
}

struct walk a64_walk_regs(const uint64_t *regs, uint8_t *mem, uint64_t base, uint64_t size, uint64_t va,
                          enum access access, unsigned privilege)
{
    struct buffer b = {mem, base, size};
    return a64_walk(regs, read_buffer, &b, va, access, privilege);
}

struct walk a64_walk_now(struct cpu *c, uint64_t va, enum access access, unsigned privilege)
{
    uint64_t regs[A64_WALK_WORDS] = {
        [A64_WALK_SCTLR] = AT(uint64_t, c->env, ENV_SCTLR_EL + 8),
        [A64_WALK_TCR] = AT(uint64_t, c->env, ENV_TCR_EL + 16),
        [A64_WALK_TTBR0] = AT(uint64_t, c->env, ENV_TTBR0_EL + 8),
        [A64_WALK_TTBR1] = AT(uint64_t, c->env, ENV_TTBR1_EL + 8),
        [A64_WALK_PSTATE] = a64_is_a32(c) ? 0 : AT(uint32_t, c->env, ENV_PSTATE),
        [A64_WALK_PA_BITS] = PA_BITS,
    };
    return a64_walk(regs, read_ram, c->core, va, access, privilege);
}

uint16_t a64_asid(struct cpu *c)
{
    bool a1 = AT(uint64_t, c->env, ENV_TCR_EL + 16) >> 22 & 1, as = AT(uint64_t, c->env, ENV_TCR_EL + 16) >> 36 & 1;
    uint16_t asid = (uint16_t)(AT(uint64_t, c->env, (a1 ? ENV_TTBR1_EL : ENV_TTBR0_EL) + 8) >> 48);
    return as ? asid : asid & 0xff;
}

_Noreturn void a64_raise(struct cpu *c, uint32_t exception, uint32_t syndrome)
{
    raise_exception(c->env, exception, syndrome, 1);
    __builtin_unreachable(); /* it unwinds */
}

_Noreturn void a64_abort(struct cpu *c, uint64_t va, enum access access, uint32_t syndrome, uintptr_t ra,
                         struct event *nothing)
{
    if (!ra) { /* no instruction of a block: a fetch */
        TARGET(translate_due)(c);
        c->fetch_fault = true;
    } else /* first: it overwrites the syndrome */
        TARGET(cpu_restore_state)(c->cs, ra, true);
    c->stats.faults++;
    if (nothing && event_wanted(c->core, EVENT_UNASSIGNED)) {
        nothing->pc = AT(uint64_t, c->env, ENV_PC);
        event_put(c, *nothing);
    }
    AT(uint64_t, c->env, ENV_EXCEPTION_VADDRESS) = va;
    a64_raise(c, access == ACCESS_FETCH ? EXCP_PREFETCH_ABORT : EXCP_DATA_ABORT, syndrome);
}

static _Noreturn void abort_(struct cpu *c, uint64_t va, enum access access, unsigned fsc, uintptr_t ra)
{
    bool el0 = !a64_el(c);
    a64_abort(c, va, access, a64_syndrome(access, el0, fsc), ra, NULL);
}

/* What the engine may do with a page of RAM without coming back here. A page is never both writable and executable in
 * it, so that stores stay on the fast path and dirty pages and stale code are seen; reading may come with either. */
static int grant_ram(struct cpu *c, uint8_t *host, uint64_t va, uint32_t perms, enum access access, unsigned user)
{
    struct page *p = page_of(c->core, host);
    unsigned may = perms >> (user ? 0 : 3) & 7;
    size_t n = (size_t)(p - c->core->pages);
    int prot = may & 1 ? PROT_READ : 0;
    if (access == ACCESS_FETCH) {
        page_grant_fetch(c, host, va);
        return prot | PROT_EXEC;
    }
    if (access == ACCESS_WRITE || (may & 2 && p->dirty && !p->code)) {
        page_grant_write(c, host, va);
        return prot | PROT_WRITE;
    }
    /* Constants beside code: keep what is already executable through this address so. */
    if (may & 4 && p->code >> c->index & 1 && c->core->code_va[n] == (va & PAGE_MASK))
        prot |= PROT_EXEC;
    return prot;
}

static bool tlb_fill(char *cs, uint64_t va, int size, int type, int mmu_idx, bool probe, uintptr_t ra)
{
    struct cpu *c = cpu_of(cs);
    enum access access = type == 0 ? ACCESS_READ : type == 1 ? ACCESS_WRITE : ACCESS_FETCH;
    bool el0 = !a64_el(c), user = (mmu_idx & 15) == MMU_E10_0;
    unsigned privilege = user ? el0 ? 0 : 2 : 1, fsc;
    bool pan = (mmu_idx & 15) == MMU_E10_1_PAN;
    uint32_t perms;
    uint64_t pa;
    uint16_t asid = a64_asid(c);
    uint64_t sctlr = AT(uint64_t, c->env, ENV_SCTLR_EL + 8);
    if (access == ACCESS_FETCH && va & 3 && !a64_is_a32(c)) { /* a misaligned PC comes before its translation */
        if (probe)
            return false;
        TARGET(translate_due)(c);
        c->fetch_fault = true;
        a64_raise(c, EXCP_UDEF, 0); /* the hook makes the syndrome */
    }
    /* SCTLR_EL1.A: translated code does not test alignment, so every access has to come here (a page of one byte is
     * never found again) and nothing that is executable may be read. Changing SCTLR_EL1 empties the engine's TLB. */
    bool aligned = sctlr & SCTLR_A;
    if (aligned && access != ACCESS_FETCH && (size == 2 || size == 4 || size == 8) && va & (unsigned)(size - 1)) {
        if (probe)
            return false;
        abort_(c, va, access, FSC_ALIGNMENT, ra);
    }
    struct tlb_entry *e = sctlr & SCTLR_M ? tlb_find(c, va, asid) : NULL;

    c->stats.fills++;
    cpu_slow(c, 1);
    if (e) {
        perms = e->perms;
        pa = e->pa;
        fsc = 0x0c | (39u - e->shift) / 9;
    } else {
        struct walk w = a64_walk_now(c, va, access, privilege);
        perms = w.perms;
        pa = w.pa;
        fsc = w.fault;
        if (!w.ok) {
            if (probe)
                return false;
            abort_(c, va, access, fsc, ra);
        }
        if (!w.nonpaging)
            tlb_insert(c, va, asid, &w);
    }
    if (!a64_permits(perms, access, privilege, pan)) {
        if (probe)
            return false;
        abort_(c, va, access, fsc, ra);
    }
    uint8_t *host = ram_ptr(c->core, pa);
    if (host) {
        int prot = grant_ram(c, host, va & PAGE_MASK, perms, access, user);
        if (aligned)
            prot &= access == ACCESS_FETCH ? PROT_EXEC : PROT_READ | PROT_WRITE;
        set_page(cs, va & PAGE_MASK, pa, prot, mmu_idx, aligned && access != ACCESS_FETCH ? 1 : PAGE_SIZE);
        return true;
    }
    /* Devices: nothing is fetched from them, and an address without one is an external abort before the access. */
    unsigned offset = (unsigned)(va & (PAGE_SIZE - 1));
    struct window *w = window_find(c->core, false, pa + offset);
    if (access == ACCESS_FETCH || !w || pa + offset + (unsigned)size > w->base + w->size) {
        if (probe)
            return false;
        struct event nothing = {.kind = EVENT_UNASSIGNED,
                                .code = (uint16_t)((unsigned)size | (access == ACCESS_WRITE) << 7),
                                .a = pa + offset};
        a64_abort(c, va, access, a64_syndrome(access, el0, FSC_EXTERNAL), ra, &nothing);
    }
    bool whole = w->base <= pa && pa + PAGE_SIZE <= w->base + w->size;
    unsigned may = perms >> (user ? 0 : 3) & 3;
    set_page(cs, va & PAGE_MASK, pa, (may & 1 ? PROT_READ : 0) | (may & 2 ? PROT_WRITE : 0), mmu_idx,
             whole ? PAGE_SIZE : 1);
    return true;
}

void a64_mmu_attach(struct cpu *c) { AT(void *, AT(char *, c->cs, CS_CLASS), CC_TLB_FILL) = (void *)tlb_fill; }

uint64_t a64_mmio_read(struct cpu *c, uint64_t pa, unsigned size)
{
    bool nothing;
    TARGET(translate_io_begin)(c, AT(uintptr_t, c->cs, CS_MEM_IO_PC));
    uint64_t value = core_io_read(c, false, pa, size, &nothing);
    translate_io_end(c);
    return value;
}

void a64_mmio_write(struct cpu *c, uint64_t pa, unsigned size, uint64_t value)
{
    bool nothing;
    TARGET(translate_io_begin)(c, AT(uintptr_t, c->cs, CS_MEM_IO_PC));
    core_io_write(c, false, pa, size, value, &nothing);
    translate_io_end(c);
}

void a64_flush(struct cpu *c) { soft_flush(c->cs); }
void a64_flush_page(struct cpu *c, uint64_t va)
{
    soft_flush_page(c->cs, va, 1u << MMU_E10_0 | 1u << MMU_E10_1 | 1u << MMU_E10_1_PAN);
}
void a64_drop_code(struct cpu *c, uint64_t ram_addr, uint64_t size) { soft_drop(c->uc, ram_addr, ram_addr + size); }
