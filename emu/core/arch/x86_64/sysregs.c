/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * MSRs, CPUID, time and random numbers. Unicorn checks no reserved bit, knows no local APIC and takes time and
 * randomness from the host; here each register has its rule (Intel SDM volume 4; AMD APM volume 2, appendix A), and
 * what is not in the table is #GP(0).
 */
#include "../../chips/chips.h"
#include "cpu.h"

#define RA ((uintptr_t)__builtin_return_address(0))
#define CR4_TSD (1ull << 2)

static void (*native_cpuid)(void *env, uint32_t leaf, uint32_t count, uint32_t *a, uint32_t *b, uint32_t *c,
                            uint32_t *d);

/* ---- time and random numbers ----------------------------------------------------------------------------------- */

/* 1 GHz: a nanosecond of virtual time a tick. */
static uint64_t read_tsc(struct cpu *c, uintptr_t ra)
{
    TARGET(translate_time_begin)(c, ra);
    uint64_t v = core_now(c->core) + c->st->arch[X86_TSC_OFFSET];
    translate_io_end(c);
    return v;
}

static void return_pair(char *env, uint64_t v)
{
    *x86_reg(env, RAX) = (uint32_t)v;
    *x86_reg(env, RDX) = v >> 32;
}

static void rdtsc(struct cpu *c, uintptr_t ra)
{
    if (*x86_cr(c->env, 4) & CR4_TSD && x86_cpl(c->env))
        x86_raise(c, EXCP_GP, 0, ra);
    return_pair(c->env, read_tsc(c, ra));
}

EXPORT void TARGET(helper_rdtsc)(char *env)
{
    ORIGINAL(void (*)(void *), original, TARGET_NAME("helper_rdtsc"));
    struct cpu *c = x86_cpu(env);
    if (c)
        rdtsc(c, RA);
    else
        original(env);
}

EXPORT void TARGET(helper_rdtscp)(char *env)
{
    ORIGINAL(void (*)(void *), original, TARGET_NAME("helper_rdtscp"));
    struct cpu *c = x86_cpu(env);
    if (!c) {
        original(env);
        return;
    }
    rdtsc(c, RA);
    *x86_reg(env, RCX) = AT(uint32_t, env, ENV_TSC_AUX);
}

/* No counters: every index is out of range. */
EXPORT void TARGET(helper_rdpmc)(char *env)
{
    ORIGINAL(void (*)(void *), original, TARGET_NAME("helper_rdpmc"));
    struct cpu *c = x86_cpu(env);
    if (c)
        x86_raise(c, EXCP_GP, 0, RA);
    original(env);
}

/* RDRAND and RDSEED: never without a number, so CF is 1 and the other arithmetic flags 0. */
EXPORT uint64_t TARGET(helper_rdrand)(char *env)
{
    ORIGINAL(uint64_t (*)(void *), original, TARGET_NAME("helper_rdrand"));
    struct cpu *c = x86_cpu(env);
    if (!c)
        return original(env);
    AT(uint64_t, env, ENV_CC_SRC) = 1;
    return core_random(c->core);
}

/* ---- MSRs ------------------------------------------------------------------------------------------------------ */

#define MSR_TSC 0x10u
#define MSR_APIC_BASE 0x1bu
#define MSR_PATCH_LEVEL 0x8bu
#define MSR_MTRRCAP 0xfeu
#define MSR_SYSENTER_CS 0x174u
#define MSR_SYSENTER_ESP 0x175u
#define MSR_SYSENTER_EIP 0x176u
#define MSR_MCG_CAP 0x179u
#define MSR_MCG_STATUS 0x17au
#define MSR_MISC_ENABLE 0x1a0u
#define MSR_DEBUGCTL 0x1d9u
#define MSR_MTRR_VAR 0x200u
#define MSR_MTRR_FIX64K 0x250u
#define MSR_MTRR_FIX16K 0x258u
#define MSR_MTRR_FIX4K 0x268u
#define MSR_PAT 0x277u
#define MSR_MTRR_DEFTYPE 0x2ffu
#define MSR_EFER 0xc0000080u
#define MSR_SYSCFG 0xc0010010u
#define MSR_HWCR 0xc0010015u
#define MTRRCAP 0x508u  /* WC, fixed ranges, 8 variable ones */
#define PATCH_LEVEL 0x01000065u
#define EFER_KNOWN (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)

