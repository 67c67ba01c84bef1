/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of this folder tell each other.
 */
#ifndef TRAPDOOR_AARCH64_CPU_H
#define TRAPDOOR_AARCH64_CPU_H

#include "unicorn_arch.h"

EXPORT bool TARGET(cpu_restore_state)(char *cs, uintptr_t ra, bool will_exit);

/* cpu.c */
/* Only EL0 can be in AArch32 state; there PSTATE and PC are kept elsewhere. */
static inline bool a64_is_a32(const struct cpu *c) { return !AT(uint32_t, c->env, ENV_AARCH64); }
static inline unsigned a64_el(const struct cpu *c)
{
    return a64_is_a32(c) ? 0 : AT(uint32_t, c->env, ENV_PSTATE) >> 2 & 3;
}
static inline uint64_t a64_pc(const struct cpu *c)
{
    return a64_is_a32(c) ? AT(uint32_t, c->env, ENV_R15) : AT(uint64_t, c->env, ENV_PC);
}
uint32_t a64_pstate(struct cpu *);
void a64_rebuild_hflags(struct cpu *);

/* mmu.c */
void a64_mmu_symbols(void);
void a64_mmu_attach(struct cpu *);
uint16_t a64_asid(struct cpu *);
_Noreturn void a64_raise(struct cpu *, uint32_t exception, uint32_t syndrome);
/* An abort of the access at `va` by the instruction that `ra` returns into. */
/* `nothing`: the event of an access to nothing, or NULL: it belongs to the exact time, which is known from here on. */
_Noreturn void a64_abort(struct cpu *, uint64_t va, enum access, uint32_t syndrome, uintptr_t ra,
                         struct event *nothing);
struct walk a64_walk_now(struct cpu *, uint64_t va, enum access, unsigned privilege);
struct walk a64_walk_regs(const uint64_t *regs, uint8_t *mem, uint64_t base, uint64_t size, uint64_t va, enum access,
                          unsigned privilege);
uint64_t a64_mmio_read(struct cpu *, uint64_t pa, unsigned size);
void a64_mmio_write(struct cpu *, uint64_t pa, unsigned size, uint64_t value);
void a64_flush(struct cpu *);
void a64_flush_page(struct cpu *, uint64_t va);
void a64_drop_code(struct cpu *, uint64_t ram_addr, uint64_t size);

/* trap.c */
const char *a64_trap_attach(struct cpu *);

/* irq.c */
void a64_irq_attach(struct cpu *);
void a64_update_irq(struct cpu *);
bool a64_has_work(struct cpu *);
void a64_switch_in(struct cpu *);

/* sysregs.c */
const char *a64_sysregs_attach(struct cpu *);

#endif
