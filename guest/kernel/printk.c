/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel log: a ring of lines, and the console they also go to. One lock keeps lines whole on the console, a
   program's output included; it is the innermost of all, so anything may log. */
#include <abi/errno.h>
#include <arch.h>
#include <printk.h>
#include <spinlock.h>
#include <string.h>
#include <time.h>
#include <tty.h>

#define RING_SIZE 65536u /* a power of two: positions count on for ever, their low bits index */
#define TEXT_MAX 256

int console_loglevel = CONSOLE_LOGLEVEL_DEFAULT;

/* Records as /dev/kmsg gives them, `level,sequence,microseconds,-;text`, one a line. */
static char ring[RING_SIZE];
static u64 ring_end; /* bytes ever written */
static u64 sequence;
static bool busted;
static DEFINE_SPINLOCK(console_lock, LOCK_PRINTK);

static u64 lock(void)
{
    return busted ? arch_irq_save() : spin_lock_irqsave(&console_lock);
}

static void unlock(u64 flags)
{
    if (busted)
        arch_irq_restore(flags);
    else
        spin_unlock_irqrestore(&console_lock, flags);
}

void printk_bust(void)
{
    arch_irq_disable();
    spin_bust(&console_lock);
    busted = true;
    console_loglevel = LOG_DEBUG + 1;
}

static void to_ring(const char *text, int n)
{
    for (int i = 0; i < n; i++)
        ring[ring_end++ % RING_SIZE] = text[i];
}

void vprintk(enum log_level level, const char *format, va_list args)
{
    char text[TEXT_MAX], head[64];
    u64 us = boot_ns() ? (clock_ns() - boot_ns()) / NSEC_PER_USEC : 0, flags; /* 0 until time_init() sets the zero */
    int n = MIN(vsnprintf(text, sizeof text, format, args), TEXT_MAX - 1), head_length;

    while (n && text[n - 1] == '\n')
        n--;

    flags = lock();
    head_length = snprintf(head, sizeof head, "%d,%lu,%lu,-;", level, sequence++, us);
    to_ring(head, head_length);
    to_ring(text, n);
    to_ring("\n", 1);
    if ((int)level < console_loglevel) {
        head_length = snprintf(head, sizeof head, "[%5lu.%06lu] ", us / 1000000, us % 1000000);
        arch_console_write(head, (size_t)head_length);
        arch_console_write(text, (size_t)n);
        arch_console_write("\r\n", 2);
    }
    unlock(flags);
}

void printk(enum log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintk(level, format, args);
    va_end(args);
}

void console_write(const char *text, size_t n)
{
    u64 flags = lock();

    arch_console_write(text, n);
    unlock(flags);
}

ssize_t printk_record(u64 *position, char *out, size_t size)
{
    u64 flags = lock();
    ssize_t n = 0;

    if (*position + RING_SIZE < ring_end) {
        /* What stood here is overwritten: go on with the oldest whole record. */
        *position = ring_end - RING_SIZE;
        while (ring[(*position)++ % RING_SIZE] != '\n')
            ;
        n = -EPIPE;
    } else {
        while (*position < ring_end) {
            char c = ring[(*position)++ % RING_SIZE];

            if ((size_t)n < size)
                out[n++] = c;
            if (c == '\n')
                break;
        }
    }
    unlock(flags);
    return n;
}
