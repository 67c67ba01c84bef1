/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The x86-64 processor that a guest sees: opening, state by name, copies for snapshots, hashes.
 */
#include <stdio.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "../../chips/chips.h"
#include "cpu.h"

#define ARITHMETIC 0x8d5u /* CF PF AF ZF SF OF: kept apart while the engine runs */
#define RFLAGS_DF 0x400u
#define RFLAGS_RF_VM 0x30000u
#define DR7_RESET 0x400u
#define DR6_RESET 0xffff0ff0u
#define PAT_RESET 0x0007040600070406u
#define MXCSR_RESET 0x1f80u
#define SMBASE_RESET 0x30000u
#define CR0_RESET 0x60000010u
#define FPUS_TOP 0x3800u

static void (*update_hflags)(void *env);
static uint64_t (*read_eflags)(void *env);
static void (*update_dr7)(void *env, uint32_t);
static void (*load_fpu_control)(void *env, uint32_t);
static void (*load_mxcsr)(void *env, uint32_t);
static void (*init_fpu)(void *env);

/* Unicorn's own way leaves TF, IOPL and VM in the hidden flags, where nothing takes them out again. */
void x86_update_hidden(char *env)
{
    update_hflags(env);
    AT(uint32_t, env, ENV_HFLAGS) &= ~HF_EFLAGS_BITS;
}

void x86_set_segment(char *env, unsigned offset, uint32_t selector, uint64_t base, uint32_t limit, uint32_t flags)
{
    AT(uint32_t, env, offset + SEG_SELECTOR) = selector;
    AT(uint64_t, env, offset + SEG_BASE) = base;
    AT(uint32_t, env, offset + SEG_LIMIT) = limit;
    AT(uint32_t, env, offset + SEG_FLAGS) = flags;
}

static bool inside(struct cpu *c) { return c->core->active_running && c->core->active == c; }

/* All of RFLAGS. Outside a run the engine keeps it whole as well as apart, and both agree. */
uint64_t x86_flags(struct cpu *c) { return read_eflags(c->env) | (AT(uint64_t, c->env, ENV_EFLAGS) & RFLAGS_RF_VM); }

void x86_set_flags(struct cpu *c, uint64_t v)
{
    char *env = c->env;
    AT(uint64_t, env, ENV_CC_SRC) = v & ARITHMETIC;
    AT(uint32_t, env, ENV_CC_OP) = CC_OP_EFLAGS;
    AT(int32_t, env, ENV_DF) = v & RFLAGS_DF ? -1 : 1;
    AT(uint64_t, env, ENV_EFLAGS) = (inside(c) ? v & ~(uint64_t)(ARITHMETIC | RFLAGS_DF) : v) | 2;
}

static const char *prepare(struct cpu *c)
{
    uc_err e = uc_ctl_set_cpu_model(c->uc, UC_CPU_X86_EPYC_ROME);
    return e ? uc_strerror(e) : NULL;
}

/* After RESET (Intel SDM volume 3A, table 9-1); irq.c makes INIT of it. */
void x86_reset(struct cpu *c)
{
    char *env = c->env;
    if (AT(uint64_t, env, ENV_DR + 56) != DR7_RESET)
        update_dr7(env, DR7_RESET); /* takes the engine's breakpoints away */
    memset(env, 0, ENV_STATE_SIZE);
    memset(env + ENV_MTRR_FIXED, 0, ENV_MTRR_END - ENV_MTRR_FIXED);
    *x86_reg(env, RDX) = AT(uint32_t, env, ENV_CPUID_VERSION);
    AT(uint64_t, env, ENV_EIP) = 0xfff0;
    AT(uint32_t, env, ENV_HFLAGS2) = HF2_GIF;
    AT(int32_t, env, ENV_A20_MASK) = -1;
    AT(int32_t, env, ENV_OLD_EXCEPTION) = -1;
    AT(uint64_t, env, ENV_XCR0) = 1;
    AT(uint64_t, env, ENV_MISC_ENABLE) = 1;
    AT(uint64_t, env, ENV_PAT) = PAT_RESET;
    AT(uint32_t, env, ENV_SMBASE) = SMBASE_RESET;
    AT(uint64_t, env, ENV_DR + 48) = DR6_RESET;
    AT(uint64_t, env, ENV_DR + 56) = DR7_RESET;
    *x86_cr(env, 0) = CR0_RESET;
    x86_set_segment(env, SEG(SEG_CS), 0xf000, 0xffff0000, 0xffff,
                    DESC_P | DESC_S | DESC_CODE | DESC_RW | DESC_ACCESSED);
    for (unsigned i = 0; i < 6; i++)
        if (i != SEG_CS)
            x86_set_segment(env, SEG(i), 0, 0, 0xffff, DESC_P | DESC_S | DESC_RW | DESC_ACCESSED);
    x86_set_segment(env, ENV_LDT, 0, 0, 0xffff, DESC_P | 2 << 8);
    x86_set_segment(env, ENV_TR, 0, 0, 0xffff, DESC_P | 11 << 8);
    x86_set_segment(env, ENV_GDT, 0, 0, 0xffff, 0);
    x86_set_segment(env, ENV_IDT, 0, 0, 0xffff, 0);
    init_fpu(env);
    load_mxcsr(env, MXCSR_RESET);
    x86_set_flags(c, 2);
    x86_update_hidden(env);
    memset(c->st->arch, 0, sizeof c->st->arch);
    tlb_flush_op(c, TLB_ALL, 0, 0, false);
    c->restored = c->delivering = c->fetch_fault = false;
    c->helper_ra = 0;
}

