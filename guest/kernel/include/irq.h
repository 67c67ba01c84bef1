/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts by number. "irq" here is the controller's input number (INTID on a GIC, GSI on an IO-APIC); the vector an
   architecture may use to deliver it stays in arch/. */
#pragma once
#include <types.h>

#define MAX_IRQS 1024

typedef void (*irq_handler_t)(u32 irq, void *arg);

/* Attach one handler and unmask the input. -EBUSY when taken, -EINVAL when there is no such input. */
int irq_register(u32 irq, irq_handler_t handler, void *arg, const char *name);

/* Called by arch/<arch>/intc.c between acknowledge and end of interrupt, interrupts masked. */
void irq_dispatch(u32 irq);
