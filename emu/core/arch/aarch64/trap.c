/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Synchronous exceptions and their return. Unicorn stops at each one and asks a hook instead of delivering it; the hook
 * mends what Unicorn gets wrong, lets the target's own code deliver it, and goes on in the same run.
 */
#include <unicorn/unicorn.h>

#include "cpu.h"

#define EC(syndrome)           ((syndrome) >> 26)
#define EC_SVC64               0x15
#define SYNDROME_UNKNOWN       (1u << 25)                            /* EC 0 */
#define SYNDROME_FP            (0x07u << 26 | 1u << 25 | 0x1e << 20) /* COND 0xe, CV 1: see ESR_EL1, ISS for EC 0x07 */
#define SYNDROME_PC_ALIGNMENT  (0x22u << 26 | 1u << 25)
#define SYNDROME_SYSTEM        (0x18u << 26 | 1u << 25)
#define SYNDROME_ILLEGAL_STATE (0x0eu << 26 | 1u << 25)
#define PSTATE_IL              (1u << 20)

static void (*do_interrupt)(void *);

/* MSR DAIFSet/DAIFClr or MSR/MRS DAIF at EL0 (SCTLR_EL1.UMA = 0) trap with EC 0x18; Unicorn leaves the syndrome zero.
 * ISS: Op0 20-21, Op2 17-19, Op1 14-16, CRn 10-13, Rt 5-9, CRm 1-4, direction 0 (DDI 0487, ESR_EL1). */
static uint32_t daif_syndrome(struct cpu *c, uint64_t pc)
{
    struct walk w = a64_walk_now(c, pc, ACCESS_FETCH, 0);
    uint8_t *p = w.ok ? ram_ptr(c->core, w.pa + pc % PAGE_SIZE) : NULL;
    if (!p)
        return SYNDROME_UNKNOWN;
    uint32_t insn = *(uint32_t *)p, op0 = insn >> 19 & 3, op1 = insn >> 16 & 7, crn = insn >> 12 & 15,
             crm = insn >> 8 & 15, op2 = insn >> 5 & 7, rt = insn & 31, read = insn >> 21 & 1;
    bool immediate = (insn & 0xfffff01f) == 0xd503401f && (op2 == 6 || op2 == 7); /* op1 is 3 */
    if (immediate)
        return SYNDROME_SYSTEM | 0u << 20 | op2 << 17 | 3u << 14 | 4u << 10 | 31u << 5 | crm << 1;
    if (insn >> 22 == 0x354 && op0 >= 2)
        return SYNDROME_SYSTEM | op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 | crm << 1 | read;
    return SYNDROME_UNKNOWN;
}

/* SMCCC calls: PSCI by HVC. True if the firmware answered. */
static bool firmware_call(struct cpu *c, uint32_t exception)
{
    struct core *core = c->core;
    if (core->firmware < 0)
        return false;
    struct chip *f = &core->chips[core->firmware];
    uint64_t *x = &AT(uint64_t, c->env, ENV_XREGS);
    for (unsigned i = 0; i < 4; i++)
        f->ops->write(f, 0, 8 * i, 8, x[i], c->index);
    f->ops->write(f, 0, 32, 8, exception == EXCP_HVC ? 0 : 1, c->index); /* the call itself */
    if (!f->ops->read(f, 0, 40, 8, c->index))                            /* 1: it was one of ours */
        return false;
    x[0] = f->ops->read(f, 0, 0, 8, c->index);
    return true;
}

