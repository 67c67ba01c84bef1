/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Exceptions, system calls, and the returns from them. Unicorn stops at each exception and asks a hook instead of
 * delivering it; the hook counts what retired, lets the target's own code go through IDT, TSS and stack, and goes on in
 * the same run. A fault of the delivery itself comes here again, as a double fault where the manual says so; the third
 * is a shutdown (Intel SDM volume 3A, 6.15, interrupt 8).
 */
#include <unicorn/unicorn.h>

#include "cpu.h"

#define SYSCALL 0x100 /* code of its event: beyond every vector */
#define COUNT_HIGH 62 /* exceptions[]: all vectors from here on together */
#define COUNT_SYSCALL 63
#define RFLAGS_VM_RF_IF 0x30200u
#define RFLAGS_RF 0x10000u
#define RFLAGS_DF 0x400u
#define ARITHMETIC 0x8d5u
#define DR_TYPE(dr7, n) ((dr7) >> (16 + 4 * (n)) & 3)

static void (*do_interrupt)(void *);
static void (*raise_exception)(void *env, int vector, int error, uintptr_t ra);
static void (*loop_exit)(void *);

_Noreturn void x86_raise(struct cpu *c, int vector, unsigned error, uintptr_t ra)
{
    raise_exception(c->env, vector, (int)error, ra);
    __builtin_unreachable(); /* it unwinds */
}

/* #DB is a fault for an instruction breakpoint, a trap for a data or I/O breakpoint (17.3.1). A single step has said
 * by itself that its instruction is done. */
static bool debug_trap(const char *env)
{
    uint64_t dr6 = AT(uint64_t, env, ENV_DR + 48), dr7 = AT(uint64_t, env, ENV_DR + 56);
    for (unsigned i = 0; i < 4; i++)
        if (dr6 >> i & 1 && DR_TYPE(dr7, i) == 0 && AT(uint64_t, env, ENV_DR + 8 * i) == AT(uint64_t, env, ENV_EIP))
            return false;
    return true;
}

static void deliver(struct cpu *c)
{
    char *env = c->env;
    struct core *core = c->core;
    unsigned vector = AT(uint32_t, c->cs, CS_EXCEPTION_INDEX) & 0xff, length = AT(uint32_t, env, ENV_EXCEPTION_IS_INT);
    bool wanted = event_wanted(core, EVENT_EXCEPTION);
    struct event e = {.kind = EVENT_EXCEPTION, .code = (uint16_t)vector, .flags = x86_cpl(env) | length << 8};

    /* INT n retires when it has been delivered; until then a fault (its gate's DPL, the stack) is one of its own. */
    TARGET(translate_exception)(c, !length && vector == EXCP_DB && debug_trap(env));
    if (length)
        AT(uint64_t, env, ENV_EIP) = AT(uint64_t, env, ENV_EXCEPTION_NEXT_EIP) - length;
    if (wanted) {
        e.pc = x86_pc(c) + length;
        e.a = (uint32_t)AT(int32_t, env, ENV_ERROR_CODE);
        e.b = vector == EXCP_PF ? *x86_cr(env, 2) : 0;
        e.c = x86_flags(c);
    }
    c->exceptions[vector < COUNT_HIGH ? vector : COUNT_HIGH]++;
    c->delivering = true;
    do_interrupt(c->cs);
    c->delivering = false;
    if (length)
        cpu_set_left(c, cpu_left(c) - 1);
    if (wanted) {
        e.target = x86_pc(c);
        e.flags |= x86_cpl(env) << 2;
        event_put(c, e);
    }
    cpu_exception_taken(c);
}

static void on_exception(uc_engine *uc, uint32_t vector, void *user)
{
    (void)uc, (void)vector;
    deliver(user);
}

static bool on_invalid(uc_engine *uc, void *user)
{
    (void)uc;
    deliver(user);
    return true;
}

/* The third fault: a shutdown, which a PC answers with a reset. One symbol for all targets. */
EXPORT void qemu_system_reset_request(char *uc)
{
    ORIGINAL(void (*)(void *), original, "qemu_system_reset_request");
    char *cs = AT(char *, uc, UC_CPU);
    struct cpu *c = cs ? cpu_of(cs) : NULL;
    original(uc);
    if (!c)
        return;
    c->restored = c->delivering = c->fetch_fault = false;
    core_end(c->core, STOP_TRIPLE_FAULT, 0);
}

/* INT n, INT3: "is an INT" tells its length too, so that a fault of its delivery finds the instruction again. */
EXPORT void TARGET(helper_raise_interrupt)(char *env, int vector, int length)
{
    ORIGINAL(void (*)(void *, int, int), original, TARGET_NAME("helper_raise_interrupt"));
    struct cpu *c = x86_cpu(env);
    if (!c) {
        original(env, vector, length);
        return;
    }
    AT(int32_t, c->cs, CS_EXCEPTION_INDEX) = vector;
    AT(int32_t, env, ENV_ERROR_CODE) = 0;
    AT(int32_t, env, ENV_EXCEPTION_IS_INT) = length;
    AT(uint64_t, env, ENV_EXCEPTION_NEXT_EIP) = AT(uint64_t, env, ENV_EIP) + (uint64_t)length;
    loop_exit(c->cs);
}

