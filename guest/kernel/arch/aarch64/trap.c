/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions: from ESR_EL1 (Arm ARM D17.2.37) to the neutral handlers of include/trap.h. */
#include <abi/signal.h>
#include <arch.h>
#include <arch/local.h>
#include <panic.h>
#include <printk.h>
#include <signal.h>
#include <string.h>
#include <syscall.h>

_Static_assert(offsetof(struct trapframe, sp) == TF_SP && offsetof(struct trapframe, pc) == TF_PC, "vectors.S");
_Static_assert(offsetof(struct trapframe, pstate) == TF_PSTATE && offsetof(struct trapframe, orig_x0) == TF_ORIG_X0,
               "vectors.S");
_Static_assert(offsetof(struct trapframe, syscall) == TF_SYSCALL && offsetof(struct trapframe, frame) == TF_FRAME,
               "vectors.S");
_Static_assert(sizeof(struct trapframe) == TF_SIZE && TF_SIZE % 16 == 0, "vectors.S");

#define ESR_EC(esr) (((esr) >> 26) & 0x3f)
#define ESR_WNR (1U << 6)
#define ESR_CM (1U << 8) /* cache maintenance: reported as a write, needs only read */
#define ESR_FSC(esr) ((esr) & 0x3f)

enum exception_class {
    EC_UNKNOWN = 0x00,
    EC_WFX = 0x01,
    EC_FP_ACCESS = 0x07,
    EC_ILLEGAL_STATE = 0x0e,
    EC_SVC64 = 0x15,
    EC_SYSREG = 0x18,
    EC_INSN_ABORT_LOWER = 0x20,
    EC_INSN_ABORT = 0x21,
    EC_PC_ALIGNMENT = 0x22,
    EC_DATA_ABORT_LOWER = 0x24,
    EC_DATA_ABORT = 0x25,
    EC_SP_ALIGNMENT = 0x26,
    EC_FP_EXCEPTION = 0x2c,
    EC_SERROR = 0x2f,
    EC_BREAKPOINT_LOWER = 0x30,
    EC_STEP_LOWER = 0x32,
    EC_WATCHPOINT_LOWER = 0x34,
    EC_BRK = 0x3c,
};

/* Every class we can name; those with a signal can come from user code. */
static const struct {
    const char *name;
    u8 signal, code;
    bool has_address; /* si_addr is FAR, else the pc */
} classes[64] = {
    [EC_UNKNOWN] = { "undefined instruction", SIGILL, ILL_ILLOPC, false },
    [EC_WFX] = { "trapped WFI or WFE", SIGILL, ILL_ILLOPC, false },
    [EC_FP_ACCESS] = { "FP access while disabled", SIGILL, ILL_ILLOPC, false },
    [EC_ILLEGAL_STATE] = { "illegal execution state", SIGILL, ILL_ILLOPC, false },
    [EC_SVC64] = { "system call", 0, 0, false },
    [EC_SYSREG] = { "privileged register or instruction", SIGILL, ILL_PRVOPC, false },
    [EC_INSN_ABORT_LOWER] = { "instruction abort", SIGBUS, BUS_OBJERR, true },
    [EC_INSN_ABORT] = { "instruction abort", 0, 0, true },
    [EC_PC_ALIGNMENT] = { "misaligned pc", SIGBUS, BUS_ADRALN, true },
    [EC_DATA_ABORT_LOWER] = { "data abort", SIGBUS, BUS_OBJERR, true },
    [EC_DATA_ABORT] = { "data abort", 0, 0, true },
    [EC_SP_ALIGNMENT] = { "misaligned sp", SIGBUS, BUS_ADRALN, false },
    [EC_FP_EXCEPTION] = { "floating-point exception", SIGFPE, FPE_FLTINV, false },
    [EC_SERROR] = { "asynchronous external abort", 0, 0, false },
    [EC_BREAKPOINT_LOWER] = { "hardware breakpoint", SIGTRAP, TRAP_BRKPT, false },
    [EC_STEP_LOWER] = { "single step", SIGTRAP, TRAP_TRACE, false },
    [EC_WATCHPOINT_LOWER] = { "watchpoint", SIGTRAP, TRAP_BRKPT, true },
    [EC_BRK] = { "breakpoint", SIGTRAP, TRAP_BRKPT, false },
};

static const char *const vector_names[16] = {
    "synchronous exception on SP_EL0",
    "IRQ on SP_EL0",
    "FIQ on SP_EL0",
    "SError on SP_EL0",
    "synchronous exception",
    "IRQ",
    "FIQ",
    "SError",
    "synchronous exception from EL0",
    "IRQ from EL0",
    "FIQ from EL0",
    "SError from EL0",
    "synchronous exception from AArch32",
    "IRQ from AArch32",
    "FIQ from AArch32",
    "SError from AArch32",
};

