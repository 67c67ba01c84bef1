/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 8254 (Intel 231164) and port 61h, as a PC has them: three counters of 1193182 Hz, the gates of 0 and 1 tied
 * high, the gate of 2 in port 61h.
 *
 * All times are ticks of the counters' clock since power-on, so nothing drifts. A count written, or a gate raised, in
 * tick T takes effect at the next clock edge, T + 1; from there the counting element is a formula of the ticks gone by.
 * Counters do not run until they are programmed (the data sheet leaves power-up undefined).
 */
#include "chips.h"

#include <string.h>

#define NEVER UINT64_MAX
#define REFRESH_TICKS 18u /* port 61h bit 4 toggles with the memory refresh, 15 us */

enum { RW_LATCH, RW_LSB, RW_MSB, RW_BOTH };
enum { PORT61_GATE2 = 0x01, PORT61_SPEAKER = 0x02, PORT61_REFRESH = 0x10, PORT61_OUT2 = 0x20 };

struct counter {
    uint64_t load_at;       /* tick at which cr goes to the counting element, or NEVER */
    uint64_t since;         /* tick from which `elapsed` goes on while counting */
    uint64_t elapsed;       /* ticks counted before `since`; mode 3: within this half */
    uint32_t n;             /* count the element was loaded with, 1..65536 (BCD: 1..10000) */
    uint32_t cr;            /* count register: the next n */
    uint8_t control;        /* last control word, bits 5:0: rw, mode, BCD */
    uint8_t mode;           /* 0-5 */
    uint8_t active;         /* the element has been loaded and counts when the gate is up */
    uint8_t fresh;          /* cr waits for the end of the period (mode 2), half (3) or a trigger (1, 5) */
    uint8_t null_count;     /* status bit 6: cr is not yet in the element */
    uint8_t low_half;       /* mode 3: OUT is low in this half */
    uint8_t gate;
    uint8_t write_msb;      /* RW_BOTH: the LSB has been written */
    uint8_t write_lsb;      /* ...with this value */
    uint8_t read_msb;       /* RW_BOTH: the LSB has been read */
    uint8_t latched;        /* latched_count is to be read next */
    uint8_t status_latched; /* latched_status is to be read before that */
    uint8_t latched_status;
    uint8_t pad;
    uint16_t latched_count;
};

struct pit {
    struct counter counter[3];
    uint64_t deadline; /* ns, last asked of chip_timer(): the next change of OUT 0 */
    uint8_t speaker;   /* port 61h bit 1 */
    uint8_t out0;      /* level last driven */
};

static struct pit *state(struct chip *c) { return c->state; }
static uint64_t now(struct chip *c) { return chip_ticks(chip_now(c), PIT_HZ); }

static bool periodic(const struct counter *k) { return k->mode == 2 || k->mode == 3; }
static bool triggered(const struct counter *k) { return k->mode == 1 || k->mode == 5; }
/* In modes 1 and 5 the gate's edges trigger, its level does not stop the count. */
static bool counting(const struct counter *k) { return k->active && (k->gate || triggered(k)); }
static uint64_t elapsed(const struct counter *k, uint64_t t) { return k->elapsed + (counting(k) ? t - k->since : 0); }

/* Ticks in the present half (mode 3: odd counts are high one tick longer) or period (mode 2). */
static uint64_t stretch(const struct counter *k)
{
    if (k->mode == 2)
        return k->n;
    return k->low_half ? k->n / 2 : (k->n + 1) / 2;
}

/* Take a counter's state to tick `t`: loads that were due, and whole periods gone by. */
static void advance(struct counter *k, uint64_t t)
{
    if (k->load_at <= t) {
        k->n = k->cr;
        k->since = k->load_at;
        k->load_at = NEVER;
        k->elapsed = 0;
        k->active = 1;
        k->fresh = k->null_count = k->low_half = 0;
    }
    if (!periodic(k) || !counting(k))
        return;
    if (!k->fresh) /* whole periods at once */
        k->since += elapsed(k, t) / k->n * k->n;
    while (elapsed(k, t) >= stretch(k)) {
        k->since += stretch(k);
        if (k->mode == 3)
            k->low_half = !k->low_half;
        if (k->fresh) {
            k->n = k->cr;
            k->fresh = k->null_count = 0;
            uint64_t e = elapsed(k, t);
            k->since += e / k->n * k->n;
        }
    }
}

