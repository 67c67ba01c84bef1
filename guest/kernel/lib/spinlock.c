/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ticket locks. Acquire and release order memory, so what one holder wrote the next one reads. */
#include <arch.h>
#include <panic.h>
#include <printk.h>
#include <spinlock.h>

void spin_init(spinlock_t *lock, const char *name, enum lock_rank rank)
{
    *lock = (spinlock_t){ .name = name, .rank = rank };
}

static void check_order(const spinlock_t *lock, u32 held)
{
    u32 above = held >> lock->rank;

    if (unlikely(above))
        panic("lock order: %s (rank %u) taken while holding rank %u", lock->name, lock->rank,
              lock->rank + 31 - (u32)__builtin_clz(above));
}

void spin_lock(spinlock_t *lock)
{
    struct cpu *cpu = this_cpu();
    u16 ticket;

    check_order(lock, cpu->locks_held);
    ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket)
        arch_pause();
    cpu->locks_held |= 1U << lock->rank;
}

void spin_unlock(spinlock_t *lock)
{
    this_cpu()->locks_held &= ~(1U << lock->rank);
    __atomic_store_n(&lock->owner, (u16)(lock->owner + 1), __ATOMIC_RELEASE);
}

u64 spin_lock_irqsave(spinlock_t *lock)
{
    u64 flags = arch_irq_save();

    spin_lock(lock);
    return flags;
}

void spin_unlock_irqrestore(spinlock_t *lock, u64 flags)
{
    spin_unlock(lock);
    arch_irq_restore(flags);
}

void spin_bust(spinlock_t *lock)
{
    this_cpu()->locks_held = 0;
    __atomic_store_n(&lock->owner, lock->next, __ATOMIC_RELEASE);
}