/* Comes at the end of its instruction, which has retired. */
EXPORT void TARGET(helper_single_step)(char *env)
{
    ORIGINAL(void (*)(void *), original, TARGET_NAME("helper_single_step"));
    struct cpu *c = x86_cpu(env);
    if (c)
        c->restored = true;
    original(env);
}

/* What stands behind the instruction that `ra` lies in did not retire. */
static void give_back_rest(struct cpu *c, uintptr_t ra)
{
    int index;
    char *tb = TARGET(translate_find)(c, ra, &index);
    if (tb)
        cpu_set_left(c, cpu_left(c) + AT(uint16_t, tb, TB_ICOUNT) - index - 1);
    c->restored = true;
}

/* Raise in mid-block without a return address, after their instruction. */
EXPORT void TARGET(helper_into)(char *env, int length)
{
    ORIGINAL(void (*)(void *, int), original, TARGET_NAME("helper_into"));
    struct cpu *c = x86_cpu(env);
    if (c && x86_flags(c) & 0x800)
        give_back_rest(c, (uintptr_t)__builtin_return_address(0));
    original(env, length);
}

EXPORT void TARGET(helper_bpt_io)(char *env, uint32_t port, uint32_t size, uint64_t next_eip)
{
    ORIGINAL(void (*)(void *, uint32_t, uint32_t, uint64_t), original, TARGET_NAME("helper_bpt_io"));
    struct cpu *c = x86_cpu(env);
    if (c) {
        int64_t left = cpu_left(c);
        give_back_rest(c, (uintptr_t)__builtin_return_address(0));
        original(env, port, size, next_eip);
        cpu_set_left(c, left); /* no breakpoint was hit */
        c->restored = false;
        return;
    }
    original(env, port, size, next_eip);
}

/* ---- system calls ---------------------------------------------------------------------------------------------- */

#define FLAT_CODE (DESC_G | DESC_P | DESC_S | DESC_CODE | DESC_RW | DESC_ACCESSED)
#define FLAT_DATA (DESC_G | DESC_B | DESC_P | DESC_S | DESC_RW | DESC_ACCESSED)

/* Flags while the engine runs: arithmetic ones and DF have places of their own. */
static void set_running_flags(char *env, uint64_t v)
{
    AT(uint64_t, env, ENV_CC_SRC) = v & ARITHMETIC;
    AT(uint32_t, env, ENV_CC_OP) = CC_OP_EFLAGS;
    AT(int32_t, env, ENV_DF) = v & RFLAGS_DF ? -1 : 1;
    AT(uint64_t, env, ENV_EFLAGS) = (v & ~(uint64_t)(ARITHMETIC | RFLAGS_DF)) | 2;
}

/* SYSCALL (AMD APM volume 3; Intel SDM volume 2B). Its block has stored RIP and the flags. */
EXPORT void TARGET(helper_syscall)(char *env, int length)
{
    ORIGINAL(void (*)(void *, int), original, TARGET_NAME("helper_syscall"));
    struct cpu *c = x86_cpu(env);
    if (!c) {
        original(env, length);
        return;
    }
    if (!(AT(uint64_t, env, ENV_EFER) & EFER_SCE))
        x86_raise(c, EXCP_UD, 0, (uintptr_t)__builtin_return_address(0));
    uint64_t star = AT(uint64_t, env, ENV_STAR), flags = x86_flags(c), number = *x86_reg(env, RAX);
    uint64_t next = AT(uint64_t, env, ENV_EIP) + (uint64_t)length;
    uint32_t *hidden = &AT(uint32_t, env, ENV_HFLAGS), before = *hidden & HF_CPL_MASK;
    uint32_t cs = (uint32_t)(star >> 32) & 0xfffc;
    if (*hidden & HF_LMA) {
        bool long_mode = *hidden & HF_CS64;
        *x86_reg(env, RCX) = next;
        *x86_reg(env, R11) = flags & ~(uint64_t)RFLAGS_RF;
        set_running_flags(env, flags & ~(AT(uint64_t, env, ENV_FMASK) | RFLAGS_RF));
        x86_set_segment(env, SEG(SEG_CS), cs, 0, UINT32_MAX, FLAT_CODE | DESC_L);
        x86_set_segment(env, SEG(SEG_SS), (cs + 8) & 0xfffc, 0, UINT32_MAX, FLAT_DATA);
        *hidden = (*hidden & ~(HF_CPL_MASK | HF_ADDSEG)) | HF_CS32 | HF_SS32 | HF_CS64;
        AT(uint64_t, env, ENV_EIP) = AT(uint64_t, env, long_mode ? ENV_LSTAR : ENV_CSTAR);
    } else {
        *x86_reg(env, RCX) = (uint32_t)next;
        set_running_flags(env, flags & ~(uint64_t)RFLAGS_VM_RF_IF);
        x86_set_segment(env, SEG(SEG_CS), cs, 0, UINT32_MAX, FLAT_CODE | DESC_B);
        x86_set_segment(env, SEG(SEG_SS), (cs + 8) & 0xfffc, 0, UINT32_MAX, FLAT_DATA);
        x86_update_hidden(env);
        AT(uint64_t, env, ENV_EIP) = (uint32_t)star;
    }
    c->exceptions[COUNT_SYSCALL]++;
    if (event_wanted(c->core, EVENT_EXCEPTION))
        event_put(c, (struct event){.kind = EVENT_EXCEPTION, .code = SYSCALL, .flags = before | (uint32_t)length << 8,
                                    .pc = next, .target = x86_pc(c), .c = flags, .d = number});
}

