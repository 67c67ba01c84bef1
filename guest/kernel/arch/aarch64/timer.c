/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The generic timer (Arm ARM D11): the virtual counter is the clock, the virtual timer the one-shot deadline. */
#include <arch.h>
#include <arch/board.h>
#include <arch/local.h>
#include <panic.h>
#include <time.h>

#define CNTV_CTL_ENABLE (1UL << 0)

/* 32.32 fixed point, so that reading the clock needs no division. */
static u64 ns_per_count, counts_per_ns;

static u64 counter(void)
{
    isb(); /* else the counter may be read before what precedes it in program order */
    return read_sysreg(cntvct_el0);
}

void timer_hw_init(void)
{
    u64 frequency = read_sysreg(cntfrq_el0);

    if (!frequency || !board.timer_irq)
        panic("no generic timer: CNTFRQ_EL0 is %llu, interrupt %u", (unsigned long long)frequency, board.timer_irq);
    /* 10^9 << 32 does not overflow 64 bits (2^62). */
    ns_per_count = (NSEC_PER_SEC << 32) / frequency;
    counts_per_ns = (frequency << 32) / NSEC_PER_SEC;
    write_sysreg(cntv_ctl_el0, 0);
    arch_irq_unmask(board.timer_irq);
}

u64 arch_clock_ns(void)
{
    return (u64)((unsigned __int128)counter() * ns_per_count >> 32);
}

u64 arch_clock_resolution_ns(void)
{
    return MAX(ns_per_count >> 32, 1UL);
}

void arch_timer_set(u64 deadline_ns)
{
    /* + 1: the fraction was cut off, and an interrupt before its time would find nothing due. */
    write_sysreg(cntv_cval_el0, (u64)((unsigned __int128)deadline_ns * counts_per_ns >> 32) + 1);
    write_sysreg(cntv_ctl_el0, CNTV_CTL_ENABLE);
    isb();
}