static const char *open_cpu(struct cpu *c)
{
    *(void **)&update_hflags = unicorn_symbol("x86_update_hflags_x86_64");
    *(void **)&read_eflags = unicorn_symbol("helper_read_eflags_x86_64");
    *(void **)&update_dr7 = unicorn_symbol("cpu_x86_update_dr7_x86_64");
    *(void **)&load_fpu_control = unicorn_symbol("helper_fldcw_x86_64");
    *(void **)&load_mxcsr = unicorn_symbol("helper_ldmxcsr_x86_64");
    *(void **)&init_fpu = unicorn_symbol("helper_fninit_x86_64");
    c->env = c->cs + ENV;
    TARGET(translate_attach)(c);
    x86_mmu_attach(c);
    x86_irq_attach(c);
    x86_sysregs_attach(c);
    return x86_trap_attach(c);
}

static uint64_t code_base(struct cpu *c) { return AT(uint64_t, c->env, SEG(SEG_CS) + SEG_BASE); }
uint64_t x86_pc(struct cpu *c) { return code_base(c) + AT(uint64_t, c->env, ENV_EIP); }
/* uc_emu_start() writes this to RIP, which counts from the segment's base. */
static uint64_t start_pc(struct cpu *c) { return AT(uint64_t, c->env, ENV_EIP); }
static void set_pc(struct cpu *c, uint64_t v) { AT(uint64_t, c->env, ENV_EIP) = v - code_base(c); }
static unsigned privilege(struct cpu *c) { return x86_cpl(c->env); }

/* ---- registers by name ----------------------------------------------------------------------------------------- */

#define SEGMENT(name, at)                                                                                              \
    {name, (at) + SEG_SELECTOR, 2}, {name "_base", (at) + SEG_BASE, 8}, {name "_limit", (at) + SEG_LIMIT, 4},          \
        {name "_flags", (at) + SEG_FLAGS, 4}