/* Memory types: 0 UC, 1 WC, 4 WT, 5 WP, 6 WB, and in the PAT 7 UC-. */
static bool types_valid(uint64_t v, unsigned n, unsigned mask)
{
    for (unsigned i = 0; i < n; i++, v >>= 8)
        if ((v & 0xff) > 7 || !(mask >> (v & 7) & 1))
            return false;
    return true;
}
#define MTRR_TYPES 0x73u
#define PAT_TYPES 0xf3u

enum rule { ANY, LOW32, CANONICAL, MTRR_FIX, PAT_RULE };

/* Plain registers: where they are kept, and what may be written. */
static const struct plain {
    uint32_t number;
    uint16_t offset;
    uint8_t size, rule;
} plain[] = {
    {MSR_SYSENTER_CS, ENV_SYSENTER_CS, 4, LOW32},
    {MSR_SYSENTER_ESP, ENV_SYSENTER_ESP, 8, CANONICAL},
    {MSR_SYSENTER_EIP, ENV_SYSENTER_EIP, 8, CANONICAL},
    {MSR_MISC_ENABLE, ENV_MISC_ENABLE, 8, ANY},
    {MSR_PAT, ENV_PAT, 8, PAT_RULE},
    {0xc0000081, ENV_STAR, 8, ANY},
    {0xc0000082, ENV_LSTAR, 8, CANONICAL},
    {0xc0000083, ENV_CSTAR, 8, CANONICAL},
    {0xc0000084, ENV_FMASK, 8, LOW32},
    {0xc0000100, SEG(SEG_FS) + SEG_BASE, 8, CANONICAL},
    {0xc0000101, SEG(SEG_GS) + SEG_BASE, 8, CANONICAL},
    {0xc0000102, ENV_KERNELGSBASE, 8, CANONICAL},
    {0xc0000103, ENV_TSC_AUX, 8, LOW32},
    {MSR_MTRR_FIX64K, ENV_MTRR_FIXED, 8, MTRR_FIX},
    {MSR_MTRR_FIX16K, ENV_MTRR_FIXED + 8, 8, MTRR_FIX},
    {MSR_MTRR_FIX16K + 1, ENV_MTRR_FIXED + 16, 8, MTRR_FIX},
};

static bool find_plain(uint32_t number, struct plain *p)
{
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (plain[i].number == number) {
            *p = plain[i];
            return true;
        }
    if (number - MSR_MTRR_FIX4K < 8) {
        *p = (struct plain){number, (uint16_t)(ENV_MTRR_FIXED + 24 + 8 * (number - MSR_MTRR_FIX4K)), 8, MTRR_FIX};
        return true;
    }
    return false;
}

static bool read_msr(struct cpu *c, uint32_t number, uint64_t *v, uintptr_t ra)
{
    struct chip *apic = x86_apic(c);
    struct plain p;
    if (find_plain(number, &p)) {
        *v = p.size == 4 ? AT(uint32_t, c->env, p.offset) : AT(uint64_t, c->env, p.offset);
        return true;
    }
    if (number - MSR_MTRR_VAR < 16) {
        *v = AT(uint64_t, c->env, ENV_MTRR_VAR + 8 * (number - MSR_MTRR_VAR));
        return true;
    }
    switch (number) {
    case MSR_TSC:
        *v = read_tsc(c, ra);
        return true;
    case MSR_APIC_BASE:
        *v = apic ? apic_base(apic, c->index) : 0;
        return apic;
    case MSR_EFER:
        *v = AT(uint64_t, c->env, ENV_EFER);
        return true;
    case MSR_MTRR_DEFTYPE:
        *v = AT(uint64_t, c->env, ENV_MTRR_DEFTYPE);
        return true;
    case MSR_MCG_STATUS:
        *v = AT(uint64_t, c->env, ENV_MCG_STATUS);
        return true;
    case MSR_MTRRCAP:
        *v = MTRRCAP;
        return true;
    case MSR_PATCH_LEVEL:
        *v = (uint64_t)PATCH_LEVEL << 32;
        return true;
    case MSR_MCG_CAP: /* machine-check banks: none */
    case MSR_DEBUGCTL:
    case MSR_SYSCFG:
    case MSR_HWCR:
        *v = 0;
        return true;
    default:
        return false;
    }
}

