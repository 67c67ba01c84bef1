/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second half of every entry: what the vector means and who deals with it. Also the trap frames of new tasks. */
#include <abi/signal.h>
#include <arch.h>
#include <arch/local.h>
#include <mm.h>
#include <panic.h>
#include <printk.h>
#include <string.h>
#include <syscall.h>
#include <task.h>

#define TF_AT(field, offset) _Static_assert(offsetof(struct trapframe, field) == (offset), #offset)
TF_AT(r15, TF_R15);
TF_AT(r14, TF_R14);
TF_AT(r13, TF_R13);
TF_AT(r12, TF_R12);
TF_AT(rbp, TF_RBP);
TF_AT(rbx, TF_RBX);
TF_AT(r11, TF_R11);
TF_AT(r10, TF_R10);
TF_AT(r9, TF_R9);
TF_AT(r8, TF_R8);
TF_AT(rax, TF_RAX);
TF_AT(rcx, TF_RCX);
TF_AT(rdx, TF_RDX);
TF_AT(rsi, TF_RSI);
TF_AT(rdi, TF_RDI);
TF_AT(vector, TF_VECTOR);
TF_AT(error_code, TF_ERROR_CODE);
TF_AT(rip, TF_RIP);
TF_AT(cs, TF_CS);
TF_AT(rflags, TF_RFLAGS);
TF_AT(rsp, TF_RSP);
TF_AT(ss, TF_SS);
_Static_assert(sizeof(struct trapframe) == TF_SIZE, "TF_SIZE");
_Static_assert(TF_SIZE % 16 == 0, "the stack is aligned when C is called");

#define SYSCALL_INSTRUCTION_SIZE 2

/* si_code values of floating point that only this architecture gives. */
enum { FPE_FLTOVF = 4, FPE_FLTUND = 5, FPE_FLTRES = 6 };

/* Exceptions: SDM volume 3, table 6-1. `signal` 0: never the user's doing, the kernel cannot go on. */
struct exception {
    const char *name;
    int signal, code;
    bool address; /* si_addr is the instruction's, else 0 */
};

static const struct exception exceptions[VECTOR_EXCEPTIONS] = {
    [0] = { "divide error", SIGFPE, FPE_INTDIV, true },
    [1] = { "debug exception", SIGTRAP, TRAP_TRACE, true },
    [2] = { "non-maskable interrupt", 0, 0, false },
    [3] = { "breakpoint", SIGTRAP, SI_KERNEL, false },
    [4] = { "overflow", SIGSEGV, SI_KERNEL, false },
    [5] = { "bound range exceeded", SIGSEGV, SI_KERNEL, false },
    [6] = { "undefined instruction", SIGILL, ILL_ILLOPN, true },
    [7] = { "no floating-point device", 0, 0, false },
    [8] = { "double fault", 0, 0, false },
    [10] = { "invalid task-state segment", SIGSEGV, SI_KERNEL, false },
    [11] = { "segment not present", SIGBUS, SI_KERNEL, false },
    [12] = { "stack-segment fault", SIGBUS, SI_KERNEL, false },
    [13] = { "general protection fault", SIGSEGV, SI_KERNEL, false },
    [14] = { "page fault", 0, 0, false }, /* trap_page_fault decides */
    [VECTOR_X87_ERROR] = { "x87 floating-point error", SIGFPE, 0, true }, /* the code is read from the unit */
    [17] = { "alignment check", SIGBUS, BUS_ADRALN, true },
    [18] = { "machine check", 0, 0, false },
    [VECTOR_SIMD_ERROR] = { "SIMD floating-point error", SIGFPE, 0, true },
    [20] = { "virtualisation exception", 0, 0, false },
    [21] = { "control protection", SIGSEGV, SI_KERNEL, false },
};

static void page_fault(struct trapframe *tf)
{
    u64 va = read_cr2(); /* before interrupts may be on again: the next fault overwrites it */
    bool user = arch_tf_user(tf);
    enum fault_access access = tf->error_code & PF_FETCH ? FAULT_EXEC
                               : tf->error_code & PF_WRITE ? FAULT_WRITE
                                                           : FAULT_READ;

    if (tf->error_code & PF_RESERVED)
        panic_trap(tf, "reserved bit set in the page tables for %#lx", va);
    /* The kernel may fault on user memory only where it means to touch it; SMEP and SMAP turn the rest into this. */
    if (!user && (va >= USER_TOP || !trap_fixup(tf->rip)))
        panic_trap(tf, "page fault in the kernel: %s %#lx", access == FAULT_WRITE ? "write to" : access == FAULT_EXEC ?
                   "jump to" : "read from", va);
    if (!trap_page_fault(tf, va, access, user) && !user)
        panic_trap(tf, "page fault in the kernel at %#lx", va);
}

/* Which unmasked floating-point exception it was: bits 0 to 5 of the status, in the order of SDM volume 1, section
   8.1.3.3. */
static int float_code(u64 vector)
{
    u32 raised;

    if (vector == VECTOR_X87_ERROR) {
        u16 status, control;

        __asm__ volatile("fnstsw %0; fnstcw %1" : "=m"(status), "=m"(control));
        raised = status & ~(u32)control;
    } else {
        u32 mxcsr;

        __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
        raised = mxcsr & ~(mxcsr >> 7);
    }
    if (raised & 0x01)
        return FPE_FLTINV;
    if (raised & 0x04)
        return FPE_FLTDIV;
    if (raised & 0x08)
        return FPE_FLTOVF;
    if (raised & 0x12) /* denormal operand, underflow */
        return FPE_FLTUND;
    return FPE_FLTRES;
}