static const struct named {
    const char *name;
    uint16_t offset, size;
} named[] = {
    {"rax", ENV_REGS + 0, 8}, {"rcx", ENV_REGS + 8, 8}, {"rdx", ENV_REGS + 16, 8}, {"rbx", ENV_REGS + 24, 8},
    {"rsp", ENV_REGS + 32, 8}, {"rbp", ENV_REGS + 40, 8}, {"rsi", ENV_REGS + 48, 8}, {"rdi", ENV_REGS + 56, 8},
    {"r8", ENV_REGS + 64, 8}, {"r9", ENV_REGS + 72, 8}, {"r10", ENV_REGS + 80, 8}, {"r11", ENV_REGS + 88, 8},
    {"r12", ENV_REGS + 96, 8}, {"r13", ENV_REGS + 104, 8}, {"r14", ENV_REGS + 112, 8}, {"r15", ENV_REGS + 120, 8},
    {"rip", ENV_EIP, 8},
    SEGMENT("es", SEG(SEG_ES)), SEGMENT("cs", SEG(SEG_CS)), SEGMENT("ss", SEG(SEG_SS)), SEGMENT("ds", SEG(SEG_DS)),
    SEGMENT("fs", SEG(SEG_FS)), SEGMENT("gs", SEG(SEG_GS)), SEGMENT("ldt", ENV_LDT), SEGMENT("tr", ENV_TR),
    {"gdt_base", ENV_GDT + SEG_BASE, 8}, {"gdt_limit", ENV_GDT + SEG_LIMIT, 4},
    {"idt_base", ENV_IDT + SEG_BASE, 8}, {"idt_limit", ENV_IDT + SEG_LIMIT, 4},
    {"cr0", ENV_CR, 8}, {"cr2", ENV_CR + 16, 8}, {"cr3", ENV_CR + 24, 8}, {"cr4", ENV_CR + 32, 8},
    {"efer", ENV_EFER, 8}, {"star", ENV_STAR, 8}, {"lstar", ENV_LSTAR, 8}, {"cstar", ENV_CSTAR, 8},
    {"fmask", ENV_FMASK, 8}, {"kernel_gs_base", ENV_KERNELGSBASE, 8}, {"tsc_aux", ENV_TSC_AUX, 4},
    {"sysenter_cs", ENV_SYSENTER_CS, 4}, {"sysenter_esp", ENV_SYSENTER_ESP, 8}, {"sysenter_eip", ENV_SYSENTER_EIP, 8},
    {"pat", ENV_PAT, 8}, {"misc_enable", ENV_MISC_ENABLE, 8}, {"mtrr_def_type", ENV_MTRR_DEFTYPE, 8},
    {"dr0", ENV_DR, 8}, {"dr1", ENV_DR + 8, 8}, {"dr2", ENV_DR + 16, 8}, {"dr3", ENV_DR + 24, 8},
    {"dr6", ENV_DR + 48, 8}, {"dr7", ENV_DR + 56, 8}, {"mxcsr", ENV_MXCSR, 4}, {"fctrl", ENV_FPUC, 2},
};

/* Without a plain place in the engine. fcw, fsw, ftw: other names of fctrl, fstat and ftag. */
static const char *const others[] = {"rflags", "cr8", "apic_base", "fstat", "ftag"};

static const char *const names[] = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    "rip", "es", "es_base", "es_limit", "es_flags", "cs", "cs_base", "cs_limit", "cs_flags", "ss", "ss_base",
    "ss_limit", "ss_flags", "ds", "ds_base", "ds_limit", "ds_flags", "fs", "fs_base", "fs_limit", "fs_flags", "gs",
    "gs_base", "gs_limit", "gs_flags", "ldt", "ldt_base", "ldt_limit", "ldt_flags", "tr", "tr_base", "tr_limit",
    "tr_flags", "gdt_base", "gdt_limit", "idt_base", "idt_limit", "cr0", "cr2", "cr3", "cr4", "efer", "star", "lstar",
    "cstar", "fmask", "kernel_gs_base", "tsc_aux", "sysenter_cs", "sysenter_esp", "sysenter_eip", "pat",
    "misc_enable", "mtrr_def_type", "dr0", "dr1", "dr2", "dr3", "dr6", "dr7", "mxcsr", "fctrl", "rflags", "cr8",
    "apic_base", "fstat", "ftag", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
    "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "st0", "st1", "st2", "st3", "st4", "st5", "st6", "st7",
    NULL,
};

/* "xmm7" -> 7 for prefix "xmm"; -1 otherwise */
static int numbered(const char *name, const char *prefix, int count)
{
    size_t n = strlen(prefix);
    char want[16];
    if (strncmp(name, prefix, n))
        return -1;
    for (int i = 0; i < count; i++) {
        snprintf(want, sizeof want, "%d", i);
        if (!strcmp(name + n, want))
            return i;
    }
    return -1;
}

static void *locate(struct cpu *c, const char *name, size_t *size)
{
    char *env = c->env;
    int n;
    if (!strcmp(name, "fcw"))
        name = "fctrl";
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (!strcmp(name, named[i].name)) {
            *size = named[i].size;
            return env + named[i].offset;
        }
    if ((n = numbered(name, "xmm", 16)) >= 0) {
        *size = 16;
        return env + ENV_XMM + 64 * n;
    }
    if ((n = numbered(name, "st", 8)) >= 0) { /* from the top of the stack */
        *size = 10;
        return env + ENV_FPREGS + 16 * ((AT(uint32_t, env, ENV_FPSTT) + (unsigned)n) & 7);
    }
    return NULL;
}

