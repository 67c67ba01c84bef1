/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What translate.inc gives to the rest of an architecture's code; TARGET(name) adds the suffix of Unicorn's symbols.
 */
#ifndef TRAPDOOR_TRANSLATE_H
#define TRAPDOOR_TRANSLATE_H

#include "core.h"

#define CONCAT_(a, b) a##b
#define CONCAT(a, b) CONCAT_(a, b)
#define STRING_(a) #a
#define STRING(a) STRING_(a)
#define TARGET(name) CONCAT(name, TARGET_SUFFIX)
#define TARGET_NAME(name) name STRING(TARGET_SUFFIX)
#define EXPORT __attribute__((visibility("default")))

/* Make the engine of `cpu` count: hang our state on it and pin the size of its soft TLB. */
void TARGET(translate_attach)(struct cpu *);

/* The block that `ra` returns into and the index of the instruction there; NULL if ra is no translated code. */
char *TARGET(translate_find)(struct cpu *, uintptr_t ra, int *index);

/* The guest PC of the instruction that `ra` returns into. */
uint64_t TARGET(translate_pc)(struct cpu *, uintptr_t ra);

/* An access that can see time or change an interrupt: if its instruction is not the last of its block this does not
 * return (longjmp): the block is left and the instruction runs again as a block of its own, the access not yet made.
 * On return the exact time is known until translate_io_end(). */
void TARGET(translate_io_begin)(struct cpu *, uintptr_t ra);
static inline void translate_io_end(struct cpu *c) { c->adjust = 0; }

/* A look at the time from the middle of a block (no effect on anything): exact until translate_io_end(). */
void TARGET(translate_time_begin)(struct cpu *, uintptr_t ra);

/* In the exception hook, before delivery: give back what the block did not retire. `completed`: the instruction that
 * raised counts (svc, int n, syscall), else it does not (a fault, an undefined instruction). */
void TARGET(translate_exception)(struct cpu *, bool completed);

/* Before a fault of the fetch is raised: if something is due at its instruction, do that and start over (longjmp). */
void TARGET(translate_due)(struct cpu *);

/* Leave the block now and start over at the same guest state (longjmp). */
_Noreturn void TARGET(translate_leave)(struct cpu *);

#endif
