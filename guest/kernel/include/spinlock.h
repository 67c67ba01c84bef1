/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ticket spinlocks with a recorded order.

   Every lock has a rank; a CPU may take a lock only while all locks it holds have a lower rank, so two CPUs can never
   wait for each other. The rule is checked at each acquisition and a breach is a panic that names the lock. A lock that
   an interrupt handler takes must be taken with the `_irqsave` form everywhere else. */
#pragma once
#include <cpu.h>
#include <types.h>

/* Outermost first. */
enum lock_rank {
    LOCK_FS,       /* mount table, directory tree */
    LOCK_INODE,    /* one inode's data */
    LOCK_FILES,    /* a descriptor table, one open file's position */
    LOCK_MM,       /* an address space: its vmas and page tables */
    LOCK_TTY,      /* a line discipline (interrupt) */
    LOCK_DEVICE,   /* one device's registers (interrupt) */
    LOCK_TASKS,    /* the task table: parents, children, groups, signals (interrupt) */
    LOCK_WAIT,     /* one wait queue (interrupt) */
    LOCK_TIMER,    /* the timer list (interrupt) */
    LOCK_RUNQUEUE, /* one CPU's run queue (interrupt) */
    LOCK_KMALLOC,  /* the small-object allocator (interrupt) */
    LOCK_PAGES,    /* the page allocator (interrupt) */
    LOCK_ASID,     /* address-space identifiers */
    LOCK_IRQ,      /* the interrupt table and controller (interrupt) */
    LOCK_PRINTK,   /* the log ring and the console's output (interrupt) */
};

typedef struct spinlock {
    u16 owner; /* the ticket being served */
    u16 next;  /* the ticket the next taker draws */
    u8 rank;
    const char *name;
} spinlock_t;

#define SPINLOCK_INIT(n, r) { .name = (n), .rank = (r) }
#define DEFINE_SPINLOCK(var, r) spinlock_t var = SPINLOCK_INIT(#var, r)

void spin_init(spinlock_t *lock, const char *name, enum lock_rank rank);
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);

/* Also masks interrupts on this CPU; the result goes back to spin_unlock_irqrestore(). */
u64 spin_lock_irqsave(spinlock_t *lock);
void spin_unlock_irqrestore(spinlock_t *lock, u64 flags);

/* Forget the order and break every lock: only for panic, which must be able to print. */
void spin_bust(spinlock_t *lock);