static void exception(struct trapframe *tf)
{
    const struct exception *e = &exceptions[tf->vector];
    const char *name = e->name ? e->name : "reserved exception";

    if (!arch_tf_user(tf) || !e->signal)
        panic_trap(tf, "%s in %s mode, vector %lu, error code %#lx", name, arch_tf_user(tf) ? "user" : "kernel",
                   tf->vector, tf->error_code);
    trap_user_exception(tf, e->signal, e->code ? e->code : float_code(tf->vector), e->address ? tf->rip : 0, name);
}

void trap_dispatch(struct trapframe *tf)
{
    bool user = arch_tf_user(tf);

    if (tf->vector == VECTOR_SYSCALL) {
        arch_irq_enable();
        syscall_dispatch(tf);
        arch_irq_disable();
    } else if (tf->vector >= VECTOR_EXCEPTIONS) {
        trap_irq_enter();
        intc_interrupt(tf->vector, user);
        trap_irq_exit();
    } else if (tf->vector == VECTOR_PAGE_FAULT) {
        page_fault(tf);
    } else {
        exception(tf);
    }
    if (user) {
        arch_irq_disable();
        trap_return_to_user(tf);
    }
}

void arch_show_registers(const struct trapframe *tf)
{
    pr_emerg("vector %lu error %#lx cr2 %016lx cr3 %016lx", tf->vector, tf->error_code, read_cr2(), read_cr3());
    pr_emerg("rip %04lx:%016lx rsp %04lx:%016lx rflags %08lx", tf->cs, tf->rip, tf->ss, tf->rsp, tf->rflags);
    pr_emerg("rax %016lx rbx %016lx rcx %016lx rdx %016lx", tf->rax, tf->rbx, tf->rcx, tf->rdx);
    pr_emerg("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", tf->rsi, tf->rdi, tf->rbp, tf->r8);
    pr_emerg("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", tf->r9, tf->r10, tf->r11, tf->r12);
    pr_emerg("r13 %016lx r14 %016lx r15 %016lx", tf->r13, tf->r14, tf->r15);
}

void arch_syscall_restart(struct trapframe *tf)
{
    tf->rax = tf->error_code;
    tf->rip -= SYSCALL_INSTRUCTION_SIZE;
}

/* ---- Tasks ---- */

struct task *switch_stacks(u64 *previous_sp, u64 next_sp, struct task *previous);
void task_start(void);

/* What switch_stacks pops, lowest first. */
struct switch_frame {
    u64 r15, r14, r13, r12, rbx, rbp, rip;
};

static u64 stack_top(const struct task *task)
{
    return (u64)page_virt(task->stack_page) + KSTACK_SIZE;
}

struct trapframe *arch_task_trapframe(struct task *task)
{
    return (struct trapframe *)(stack_top(task) - sizeof(struct trapframe));
}

struct task *arch_switch(struct task *previous, struct task *next)
{
    struct cpu *cpu = this_cpu();

    current = next;
    if (next->arch.stack_top) /* the idle task has the boot stack, and never enters from user mode */
        cpu_set_kernel_stack(cpu, next->arch.stack_top);
    if (!previous->kernel_thread)
        fxsave(previous->arch.fpu);
    if (!next->kernel_thread) {
        fxrstor(next->arch.fpu);
        cpu_load_bases(next->arch.fs_base, next->arch.gs_base);
    }
    return switch_stacks(&previous->arch.sp, next->arch.sp, previous);
}

/* Make the first switch to `task` start in task_start, below its trap frame. */
static void prepare_start(struct task *task, void (*fn)(void *), void *arg)
{
    /* One word of air: the return into task_start leaves the stack as a call would, 16-byte aligned. */
    struct switch_frame *frame = (struct switch_frame *)(stack_top(task) - sizeof(struct trapframe) - 16) - 1;

    *frame = (struct switch_frame){ .rip = (u64)task_start, .r12 = (u64)fn, .r13 = (u64)arg };
    task->arch.sp = (u64)frame;
    task->arch.stack_top = stack_top(task);
}

void arch_task_kernel(struct task *task, void (*fn)(void *), void *arg)
{
    memcpy(task->arch.fpu, fpu_initial, FXSAVE_SIZE);
    prepare_start(task, fn, arg);
}

static void return_from_fork(void *arg)
{
    struct trapframe *tf = arg;

    arch_irq_disable();
    trap_return_to_user(tf);
    arch_return_to_user(tf);
}

void arch_task_fork(struct task *child, struct trapframe *parent_tf, u64 stack, bool set_tls, u64 tls)
{
    struct trapframe *tf = arch_task_trapframe(child);

    *tf = *parent_tf;
    tf->rax = 0;
    if (stack)
        tf->rsp = stack;
    fxsave(child->arch.fpu); /* the parent runs: its state is in the CPU */
    child->arch.fs_base = set_tls ? tls : current->arch.fs_base;
    child->arch.gs_base = current->arch.gs_base;
    prepare_start(child, return_from_fork, tf);
}

void arch_task_exec(struct task *task, struct trapframe *tf, u64 pc, u64 sp)
{
    memset(tf, 0, sizeof *tf);
    tf->vector = VECTOR_SYSCALL;
    tf->rip = pc;
    tf->rsp = sp;
    tf->cs = USER_CS;
    tf->ss = USER_SS;
    tf->rflags = RFLAGS_FIXED | RFLAGS_IF;
    memcpy(task->arch.fpu, fpu_initial, FXSAVE_SIZE);
    task->arch.fs_base = task->arch.gs_base = 0;
    if (task == current) {
        fxrstor(fpu_initial);
        cpu_load_bases(0, 0);
    }
}