static bool out(const struct counter *k, uint64_t t)
{
    uint64_t e = elapsed(k, t);
    switch (k->mode) {
    case 0: return k->active && e >= k->n;
    case 1: return !k->active || e >= k->n;
    case 2: return !counting(k) || e != k->n - 1;
    case 3: return !counting(k) || !k->low_half;
    default: return !k->active || e != k->n;
    }
}

/* The counting element as a program reads it. */
static uint16_t value(const struct counter *k, uint64_t t)
{
    uint32_t span = k->control & 1 ? 10000 : 65536, v;
    uint64_t e = elapsed(k, t);

    if (k->mode == 3)
        v = (k->n & ~1u) - 2 * (uint32_t)e;
    else if (k->mode == 2)
        v = k->n - (uint32_t)e;
    else
        v = (uint32_t)((k->n + span - e % span) % span);
    v %= span;
    if (k->control & 1)
        v = v / 1000 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 | v % 10;
    return (uint16_t)v;
}

/* The first tick after `t` at which OUT may change, or NEVER. */
static uint64_t next_change(const struct counter *k, uint64_t t)
{
    uint64_t at = k->load_at, e = elapsed(k, t), event = NEVER;

    if (counting(k)) {
        switch (k->mode) {
        case 0: case 1: event = e < k->n ? k->n : NEVER; break;
        case 2: event = e < k->n - 1 ? k->n - 1 : k->n; break;
        case 3: event = stretch(k); break;
        default: event = e < k->n ? k->n : e == k->n ? (uint64_t)k->n + 1 : NEVER; break;
        }
        if (event != NEVER)
            event = t + (event - e);
    }
    return event < at ? event : at;
}

static void update(struct chip *c, uint64_t t)
{
    struct pit *s = state(c);
    struct counter *k = &s->counter[0];
    uint8_t level = out(k, t);
    uint64_t tick = next_change(k, t), when = tick == NEVER ? CHIP_NEVER : chip_tick_ns(tick, PIT_HZ);

    if (when != s->deadline) {
        s->deadline = when;
        chip_timer(c, 0, when);
    }
    if (level != s->out0) {
        s->out0 = level;
        chip_output(c, 0, level, 0);
    }
}

static void write_count(struct counter *k, uint16_t count, uint64_t t)
{
    if (k->control & 1)
        k->cr = (count >> 12) * 1000u + (count >> 8 & 15) * 100u + (count >> 4 & 15) * 10u + (count & 15);
    else
        k->cr = count;
    if (k->cr == 0)
        k->cr = k->control & 1 ? 10000 : 65536;
    if (k->cr == 1 && periodic(k)) /* illegal in modes 2 and 3: taken as the smallest legal count */
        k->cr = 2;
    k->null_count = 1;
    if (triggered(k) || (periodic(k) && k->active))
        k->fresh = 1;
    else
        k->load_at = t + 1;
}

static void write_counter(struct counter *k, uint8_t byte, uint64_t t)
{
    switch (k->control >> 4) {
    case RW_LSB: write_count(k, byte, t); break;
    case RW_MSB: write_count(k, (uint16_t)(byte << 8), t); break;
    case RW_BOTH:
        if (!k->write_msb) {
            k->write_lsb = byte;
            if (k->mode == 0) { /* the first byte stops the count and lowers OUT */
                k->active = 0;
                k->elapsed = 0;
                k->load_at = NEVER;
            }
        } else {
            write_count(k, (uint16_t)(byte << 8 | k->write_lsb), t);
        }
        k->write_msb = !k->write_msb;
        break;
    }
    if (k->mode == 0 && !k->write_msb && k->load_at != NEVER) {
        k->active = 0; /* OUT goes low with the write, the count is in one tick later */
        k->elapsed = 0;
    }
}

static void latch_count(struct counter *k, uint64_t t)
{
    if (k->latched)
        return;
    k->latched = 1;
    k->latched_count = value(k, t);
}

static void latch_status(struct counter *k, uint64_t t)
{
    if (k->status_latched)
        return;
    k->status_latched = 1;
    k->latched_status = (uint8_t)(out(k, t) << 7 | k->null_count << 6 | (k->control & 0x3f));
}

static void write_control(struct pit *s, uint8_t word, uint64_t t)
{
    unsigned which = word >> 6;

    if (which == 3) { /* read-back */
        for (unsigned i = 0; i < 3; i++)
            if (word >> (1 + i) & 1) {
                if (!(word & 0x20))
                    latch_count(&s->counter[i], t);
                if (!(word & 0x10))
                    latch_status(&s->counter[i], t);
            }
        return;
    }
    struct counter *k = &s->counter[which];
    if ((word >> 4 & 3) == RW_LATCH) {
        latch_count(k, t);
        return;
    }
    uint8_t gate = k->gate;
    uint32_t n = k->n, cr = k->cr;
    memset(k, 0, sizeof *k);
    k->n = n;
    k->cr = cr;
    k->gate = gate;
    k->control = word & 0x3f;
    k->mode = word >> 1 & 7;
    if (k->mode > 5) /* x10 and x11: modes 2 and 3 */
        k->mode &= 3;
    k->null_count = 1;
    k->load_at = NEVER;
}

