/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * tlb_fill: the only translation authority of an engine, and the maintenance that a guest asks for.
 *
 * Rights in the architectural TLB are those of the walk, CR0.WP included: whatever changes what they mean (PG, WP, PGE,
 * SMEP, SMAP, NXE ...) empties it. An entry that does not permit an access is no fault yet: the tables are
 * walked again, as the manual has a processor do before #PF (Intel SDM volume 3A, 4.10.4.3).
 */
#include <string.h>

#include "../../chips/chips.h"
#include "cpu.h"

#define PAGE_MASK (~(uint64_t)(PAGE_SIZE - 1))
#define PROT_READ 1 /* also 1 << enum access */
#define PROT_WRITE 2
#define PROT_EXEC 4

static void (*set_page)(void *, uint64_t va, uint64_t pa, int prot, int mmu_idx, uint64_t size);
static void (*soft_flush)(void *);
static void (*soft_flush_page)(void *, uint64_t);
static void (*soft_drop)(void *, uint64_t start, uint64_t end);
static uint32_t (*load_word)(void *env, uint64_t va, int mmu_idx, uintptr_t ra);
static void (*update_cr0)(void *env, uint32_t);
static void (*update_cr4)(void *env, uint32_t);

struct buffer {
    uint8_t *at;
    uint64_t base, size;
};

static uint64_t *in_buffer(struct buffer *b, uint64_t pa)
{
    bool inside = pa - b->base < b->size && b->size - (pa - b->base) >= 8;
    return inside ? (uint64_t *)(b->at + (pa - b->base)) : NULL;
}

static bool read_buffer(void *memory, uint64_t pa, uint64_t *value)
{
    uint64_t *p = in_buffer(memory, pa);
    if (p)
        *value = *p;
    return p;
}

static void write_buffer(void *memory, uint64_t pa, uint64_t value)
{
    uint64_t *p = in_buffer(memory, pa);
    if (p)
        *p = value;
}

struct walk x86_walk_regs(const uint64_t *regs, uint8_t *mem, uint64_t base, uint64_t size, uint64_t va,
                          enum access access, unsigned privilege)
{
    struct buffer b = {mem, base, size};
    return x86_walk(regs, &(struct walk_memory){read_buffer, write_buffer, &b}, va, access, privilege);
}

static void walk_registers(struct cpu *c, uint64_t *regs)
{
    regs[X86_WALK_CR0] = *x86_cr(c->env, 0);
    regs[X86_WALK_CR3] = *x86_cr(c->env, 3);
    regs[X86_WALK_CR4] = *x86_cr(c->env, 4);
    regs[X86_WALK_EFER] = AT(uint64_t, c->env, ENV_EFER);
    regs[X86_WALK_RFLAGS] = AT(uint64_t, c->env, ENV_EFLAGS);
    regs[X86_WALK_PA_BITS] = PA_BITS;
}

/* A look from outside: no A or D bit changes. */
struct walk x86_walk_now(struct cpu *c, uint64_t va, enum access access, unsigned privilege)
{
    uint64_t regs[X86_WALK_WORDS];
    walk_registers(c, regs);
    return x86_walk_look(c->core, regs, va, access, privilege);
}

/* The translator reads ahead: a fault on the page behind the block's first one belongs to the instruction that reaches
 * into it. Blocks of one instruction lead there, and only a block of one instruction may raise it. */
static bool read_ahead(struct cpu *c, uint64_t va, enum access access, uintptr_t ra)
{
    return access == ACCESS_FETCH && !ra && !c->delivering && (va ^ x86_pc(c)) & PAGE_MASK && c->lookup_n != 1;
}

/* A table entry that has changed since it was cached is forgotten with the fault. `stale`: there was one. */
static _Noreturn void page_fault(struct cpu *c, uint64_t va, enum access access, unsigned error, bool stale,
                                 uintptr_t ra)
{
    if (read_ahead(c, va, access, ra)) {
        AT(uint32_t, c->cs, CS_CFLAGS_NEXT_TB) = 1;
        TARGET(translate_leave)(c);
    }
    if (!ra && !c->delivering)
        TARGET(translate_due)(c);
    if (stale) { /* an event, so at the exact place and time */
        TARGET(cpu_restore_state)(c->cs, ra, false);
        TARGET(translate_time_begin)(c, ra);
        tlb_flush_op(c, TLB_VA, va, 0, false);
        translate_io_end(c);
    }
    if (!ra)
        c->fetch_fault = true;
    c->stats.faults++;
    if (error == WALK_NON_CANONICAL) /* what delivery writes is the frame */
        x86_raise(c, c->delivering && access == ACCESS_WRITE ? EXCP_SS : EXCP_GP, 0, ra);
    *x86_cr(c->env, 2) = va;
    x86_raise(c, EXCP_PF, error, ra);
}