/* Two bits per register, by place and not by stack: 0 valid, 3 empty (zero and special count as valid here). */
static uint64_t fpu_tags(struct cpu *c)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v |= (AT(uint8_t, c->env, ENV_FPTAGS + i) ? 3ull : 0) << 2 * i;
    return v;
}

/* The number of a register of `others`, under any of its names; -1 otherwise. */
static int other(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } also[] = {{"eflags", 0}, {"fsw", 3}, {"ftw", 4}};
    for (int i = 0; i < (int)(sizeof others / sizeof *others); i++)
        if (!strcmp(name, others[i]))
            return i;
    for (size_t i = 0; i < sizeof also / sizeof *also; i++)
        if (!strcmp(name, also[i].name))
            return also[i].number;
    return -1;
}

static bool get_reg(struct cpu *c, const char *name, void *value, size_t *size)
{
    struct chip *apic = x86_apic(c);
    uint64_t v = 0;
    switch (other(name)) {
    case 0:
        v = x86_flags(c);
        break;
    case 1:
        v = apic ? apic_cr8(apic, c->index) : 0;
        break;
    case 2:
        v = apic ? apic_base(apic, c->index) : 0;
        break;
    case 3:
        v = (AT(uint16_t, c->env, ENV_FPUS) & ~FPUS_TOP) | (AT(uint32_t, c->env, ENV_FPSTT) & 7) << 11;
        break;
    case 4:
        v = fpu_tags(c);
        break;
    default: {
        void *p = locate(c, name, size);
        if (p)
            memcpy(value, p, *size);
        return p;
    }
    }
    *size = 8;
    memcpy(value, &v, 8);
    return true;
}

static bool set_other(struct cpu *c, int number, uint64_t v)
{
    struct chip *apic = x86_apic(c);
    switch (number) {
    case 0:
        x86_set_flags(c, v);
        x86_update_hidden(c->env);
        return true;
    case 1:
        if (apic)
            apic_cr8_write(apic, c->index, (unsigned)v & 15);
        return apic;
    case 2:
        return apic && apic_base_write(apic, c->index, v);
    case 3:
        AT(uint16_t, c->env, ENV_FPUS) = (uint16_t)(v & ~FPUS_TOP);
        AT(uint32_t, c->env, ENV_FPSTT) = v >> 11 & 7;
        return true;
    default:
        for (unsigned i = 0; i < 8; i++)
            AT(uint8_t, c->env, ENV_FPTAGS + i) = (v >> 2 * i & 3) == 3;
        return true;
    }
}

static bool set_reg(struct cpu *c, const char *name, const void *value, size_t size)
{
    char *env = c->env;
    uint64_t v = 0;
    size_t want;
    int number = other(name);
    memcpy(&v, value, size < 8 ? size : 8);
    if (number >= 0)
        return set_other(c, number, v);
    char *p = locate(c, name, &want);
    if (!p)
        return false;
    size_t offset = (size_t)(p - env);
    if (offset == ENV_MXCSR) {
        load_mxcsr(env, (uint32_t)v);
    } else if (offset == ENV_FPUC) {
        load_fpu_control(env, (uint32_t)v & 0xffff);
    } else if (offset >= ENV_DR && offset < ENV_DR + 64) {
        uint32_t dr7 = AT(uint32_t, env, ENV_DR + 56);
        update_dr7(env, DR7_RESET); /* an address changes while no breakpoint is set on it */
        if (offset != ENV_DR + 56)
            AT(uint64_t, env, offset) = v;
        update_dr7(env, offset == ENV_DR + 56 ? (uint32_t)v : dr7);
    } else {
        for (size_t i = want; i < size; i++)
            if (((const uint8_t *)value)[i])
                return false;
        memset(p, 0, want);
        memcpy(p, value, size < want ? size : want);
    }
    if (offset == ENV_EFER || (offset >= ENV_CR && offset < ENV_CR + 40 && offset != ENV_CR + 16))
        tlb_flush_op(c, TLB_ALL, 0, 0, false);
    if (offset == ENV_CR + 32) /* the one hidden flag that Unicorn's own way leaves alone */
        AT(uint32_t, env, ENV_HFLAGS) = (AT(uint32_t, env, ENV_HFLAGS) & ~HF_SMAP) | (v & CR4_SMAP ? HF_SMAP : 0);
    x86_update_hidden(env);
    return true;
}

