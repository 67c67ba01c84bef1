/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The Cortex-A72 that a guest sees: opening, state by name, copies for snapshots, hashes.
 */
#include <string.h>
#include <unicorn/unicorn.h>

#include "cpu.h"

#define SCR_EL3      0x531u       /* NS, RW, HCE: EL1 is 64-bit and non-secure */
#define HCR_EL2      (1ull << 31) /* RW */
#define RESET_PSTATE 0x3c5u       /* EL1h, DAIF masked */

static void (*rebuild_hflags)(void *);
static uint32_t (*cpsr_read)(void *);

void a64_rebuild_hflags(struct cpu *c) { rebuild_hflags(c->env); }

static const char *prepare(struct cpu *c)
{
    uc_err e = uc_ctl_set_cpu_model(c->uc, UC_CPU_ARM64_A72);
    if (!e)
        e = uc_ctl_set_page_size(c->uc, PAGE_SIZE);
    return e ? uc_strerror(e) : NULL;
}

uint32_t a64_pstate(struct cpu *c)
{
    char *env = c->env;
    if (a64_is_a32(c))
        return cpsr_read(env);
    uint32_t n = AT(uint32_t, env, ENV_NF) >> 31, z = AT(uint32_t, env, ENV_ZF) == 0,
             v = AT(uint32_t, env, ENV_VF) >> 31;
    return AT(uint32_t, env, ENV_PSTATE) | n << 31 | z << 30 | (AT(uint32_t, env, ENV_CF) & 1) << 29 | v << 28 |
           (uint32_t)AT(uint64_t, env, ENV_DAIF) | AT(uint32_t, env, ENV_BTYPE) << 10;
}

static void set_pstate(struct cpu *c, uint32_t p)
{
    char *env = c->env;
    AT(uint32_t, env, ENV_NF) = p;
    AT(uint32_t, env, ENV_ZF) = !(p >> 30 & 1);
    AT(uint32_t, env, ENV_CF) = p >> 29 & 1;
    AT(uint32_t, env, ENV_VF) = p << 3;
    AT(uint64_t, env, ENV_DAIF) = p & 0x3c0;
    AT(uint32_t, env, ENV_BTYPE) = p >> 10 & 3;
    AT(uint32_t, env, ENV_PSTATE) = p & ~0xf0000fc0u;
    rebuild_hflags(env);
}

static void reset(struct cpu *c)
{
    char *env = c->env;
    AT(uint64_t, env, ENV_SCR_EL3) = SCR_EL3;
    AT(uint64_t, env, ENV_HCR_EL2) = HCR_EL2;
    set_pstate(c, RESET_PSTATE);
}

static const char *open_cpu(struct cpu *c)
{
    *(void **)&rebuild_hflags = unicorn_symbol("arm_rebuild_hflags_aarch64");
    *(void **)&cpsr_read = unicorn_symbol("cpsr_read_aarch64");
    c->env = c->cs + ENV;
    TARGET(translate_attach)(c);
    a64_mmu_symbols();
    a64_mmu_attach(c);
    a64_irq_attach(c);
    const char *error = a64_trap_attach(c);
    return error ? error : a64_sysregs_attach(c);
}

static uint64_t pc(struct cpu *c) { return a64_pc(c); }
static void set_pc(struct cpu *c, uint64_t v)
{
    if (a64_is_a32(c))
        AT(uint32_t, c->env, ENV_R15) = (uint32_t)v;
    else
        AT(uint64_t, c->env, ENV_PC) = v;
}
static unsigned privilege(struct cpu *c) { return a64_el(c); }

