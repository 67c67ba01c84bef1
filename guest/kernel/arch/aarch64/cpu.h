/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running CPU: its per-CPU block, interrupt mask and hints. Included by include/cpu.h. */
#pragma once
#include <types.h>

static inline struct cpu *this_cpu(void)
{
    struct cpu *cpu;
    /* volatile: a task may wake up on another CPU, so the compiler must not carry this across a call. */
    __asm__ volatile("mrs %0, tpidr_el1" : "=r"(cpu));
    return cpu;
}

#define PSTATE_I (1UL << 7)

static inline u64 arch_irq_save(void)
{
    u64 daif;
    __asm__ volatile("mrs %0, daif\n\tmsr daifset, #2" : "=r"(daif)::"memory");
    return daif;
}

static inline void arch_irq_restore(u64 flags)
{
    if (!(flags & PSTATE_I))
        __asm__ volatile("msr daifclr, #2" ::: "memory");
}

static inline void arch_irq_enable(void)
{
    __asm__ volatile("msr daifclr, #2" ::: "memory");
}

static inline void arch_irq_disable(void)
{
    __asm__ volatile("msr daifset, #2" ::: "memory");
}

static inline bool arch_irqs_enabled(void)
{
    u64 daif;
    __asm__ volatile("mrs %0, daif" : "=r"(daif)::"memory");
    return !(daif & PSTATE_I);
}

static inline void arch_pause(void)
{
    __asm__ volatile("yield" ::: "memory");
}
