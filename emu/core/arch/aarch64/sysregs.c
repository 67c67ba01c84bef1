/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * System registers that Unicorn leaves out or takes from the host: the generic timer from virtual time, TLB maintenance
 * on the architectural TLB, FP traps, and identification registers that claim only what is there.
 */
#include "cpu.h"
#include "walk.h"
#include "../../chips/chips.h"

#define CP_AA64 (1u << 28 | 0x13u << 16)
#define REG(op0, op1, crn, crm, op2) (CP_AA64 | (op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

static char *(*find_reg)(void *table, uint32_t key);

static struct cpu *owner(char *env) { return cpu_of(env - ENV); }

/* ---- generic timer --------------------------------------------------------------------------------------------- */

static uint64_t timer_read(char *env, char *ri)
{
    struct cpu *c = owner(env);
    struct chip *t = &c->core->chips[c->core->timer];
    TARGET(translate_time_begin)(c, c->io_ra);
    uint64_t value = t->ops->read(t, 0, (uint64_t)AT(uintptr_t, ri, RI_OPAQUE), 8, c->index);
    translate_io_end(c);
    return value;
}

/* A write ends its block, so what it changes is seen by the next instruction. */
static void timer_write(char *env, char *ri, uint64_t value)
{
    struct cpu *c = owner(env);
    struct chip *t = &c->core->chips[c->core->timer];
    TARGET(translate_time_begin)(c, c->io_ra);
    t->ops->write(t, 0, (uint64_t)AT(uintptr_t, ri, RI_OPAQUE), 8, value, c->index);
    translate_io_end(c);
}

/* The register functions are not told where they are called from. */
EXPORT uint64_t TARGET(helper_get_cp_reg64)(char *env, void *ri)
{
    ORIGINAL(uint64_t (*)(void *, void *), original, TARGET_NAME("helper_get_cp_reg64"));
    struct cpu *c = owner(env);
    if (c)
        c->io_ra = (uintptr_t)__builtin_return_address(0);
    return original(env, ri);
}

EXPORT void TARGET(helper_set_cp_reg64)(char *env, void *ri, uint64_t value)
{
    ORIGINAL(void (*)(void *, void *, uint64_t), original, TARGET_NAME("helper_set_cp_reg64"));
    struct cpu *c = owner(env);
    if (c)
        c->io_ra = (uintptr_t)__builtin_return_address(0);
    original(env, ri, value);
}

/* ---- TLB maintenance: DDI 0487 D8.17. The opaque word is the operation. ---------------------------------------- */

enum { OP_BROADCAST = 0x100 };

static void tlbi_write(char *env, char *ri, uint64_t value)
{
    struct cpu *c = owner(env);
    uintptr_t op = AT(uintptr_t, ri, RI_OPAQUE);
    uint64_t va = (uint64_t)((int64_t)(value << 20) >> 8); /* bits 55:12 of the address in 43:0, sign from bit 55 */
    tlb_flush_op(c, (enum tlb_op)(op & 0xff), va, (uint16_t)(value >> 48), op & OP_BROADCAST);
}

/* ---- address translation: DDI 0487 D8.14. Unicorn's own walker fills PAR_EL1, but only for what ours translates -- */

static void (*original_at)(void *env, void *ri, uint64_t value);

static void at_write(char *env, char *ri, uint64_t va)
{
    struct cpu *c = owner(env);
    uintptr_t op = AT(uintptr_t, ri, RI_OPAQUE); /* bit 0: as a write; bit 1: as EL0 */
    struct walk w = a64_walk_now(c, va, op & 1 ? ACCESS_WRITE : ACCESS_READ, op & 2 ? 0 : 1);
    if (w.ok)
        original_at(env, ri, va);
    else if ((w.fault & 0x3c) == 0x14) /* taken as an abort of the AT: CM and WnR are set */
        a64_abort(c, va, ACCESS_WRITE, a64_syndrome(ACCESS_WRITE, false, w.fault) | 1u << 8, c->io_ra, NULL);
    else
        AT(uint64_t, env, ENV_PAR_EL + 8) = 1u << 11 | (uint64_t)w.fault << 1 | 1; /* FST, F */
}

/* ---- FP and SIMD traps: CPACR_EL1.FPEN, which Unicorn never looks at ------------------------------------------- */

EXPORT int TARGET(fp_exception_el)(char *env, int el)
{
    ORIGINAL(int (*)(void *, int), original, TARGET_NAME("fp_exception_el"));
    struct cpu *c = owner(env);
    if (!c)
        return original(env, el);
    unsigned fpen = AT(uint64_t, env, ENV_CPACR_EL1) >> 20 & 3;
    return el > 1 || fpen == 3 || (fpen == 1 && el == 1) ? 0 : 1;
}

/* ---- performance monitors: not there. Unicorn would read the host's clock at every exception for counters that stay
 * zero, so ID_AA64DFR0_EL1 says that there are none and the bookkeeping is left out. ------------------------------- */