/* ---- registers by name ----------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint32_t offset;
} named[] = {
    {"pc", ENV_PC},
    {"elr_el1", ENV_ELR_EL + 8},
    {"spsr_el1", ENV_BANKED_SPSR + 8},
    {"esr_el1", ENV_ESR_EL + 8},
    {"far_el1", ENV_FAR_EL + 8},
    {"vbar_el1", ENV_VBAR_EL + 8},
    {"sctlr_el1", ENV_SCTLR_EL + 8},
    {"cpacr_el1", ENV_CPACR_EL1},
    {"ttbr0_el1", ENV_TTBR0_EL + 8},
    {"ttbr1_el1", ENV_TTBR1_EL + 8},
    {"tcr_el1", ENV_TCR_EL + 16},
    {"mair_el1", ENV_MAIR_EL + 8},
    {"contextidr_el1", ENV_CONTEXTIDR_EL + 8},
    {"par_el1", ENV_PAR_EL + 8},
    {"tpidr_el0", ENV_TPIDR_EL},
    {"tpidr_el1", ENV_TPIDR_EL + 8},
    {"tpidrro_el0", ENV_TPIDRRO_EL0},
    {"cntkctl_el1", ENV_CNTKCTL},
    {"mdscr_el1", ENV_MDSCR_EL1},
};

static const char *const names[] = {
    "x0",       "x1",        "x2",        "x3",          "x4",          "x5",        "x6",       "x7",
    "x8",       "x9",        "x10",       "x11",         "x12",         "x13",       "x14",      "x15",
    "x16",      "x17",       "x18",       "x19",         "x20",         "x21",       "x22",      "x23",
    "x24",      "x25",       "x26",       "x27",         "x28",         "x29",       "x30",      "sp",
    "pc",       "pstate",    "sp_el0",    "sp_el1",      "elr_el1",     "spsr_el1",  "esr_el1",  "far_el1",
    "vbar_el1", "sctlr_el1", "cpacr_el1", "ttbr0_el1",   "ttbr1_el1",   "tcr_el1",   "mair_el1", "contextidr_el1",
    "par_el1",  "tpidr_el0", "tpidr_el1", "tpidrro_el0", "cntkctl_el1", "mdscr_el1", "fpcr",     "fpsr",
    "v0",       "v1",        "v2",        "v3",          "v4",          "v5",        "v6",       "v7",
    "v8",       "v9",        "v10",       "v11",         "v12",         "v13",       "v14",      "v15",
    "v16",      "v17",       "v18",       "v19",         "v20",         "v21",       "v22",      "v23",
    "v24",      "v25",       "v26",       "v27",         "v28",         "v29",       "v30",      "v31",
    NULL,
};

/* "x7" -> 7 for prefix 'x'; -1 otherwise */
static int numbered(const char *name, char prefix, int count)
{
    if (name[0] != prefix || name[1] < '0' || name[1] > '9')
        return -1;
    int n = name[1] - '0';
    if (name[2] >= '0' && name[2] <= '9' && n > 0 && !name[3])
        n = n * 10 + name[2] - '0';
    else if (name[2])
        return -1;
    return n < count ? n : -1;
}

/* Where a stack pointer is: the one in use lives in x31. */
static uint64_t *stack_pointer(struct cpu *c, int el)
{
    uint32_t p = a64_is_a32(c) ? 0 : AT(uint32_t, c->env, ENV_PSTATE);
    int in_use = p & 1 ? (int)(p >> 2 & 3) : 0;
    return el == in_use ? &AT(uint64_t, c->env, ENV_XREGS + 31 * 8) : &AT(uint64_t, c->env, ENV_SP_EL + 8 * el);
}

static void *locate(struct cpu *c, const char *name, size_t *size)
{
    int n;
    *size = 8;
    if ((n = numbered(name, 'x', 31)) >= 0)
        return c->env + ENV_XREGS + 8 * n;
    if ((n = numbered(name, 'v', 32)) >= 0) {
        *size = 16;
        return c->env + ENV_ZREGS + 256 * n;
    }
    if (!strcmp(name, "sp"))
        return c->env + ENV_XREGS + 31 * 8;
    if (!strcmp(name, "sp_el0"))
        return stack_pointer(c, 0);
    if (!strcmp(name, "sp_el1"))
        return stack_pointer(c, 1);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (!strcmp(name, named[i].name))
            return c->env + named[i].offset;
    return NULL;
}

static int fp_control(const char *name)
{
    return !strcmp(name, "fpcr") ? UC_ARM64_REG_FPCR : !strcmp(name, "fpsr") ? UC_ARM64_REG_FPSR : 0;
}

