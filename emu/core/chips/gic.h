/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What gic.c (distributor, forwarding) and gic_cpu.c (CPU interface) share: the state and how to reach it. */
#ifndef TRAPDOOR_CHIPS_GIC_H
#define TRAPDOOR_CHIPS_GIC_H

#include "chips.h"

#define WORDS 32u /* 32-bit words for 1024 interrupt IDs */
#define ALL_GROUPS 3u
#define IDLE_PRIORITY 0x100u
#define SPURIOUS 1023u
#define OTHER_GROUP 1022u

enum { GICC_CTLR_ACKCTL = 1 << 2, GICC_CTLR_FIQEN = 1 << 3, GICC_CTLR_CBPR = 1 << 4, GICC_CTLR_EOIMODE = 1 << 9 };
#define GICC_CTLR_MASK 0x21fu

/* A bit per interrupt ID; IDs 0-31 are banked, a copy for each CPU. */
struct bits {
    uint32_t banked[GIC_CPUS];
    uint32_t shared[WORDS]; /* [0] unused */
};

struct gic {
    uint32_t gicd_ctlr;                     /* EnableGrp0, EnableGrp1 */
    struct bits group;                      /* GICD_IGROUPR */
    struct bits enabled;                    /* GICD_ISENABLER */
    struct bits latched;                    /* pending by edge, by SGI or by GICD_ISPENDR */
    struct bits active;                     /* GICD_ISACTIVER */
    struct bits edge;                       /* GICD_ICFGR: 1 = edge-triggered */
    struct bits line;                       /* input wires now */
    uint32_t target[GIC_CPUS][WORDS];       /* GICD_ITARGETSR turned around: SPIs each CPU gets */
    uint8_t priority_banked[GIC_CPUS][32];  /* GICD_IPRIORITYR0-7 */
    uint8_t priority[WORDS * 32];           /* GICD_IPRIORITYR8- */
    uint8_t sgi_sources[GIC_CPUS][16];      /* GICD_SPENDSGIR: for each receiving CPU, a bit per requesting CPU */
    struct {
        uint32_t ctlr;                      /* GICC_CTLR */
        uint32_t pmr, bpr, abpr;            /* GICC_PMR, GICC_BPR, GICC_ABPR */
        uint32_t apr[4], nsapr[4];          /* GICC_APR, GICC_NSAPR: active priorities of group 0 and 1 */
        uint8_t irq, fiq;                   /* levels last driven */
        uint8_t pad[2];
    } cpu[GIC_CPUS];
};

static inline struct gic *state(struct chip *c) { return c->state; }
static inline unsigned lines(const struct chip *c) { return (unsigned)c->config[0]; }
static inline unsigned words(const struct chip *c) { return (lines(c) + 31) / 32; }

static inline uint32_t *word(struct bits *b, unsigned cpu, unsigned w)
{
    return w == 0 ? &b->banked[cpu] : &b->shared[w];
}
static inline bool test(struct bits *b, unsigned cpu, unsigned id) { return *word(b, cpu, id / 32) >> (id % 32) & 1; }

static inline void put(struct bits *b, unsigned cpu, unsigned id, bool value)
{
    uint32_t *w = word(b, cpu, id / 32), bit = 1u << (id % 32);
    *w = value ? *w | bit : *w & ~bit;
}

/* Which IDs of word `w` exist. */
static inline uint32_t implemented(const struct chip *c, unsigned w)
{
    if (w >= words(c))
        return 0;
    unsigned left = lines(c) - w * 32;
    return left >= 32 ? ~0u : (1u << left) - 1;
}

static inline uint8_t *priority(struct gic *g, unsigned cpu, unsigned id)
{
    return id < 32 ? &g->priority_banked[cpu][id] : &g->priority[id];
}

/* gic.c */
void gic_update(struct chip *c);                                            /* drive the CPUs' inputs from the state */
unsigned gic_highest_pending(struct chip *c, unsigned cpu);
uint32_t gic_group_priority(struct gic *g, unsigned cpu, unsigned id);
uint32_t gic_running_priority(struct gic *g, unsigned cpu);                 /* IDLE_PRIORITY: nothing is active */

/* gic_cpu.c: registers of the asking CPU's interface; size and alignment have been checked */
uint64_t gicc_read(struct chip *c, unsigned offset, unsigned cpu);
void gicc_write(struct chip *c, unsigned offset, uint32_t value, unsigned cpu);

#endif
