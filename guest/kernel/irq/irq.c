/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who wants which interrupt. The controller is arch/<arch>/intc.c; it calls irq_dispatch() with the number of its
   input. */
#include <abi/errno.h>
#include <arch.h>
#include <irq.h>
#include <printk.h>
#include <spinlock.h>

struct irq_action {
    irq_handler_t handler;
    void *arg;
    const char *name;
    u64 count;
};

static struct irq_action actions[MAX_IRQS];
static DEFINE_SPINLOCK(irq_lock, LOCK_DEVICE);

int irq_register(u32 irq, irq_handler_t handler, void *arg, const char *name)
{
    u64 flags;
    int error = 0;

    if (irq >= MAX_IRQS)
        return -EINVAL;
    flags = spin_lock_irqsave(&irq_lock);
    if (actions[irq].handler) {
        error = -EBUSY;
    } else {
        actions[irq] = (struct irq_action){ .handler = handler, .arg = arg, .name = name };
        error = arch_irq_unmask(irq);
        if (error)
            actions[irq].handler = NULL;
    }
    spin_unlock_irqrestore(&irq_lock, flags);
    return error;
}

void irq_dispatch(u32 irq)
{
    struct irq_action *action = irq < MAX_IRQS ? &actions[irq] : NULL;

    if (!action || !action->handler) {
        /* A line that nobody serves would come back for ever. */
        arch_irq_mask(irq);
        pr_err("irq %u: nobody's, masked", irq);
        return;
    }
    action->count++;
    action->handler(irq, action->arg);
}
