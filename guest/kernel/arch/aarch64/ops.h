/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inlines of the arch contract that need the neutral headers first. */
#pragma once
#include <arch/cpu.h>
#include <arch/pgtable.h>
#include <arch/trapframe.h>

/* A register by its name, or by a macro that stands for its encoding. */
#define SYSREG_TEXT(reg) SYSREG_TEXT_(reg)
#define SYSREG_TEXT_(reg) #reg
#define read_sysreg(reg)                                                                                               \
    ({                                                                                                                 \
        u64 value_;                                                                                                    \
        __asm__ volatile("mrs %0, " SYSREG_TEXT(reg) : "=r"(value_));                                                  \
        value_;                                                                                                        \
    })
#define write_sysreg(reg, value)                                                                                       \
    do {                                                                                                               \
        u64 value_ = (value);                                                                                          \
        __asm__ volatile("msr " SYSREG_TEXT(reg) ", %0" ::"r"(value_) : "memory");                                     \
    } while (0)

#define isb() __asm__ volatile("isb" ::: "memory")
#define dsb(scope) __asm__ volatile("dsb " #scope::: "memory")

/* Device registers: one access of exactly this size, ordered against other device accesses by their memory type. */
static inline u32 mmio_read32(const volatile void *base, u32 offset)
{
    u32 value;
    __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"((const volatile char *)base + offset) : "memory");
    return value;
}

static inline void mmio_write32(volatile void *base, u32 offset, u32 value)
{
    __asm__ volatile("str %w0, [%1]" ::"rZ"(value), "r"((volatile char *)base + offset) : "memory");
}

static inline u64 arch_frame_pointer(void)
{
    return (u64)__builtin_frame_address(0);
}
