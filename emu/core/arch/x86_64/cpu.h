/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of this folder tell each other.
 */
#ifndef TRAPDOOR_X86_64_CPU_H
#define TRAPDOOR_X86_64_CPU_H

#include "unicorn_arch.h"
#include "walk.h"

#define PA_BITS 40 /* CPUID leaf 80000008h */

static inline uint64_t *x86_reg(char *env, unsigned n) { return &AT(uint64_t, env, ENV_REGS + 8 * n); }
static inline uint64_t *x86_cr(char *env, unsigned n) { return &AT(uint64_t, env, ENV_CR + 8 * n); }
static inline unsigned x86_cpl(const char *env) { return AT(uint32_t, env, ENV_HFLAGS) & HF_CPL_MASK; }
static inline struct cpu *x86_cpu(char *env) { return cpu_of(env - ENV); }
/* The chip of local APICs, NULL without one. */
static inline struct chip *x86_apic(struct cpu *c) { return c->core->intc < 0 ? NULL : &c->core->chips[c->core->intc]; }

EXPORT bool TARGET(cpu_restore_state)(char *cs, uintptr_t ra, bool will_exit);

/* cpu.c */
uint64_t x86_pc(struct cpu *);
uint64_t x86_flags(struct cpu *);
void x86_set_flags(struct cpu *, uint64_t);
void x86_set_segment(char *env, unsigned offset, uint32_t selector, uint64_t base, uint32_t limit, uint32_t flags);
void x86_update_hidden(char *env);
void x86_reset(struct cpu *);

/* mmu.c */
void x86_mmu_attach(struct cpu *);
struct walk x86_walk_now(struct cpu *, uint64_t va, enum access, unsigned privilege);
struct walk x86_walk_regs(const uint64_t *regs, uint8_t *mem, uint64_t base, uint64_t size, uint64_t va, enum access,
                          unsigned privilege);
uint64_t x86_mmio_read(struct cpu *, uint64_t pa, unsigned size);
void x86_mmio_write(struct cpu *, uint64_t pa, unsigned size, uint64_t value);
void x86_flush(struct cpu *);
void x86_flush_page(struct cpu *, uint64_t va);
void x86_drop_code(struct cpu *, uint64_t ram_addr, uint64_t size);

/* trap.c */
const char *x86_trap_attach(struct cpu *);
/* Raise an exception at the instruction that the host address `ra` belongs to. */
_Noreturn void x86_raise(struct cpu *, int vector, unsigned error, uintptr_t ra);

/* irq.c */
void x86_irq_attach(struct cpu *);
void x86_update_irq(struct cpu *);
bool x86_has_work(struct cpu *);
void x86_switch_in(struct cpu *);

/* sysregs.c */
void x86_sysregs_attach(struct cpu *);

#endif