void trap_el0_sync(struct trapframe *tf, u64 esr, u64 far);
void trap_el1_sync(struct trapframe *tf, u64 esr, u64 far);
void trap_el0_serror(struct trapframe *tf, u64 esr, u64 far);
void trap_irq(struct trapframe *tf, u64 esr, u64 far);
void trap_bad(struct trapframe *tf, u64 esr, u64 far, u32 vector);

/* Fault status codes that a page table change can cure: translation, access flag, permission, at any level. */
static bool is_mmu_fault(u64 esr)
{
    u32 fsc = ESR_FSC(esr);

    return fsc >= 0x04 && fsc <= 0x0f;
}

static enum fault_access data_access(u64 esr)
{
    return esr & ESR_WNR && !(esr & ESR_CM) ? FAULT_WRITE : FAULT_READ;
}

#define FSC_ALIGNMENT 0x21

/* English for an abort's fault status code (Arm ARM D17.2.37, "ISS encoding for an exception from a Data Abort"). */
static const char *fault_status(u64 esr)
{
    static const char *const by_class[] = {
        "address size fault", "translation fault", "access flag fault",
        "permission fault",   "external abort",    "external abort on a table walk"
    };
    u32 fsc = ESR_FSC(esr);

    if (fsc == FSC_ALIGNMENT)
        return "alignment fault";
    return fsc / 4 < ARRAY_SIZE(by_class) ? by_class[fsc / 4] : "unknown status";
}

void trap_el0_sync(struct trapframe *tf, u64 esr, u64 far)
{
    u32 ec = ESR_EC(esr);

    switch (ec) {
    case EC_SVC64:
        tf->syscall = tf->x[8];
        arch_irq_enable();
        syscall_dispatch(tf);
        return;
    case EC_DATA_ABORT_LOWER:
    case EC_INSN_ABORT_LOWER:
        if (is_mmu_fault(esr)) {
            trap_page_fault(tf, far, ec == EC_INSN_ABORT_LOWER ? FAULT_EXEC : data_access(esr), true);
            return;
        }
        if (ESR_FSC(esr) == FSC_ALIGNMENT) {
            trap_user_exception(tf, SIGBUS, BUS_ADRALN, far, "misaligned access");
            return;
        }
        break;
    }
    if (!classes[ec].name)
        trap_user_exception(tf, SIGILL, ILL_ILLOPC, tf->pc, "unknown exception");
    else if (!classes[ec].signal)
        panic_trap(tf, "%s from user mode (ESR 0x%lx)", classes[ec].name, esr);
    else
        trap_user_exception(tf, classes[ec].signal, classes[ec].code, classes[ec].has_address ? far : tf->pc,
                            classes[ec].name);
}

void trap_el1_sync(struct trapframe *tf, u64 esr, u64 far)
{
    u32 ec = ESR_EC(esr);

    if (ec == EC_DATA_ABORT) {
        u64 fixup;

        if (is_mmu_fault(esr) && trap_page_fault(tf, far, data_access(esr), false))
            return;
        fixup = trap_fixup(tf->pc); /* e.g. an external abort in a user copy */
        if (fixup) {
            tf->pc = fixup;
            return;
        }
    }
    if (ec == EC_DATA_ABORT || ec == EC_INSN_ABORT)
        panic_trap(tf, "%s in the kernel at 0x%lx: %s, %s (ESR 0x%lx)", classes[ec].name, far, fault_status(esr),
                   ec == EC_INSN_ABORT ? "execute"
                   : esr & ESR_WNR     ? "write"
                                       : "read",
                   esr);
    panic_trap(tf, "%s in the kernel at 0x%lx (ESR 0x%lx)", classes[ec].name ? classes[ec].name : "unknown exception",
               tf->pc, esr);
}

void trap_el0_serror(struct trapframe *tf, u64 esr, u64 far)
{
    (void)esr;
    (void)far;
    trap_user_exception(tf, SIGBUS, BUS_OBJERR, tf->pc, "asynchronous external abort");
}

void trap_irq(struct trapframe *tf, u64 esr, u64 far)
{
    (void)esr;
    (void)far;
    trap_irq_enter();
    intc_handle(tf);
    trap_irq_exit();
}

void trap_bad(struct trapframe *tf, u64 esr, u64 far, u32 vector)
{
    panic_trap(tf, "unexpected exception: %s (ESR 0x%lx, FAR 0x%lx)", vector_names[vector & 15], esr, far);
}

void arch_syscall_restart(struct trapframe *tf)
{
    tf->x[0] = tf->orig_x0;
    tf->pc -= 4; /* svc is one instruction */
}

void arch_show_registers(const struct trapframe *tf)
{
    for (u32 i = 0; i < 30; i += 3)
        printk(LOG_EMERG, "x%-2u %016lx  x%-2u %016lx  x%-2u %016lx", i, tf->x[i], i + 1, tf->x[i + 1], i + 2,
               tf->x[i + 2]);
    printk(LOG_EMERG, "x30 %016lx  sp  %016lx  pc  %016lx", tf->x[30], tf->sp, tf->pc);
    printk(LOG_EMERG, "pstate %lx", tf->pstate);
}