EXPORT void TARGET(pmu_op_start)(char *env)
{
    ORIGINAL(void (*)(void *), original, TARGET_NAME("pmu_op_start"));
    if (!owner(env))
        original(env);
}

EXPORT void TARGET(pmu_op_finish)(char *env)
{
    ORIGINAL(void (*)(void *), original, TARGET_NAME("pmu_op_finish"));
    if (!owner(env))
        original(env);
}

static const struct {
    uint32_t key;
    uint16_t value; /* timer offset, TLB operation or kind of AT */
    uint8_t what;
} mended[] = {
    {REG(3, 3, 14, 0, 0), CNTFRQ, 'f'},
    {REG(3, 3, 14, 0, 1), CNTPCT, 'r'},
    {REG(3, 3, 14, 0, 2), CNTVCT, 'r'},
    {REG(3, 3, 14, 2, 0), CNTP_TVAL, 't'},
    {REG(3, 3, 14, 2, 1), CNTP_CTL, 't'},
    {REG(3, 3, 14, 2, 2), CNTP_CVAL, 't'},
    {REG(3, 3, 14, 3, 0), CNTV_TVAL, 't'},
    {REG(3, 3, 14, 3, 1), CNTV_CTL, 't'},
    {REG(3, 3, 14, 3, 2), CNTV_CVAL, 't'},
    {REG(1, 0, 8, 7, 0), TLB_ALL, 'm'},
    {REG(1, 0, 8, 7, 1), TLB_VA, 'm'},
    {REG(1, 0, 8, 7, 2), TLB_ASID, 'm'},
    {REG(1, 0, 8, 7, 3), TLB_VA_ALL_ASID, 'm'},
    {REG(1, 0, 8, 7, 5), TLB_VA, 'm'},
    {REG(1, 0, 8, 7, 7), TLB_VA_ALL_ASID, 'm'},
    {REG(1, 0, 8, 3, 0), TLB_ALL | OP_BROADCAST, 'm'},
    {REG(1, 0, 8, 3, 1), TLB_VA | OP_BROADCAST, 'm'},
    {REG(1, 0, 8, 3, 2), TLB_ASID | OP_BROADCAST, 'm'},
    {REG(1, 0, 8, 3, 3), TLB_VA_ALL_ASID | OP_BROADCAST, 'm'},
    {REG(1, 0, 8, 3, 5), TLB_VA | OP_BROADCAST, 'm'},
    {REG(1, 0, 8, 3, 7), TLB_VA_ALL_ASID | OP_BROADCAST, 'm'},
    {REG(1, 0, 7, 8, 0), 0, 'a'},
    {REG(1, 0, 7, 8, 1), 1, 'a'},
    {REG(1, 0, 7, 8, 2), 2, 'a'},
    {REG(1, 0, 7, 8, 3), 3, 'a'},
};

const char *a64_sysregs_attach(struct cpu *c)
{
    *(void **)&find_reg = unicorn_symbol("get_arm_cp_reginfo_aarch64");
    void *table = AT(void *, c->cs, CPU_CP_REGS);
    for (size_t i = 0; i < sizeof mended / sizeof *mended; i++) {
        char *ri = find_reg(table, mended[i].key);
        if (!ri)
            return "a system register of the Cortex-A72 is missing from this library";
        AT(uintptr_t, ri, RI_OPAQUE) = mended[i].value;
        switch (mended[i].what) {
        case 't':
            AT(void *, ri, RI_WRITEFN) = (void *)timer_write;
            AT(void *, ri, RI_READFN) = (void *)timer_read;
            break;
        case 'r':
            AT(void *, ri, RI_READFN) = (void *)timer_read;
            break;
        case 'm':
            AT(void *, ri, RI_WRITEFN) = (void *)tlbi_write;
            break;
        case 'a':
            if (AT(void *, ri, RI_WRITEFN) != (void *)at_write)
                *(void **)&original_at = AT(void *, ri, RI_WRITEFN);
            AT(void *, ri, RI_WRITEFN) = (void *)at_write;
            break;
        }
    }
    /* ID_AA64PFR0_EL1: no EL2 and no EL3 for the guest, as on the virt board without virtualization and security. */
    char *pfr0 = find_reg(table, REG(3, 0, 0, 4, 0));
    if (!pfr0)
        return "ID_AA64PFR0_EL1 is missing from this library";
    AT(uint64_t, pfr0, RI_RESETVALUE) &= ~(uint64_t)0xff00;
    char *dfr0 = find_reg(table, REG(3, 0, 0, 5, 0));
    if (!dfr0)
        return "ID_AA64DFR0_EL1 is missing from this library";
    AT(uint64_t, dfr0, RI_RESETVALUE) &= ~(uint64_t)0xf00; /* PMUVer */
    AT(uint64_t, c->cs, CPU_MP_AFFINITY) = c->index;
    return NULL;
}