/* ---- copies and hashes ----------------------------------------------------------------------------------------- */

#define MTRR_SIZE (ENV_MTRR_END - ENV_MTRR_FIXED)
#define POINTERS_SIZE (ENV_OLD_EXCEPTION - ENV_CPU_BREAKPOINT)

static size_t state_size(void) { return ENV_STATE_SIZE + MTRR_SIZE; }

static void save(struct cpu *c, void *to)
{
    memcpy(to, c->env, ENV_STATE_SIZE);
    memset((char *)to + ENV_CPU_BREAKPOINT, 0, POINTERS_SIZE);
    memcpy((char *)to + ENV_STATE_SIZE, c->env + ENV_MTRR_FIXED, MTRR_SIZE);
}

static void load(struct cpu *c, const void *from)
{
    uint32_t now = AT(uint32_t, c->env, ENV_DR + 56), then = *(const uint32_t *)((const char *)from + ENV_DR + 56);
    if (now != DR7_RESET)
        update_dr7(c->env, DR7_RESET);
    memcpy(c->env, from, ENV_STATE_SIZE);
    memcpy(c->env + ENV_MTRR_FIXED, (const char *)from + ENV_STATE_SIZE, MTRR_SIZE);
    if (then != DR7_RESET) {
        AT(uint64_t, c->env, ENV_DR + 56) = DR7_RESET;
        update_dr7(c->env, then);
    }
    AT(uint32_t, c->cs, CS_CFLAGS_NEXT_TB) = (uint32_t)-1;
    AT(int32_t, c->cs, CS_EXCEPTION_INDEX) = -1;
    AT(uint32_t, c->cs, CS_INTERRUPT_REQUEST) = 0;
    c->restored = c->delivering = c->fetch_fault = false;
    c->helper_ra = 0;
}

static uint64_t hash(struct cpu *c, bool all)
{
    char *env = c->env;
    uint64_t h = hash_word(hash_word(x86_pc(c), read_eflags(env)), x86_cpl(env));
    h = hash_words(h, env + ENV_REGS, 16);
    if (!all)
        return h;
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        uint64_t v = 0;
        memcpy(&v, env + named[i].offset, named[i].size);
        h = hash_word(h, v);
    }
    for (unsigned i = 0; i < 16; i++)
        h = hash_word(hash_word(h, AT(uint64_t, env, ENV_XMM + 64 * i)), AT(uint64_t, env, ENV_XMM + 64 * i + 8));
    for (unsigned i = 0; i < 8; i++)
        h = hash_word(hash_word(h, AT(uint64_t, env, ENV_FPREGS + 16 * i)), AT(uint16_t, env, ENV_FPREGS + 16 * i + 8));
    h = hash_words(h, env + ENV_MTRR_FIXED, MTRR_SIZE / 8);
    h = hash_word(hash_word(h, fpu_tags(c)), AT(uint32_t, env, ENV_FPSTT) << 16 | AT(uint16_t, env, ENV_FPUS));
    h = hash_word(h, AT(uint32_t, env, ENV_HFLAGS) & (HF_INHIBIT_IRQ | HF_CS64));
    return hash_word(h, AT(uint32_t, env, ENV_HFLAGS2) & HF2_NMI);
}

const struct arch arch_x86_64 = {
    .name = "x86_64",
    .id = ARCH_X86_64,
    .uc_arch = UC_ARCH_X86,
    .uc_mode = UC_MODE_64,
    .prepare = prepare,
    .open = open_cpu,
    .reset = x86_reset,
    .pc = x86_pc,
    .start_pc = start_pc,
    .set_pc = set_pc,
    .state_size = state_size,
    .save = save,
    .load = load,
    .hash = hash,
    .get_reg = get_reg,
    .set_reg = set_reg,
    .reg_names = names,
    .privilege = privilege,
    .update_irq = x86_update_irq,
    .has_work = x86_has_work,
    .flush = x86_flush,
    .flush_page = x86_flush_page,
    .drop_code = x86_drop_code,
    .switch_in = x86_switch_in,
    .mmio_read = x86_mmio_read,
    .mmio_write = x86_mmio_write,
    .walk = x86_walk_now,
    .walk_regs = x86_walk_regs,
};
