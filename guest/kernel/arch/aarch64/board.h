/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a board may have, found in its devicetree by boot.c: the drivers' only source of addresses and interrupt
   numbers. */
#pragma once
#include <types.h>

struct board_device {
    phys_t base;
    u64 size;
    u32 irq; /* GIC INTID; 0 = none */
    bool present;
};

struct board {
    struct board_device gic_distributor;          /* arm,cortex-a15-gic, arm,gic-400 | arm,gic-v3 */
    struct board_device gic_cpu;                  /* of the first two */
    struct board_device gic_redistributors;       /* of arm,gic-v3 */
    struct board_device uart;                     /* arm,pl011 */
    struct board_device rtc;                      /* arm,pl031 */
    struct board_device door;                     /* trapdoor,door */
    u32 timer_irq;                                /* arm,armv8-timer: the virtual timer's PPI as INTID */
    bool psci_hvc, psci_smc;                      /* arm,psci-0.2 and later: the conduit */
};

extern struct board board;