static uint8_t read_counter(struct counter *k, uint64_t t)
{
    if (k->status_latched) {
        k->status_latched = 0;
        return k->latched_status;
    }
    uint16_t v = k->latched ? k->latched_count : value(k, t);
    bool msb = k->control >> 4 == RW_MSB || (k->control >> 4 == RW_BOTH && k->read_msb);
    if (k->control >> 4 == RW_BOTH)
        k->read_msb = !k->read_msb;
    if (!k->read_msb)
        k->latched = 0;
    return (uint8_t)(msb ? v >> 8 : v);
}

static void set_gate(struct counter *k, bool level, uint64_t t)
{
    if (k->gate == level)
        return;
    if (!triggered(k)) {
        k->elapsed = elapsed(k, t);
        k->since = t;
    }
    k->gate = level;
    /* A rising edge reloads in modes 1, 2, 3 and 5, if there is a count to load. */
    if (level && (triggered(k) || periodic(k)) && (k->active || k->fresh))
        k->load_at = t + 1;
    if (level && periodic(k)) { /* OUT, forced high by the low gate, stays high into the new period */
        k->elapsed = 0;
        k->low_half = 0;
    }
}

static bool access_ok(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value_)
{
    if (bank > 1 || offset > (bank ? 0 : 3))
        chip_fault(c, CHIP_FAULT_RESERVED, offset, size, value_);
    else if (size != 1)
        chip_fault(c, CHIP_FAULT_SIZE, offset, size, value_);
    else
        return true;
    return false;
}

static void advance_all(struct pit *s, uint64_t t)
{
    for (unsigned i = 0; i < 3; i++)
        advance(&s->counter[i], t);
}

static uint64_t pit_read(struct chip *c, unsigned bank, uint64_t offset, unsigned size, unsigned cpu)
{
    struct pit *s = state(c);
    uint64_t t = now(c);

    (void)cpu;
    if (!access_ok(c, bank, offset, size, 0))
        return 0;
    advance_all(s, t);
    if (bank == 1)
        return (s->counter[2].gate ? PORT61_GATE2 : 0) | (s->speaker ? PORT61_SPEAKER : 0) |
               (t / REFRESH_TICKS & 1 ? PORT61_REFRESH : 0) | (out(&s->counter[2], t) ? PORT61_OUT2 : 0);
    if (offset == 3) {
        chip_fault(c, CHIP_FAULT_WRITE_ONLY, offset, size, 0);
        return 0;
    }
    return read_counter(&s->counter[offset], t);
}

static void pit_write(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value_, unsigned cpu)
{
    struct pit *s = state(c);
    uint64_t t = now(c);

    (void)cpu;
    if (!access_ok(c, bank, offset, size, value_))
        return;
    advance_all(s, t);
    if (bank == 1) {
        s->speaker = (value_ & PORT61_SPEAKER) != 0;
        set_gate(&s->counter[2], value_ & PORT61_GATE2, t);
    } else if (offset == 3) {
        write_control(s, (uint8_t)value_, t);
    } else {
        write_counter(&s->counter[offset], (uint8_t)value_, t);
    }
    update(c, t);
}

static void pit_timer(struct chip *c, unsigned index)
{
    uint64_t t = now(c);
    (void)index;
    advance_all(state(c), t);
    update(c, t);
}

static void pit_reset(struct chip *c)
{
    struct pit *s = state(c);
    memset(s, 0, sizeof *s);
    for (unsigned i = 0; i < 3; i++) {
        s->counter[i].control = RW_BOTH << 4 | 3 << 1;
        s->counter[i].mode = 3;
        s->counter[i].gate = i != 2;
        s->counter[i].null_count = 1;
        s->counter[i].load_at = NEVER;
    }
    s->deadline = CHIP_NEVER;
    s->out0 = 1;
    chip_timer(c, 0, CHIP_NEVER); /* OUT 0 is high, which is no edge: it is not announced */
}

const struct chip_ops pit_ops = {
    .name = "pit", .state_size = sizeof(struct pit), .reset = pit_reset,
    .read = pit_read, .write = pit_write, .timer = pit_timer,
};