static void on_exception(uc_engine *uc, uint32_t exception, void *user)
{
    (void)uc;
    struct cpu *c = user;
    char *env = c->env;
    struct core *core = c->core;
    bool call = exception == EXCP_HVC || exception == EXCP_SMC;
    TARGET(translate_exception)(c, exception == EXCP_SWI || call);
    if (call) {
        if (exception == EXCP_HVC && firmware_call(c, exception))
            return;
        /* No EL2 or EL3 here: undefined, at the instruction itself. */
        cpu_set_left(c, cpu_left(c) + 1);
        AT(uint64_t, env, ENV_PC) -= 4;
        AT(uint32_t, env, ENV_EXCEPTION_SYNDROME) = SYNDROME_UNKNOWN;
        AT(uint32_t, env, ENV_EXCEPTION_TARGET_EL) = 1;
        AT(int32_t, c->cs, CS_EXCEPTION_INDEX) = EXCP_UDEF;
    }
    uint64_t pc = a64_pc(c);
    uint32_t *syndrome = &AT(uint32_t, env, ENV_EXCEPTION_SYNDROME);
    if (exception == EXCP_UDEF) {
        AT(uint32_t, env, ENV_EXCEPTION_TARGET_EL) = 1;
        if (pc & 3 && !a64_is_a32(c)) {
            *syndrome = SYNDROME_PC_ALIGNMENT;
            AT(uint64_t, env, ENV_FAR_EL + 8) = pc;
        } else if (EC(*syndrome) == 0x07) {
            *syndrome = SYNDROME_FP;
        } else if (*syndrome == 0) {
            *syndrome = daif_syndrome(c, pc);
        }
    }
    uint32_t before = a64_el(c), esr = *syndrome;
    c->exceptions[EC(esr)]++;
    do_interrupt(c->cs);
    if (event_wanted(core, EVENT_EXCEPTION)) {
        unsigned ec = EC(esr);
        bool far = ec == 0x20 || ec == 0x21 || ec == 0x24 || ec == 0x25 || ec == 0x22;
        event_put(c, (struct event){.kind = EVENT_EXCEPTION,
                                    .code = (uint16_t)ec,
                                    .flags = before | 1 << 2,
                                    .pc = pc,
                                    .target = AT(uint64_t, env, ENV_PC),
                                    .a = esr,
                                    .b = far ? AT(uint64_t, env, ENV_FAR_EL + 8) : 0,
                                    .c = AT(uint64_t, env, ENV_BANKED_SPSR + 8),
                                    .d = ec == EC_SVC64 ? AT(uint64_t, env, ENV_XREGS + 8 * 8) : 0});
    }
    cpu_exception_taken(c);
}

/* ERET. Its own address is needed for the event only. An illegal return (to a level or mode that is not there, or with
 * IL in SPSR) sets PSTATE.IL, with which the first instruction at the target raises EC 0x0e; Unicorn would run it. */
EXPORT void TARGET(helper_exception_return)(char *env, uint64_t new_pc)
{
    ORIGINAL(void (*)(void *, uint64_t), original, TARGET_NAME("helper_exception_return"));
    struct cpu *c = cpu_of(env - ENV);
    bool wanted = c && event_wanted(c->core, EVENT_RETURN);
    uint64_t from = wanted ? TARGET(translate_pc)(c, (uintptr_t)__builtin_return_address(0)) : 0;
    uint64_t spsr = AT(uint64_t, env, ENV_BANKED_SPSR + 8);
    original(env, new_pc);
    unsigned after = c ? a64_el(c) : 0;
    if (wanted)
        event_put(c, (struct event){
                         .kind = EVENT_RETURN, .flags = 1 | after << 2, .pc = from, .target = a64_pc(c), .c = spsr});
    if (!c || a64_is_a32(c) || !(AT(uint32_t, env, ENV_PSTATE) & PSTATE_IL))
        return;
    uint64_t pc = a64_pc(c);
    /* A misaligned PC and a fetch that faults come first (D1.3.5.5). */
    if (!(pc & 3) && a64_walk_now(c, pc, ACCESS_FETCH, after != 0).ok) {
        c->fetch_fault = true; /* ERET itself has retired */
        a64_raise(c, EXCP_UDEF, SYNDROME_ILLEGAL_STATE);
    }
}

/* Raises from mid-block without a return address (a trapped MRS or MSR). */
EXPORT void TARGET(helper_access_check_cp_reg)(char *env, void *ri, uint32_t syndrome, uint32_t is_read)
{
    ORIGINAL(void (*)(void *, void *, uint32_t, uint32_t), original, TARGET_NAME("helper_access_check_cp_reg"));
    struct cpu *c = cpu_of(env - ENV);
    if (c)
        c->helper_ra = (uintptr_t)__builtin_return_address(0);
    original(env, ri, syndrome, is_read);
    if (c)
        c->helper_ra = 0;
    __asm__ volatile(""); /* no tail call: the return address above must stay this frame's */
}

const char *a64_trap_attach(struct cpu *c)
{
    static uc_hook hook;
    *(void **)&do_interrupt = unicorn_symbol("arm_cpu_do_interrupt_aarch64");
    uc_err e = uc_hook_add(c->uc, &hook, UC_HOOK_INTR, (void *)on_exception, c, 1, 0);
    return e ? uc_strerror(e) : NULL;
}
