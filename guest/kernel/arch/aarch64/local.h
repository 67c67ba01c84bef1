/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this architecture call in each other. */
#pragma once
#include <types.h>

struct trapframe;

void boot_read_devicetree(void);          /* boot.c */
void mmu_map_physmap(void);               /* mmu.c */
void uart_early_init(void);               /* uart.c */
void intc_init(void);                     /* intc.c */
void intc_handle(struct trapframe *tf);   /* intc.c: one IRQ exception */
void timer_hw_init(void);                 /* timer.c */
void power_init(void);                    /* power.c: finds the door */
