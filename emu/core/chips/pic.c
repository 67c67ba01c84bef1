/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two cascaded 8259As (Intel 231468) with the edge/level control registers of the PIIX3, as every PC has them: the
 * slave's INT is the master's IR2, the trigger mode comes from the ELCR and ICW1's LTIM does nothing.
 *
 * An edge-triggered request has to stay up until it is acknowledged; if it drops before, the acknowledge finds nothing
 * and gives the spurious IR7. At the INTA the slave drops its INT, so that its next request is an edge again.
 */
#include "chips.h"

#include <string.h>

#define CASCADE 2u
#define NONE 8u

enum { ICW1 = 0x10, ICW1_IC4 = 0x01, ICW1_SNGL = 0x02, ICW4_AEOI = 0x02, ICW4_SFNM = 0x10 };
enum { OCW3 = 0x08, OCW3_P = 0x04, OCW3_RR = 0x02, OCW3_RIS = 0x01, OCW3_ESMM = 0x40, OCW3_SMM = 0x20 };

struct pic8259 {
    uint8_t lines;      /* IR inputs now */
    uint8_t edges;      /* edge requests not yet acknowledged */
    uint8_t isr, imr;   /* in service; masked */
    uint8_t elcr;       /* 1 = level-triggered */
    uint8_t base;       /* ICW2: vector of IR0 */
    uint8_t icw_next;   /* 0 = operating, 2-4 = which ICW is expected at A0 = 1 */
    uint8_t icw1;
    uint8_t icw4;
    uint8_t read_isr;   /* OCW3: A0 = 0 reads ISR instead of IRR */
    uint8_t poll;       /* OCW3 P: the next read is an acknowledge */
    uint8_t special_mask;
    uint8_t rotate_aeoi;
    uint8_t lowest;     /* the IR with the lowest priority: 7 unless rotated */
};

struct pic {
    struct pic8259 chip[2]; /* master, slave */
    uint8_t intr;           /* level last driven on output 0 */
};

static struct pic *state(struct chip *c) { return c->state; }

static uint8_t irr(const struct pic8259 *p) { return (uint8_t)((p->lines & p->elcr) | (p->edges & ~p->elcr)); }

/* Of the IRs in `set` the one with the highest priority, as its rank (0 = highest), or NONE. */
static unsigned rank(const struct pic8259 *p, uint8_t set)
{
    for (unsigned r = 0; r < 8; r++)
        if (set >> ((p->lowest + 1 + r) & 7) & 1)
            return r;
    return NONE;
}

static unsigned ir_of(const struct pic8259 *p, unsigned r) { return r == NONE ? NONE : (p->lowest + 1 + r) & 7; }

/* The IR that may interrupt now, or NONE. */
static unsigned request(const struct pic8259 *p, bool master)
{
    uint8_t served = p->isr;
    if (p->special_mask)
        served &= (uint8_t)~p->imr;
    if (master && (p->icw4 & ICW4_SFNM)) /* the slave's higher requests get through while the slave is served */
        served &= (uint8_t)~(1u << CASCADE);
    unsigned r = rank(p, irr(p) & (uint8_t)~p->imr);
    return r < rank(p, served) ? ir_of(p, r) : NONE;
}

static void set_line(struct pic8259 *p, unsigned ir, bool level)
{
    uint8_t bit = (uint8_t)(1u << ir);
    if (!level) {
        p->lines &= (uint8_t)~bit;
        p->edges &= (uint8_t)~bit;
    } else if (!(p->lines & bit)) {
        p->lines |= bit;
        p->edges |= bit;
    }
}

static void update(struct chip *c)
{
    struct pic *s = state(c);
    set_line(&s->chip[0], CASCADE, request(&s->chip[1], false) != NONE);
    uint8_t intr = request(&s->chip[0], true) != NONE;
    if (intr != s->intr) {
        s->intr = intr;
        chip_output(c, 0, intr, 0);
    }
}

/* The effect of an INTA on one 8259A that had `ir` to offer. */
static void acknowledge(struct pic8259 *p, unsigned ir)
{
    uint8_t bit = (uint8_t)(1u << ir);
    p->edges &= (uint8_t)~bit;
    if (!(p->icw4 & ICW4_AEOI))
        p->isr |= bit;
    else if (p->rotate_aeoi)
        p->lowest = (uint8_t)ir;
}

static int pic_ack(struct chip *c, unsigned cpu)
{
    struct pic *s = state(c);
    struct pic8259 *master = &s->chip[0], *slave = &s->chip[1];
    unsigned ir = request(master, true);
    int vector;

    (void)cpu;
    if (ir == NONE) {
        vector = master->base + 7;
    } else if (ir == CASCADE) {
        unsigned below = request(slave, false);
        acknowledge(master, ir);
        if (below == NONE) {
            vector = slave->base + 7;
        } else {
            acknowledge(slave, below);
            vector = slave->base + (int)below;
            set_line(master, CASCADE, false);
        }
    } else {
        acknowledge(master, ir);
        vector = master->base + (int)ir;
    }
    update(c);
    return vector;
}