/* A store into the page of its own block: what follows it in the block may be stale, so it must come last. */
static void end_block(struct cpu *c, uint64_t pa, uintptr_t ra)
{
    int index;
    char *tb = TARGET(translate_find)(c, ra, &index);
    struct ram *r = ram_find(c->core, pa);
    uint64_t addr = r->offset + (pa - r->base);
    if (tb && (AT(uint64_t, tb, TB_PAGE_ADDR) == addr || AT(uint64_t, tb, TB_PAGE_ADDR + 8) == addr)) {
        TARGET(translate_io_begin)(c, ra);
        translate_io_end(c);
    }
}

/* What the engine may do with a page of RAM without coming back here. A page is never both writable and executable in
 * it, so that stores stay on the fast path and dirty pages and stale code are seen; reading may come with either. */
static int grant_ram(struct cpu *c, uint8_t *host, uint64_t va, enum access access, unsigned may)
{
    struct page *p = page_of(c->core, host);
    size_t n = (size_t)(p - c->core->pages);
    int prot = (int)may & PROT_READ;
    if (access == ACCESS_FETCH) {
        page_grant_fetch(c, host, va);
        return prot | PROT_EXEC;
    }
    if (access == ACCESS_WRITE || (may & PROT_WRITE && p->dirty && !p->code)) {
        page_grant_write(c, host, va);
        return prot | PROT_WRITE;
    }
    if (may & PROT_EXEC && p->code >> c->index & 1 && c->core->code_va[n] == va) /* constants beside code */
        prot |= PROT_EXEC;
    return prot;
}

/* Where the soft TLB keeps `va`, if it does. */
static char *soft_entry(char *env, uint64_t va, int mmu_idx)
{
    char *fast = env - SOFT_TLB_FAST + mmu_idx * SOFT_TLB_FAST_SIZE;
    uint64_t at = va >> (PAGE_SHIFT - SOFT_TLB_ENTRY_BITS) & AT(uint64_t, fast, SOFT_TLB_MASK);
    return AT(char *, fast, SOFT_TLB_TABLE) + at;
}

static bool tlb_fill(char *cs, uint64_t va, int size, int type, int mmu_idx, bool probe, uintptr_t ra)
{
    (void)size;
    struct cpu *c = cpu_of(cs);
    enum access access = type == 0 ? ACCESS_READ : type == 1 ? ACCESS_WRITE : ACCESS_FETCH;
    unsigned privilege = mmu_idx == MMU_USER ? 0 : mmu_idx == MMU_KSMAP ? 2 : 1;
    uint64_t regs[X86_WALK_WORDS], page = va & PAGE_MASK, pa;
    walk_registers(c, regs);
    struct tlb_entry *e = regs[X86_WALK_CR0] & CR0_PG ? tlb_find(c, va, 0) : NULL;
    uint32_t perms;

    c->stats.fills++;
    cpu_slow(c, 1);
    if (e && x86_rights(regs, e->perms, privilege) >> access & 1 && (access != ACCESS_WRITE || e->perms & PERM_DIRTY)) {
        perms = e->perms;
        pa = e->pa;
    } else {
        struct walk w = x86_walk_ram(c->core, regs, va, access, privilege);
        if (!w.ok) {
            if (probe)
                return false;
            page_fault(c, va, access, w.fault, e, ra);
        }
        perms = w.perms;
        pa = w.pa;
        if (!w.nonpaging)
            tlb_insert(c, va, 0, &w);
    }
    unsigned may = x86_rights(regs, perms, privilege);
    if (!(perms & PERM_DIRTY)) /* the first write has to come here */
        may &= ~(unsigned)PROT_WRITE;
    uint8_t *host = ram_ptr(c->core, pa);
    int prot;
    if (host) {
        if (access == ACCESS_WRITE && ra && page_of(c->core, host)->code)
            end_block(c, pa, ra);
        prot = grant_ram(c, host, page, access, may);
    } else if (access == ACCESS_FETCH) {
        pa = VOID_PA;
        prot = PROT_EXEC;
        mark_fetched(c, page);
    } else {
        prot = (int)may & (PROT_READ | PROT_WRITE);
    }
    set_page(cs, page, pa, prot, mmu_idx, PAGE_SIZE);
    if (host && prot & PROT_WRITE) { /* no code is in it, and it is marked: the first store need not say so again */
        uint64_t *write = &AT(uint64_t, soft_entry(c->env, page, mmu_idx), SOFT_TLB_WRITE);
        if (*write == (page | SOFT_TLB_NOTDIRTY))
            *write = page;
    }
    return true;
}

