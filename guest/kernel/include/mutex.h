/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lock that its holder may keep while asleep (a user copy, a page fault). Never in interrupt context. */
#pragma once
#include <sched.h>
#include <types.h>

struct mutex {
    u8 held;
    struct wait_queue waiters;
};

static inline void mutex_init(struct mutex *m, const char *name)
{
    m->held = 0;
    wait_queue_init(&m->waiters, name);
}

static inline bool mutex_trylock(struct mutex *m)
{
    return !__atomic_exchange_n(&m->held, 1, __ATOMIC_ACQUIRE);
}

static inline void mutex_lock(struct mutex *m)
{
    if (!mutex_trylock(m))
        wait_event(&m->waiters, mutex_trylock(m));
}

static inline void mutex_unlock(struct mutex *m)
{
    __atomic_store_n(&m->held, 0, __ATOMIC_RELEASE);
    wake_one(&m->waiters);
}