static void pic_line(struct chip *c, unsigned input, bool level)
{
    if (input >= 16 || input == CASCADE)
        return;
    set_line(&state(c)->chip[input / 8], input % 8, level);
    update(c);
}

static void write_icw1(struct pic8259 *p, uint8_t value)
{
    p->icw1 = value;
    p->icw_next = 2;
    p->edges = p->imr = p->isr = 0;
    p->lowest = 7;
    p->special_mask = p->read_isr = p->poll = p->rotate_aeoi = 0;
    if (!(value & ICW1_IC4))
        p->icw4 = 0;
}

static void write_ocw2(struct pic8259 *p, uint8_t value)
{
    unsigned level = value & 7;
    /* In special mask mode a non-specific EOI does not reach masked levels. */
    uint8_t served = p->special_mask ? p->isr & (uint8_t)~p->imr : p->isr;
    unsigned highest = ir_of(p, rank(p, served));

    switch (value >> 5) { /* R SL EOI */
    case 0: p->rotate_aeoi = 0; break;
    case 4: p->rotate_aeoi = 1; break;
    case 1: case 5: /* non-specific EOI, and with rotation */
        if (highest == NONE)
            break;
        p->isr &= (uint8_t)~(1u << highest);
        if (value & 0x80)
            p->lowest = (uint8_t)highest;
        break;
    case 7: /* rotate on specific EOI */
        p->lowest = (uint8_t)level;
        p->isr &= (uint8_t)~(1u << level);
        break;
    case 3: p->isr &= (uint8_t)~(1u << level); break;
    case 6: p->lowest = (uint8_t)level; break;
    }
}

static void write_ocw3(struct pic8259 *p, uint8_t value)
{
    if (value & OCW3_ESMM)
        p->special_mask = (value & OCW3_SMM) != 0;
    p->poll = (value & OCW3_P) != 0; /* P overrides RR */
    if (!(value & OCW3_P) && (value & OCW3_RR))
        p->read_isr = value & OCW3_RIS;
}

static void write_data(struct pic8259 *p, uint8_t value)
{
    switch (p->icw_next) {
    case 2:
        p->base = value & 0xf8;
        p->icw_next = !(p->icw1 & ICW1_SNGL) ? 3 : p->icw1 & ICW1_IC4 ? 4 : 0;
        break;
    case 3: /* which IR the slave is on: wired */
        p->icw_next = p->icw1 & ICW1_IC4 ? 4 : 0;
        break;
    case 4:
        p->icw4 = value & 0x1f;
        p->icw_next = 0;
        break;
    default: p->imr = value; break;
    }
}

static bool access_ok(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value)
{
    if (size != 1)
        chip_fault(c, CHIP_FAULT_SIZE, offset, size, value);
    else if (bank > 2 || offset > 1)
        chip_fault(c, CHIP_FAULT_RESERVED, offset, size, value);
    else
        return true;
    return false;
}

static uint64_t pic_read(struct chip *c, unsigned bank, uint64_t offset, unsigned size, unsigned cpu)
{
    struct pic *s = state(c);

    (void)cpu;
    if (!access_ok(c, bank, offset, size, 0))
        return 0;
    if (bank == 2)
        return s->chip[offset].elcr;
    struct pic8259 *p = &s->chip[bank];
    if (p->poll) {
        unsigned ir = request(p, bank == 0);
        p->poll = 0;
        if (ir == NONE)
            return 0;
        acknowledge(p, ir);
        if (bank == 1)
            set_line(&s->chip[0], CASCADE, false);
        update(c);
        return 0x80 | ir;
    }
    if (offset == 1)
        return p->imr;
    return p->read_isr ? p->isr : irr(p);
}

static void pic_write(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value, unsigned cpu)
{
    struct pic *s = state(c);
    uint8_t byte = (uint8_t)value;

    (void)cpu;
    if (!access_ok(c, bank, offset, size, value))
        return;
    if (bank == 2) /* the timer, keyboard, cascade, RTC and FPU inputs are edge-triggered for good */
        s->chip[offset].elcr = byte & (offset ? 0xde : 0xf8);
    else if (offset == 1)
        write_data(&s->chip[bank], byte);
    else if (byte & ICW1)
        write_icw1(&s->chip[bank], byte);
    else if (byte & OCW3)
        write_ocw3(&s->chip[bank], byte);
    else
        write_ocw2(&s->chip[bank], byte);
    update(c);
}

static void pic_reset(struct chip *c)
{
    memset(c->state, 0, sizeof(struct pic));
    state(c)->chip[0].lowest = state(c)->chip[1].lowest = 7;
    chip_output(c, 0, false, 0);
}

const struct chip_ops pic_ops = {
    .name = "pic", .state_size = sizeof(struct pic), .reset = pic_reset,
    .read = pic_read, .write = pic_write, .line = pic_line, .ack = pic_ack,
};
