/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I/O APIC: Intel 82093AA (290566) with version 20h, which adds an EOI register, as QEMU's pc has it.
 * Input wires carry "asserted", so the polarity bit is stored and changes nothing.
 */
#include "chips.h"

#include <string.h>

enum { IOREGSEL = 0x00, IOWIN = 0x10, IOEOI = 0x40 };
enum { IOAPICID = 0x00, IOAPICVER = 0x01, IOAPICARB = 0x02, IOREDTBL = 0x10 };

#define VERSION 0x20u
#define RTE_VECTOR 0xffu
#define RTE_REMOTE_IRR (1ull << 14)
#define RTE_LEVEL (1ull << 15)
#define RTE_MASKED (1ull << 16)
#define RTE_READ_ONLY 0x5000ull            /* delivery status, remote IRR */
#define RTE_WRITABLE 0xff0000000001afffull /* destination, mask, trigger, polarity, mode, vector */
#define RTE_MESSAGE (0xff00000000000fffull | RTE_LEVEL)
#define MESSAGE_ASSERT (1ull << 14)        /* as in an MSI's data; also keeps a message from being zero */

struct ioapic {
    uint64_t rte[IOAPIC_PINS]; /* IOREDTBL */
    uint32_t lines;            /* pins asserted now */
    uint32_t id;               /* IOAPICID, bits 27:24 */
    uint32_t select;           /* IOREGSEL */
};

static struct ioapic *state(struct chip *c) { return c->state; }

static void send(struct chip *c, unsigned pin)
{
    chip_output(c, pin, true, (state(c)->rte[pin] & RTE_MESSAGE) | MESSAGE_ASSERT);
}

/* A level-triggered pin asks again whenever it is asserted, unmasked and its last request has been answered. */
static void service_level(struct chip *c, unsigned pin)
{
    struct ioapic *s = state(c);
    uint64_t *rte = &s->rte[pin];
    if (!(*rte & RTE_LEVEL) || (*rte & (RTE_MASKED | RTE_REMOTE_IRR)) || !(s->lines >> pin & 1))
        return;
    *rte |= RTE_REMOTE_IRR;
    send(c, pin);
}

static void ioapic_line(struct chip *c, unsigned pin, bool level)
{
    struct ioapic *s = state(c);
    if (pin >= IOAPIC_PINS || (s->lines >> pin & 1) == level)
        return;
    s->lines ^= 1u << pin;
    if (!level)
        return;
    if (s->rte[pin] & RTE_LEVEL)
        service_level(c, pin);
    else if (!(s->rte[pin] & RTE_MASKED)) /* an edge at a masked pin is lost, 3.2.4 */
        send(c, pin);
}

void ioapic_eoi(struct chip *c, uint8_t vector)
{
    struct ioapic *s = state(c);
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++)
        if ((s->rte[pin] & RTE_LEVEL) && (s->rte[pin] & RTE_REMOTE_IRR) && (s->rte[pin] & RTE_VECTOR) == vector) {
            s->rte[pin] &= ~RTE_REMOTE_IRR;
            service_level(c, pin);
        }
}

static void ioapic_message(struct chip *c, uint64_t value) { ioapic_eoi(c, (uint8_t)value); }

static uint32_t read_register(struct chip *c)
{
    struct ioapic *s = state(c);
    unsigned index = (s->select - IOREDTBL) / 2;

    switch (s->select) {
    case IOAPICID: case IOAPICARB: return s->id;
    case IOAPICVER: return VERSION | (IOAPIC_PINS - 1) << 16;
    }
    if (s->select < IOREDTBL || index >= IOAPIC_PINS) {
        chip_fault(c, CHIP_FAULT_RESERVED, s->select, 4, 0);
        return 0;
    }
    return (uint32_t)(s->rte[index] >> (s->select & 1 ? 32 : 0));
}

static void write_register(struct chip *c, uint32_t value)
{
    struct ioapic *s = state(c);
    unsigned index = (s->select - IOREDTBL) / 2;

    if (s->select == IOAPICID) {
        s->id = value & 0x0f000000;
        return;
    }
    if (s->select == IOAPICVER || s->select == IOAPICARB) {
        chip_fault(c, CHIP_FAULT_READ_ONLY, s->select, 4, value);
        return;
    }
    if (s->select < IOREDTBL || index >= IOAPIC_PINS) {
        chip_fault(c, CHIP_FAULT_RESERVED, s->select, 4, value);
        return;
    }
    uint64_t *rte = &s->rte[index];
    uint64_t changed = s->select & 1 ? (*rte & 0xffffffff) | (uint64_t)value << 32 : (*rte & ~0xffffffffull) | value;
    *rte = (changed & RTE_WRITABLE) | (*rte & RTE_READ_ONLY);
    if (!(*rte & RTE_LEVEL)) /* switching to edge and back is how software drops a stuck remote IRR */
        *rte &= ~RTE_REMOTE_IRR;
    service_level(c, index);
}

static bool access_ok(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value)
{
    if (bank != 0 || (offset != IOREGSEL && offset != IOWIN && offset != IOEOI))
        chip_fault(c, CHIP_FAULT_RESERVED, offset, size, value);
    else if (size != 4)
        chip_fault(c, CHIP_FAULT_SIZE, offset, size, value);
    else
        return true;
    return false;
}

static uint64_t ioapic_read(struct chip *c, unsigned bank, uint64_t offset, unsigned size, unsigned cpu)
{
    (void)cpu;
    if (!access_ok(c, bank, offset, size, 0))
        return 0;
    if (offset == IOREGSEL)
        return state(c)->select;
    if (offset == IOWIN)
        return read_register(c);
    chip_fault(c, CHIP_FAULT_WRITE_ONLY, offset, size, 0);
    return 0;
}

static void ioapic_write(struct chip *c, unsigned bank, uint64_t offset, unsigned size, uint64_t value, unsigned cpu)
{
    (void)cpu;
    if (!access_ok(c, bank, offset, size, value))
        return;
    if (offset == IOREGSEL)
        state(c)->select = value & 0xff;
    else if (offset == IOWIN)
        write_register(c, (uint32_t)value);
    else
        ioapic_eoi(c, (uint8_t)value);
}

static void ioapic_reset(struct chip *c)
{
    memset(c->state, 0, sizeof(struct ioapic));
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++)
        state(c)->rte[pin] = RTE_MASKED;
}

const struct chip_ops ioapic_ops = {
    .name = "ioapic", .state_size = sizeof(struct ioapic), .reset = ioapic_reset,
    .read = ioapic_read, .write = ioapic_write, .line = ioapic_line, .message = ioapic_message,
};
