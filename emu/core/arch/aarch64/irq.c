/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Asynchronous exceptions: IRQ and FIQ are levels that the engine looks at whenever it leaves a block.
 */
#include "cpu.h"

static bool (*original_exec_interrupt)(void *, int);

void a64_update_irq(struct cpu *c)
{
    uint32_t *request = &AT(uint32_t, c->cs, CS_INTERRUPT_REQUEST), old = *request;
    *request = (old & ~(uint32_t)(INTERRUPT_HARD | INTERRUPT_FIQ)) | (c->st->irq ? INTERRUPT_HARD : 0) |
               (c->st->fiq ? INTERRUPT_FIQ : 0);
    if (*request & ~old)
        cpu_kick(c);
}

bool a64_has_work(struct cpu *c) { return c->st->irq || c->st->fiq; }

/* A context switch between CPUs loses the reservation of LDXR. */
void a64_switch_in(struct cpu *c) { AT(uint64_t, c->env, ENV_EXCLUSIVE_ADDR) = UINT64_MAX; }

static bool exec_interrupt(char *cs, int request)
{
    struct cpu *c = cpu_of(cs);
    uint64_t pc = a64_pc(c);
    uint32_t before = a64_el(c);
    bool fiq = request & INTERRUPT_FIQ && !(AT(uint64_t, c->env, ENV_DAIF) & 0x40);
    if (cpu_due(c) || !original_exec_interrupt(cs, request))
        return false;
    c->irqs++;
    if (event_wanted(c->core, EVENT_IRQ))
        event_put(c, (struct event){.kind = EVENT_IRQ,
                                    .code = fiq,
                                    .flags = before | 1 << 2,
                                    .pc = pc,
                                    .target = AT(uint64_t, c->env, ENV_PC),
                                    .c = AT(uint64_t, c->env, ENV_BANKED_SPSR + 8)});
    return true;
}

void a64_irq_attach(struct cpu *c)
{
    *(void **)&original_exec_interrupt = unicorn_symbol("arm_cpu_exec_interrupt_aarch64");
    AT(void *, AT(char *, c->cs, CS_CLASS), CC_EXEC_INTERRUPT) = (void *)exec_interrupt;
}
