/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole contract between the neutral kernel and arch/<arch>/. Neutral code names no register and asks for no
   architecture; what differs is here. Each line says what the architecture must do; inlines are named in the comments
   and live in the headers at the end. */
#pragma once
#include <boot.h>
#include <cpu.h>
#include <mm.h>
#include <types.h>

struct trapframe;
struct task;
struct signal_action;
struct signal_detail;

/* ---- Boot (entry.S, boot.c, cpu.c). entry.S turns the MMU on with the image mapped W^X at its linked address, points
   this_cpu() at cpus[0], takes the boot stack and calls kernel_main(). ---- */
void arch_early_init(void); /* traps work, boot_info is filled, the physmap covers all RAM, the console works */
void arch_init(void);       /* after page_init: interrupt controller, timer, CPU features; interrupts still masked */
void arch_uart_init(void);  /* after the tty: receive interrupts on, bytes go to console_receive() */

/* ---- Console and power (uart.c, power.c) ---- */
void arch_console_write(const char *text, size_t n); /* polled, from any context; the bytes as they are */
void arch_power_off(void) __noreturn;
void arch_reset(void) __noreturn;
bool arch_door_present(void); /* the optional paravirtual device */
u32 arch_door_read(u32 offset);
void arch_door_write(u32 offset, u32 value);

/* ---- CPU (cpu.c). Inline in arch/cpu.h: this_cpu(), arch_irq_save(), arch_irq_restore(flags), arch_irq_enable(),
   arch_irq_disable(), arch_irqs_enabled(), arch_pause(). ---- */
void arch_idle(void); /* entered with interrupts masked: wait for one, take it, return with them masked */
void arch_halt(void) __noreturn;

/* ---- Interrupt controller (intc.c), timer (timer.c), clock (rtc.c) ---- */
int arch_irq_unmask(u32 irq); /* 0 or -EINVAL */
void arch_irq_mask(u32 irq);
u64 arch_clock_ns(void); /* monotonic; 0 before arch_init() */
u64 arch_clock_resolution_ns(void);
void arch_timer_set(u64 deadline_ns); /* one interrupt, not before then; replaces the last; UINT64_MAX: none */
u64 arch_rtc_seconds(void);           /* wall clock, seconds since 1970; 0 when there is no RTC */
bool arch_random(u64 *value);         /* hardware randomness, if there is any */

/* ---- Address spaces (mmu.c). Tables have 4 levels of 512 entries; mm/pgtable.c walks them with what is inline in
   arch/pgtable.h: pte_t, pte_table(phys), pte_page(phys, vm_flags) for a user page (reachable by the user only if
   vm_flags grants a right), pte_present(pte), pte_writable(pte), pte_phys(pte), pte_read_only(pte), struct arch_mm { phys_t root; ... }. ---- */
int arch_mm_init(struct mm *mm);                 /* allocate the root; 0 or -ENOMEM */
void arch_mm_free(struct mm *mm);                /* free the root; user tables are already gone */
void arch_mm_switch(struct mm *mm);              /* NULL: an empty user half */
void arch_set_pte(pte_t *slot, pte_t value);     /* store, visible to the walker on return */
void arch_tlb_flush_page(struct mm *mm, u64 va); /* on every CPU */
void arch_tlb_flush_mm(struct mm *mm);
void arch_sync_icache(void *page); /* a page (physmap address) was written and will be executed */
void arch_clear_page(void *page);
void *arch_ioremap(phys_t pa, u64 size); /* device memory, never executable, never unmapped */

/* ---- User memory (usercopy.S): with exception-table fixups; the result is the number of bytes NOT copied. Ranges were
   checked with access_ok(). ---- */
size_t arch_copy_from_user(void *to, u64 from, size_t n);
size_t arch_copy_to_user(u64 to, const void *from, size_t n);
size_t arch_clear_user(u64 to, size_t n);

/* ---- Tasks (cpu.c, switch.S). struct arch_task is in arch/task.h. ---- */
/* Save `previous`, run `next`; returns, on next's stack, whom it was switched from. Sets `current`. */
struct task *arch_switch(struct task *previous, struct task *next);
/* The first switch to a new task comes to sched_finish_switch(previous), then: */
void arch_task_kernel(struct task *task, void (*fn)(void *), void *arg); /* fn(arg), task_exit(0) */
/* the child's return from the parent's system call with result 0; stack 0 = the parent's. */
void arch_task_fork(struct task *child, struct trapframe *parent_tf, u64 stack, bool set_tls, u64 tls);
/* Clean registers, FP state and TLS of the running task; `tf` starts user code at pc. */
void arch_task_exec(struct task *task, struct trapframe *tf, u64 pc, u64 sp);
void arch_return_to_user(struct trapframe *tf) __noreturn; /* leave the kernel through tf, for the first time */
struct trapframe *arch_task_trapframe(struct task *task);  /* at the top of its kernel stack */

/* ---- Trap frames (trap.c). Inline in arch/trapframe.h: arch_syscall_number(tf), arch_syscall_arg(tf, i),
   arch_syscall_return(tf, value), arch_syscall_result(tf), arch_tf_in_syscall(tf), arch_tf_pc(tf),
   arch_tf_set_pc(tf, pc), arch_tf_sp(tf), arch_tf_frame_pointer(tf), arch_tf_user(tf), enum { CLONE_ARG_TLS, CLONE_ARG_CHILD_TID }. ---- */
void arch_syscall_restart(struct trapframe *tf); /* the interrupted call happens again on return */
void arch_show_registers(const struct trapframe *tf); /* at LOG_EMERG */
/* Inline in arch/ops.h: arch_frame_pointer(), for a backtrace: [fp] = caller's fp, [fp + 8] = return address. */

/* ---- Signal frames as Linux lays them out (signal.c). Afterwards arch_tf_in_syscall(tf) is false. ---- */
/* 0, -EFAULT when the user stack cannot take it, -ENOMEM. `blocked` is the mask that rt_sigreturn brings back. */
int arch_signal_frame(struct trapframe *tf, int sig, const struct signal_action *action,
                      const struct signal_detail *detail, u64 blocked);
int arch_signal_return(struct trapframe *tf, u64 *blocked); /* 0 or -EFAULT */
/* User code that calls rt_sigreturn, for actions without SA_RESTORER; NULL when the ABI demands a restorer. */
const void *arch_sigreturn_code(size_t *size);

/* ---- Names: uname(2) and AT_PLATFORM, the ELF machine that execve accepts, AT_HWCAP ---- */
extern const char arch_name[];
extern const u16 arch_elf_machine;
u64 arch_hwcap(void);

#include <trap.h>     /* what arch code calls in the neutral kernel */
#include <arch/ops.h> /* the rest of the inlines */
