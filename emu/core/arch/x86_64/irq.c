/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Interrupts: INTR is a level that the engine looks at whenever it leaves a block; NMI, INIT and SIPI are pulses kept
 * in cpu_state. The target's own gate decides (IF, shadows of STI and MOV SS, NMI in service), the local APIC or the
 * 8259 gives the vector.
 */
#include <string.h>
#include <unicorn/unicorn.h>

#include "../../chips/chips.h"
#include "cpu.h"

#define NMI_VECTOR 2

static int (*pending)(void *cs, int request);
static void (*hard_interrupt)(void *env, int vector, int is_hw);

/* What INIT leaves alone, as the engine lays it out: FPU, SSE, MSRs and MTRRs. */
static void init(struct cpu *c)
{
    char kept[ENV_INIT_END - ENV_FPSTT], mtrr[ENV_MTRR_END - ENV_MTRR_FIXED];
    memcpy(kept, c->env + ENV_FPSTT, sizeof kept);
    memcpy(mtrr, c->env + ENV_MTRR_FIXED, sizeof mtrr);
    x86_reset(c);
    memcpy(c->env + ENV_FPSTT, kept, sizeof kept);
    memcpy(c->env + ENV_MTRR_FIXED, mtrr, sizeof mtrr);
}

/* INIT waits for a start-up interrupt, but on the CPU that boots (Intel SDM volume 3A, 8.4.2 and 10.4.7.3). */
static void init_or_start(struct cpu *c)
{
    struct cpu_state *st = c->st;
    if (st->init) {
        st->init = st->nmi = st->waiting = 0;
        init(c);
        st->running = c->index == 0;
    }
    if (st->sipi && !st->running) {
        uint32_t vector = st->sipi & 0xff;
        uint32_t flags = AT(uint32_t, c->env, SEG(SEG_CS) + SEG_FLAGS);
        x86_set_segment(c->env, SEG(SEG_CS), vector << 8, (uint64_t)vector << 12, 0xffff, flags);
        AT(uint64_t, c->env, ENV_EIP) = 0;
        x86_update_hidden(c->env);
        st->running = 1;
        st->waiting = 0;
    }
    st->sipi = 0;
}

void x86_update_irq(struct cpu *c)
{
    struct cpu_state *st = c->st;
    uint32_t *request = &AT(uint32_t, c->cs, CS_INTERRUPT_REQUEST), old = *request;
    bool executing = c->core->active_running && c->core->active == c, start = st->init || st->sipi;
    if (start && !executing) {
        init_or_start(c);
        start = false;
    }
    *request = (old & ~(uint32_t)(INTERRUPT_HARD | INTERRUPT_NMI | INTERRUPT_SIPI)) | (st->irq ? INTERRUPT_HARD : 0) |
               (st->nmi ? INTERRUPT_NMI : 0) | (start ? INTERRUPT_SIPI : 0);
    if (*request & ~old)
        cpu_kick(c);
}

bool x86_has_work(struct cpu *c) { return pending(c->cs, (int)AT(uint32_t, c->cs, CS_INTERRUPT_REQUEST)) != 0; }

/* LOCK-prefixed instructions leave nothing behind that a switch between CPUs would have to clear. */
void x86_switch_in(struct cpu *c) { (void)c; }

/* The vector, -1 if the request has gone meanwhile. */
static int acknowledge(struct cpu *c)
{
    struct core *core = c->core;
    int vector = APIC_ACK_EXTINT;
    if (core->intc >= 0) {
        struct chip *apic = &core->chips[core->intc];
        vector = apic->ops->ack(apic, c->index);
    }
    if (vector == APIC_ACK_EXTINT)
        vector = core->pic >= 0 ? core->chips[core->pic].ops->ack(&core->chips[core->pic], c->index) : -1;
    return vector;
}

static bool exec_interrupt(char *cs, int request)
{
    struct cpu *c = cpu_of(cs);
    int kind = cpu_due(c) ? 0 : pending(cs, request), vector;
    if (kind == INTERRUPT_SIPI) {
        init_or_start(c);
        x86_update_irq(c);
        if (!c->st->running)
            uc_emu_stop(c->uc);
        return true;
    }
    if (kind == (int)INTERRUPT_NMI) {
        c->st->nmi = 0;
        x86_update_irq(c);
        AT(uint32_t, c->env, ENV_HFLAGS2) |= HF2_NMI;
        vector = NMI_VECTOR;
    } else if (kind != INTERRUPT_HARD || (vector = acknowledge(c)) < 0) {
        return false;
    }
    struct event e = {.kind = EVENT_IRQ, .code = (uint16_t)vector, .flags = x86_cpl(c->env)};
    bool wanted = event_wanted(c->core, EVENT_IRQ);
    if (wanted) {
        e.pc = x86_pc(c);
        e.c = x86_flags(c);
    }
    c->delivering = true;
    hard_interrupt(c->env, vector, 1);
    c->delivering = false;
    c->irqs++;
    if (wanted) {
        e.target = x86_pc(c);
        e.flags |= x86_cpl(c->env) << 2;
        event_put(c, e);
    }
    return true;
}

void x86_irq_attach(struct cpu *c)
{
    *(void **)&pending = unicorn_symbol("x86_cpu_pending_interrupt_x86_64");
    *(void **)&hard_interrupt = unicorn_symbol("do_interrupt_x86_hardirq_x86_64");
    AT(void *, AT(char *, c->cs, CS_CLASS), CC_EXEC_INTERRUPT) = (void *)exec_interrupt;
}
