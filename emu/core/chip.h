/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What an interrupt controller or a timer written in C ("chip") sees of the machine.
 *
 * A chip is pure: its whole state is `state` (bytes in the core's arena, so that snapshot, restore and hash need no
 * code here), and everything it does to the outside goes through the services below. It knows neither its address nor
 * its interrupt number, includes nothing of Unicorn or Python, and its plain-Python twin under emu/devices/ is its
 * oracle: tests/device drives both with the same register transcripts.
 *
 * Rules: no allocation, no I/O, no static mutable data. Virtual time is nanoseconds since power-on (u64).
 * `state` is zeroed before reset() is first called. A callback may call any service; a service may call back into
 * another chip's line(), never into the caller.
 */
#ifndef TRAPDOOR_CHIP_H
#define TRAPDOOR_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#define CHIP_NEVER  UINT64_MAX
#define CHIP_TIMERS 8 /* deadlines a chip may keep at once, times the number of CPUs for per-CPU chips */

struct chip;

/* Why an access is not what the manual allows; becomes an event, never a stopped emulator. */
enum chip_fault {
    CHIP_FAULT_RESERVED = 1,  /* no register at this offset */
    CHIP_FAULT_READ_ONLY = 2, /* write to a read-only register */
    CHIP_FAULT_WRITE_ONLY = 3,
    CHIP_FAULT_SIZE = 4, /* a size or alignment the register does not have */
};

/* Inputs of a CPU that a chip may drive. */
enum chip_cpu_input { CHIP_CPU_IRQ, CHIP_CPU_FIQ, CHIP_CPU_NMI, CHIP_CPU_SMI, CHIP_CPU_INIT, CHIP_CPU_SIPI };

struct chip_ops {
    const char *name; /* "gicv2", "timer", "apic", "ioapic", "pic", "pit" */
    uint32_t state_size;
    void (*reset)(struct chip *c);
    /* `offset` is within the chip's window number `bank` (GICv2: 0 distributor, 1 CPU interface); `cpu` is who asks. */
    uint64_t (*read)(struct chip *c, unsigned bank, uint64_t offset, unsigned size, unsigned cpu);
    void (*write)(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value, unsigned cpu);
    void (*line)(struct chip *c, unsigned input, bool level); /* an input wire changed */
    void (*timer)(struct chip *c, unsigned index);            /* the deadline set by chip_timer() is reached */
    int (*ack)(struct chip *c, unsigned cpu);                 /* x86 INTA: the vector, or -1 for none */
    void (*message)(struct chip *c, uint64_t value);          /* a message-signalled interrupt on the input */
};

struct chip_host {
    uint64_t (*now)(void *host);
    void (*timer)(void *host, unsigned chip, unsigned index, uint64_t when);
    void (*output)(void *host, unsigned chip, unsigned output, bool level, uint64_t value);
    void (*cpu_input)(void *host, unsigned chip, unsigned cpu, enum chip_cpu_input input, uint64_t value);
    void (*fault)(void *host, unsigned chip, enum chip_fault why, uint64_t offset, unsigned size, uint64_t value);
};

struct chip {
    const struct chip_ops *ops;
    const struct chip_host *host;
    void *host_arg;
    void *state;
    unsigned id;
    unsigned ncpu;
    const uint64_t *config; /* constants of the board (frequency, number of lines), meaning per chip */
};

/* ns since power-on; exact in the middle of a block. */
static inline uint64_t chip_now(struct chip *c) { return c->host->now(c->host_arg); }
/* Ask for ops->timer(index) at virtual time `when`; replaces the earlier request; CHIP_NEVER cancels. */
static inline void chip_timer(struct chip *c, unsigned index, uint64_t when)
{
    c->host->timer(c->host_arg, c->id, index, when);
}
/* Drive an output wire; the board says where it leads. `value` accompanies messages (an MSI's vector word), else 0. */
static inline void chip_output(struct chip *c, unsigned out, bool level, uint64_t value)
{
    c->host->output(c->host_arg, c->id, out, level, value);
}
/* Drive a CPU's interrupt input. IRQ and FIQ are levels (value 0/1); NMI, INIT and SIPI are pulses (SIPI: value =
 * vector). */
static inline void chip_cpu(struct chip *c, unsigned cpu, enum chip_cpu_input in, uint64_t value)
{
    c->host->cpu_input(c->host_arg, c->id, cpu, in, value);
}
static inline void chip_fault(struct chip *c, enum chip_fault why, uint64_t off, unsigned size, uint64_t value)
{
    c->host->fault(c->host_arg, c->id, why, off, size, value);
}

#endif