uint64_t x86_mmio_read(struct cpu *c, uint64_t pa, unsigned size)
{
    bool nothing;
    TARGET(translate_io_begin)(c, AT(uintptr_t, c->cs, CS_MEM_IO_PC));
    uint64_t value = core_io_read(c, false, pa, size, &nothing);
    translate_io_end(c);
    return value;
}

void x86_mmio_write(struct cpu *c, uint64_t pa, unsigned size, uint64_t value)
{
    bool nothing;
    TARGET(translate_io_begin)(c, AT(uintptr_t, c->cs, CS_MEM_IO_PC));
    core_io_write(c, false, pa, size, value, &nothing);
    translate_io_end(c);
}

/* ---- control registers (Intel SDM volume 3A, 2.5): their reserved bits, and what they flush ---------------------- */

#define CR0_KNOWN 0xe005003fu /* PG CD NW AM WP NE ET TS EM MP PE: others below bit 32 are ignored */
#define CR0_NW (1ull << 29)
#define CR0_CD (1ull << 30)
#define CR4_KNOWN 0x3107fcu /* SMAP SMEP FSGSBASE OSXMMEXCPT OSFXSR PCE PGE MCE PAE PSE DE TSD */
#define CR4_REMAPS (CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP | CR4_SMAP)
#define CR0_REMAPS (CR0_PG | CR0_WP | CR0_PE)

static bool write_cr0(struct cpu *c, uint64_t v)
{
    char *env = c->env;
    uint64_t old = *x86_cr(env, 0), cr4 = *x86_cr(env, 4), efer = AT(uint64_t, env, ENV_EFER);
    bool long_code = AT(uint32_t, env, SEG(SEG_CS) + SEG_FLAGS) & DESC_L;
    if (v >> 32 || (v & CR0_PG && !(v & CR0_PE)) || (v & CR0_NW && !(v & CR0_CD)))
        return false;
    if (v & ~old & CR0_PG && efer & EFER_LME && (!(cr4 & CR4_PAE) || (long_code && !(efer & EFER_LMA))))
        return false; /* LMA without PG: the flat 64-bit state that a loader may set up */
    if (old & ~v & CR0_PG && AT(uint32_t, env, ENV_HFLAGS) & HF_CS64)
        return false;
    update_cr0(env, (uint32_t)v & CR0_KNOWN);
    if ((old ^ v) & CR0_REMAPS)
        tlb_flush_op(c, TLB_ALL, 0, 0, false);
    return true;
}

static bool write_cr3(struct cpu *c, uint64_t v)
{
    bool long_mode = AT(uint64_t, c->env, ENV_EFER) & EFER_LMA;
    if (long_mode && v >> PA_BITS)
        return false;
    *x86_cr(c->env, 3) = v;
    if (*x86_cr(c->env, 0) & CR0_PG)
        tlb_flush_op(c, *x86_cr(c->env, 4) & CR4_PGE ? TLB_ALL_NONGLOBAL : TLB_ALL, 0, 0, false);
    return true;
}

static bool write_cr4(struct cpu *c, uint64_t v)
{
    uint64_t old = *x86_cr(c->env, 4);
    if (v & ~(uint64_t)CR4_KNOWN || (AT(uint64_t, c->env, ENV_EFER) & EFER_LMA && !(v & CR4_PAE)))
        return false;
    update_cr4(c->env, (uint32_t)v);
    if ((old ^ v) & CR4_REMAPS)
        tlb_flush_op(c, TLB_ALL, 0, 0, false);
    return true;
}

static bool write_cr8(struct cpu *c, uint64_t v, uintptr_t ra)
{
    struct chip *apic = x86_apic(c);
    if (v >> 4)
        return false;
    if (apic) {
        TARGET(translate_time_begin)(c, ra);
        apic_cr8_write(apic, c->index, (unsigned)v);
        translate_io_end(c);
    }
    return true;
}

static void write_cr(struct cpu *c, int n, uint64_t v, uintptr_t ra)
{
    bool ok = true;
    switch (n) {
    case 0:
        ok = write_cr0(c, v);
        break;
    case 3:
        ok = write_cr3(c, v);
        break;
    case 4:
        ok = write_cr4(c, v);
        break;
    case 8:
        ok = write_cr8(c, v, ra);
        break;
    default:
        *x86_cr(c->env, (unsigned)n) = v;
    }
    if (!ok)
        x86_raise(c, EXCP_GP, 0, ra);
}

