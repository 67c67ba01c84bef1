/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters shared between CPUs, in the compiler's C11 atomics so that both architectures get the right barriers. */
#pragma once
#include <types.h>

typedef struct {
    int value;
} atomic_t;

static inline int atomic_read(const atomic_t *a)
{
    return __atomic_load_n(&a->value, __ATOMIC_RELAXED);
}

static inline void atomic_set(atomic_t *a, int v)
{
    __atomic_store_n(&a->value, v, __ATOMIC_RELAXED);
}

/* Returns the new value. */
static inline int atomic_add(atomic_t *a, int n)
{
    return __atomic_add_fetch(&a->value, n, __ATOMIC_ACQ_REL);
}

static inline void atomic_inc(atomic_t *a)
{
    (void)atomic_add(a, 1);
}

/* True when this call dropped the last reference. */
static inline bool atomic_dec_and_test(atomic_t *a)
{
    return atomic_add(a, -1) == 0;
}