static bool write_efer(struct cpu *c, uint64_t v, uintptr_t ra)
{
    uint64_t *efer = &AT(uint64_t, c->env, ENV_EFER), old = *efer;
    if (v & ~EFER_KNOWN || ((old ^ v) & EFER_LME && *x86_cr(c->env, 0) & CR0_PG))
        return false;
    *efer = (v & ~EFER_LMA) | (old & EFER_LMA);
    if ((old ^ v) & EFER_NXE) {
        TARGET(translate_time_begin)(c, ra);
        tlb_flush_op(c, TLB_ALL, 0, 0, false);
        translate_io_end(c);
    }
    return true;
}

static bool write_plain(struct cpu *c, const struct plain *p, uint64_t v)
{
    if ((p->rule == LOW32 && v >> 32) || (p->rule == CANONICAL && !x86_canonical(v)) ||
        (p->rule == MTRR_FIX && !types_valid(v, 8, MTRR_TYPES)) ||
        (p->rule == PAT_RULE && !types_valid(v, 8, PAT_TYPES)))
        return false;
    if (p->size == 4)
        AT(uint32_t, c->env, p->offset) = (uint32_t)v;
    else
        AT(uint64_t, c->env, p->offset) = v;
    return true;
}

static bool write_msr(struct cpu *c, uint32_t number, uint64_t v, uintptr_t ra)
{
    struct chip *apic = x86_apic(c);
    struct plain p;
    bool ok;
    if (find_plain(number, &p))
        return write_plain(c, &p, v);
    if (number - MSR_MTRR_VAR < 16) {
        ok = !(v >> PA_BITS) && (number & 1 ? !(v & 0x7ff) : !(v & 0xf00) && types_valid(v, 1, MTRR_TYPES));
        if (ok)
            AT(uint64_t, c->env, ENV_MTRR_VAR + 8 * (number - MSR_MTRR_VAR)) = v;
        return ok;
    }
    switch (number) {
    case MSR_TSC:
        c->st->arch[X86_TSC_OFFSET] += v - read_tsc(c, ra);
        return true;
    case MSR_APIC_BASE: /* may change an interrupt: the last of its block */
        TARGET(translate_io_begin)(c, ra);
        ok = apic && apic_base_write(apic, c->index, v);
        translate_io_end(c);
        return ok;
    case MSR_EFER:
        return write_efer(c, v, ra);
    case MSR_MTRR_DEFTYPE:
        ok = !(v & ~(uint64_t)0xcff) && types_valid(v, 1, MTRR_TYPES);
        if (ok)
            AT(uint64_t, c->env, ENV_MTRR_DEFTYPE) = v;
        return ok;
    case MSR_MCG_STATUS: /* software can clear it, not set it */
        if (!v)
            AT(uint64_t, c->env, ENV_MCG_STATUS) = 0;
        return !v;
    case MSR_DEBUGCTL:
    case MSR_SYSCFG:
    case MSR_HWCR:
        return !v;
    default:
        return false;
    }
}

static _Noreturn void refuse(struct cpu *c, uint32_t number, bool write, uint64_t v, uintptr_t ra)
{
    if (event_wanted(c->core, EVENT_SYSREG)) {
        TARGET(translate_time_begin)(c, ra);
        event_put(c, (struct event){.kind = EVENT_SYSREG, .code = write, .flags = x86_cpl(c->env), .pc = x86_pc(c),
                                    .a = number, .b = v});
        translate_io_end(c);
    }
    x86_raise(c, EXCP_GP, 0, ra);
}

EXPORT void TARGET(helper_rdmsr)(char *env)
{
    ORIGINAL(void (*)(void *), original, TARGET_NAME("helper_rdmsr"));
    struct cpu *c = x86_cpu(env);
    uint64_t v;
    if (!c) {
        original(env);
        return;
    }
    uint32_t number = (uint32_t)*x86_reg(env, RCX);
    if (!read_msr(c, number, &v, RA))
        refuse(c, number, false, 0, RA);
    return_pair(env, v);
}

EXPORT void TARGET(helper_wrmsr)(char *env)
{
    ORIGINAL(void (*)(void *), original, TARGET_NAME("helper_wrmsr"));
    struct cpu *c = x86_cpu(env);
    if (!c) {
        original(env);
        return;
    }
    uint32_t number = (uint32_t)*x86_reg(env, RCX);
    uint64_t v = (uint32_t)*x86_reg(env, RAX) | *x86_reg(env, RDX) << 32;
    if (!write_msr(c, number, v, RA))
        refuse(c, number, true, v, RA);
}

/* ---- CPUID: what works, and nothing else ----------------------------------------------------------------------- */