/* SYSENTER is undefined in an AMD processor's long mode; Unicorn never does it elsewhere either. */
EXPORT void TARGET(helper_sysenter)(char *env, int length)
{
    ORIGINAL(void (*)(void *, int), original, TARGET_NAME("helper_sysenter"));
    struct cpu *c = x86_cpu(env);
    uintptr_t ra = (uintptr_t)__builtin_return_address(0);
    if (!c) {
        original(env, length);
        return;
    }
    uint32_t cs = AT(uint32_t, env, ENV_SYSENTER_CS) & 0xfffc;
    if (AT(uint32_t, env, ENV_HFLAGS) & HF_LMA)
        x86_raise(c, EXCP_UD, 0, ra);
    if (!cs)
        x86_raise(c, EXCP_GP, 0, ra);
    AT(uint64_t, env, ENV_EFLAGS) &= ~(uint64_t)RFLAGS_VM_RF_IF;
    x86_set_segment(env, SEG(SEG_CS), cs, 0, UINT32_MAX, FLAT_CODE | DESC_B);
    x86_set_segment(env, SEG(SEG_SS), cs + 8, 0, UINT32_MAX, FLAT_DATA);
    x86_update_hidden(env);
    *x86_reg(env, RSP) = (uint32_t)AT(uint64_t, env, ENV_SYSENTER_ESP);
    AT(uint64_t, env, ENV_EIP) = (uint32_t)AT(uint64_t, env, ENV_SYSENTER_EIP);
}

/* ---- returns --------------------------------------------------------------------------------------------------- */

/* Around an original that raises with our own frame as return address: translate.inc falls back to helper_ra. */
static struct event return_begin(struct cpu *c, uintptr_t ra)
{
    struct event e = {.kind = EVENT_RETURN, .flags = x86_cpl(c->env)};
    c->helper_ra = ra;
    if (event_wanted(c->core, EVENT_RETURN))
        e.pc = TARGET(translate_pc)(c, ra);
    return e;
}

static void return_end(struct cpu *c, struct event e, bool always)
{
    unsigned after = x86_cpl(c->env);
    c->helper_ra = 0;
    if (!event_wanted(c->core, EVENT_RETURN) || (!always && after == (e.flags & 3)))
        return;
    e.flags |= after << 2;
    e.target = x86_pc(c);
    e.c = x86_flags(c);
    event_put(c, e);
}

EXPORT void TARGET(helper_iret_protected)(char *env, int shift, int next_eip)
{
    ORIGINAL(void (*)(void *, int, int), original, TARGET_NAME("helper_iret_protected"));
    struct cpu *c = x86_cpu(env);
    if (!c) {
        original(env, shift, next_eip);
        return;
    }
    struct event e = return_begin(c, (uintptr_t)__builtin_return_address(0));
    original(env, shift, next_eip);
    return_end(c, e, true);
}

EXPORT void TARGET(helper_lret_protected)(char *env, int shift, int addend)
{
    ORIGINAL(void (*)(void *, int, int), original, TARGET_NAME("helper_lret_protected"));
    struct cpu *c = x86_cpu(env);
    if (!c) {
        original(env, shift, addend);
        return;
    }
    struct event e = return_begin(c, (uintptr_t)__builtin_return_address(0));
    original(env, shift, addend);
    return_end(c, e, false); /* within a privilege level it is a jump */
}

EXPORT void TARGET(helper_sysret)(char *env, int size)
{
    ORIGINAL(void (*)(void *, int), original, TARGET_NAME("helper_sysret"));
    struct cpu *c = x86_cpu(env);
    if (!c) {
        original(env, size);
        return;
    }
    struct event e = return_begin(c, (uintptr_t)__builtin_return_address(0));
    original(env, size);
    return_end(c, e, true);
}

const char *x86_trap_attach(struct cpu *c)
{
    static uc_hook hooks[2];
    *(void **)&do_interrupt = unicorn_symbol("x86_cpu_do_interrupt_x86_64");
    *(void **)&raise_exception = unicorn_symbol("raise_exception_err_ra_x86_64");
    *(void **)&loop_exit = unicorn_symbol("cpu_loop_exit_x86_64");
    uc_err e = uc_hook_add(c->uc, &hooks[0], UC_HOOK_INTR, (void *)on_exception, c, 1, 0);
    if (!e)
        e = uc_hook_add(c->uc, &hooks[1], UC_HOOK_INSN_INVALID, (void *)on_invalid, c, 1, 0);
    return e ? uc_strerror(e) : NULL;
}