/* Each of these ends its block. */
EXPORT void TARGET(helper_write_crN)(char *env, int n, uint64_t v)
{
    ORIGINAL(void (*)(void *, int, uint64_t), original, TARGET_NAME("helper_write_crN"));
    struct cpu *c = x86_cpu(env);
    if (c)
        write_cr(c, n, v, (uintptr_t)__builtin_return_address(0));
    else
        original(env, n, v);
}

/* PE can be set this way, not cleared. */
EXPORT void TARGET(helper_lmsw)(char *env, uint64_t v)
{
    ORIGINAL(void (*)(void *, uint64_t), original, TARGET_NAME("helper_lmsw"));
    struct cpu *c = x86_cpu(env);
    if (!c) {
        original(env, v);
        return;
    }
    TARGET(cpu_restore_state)(c->cs, (uintptr_t)__builtin_return_address(0), false); /* its block has not stored RIP */
    write_cr(c, 0, (*x86_cr(env, 0) & ~(uint64_t)0xe) | (v & 0xf), (uintptr_t)__builtin_return_address(0));
}

EXPORT uint64_t TARGET(helper_read_crN)(char *env, int n)
{
    ORIGINAL(uint64_t (*)(void *, int), original, TARGET_NAME("helper_read_crN"));
    struct cpu *c = x86_cpu(env);
    if (!c)
        return original(env, n);
    if (n != 8)
        return *x86_cr(env, (unsigned)n);
    struct chip *apic = x86_apic(c);
    return apic ? apic_cr8(apic, c->index) : 0;
}

/* Ends its block. Global pages go too; an address that is not canonical is no address. */
EXPORT void TARGET(helper_invlpg)(char *env, uint64_t va)
{
    ORIGINAL(void (*)(void *, uint64_t), original, TARGET_NAME("helper_invlpg"));
    struct cpu *c = x86_cpu(env);
    if (!c)
        original(env, va);
    else if (!(AT(uint64_t, env, ENV_EFER) & EFER_LMA)) /* pages of 4 MiB: rare, and not worth looking for */
        tlb_flush_op(c, TLB_ALL, 0, 0, false);
    else if (x86_canonical(va))
        tlb_flush_op(c, TLB_VA, va, 0, false);
}

/* ---- descriptors and frames ------------------------------------------------------------------------------------ */

/* Delivery and return go through the IDT, the GDT, the TSS and the stack with a general (and slow) access each. Where
 * the soft TLB permits the access without any side effect, this is where it lies on the host; else NULL. */
static void *direct(char *env, uint64_t va, int mmu_idx, unsigned size, unsigned kind)
{
    char *entry = soft_entry(env, va, mmu_idx);
    if (AT(uint64_t, entry, kind) != (va & PAGE_MASK) || va % PAGE_SIZE > PAGE_SIZE - size || !x86_cpu(env))
        return NULL;
    return (void *)(va + AT(uint64_t, entry, SOFT_TLB_ADDEND));
}