#define LEVEL 0x16u
#define XLEVEL 0x8000001eu
#define HYPERVISOR (1u << 31)
#define RDSEED (1u << 18)
#define INVARIANT_TSC (1u << 8)
#define HYPER_THREADS (1u << 28)
#define CMP_LEGACY (1u << 1)

/* The model's words reduced to what the engine does: no XSAVE and nothing that needs it (AVX, FMA, F16C), no SVM, no
 * PCID, x2APIC, TSC deadline; MWAIT would be no wait. The decoder obeys the same words. */
static const struct {
    enum feature word;
    uint32_t keep, add;
} features[] = {
    {FEATURE_1_EDX, ~0u, 0},
    {FEATURE_1_ECX, 0x42d82203, HYPERVISOR}, /* RDRAND AES POPCNT MOVBE SSE4.2 SSE4.1 CX16 SSSE3 PCLMULQDQ SSE3 */
    {FEATURE_7_EBX, 0x1980389, RDSEED},      /* CLWB CLFLUSHOPT SMAP ADX ERMS BMI2 SMEP BMI1 FSGSBASE */
    {FEATURE_7_ECX, 0, 0},
    {FEATURE_7_EDX, 0, 0},
    {FEATURE_7_1_EAX, 0, 0},
    {FEATURE_80000001_EDX, ~(1u << 25), 0},  /* not FFXSR */
    {FEATURE_80000001_ECX, 0x71, 0},         /* SSE4A ABM AltMovCr8 LahfSahf */
    {FEATURE_80000007_EDX, 0, INVARIANT_TSC},
    {FEATURE_80000008_EBX, 0, 0},
    {FEATURE_SVM, 0, 0},
    {FEATURE_XSAVE, 0, 0},
    {FEATURE_XSAVE_COMP_LO, 0, 0},
    {FEATURE_XSAVE_COMP_HI, 0, 0},
};

static void cpuid(struct cpu *c, uint32_t leaf, uint32_t count, uint32_t r[4])
{
    uint32_t n = c->core->ncpu, shift = 0;
    r[0] = r[1] = r[2] = r[3] = 0;
    if ((leaf < 0x40000000 && leaf > LEVEL) || leaf > XLEVEL || (leaf > 0x40000001 && leaf < 0x80000000))
        return;
    native_cpuid(c->env, leaf, count, &r[0], &r[1], &r[2], &r[3]);
    while (1u << shift < n)
        shift++;
    switch (leaf) {
    case 1:
        r[1] = c->index << 24 | (n > 1 ? n << 16 : 0) | 8 << 8; /* CLFLUSH: 64 bytes */
        r[3] |= n > 1 ? HYPER_THREADS : 0;
        break;
    case 0xb: /* one thread a core, one package */
        r[0] = count == 1 ? shift : 0;
        r[1] = count == 0 ? 1 : count == 1 ? n : 0;
        r[2] = (count & 0xff) | (count < 2 ? (count + 1) << 8 : 0);
        r[3] = c->index;
        break;
    case 0x15: /* the TSC counts a crystal of 1 GHz */
        r[0] = r[1] = 1;
        r[2] = 1000000000;
        r[3] = 0;
        break;
    case 0x16: /* base, maximum, bus: MHz */
        r[0] = r[1] = r[2] = 1000;
        r[3] = 0;
        break;
    case 0x80000001:
        r[2] |= n > 1 ? CMP_LEGACY : 0;
        break;
    case 0x80000008:
        r[2] = n - 1;
        break;
    }
}

EXPORT void TARGET(helper_cpuid)(char *env)
{
    ORIGINAL(void (*)(void *), original, TARGET_NAME("helper_cpuid"));
    struct cpu *c = x86_cpu(env);
    if (!c) {
        original(env);
        return;
    }
    uint32_t r[4];
    cpuid(c, (uint32_t)*x86_reg(env, RAX), (uint32_t)*x86_reg(env, RCX), r);
    *x86_reg(env, RAX) = r[0];
    *x86_reg(env, RBX) = r[1];
    *x86_reg(env, RCX) = r[2];
    *x86_reg(env, RDX) = r[3];
}

void x86_sysregs_attach(struct cpu *c)
{
    *(void **)&native_cpuid = unicorn_symbol("cpu_x86_cpuid_x86_64");
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        uint64_t *word = &AT(uint64_t, c->env, ENV_FEATURES + 8 * features[i].word);
        *word = (*word & features[i].keep) | features[i].add;
    }
    AT(uint32_t, c->env, ENV_CPUID_LEVEL) = LEVEL;
}
