/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor: early set-up, idling, tasks as seen by the CPU. */
#include <abi/errno.h>
#include <arch.h>
#include <arch/local.h>
#include <page.h>
#include <printk.h>
#include <string.h>
#include <task.h>

_Static_assert(offsetof(struct cpu, self) == 0 && offsetof(struct cpu, running) == 8, "entry.S knows these offsets");
_Static_assert(offsetof(struct arch_task, x19_x28) == AT_X19, "switch.S");
_Static_assert(offsetof(struct arch_task, x29) == AT_X29 && offsetof(struct arch_task, lr) == AT_X29 + 8, "switch.S");
_Static_assert(offsetof(struct arch_task, sp) == AT_SP, "switch.S");
_Static_assert(offsetof(struct fp_state, fpcr) == 512, "switch.S");

const char arch_name[] = "aarch64";
const u16 arch_elf_machine = 183; /* EM_AARCH64 */

#define HWCAP_FP (1UL << 0)
#define HWCAP_ASIMD (1UL << 1)
#define HWCAP_EVTSTRM (1UL << 2)
#define HWCAP_AES (1UL << 3)
#define HWCAP_PMULL (1UL << 4)
#define HWCAP_SHA1 (1UL << 5)
#define HWCAP_SHA2 (1UL << 6)
#define HWCAP_CRC32 (1UL << 7)
#define HWCAP_ATOMICS (1UL << 8)

#define CNTKCTL_EL0VCTEN (1UL << 1)
#define SCTLR_SPAN (1UL << 23)

struct task *arch_switch_registers(struct task *previous, struct arch_task *from, struct arch_task *to);
void kernel_thread_start(void);
void fork_child_start(void);
void fp_save(struct fp_state *state);
void fp_load(const struct fp_state *state);

void arch_early_init(void)
{
    cpus[0].hwid = read_sysreg(mpidr_el1) & 0xffffff;
    boot_read_devicetree();
    mmu_map_physmap();
    uart_early_init();
    power_init();
}

void arch_init(void)
{
    /* The kernel reaches user memory only by LDTR/STTR, so where PAN exists it is simply on: at every exception (SPAN =
     * 0), and now. */
    if ((read_sysreg(id_aa64mmfr1_el1) >> 20) & 0xf) {
        write_sysreg(sctlr_el1, read_sysreg(sctlr_el1) & ~SCTLR_SPAN);
        isb();
        __asm__ volatile(".inst 0xd500419f"); /* msr pan, #1: the assembler knows it only from Armv8.1 on */
    }
    write_sysreg(cntkctl_el1, CNTKCTL_EL0VCTEN); /* user code may read the virtual counter, not program timers */
    intc_init();
    timer_hw_init();
}

u64 arch_hwcap(void)
{
    u64 isar0 = read_sysreg(id_aa64isar0_el1), cap = HWCAP_FP | HWCAP_ASIMD;

    cap |= ((isar0 >> 4) & 0xf) >= 1 ? HWCAP_AES : 0;
    cap |= ((isar0 >> 4) & 0xf) >= 2 ? HWCAP_PMULL : 0;
    cap |= (isar0 >> 8) & 0xf ? HWCAP_SHA1 : 0;
    cap |= (isar0 >> 12) & 0xf ? HWCAP_SHA2 : 0;
    cap |= (isar0 >> 16) & 0xf ? HWCAP_CRC32 : 0;
    cap |= ((isar0 >> 20) & 0xf) >= 2 ? HWCAP_ATOMICS : 0;
    return cap;
}

bool arch_random(u64 *value)
{
    u64 ok;

    if (!(read_sysreg(id_aa64isar0_el1) >> 60))
        return false;
    __asm__ volatile("mrs %0, s3_3_c2_c4_0\n\tcset %1, ne" : "=r"(*value), "=r"(ok)::"cc"); /* RNDR; Z set = failed */
    return ok;
}

void arch_idle(void)
{
    /* WFI wakes for a pending interrupt even while it is masked, so nothing can be lost between the caller's last look
       and here. */
    __asm__ volatile("dsb sy\n\twfi\n\tmsr daifclr, #2\n\tisb\n\tmsr daifset, #2" ::: "memory");
}

void arch_halt(void)
{
    arch_irq_disable();
    for (;;)
        __asm__ volatile("wfi");
}

struct trapframe *arch_task_trapframe(struct task *task)
{
    return (struct trapframe *)((u8 *)page_virt(task->stack_page) + KSTACK_SIZE) - 1;
}

struct task *arch_switch(struct task *previous, struct task *next)
{
    if (!previous->kernel_thread) {
        previous->arch.tls = read_sysreg(tpidr_el0);
        fp_save(&previous->arch.fp);
    }
    if (!next->kernel_thread) {
        write_sysreg(tpidr_el0, next->arch.tls);
        fp_load(&next->arch.fp);
    }
    current = next;
    return arch_switch_registers(previous, &previous->arch, &next->arch);
}

void arch_task_kernel(struct task *task, void (*fn)(void *), void *arg)
{
    memset(&task->arch, 0, sizeof(task->arch));
    task->arch.x19_x28[0] = (u64)fn;
    task->arch.x19_x28[1] = (u64)arg;
    task->arch.lr = (u64)kernel_thread_start;
    task->arch.sp =
        (u64)arch_task_trapframe(task); /* room for a frame above: the thread may become a user task by exec */
}

void arch_task_fork(struct task *child, struct trapframe *parent_tf, u64 stack, bool set_tls, u64 tls)
{
    struct trapframe *tf = arch_task_trapframe(child);

    *tf = *parent_tf;
    tf->x[0] = 0;
    if (stack)
        tf->sp = stack;
    memset(&child->arch, 0, sizeof(child->arch));
    child->arch.lr = (u64)fork_child_start;
    child->arch.sp = (u64)tf;
    child->arch.tls = set_tls ? tls : read_sysreg(tpidr_el0);
    fp_save(&child->arch.fp); /* the parent's registers are still live: the kernel uses none of them */
}

void arch_task_exec(struct task *task, struct trapframe *tf, u64 pc, u64 sp)
{
    memset(tf, 0, sizeof(*tf));
    tf->pc = pc;
    tf->sp = sp;
    tf->pstate = 0; /* EL0t, AArch64, nothing masked */
    tf->syscall = NO_SYSCALL;
    memset(&task->arch.fp, 0, sizeof(task->arch.fp));
    task->arch.tls = 0;
    write_sysreg(tpidr_el0, 0);
    fp_load(&task->arch.fp);
}