static bool get_reg(struct cpu *c, const char *name, void *value, size_t *size)
{
    uint64_t v = 0;
    int id = fp_control(name);
    *size = 8;
    if (id)
        uc_reg_read(c->uc, id, &v);
    else if (!strcmp(name, "pstate"))
        v = a64_pstate(c);
    else if (!strcmp(name, "pc"))
        v = a64_pc(c);
    else {
        void *p = locate(c, name, size);
        if (!p)
            return false;
        memcpy(value, p, *size);
        return true;
    }
    memcpy(value, &v, 8);
    return true;
}

static bool set_reg(struct cpu *c, const char *name, const void *value, size_t size)
{
    uint64_t v = 0;
    size_t want;
    int id = fp_control(name);
    memcpy(&v, value, size < 8 ? size : 8);
    if (id)
        return uc_reg_write(c->uc, id, &v) == UC_ERR_OK;
    if (!strcmp(name, "pstate")) {
        uint64_t sp0 = *stack_pointer(c, 0), sp1 = *stack_pointer(c, 1);
        set_pstate(c, (uint32_t)v);
        *stack_pointer(c, 0) = sp0;
        *stack_pointer(c, 1) = sp1;
        return true;
    }
    void *p = locate(c, name, &want);
    if (!p || size > want)
        return false;
    memset(p, 0, want);
    memcpy(p, value, size);
    if (!strncmp(name, "ttbr", 4) || !strcmp(name, "tcr_el1") || !strcmp(name, "sctlr_el1"))
        a64_flush(c);
    a64_rebuild_hflags(c);
    return true;
}

/* ---- copies and hashes ----------------------------------------------------------------------------------------- */

static size_t state_size(void) { return ENV_STATE_SIZE; }
static void save(struct cpu *c, void *to) { memcpy(to, c->env, ENV_STATE_SIZE); }

static void load(struct cpu *c, const void *from)
{
    memcpy(c->env, from, ENV_STATE_SIZE);
    AT(uint32_t, c->cs, CS_CFLAGS_NEXT_TB) = (uint32_t)-1;
    AT(int32_t, c->cs, CS_EXCEPTION_INDEX) = -1;
    AT(uint32_t, c->cs, CS_INTERRUPT_REQUEST) = 0;
}

static uint64_t hash(struct cpu *c, bool all)
{
    uint64_t h = hash_words(hash_word(pc(c), a64_pstate(c)), c->env + ENV_XREGS, 32);
    if (!all)
        return h;
    h = hash_word(hash_word(h, *stack_pointer(c, 0)), *stack_pointer(c, 1));
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        h = hash_word(h, AT(uint64_t, c->env, named[i].offset));
    for (int i = 0; i < 32; i++)
        h = hash_words(h, c->env + ENV_ZREGS + 256 * i, 2);
    for (int id = 0; id < 2; id++) {
        uint64_t v = 0;
        uc_reg_read(c->uc, id ? UC_ARM64_REG_FPSR : UC_ARM64_REG_FPCR, &v);
        h = hash_word(h, v);
    }
    return hash_word(h, AT(uint64_t, c->env, ENV_EXCLUSIVE_ADDR));
}

const struct arch arch_aarch64 = {
    .name = "aarch64",
    .id = ARCH_AARCH64,
    .uc_arch = UC_ARCH_ARM64,
    .uc_mode = UC_MODE_ARM,
    .prepare = prepare,
    .open = open_cpu,
    .reset = reset,
    .pc = pc,
    .start_pc = pc,
    .set_pc = set_pc,
    .state_size = state_size,
    .save = save,
    .load = load,
    .hash = hash,
    .get_reg = get_reg,
    .set_reg = set_reg,
    .reg_names = names,
    .privilege = privilege,
    .update_irq = a64_update_irq,
    .has_work = a64_has_work,
    .flush = a64_flush,
    .flush_page = a64_flush_page,
    .drop_code = a64_drop_code,
    .switch_in = a64_switch_in,
    .mmio_read = a64_mmio_read,
    .mmio_write = a64_mmio_write,
    .walk = a64_walk_now,
    .walk_regs = a64_walk_regs,
};
