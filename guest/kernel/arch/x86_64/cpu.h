/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running CPU: its own data, its interrupt flag. Also read by assembly, for the offsets in struct cpu. */
#pragma once

#define CPU_SELF 0
#define CPU_CURRENT 8
#define CPU_KERNEL_STACK 16
#define CPU_SCRATCH 24

#ifndef __ASSEMBLER__

#include <types.h>

/* GS holds the address of this CPU's `struct cpu` whenever C runs (vectors.S). */
static inline struct cpu *this_cpu(void)
{
    struct cpu *cpu;
    __asm__ volatile("movq %%gs:%c1, %0" : "=r"(cpu) : "i"(CPU_SELF));
    return cpu;
}

#define EFLAGS_IF 0x200UL

static inline u64 arch_irq_save(void)
{
    u64 flags;
    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags)::"memory");
    return flags;
}

static inline void arch_irq_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}

static inline void arch_irq_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}

static inline void arch_irq_restore(u64 flags)
{
    if (flags & EFLAGS_IF)
        arch_irq_enable();
    else
        arch_irq_disable();
}

static inline bool arch_irqs_enabled(void)
{
    u64 flags;
    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    return (flags & EFLAGS_IF) != 0;
}

static inline void arch_pause(void)
{
    __builtin_ia32_pause();
}

#endif