#define LOAD(letter, type, result)                                                                                     \
    EXPORT result TARGET(cpu_ld##letter##_mmuidx_ra)(char *env, uint64_t va, int mmu_idx, uintptr_t ra)                \
    {                                                                                                                  \
        ORIGINAL(result (*)(void *, uint64_t, int, uintptr_t), original, TARGET_NAME("cpu_ld" #letter "_mmuidx_ra"));  \
        const void *p = direct(env, va, mmu_idx, sizeof(type), SOFT_TLB_READ);                                         \
        type value;                                                                                                    \
        return p ? (memcpy(&value, p, sizeof value), value) : original(env, va, mmu_idx, ra);                          \
    }
LOAD(uw, uint16_t, uint32_t)
LOAD(l, uint32_t, uint32_t)
LOAD(q, uint64_t, uint64_t)

EXPORT void TARGET(cpu_stq_mmuidx_ra)(char *env, uint64_t va, uint64_t value, int mmu_idx, uintptr_t ra)
{
    ORIGINAL(void (*)(void *, uint64_t, uint64_t, int, uintptr_t), original, TARGET_NAME("cpu_stq_mmuidx_ra"));
    void *p = direct(env, va, mmu_idx, sizeof value, SOFT_TLB_WRITE);
    if (p)
        memcpy(p, &value, sizeof value);
    else
        original(env, va, value, mmu_idx, ra);
}

/* ---- I/O ports ------------------------------------------------------------------------------------------------- */

#define TSS_IO_MAP 0x66u
#define TSS_32 9u /* type of an available one; 11 is a busy one */
#define RFLAGS_VM (1u << 17)
#define IOPL(eflags) ((eflags) >> 12 & 3)

/* With CPL > IOPL (or in virtual-8086 mode) each port has a bit in the TSS, which must be 0; two bytes are read, so
 * that no access needs more (Intel SDM volume 1, 19.5.2). */
static void check_port(struct cpu *c, uint32_t port, unsigned size, uintptr_t ra)
{
    char *env = c->env;
    uint64_t eflags = AT(uint64_t, env, ENV_EFLAGS), tss = AT(uint64_t, env, ENV_TR + SEG_BASE);
    if (!(*x86_cr(env, 0) & CR0_PE) || (x86_cpl(env) <= IOPL(eflags) && !(eflags & RFLAGS_VM)))
        return;
    uint32_t limit = AT(uint32_t, env, ENV_TR + SEG_LIMIT), flags = AT(uint32_t, env, ENV_TR + SEG_FLAGS);
    bool refused = !(flags & DESC_P) || (flags >> 8 & 13) != TSS_32 || limit < TSS_IO_MAP + 1;
    if (!refused) {
        int idx = AT(uint32_t, env, ENV_HFLAGS) & HF_SMAP ? MMU_KSMAP : MMU_KNOSMAP;
        uint32_t at = load_word(env, tss + TSS_IO_MAP, idx, ra) + (port >> 3);
        refused = at + 1 > limit || load_word(env, tss + at, idx, ra) >> (port & 7) & ((1u << size) - 1);
    }
    if (refused)
        x86_raise(c, EXCP_GP, 0, ra);
}

static uint64_t port_in(struct cpu *c, uint32_t port, unsigned size, uintptr_t ra)
{
    bool nothing;
    port &= 0xffff;
    check_port(c, port, size, ra);
    TARGET(translate_io_begin)(c, ra);
    uint64_t value = core_io_read(c, true, port, size, &nothing);
    translate_io_end(c);
    return value;
}

static void port_out(struct cpu *c, uint32_t port, unsigned size, uint32_t value, uintptr_t ra)
{
    bool nothing;
    port &= 0xffff;
    check_port(c, port, size, ra);
    TARGET(translate_io_begin)(c, ra);
    core_io_write(c, true, port, size, size < 4 ? value & ((1u << 8 * size) - 1) : value, &nothing);
    translate_io_end(c);
}

#define PORT(letter, size)                                                                                             \
    EXPORT uint64_t TARGET(helper_in##letter)(char *env, uint32_t port)                                                \
    {                                                                                                                  \
        ORIGINAL(uint64_t (*)(void *, uint32_t), original, TARGET_NAME("helper_in" #letter));                          \
        struct cpu *c = x86_cpu(env);                                                                                  \
        return c ? port_in(c, port, size, (uintptr_t)__builtin_return_address(0)) : original(env, port);               \
    }                                                                                                                  \
    EXPORT void TARGET(helper_out##letter)(char *env, uint32_t port, uint32_t value)                                   \
    {                                                                                                                  \
        ORIGINAL(void (*)(void *, uint32_t, uint32_t), original, TARGET_NAME("helper_out" #letter));                   \
        struct cpu *c = x86_cpu(env);                                                                                  \
        if (c)                                                                                                         \
            port_out(c, port, size, value, (uintptr_t)__builtin_return_address(0));                                    \
        else                                                                                                           \
            original(env, port, value);                                                                                \
    }
PORT(b, 1)
PORT(w, 2)
PORT(l, 4)

void x86_flush(struct cpu *c) { soft_flush(c->cs); }
void x86_flush_page(struct cpu *c, uint64_t va) { soft_flush_page(c->cs, va); }
void x86_drop_code(struct cpu *c, uint64_t ram_addr, uint64_t size) { soft_drop(c->uc, ram_addr, ram_addr + size); }

void x86_mmu_attach(struct cpu *c)
{
    *(void **)&set_page = unicorn_symbol("tlb_set_page_x86_64");
    *(void **)&soft_flush = unicorn_symbol("tlb_flush_x86_64");
    *(void **)&soft_flush_page = unicorn_symbol("tlb_flush_page_x86_64");
    *(void **)&soft_drop = unicorn_symbol("tb_invalidate_phys_range_x86_64");
    *(void **)&update_cr0 = unicorn_symbol("cpu_x86_update_cr0_x86_64");
    *(void **)&update_cr4 = unicorn_symbol("cpu_x86_update_cr4_x86_64");
    *(void **)&load_word = unicorn_symbol("cpu_lduw_mmuidx_ra_x86_64");
    AT(void *, AT(char *, c->cs, CS_CLASS), CC_TLB_FILL) = (void *)tlb_fill;
}
