/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The C core: guest CPUs on Unicorn engines, RAM, MMU, virtual time, interrupt wiring, device dispatch, snapshots and
 * the event ring. This header is its manual.
 *
 * Lifecycle   core_new -> ram, chips, windows, wires -> core_seal -> (core_run | core_step | snapshot | restore)* ->
 *             core_free. Nothing may be added after core_seal.
 * Ownership   The core owns RAM and the state arena. A chip's state is a piece of the arena; a Python device sees its
 *             piece as a memoryview that stays valid until core_free.
 * Threads     One thread at a time calls into a core; only core_stop() may come from any thread. core_run releases the
 *             GIL while the guest runs and takes it back for each Python callback.
 * Re-entry    A chip callback may call the services of chip.h. A Python callback may do that too, and read and write
 *             memory and registers of its own core; it may not run, snapshot or restore it.
 * Longjmp     Unicorn unwinds with longjmp through our C frames when an exception is raised (raise_*, tlb_fill, the
 *             redo of an MMIO access). No such call is made with a Python frame on the C stack.
 * Time        `icount` counts retired instructions of all CPUs. Virtual time in ns is icount * num / den + idle.
 *             A deadline is met before the instruction whose number it is, whatever the blocks are.
 */
#ifndef TRAPDOOR_CORE_H
#define TRAPDOOR_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chip.h"
#include "unicorn_abi.h"

#define MAX_CPUS    8
#define MAX_CHIPS   64
#define MAX_RAM     8
#define MAX_WINDOWS 128
#define MAX_WIRES   512
#define MAX_TIMERS  128
#define PAGE_SIZE   4096u
#define PAGE_SHIFT  12
#define NEVER       UINT64_MAX
/* A page of all ones, for fetches from nothing: beyond what a guest can address. */
#define VOID_PA ((uint64_t)1 << 40)

typedef struct uc_struct uc_engine;
struct core;
struct cpu;

/* ---- why a run ended ------------------------------------------------------------------------------------------- */
enum stop_reason {
    STOP_BUDGET = 1,   /* the instruction budget is used up */
    STOP_TIME,         /* virtual time reached the limit */
    STOP_IDLE,         /* every CPU waits and nothing can wake one */
    STOP_REQUEST,      /* core_stop() or a Python callback asked; `code` is its argument */
    STOP_EVENT,        /* an event asked for by core->break_kinds */
    STOP_POWEROFF,     /* the guest switched the machine off */
    STOP_RESET,        /* the guest asked for a reset */
    STOP_EXIT,         /* door or debug exit; `code` is the status */
    STOP_TRIPLE_FAULT, /* x86-64 shutdown */
    STOP_DEVICE_ERROR, /* a Python device raised; the exception is kept by module.c */
    STOP_SIGNAL,       /* a Python signal handler raised (Ctrl-C) */
    STOP_INTERNAL,     /* the engine gave up: our own fault; `code` is the uc_err */
    STOP_STUCK,        /* exceptions without end: not one instruction of a handler could be fetched */
};

/* ---- events ---------------------------------------------------------------------------------------------------- */
enum event_kind {
    EVENT_EXCEPTION = 1, /* code = vector or exception class; pc = from, target = handler; a = syndrome/error, b =
                            FAR/CR2, c = saved state (SPSR/RFLAGS), d = system-call number where there is one */
    EVENT_RETURN,        /* eret/iretq/sysret: pc = from, target = to, c = restored state */
    EVENT_IRQ,           /* interrupt entry: code = vector (x86) or 0 IRQ / 1 FIQ; pc, target, c as above */
    EVENT_MMIO,          /* code = size | write << 7 | chip << 8; pc; a = physical address, b = value */
    EVENT_PORT,          /* the same for I/O ports */
    EVENT_UNASSIGNED,    /* an access to nothing: as MMIO */
    EVENT_DEVICE_FAULT,  /* code = enum chip_fault | chip << 8; a = offset, b = value, c = size */
    EVENT_IDLE,          /* every CPU waits: a = ns skipped */
    EVENT_WAKE,
    EVENT_POWER,  /* code = enum stop_reason; a = status */
    EVENT_LINE,   /* code = chip; a = input, b = level */
    EVENT_INPUT,  /* console bytes given to a device: code = chip, a = count */
    EVENT_SYSREG, /* a system register the machine does not have: code = 0 read 1 write; a = register */
    EVENT_CODE,   /* translated code of a page was thrown away: a = physical page */
    EVENT_TLB,    /* TLB maintenance: code = enum tlb_op; a = address, b = ASID/PCID */
    EVENT_KINDS
};

struct event {
    uint64_t icount;
    uint8_t kind, cpu;
    uint16_t code;
    uint32_t flags; /* privilege before (bits 0-1) and after (2-3); instruction length (8-11) */
    uint64_t pc, target, a, b, c, d;
};
_Static_assert(sizeof(struct event) == 64, "records are read by Python as '<QBBHIQQQQQQ'");

/* ---- MMU ------------------------------------------------------------------------------------------------------- */
enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };

/* Permissions of a translation, for both privileges at once. */
enum {
    PERM_UR = 1,
    PERM_UW = 2,
    PERM_UX = 4,
    PERM_SR = 8,
    PERM_SW = 16,
    PERM_SX = 32,
    PERM_GLOBAL = 64,
    PERM_DIRTY = 128, /* x86-64: the D bit is known to be set; else a write walks again */
    PERM_USER = 256,  /* x86-64: a user page, for SMEP and SMAP */
};

/* What a walk found. ok: pa and perms are valid and the access is permitted. Else fault is the architecture's code
 * (AArch64: DFSC/IFSC; x86-64: the error code) and level the level it belongs to. */
struct walk {
    uint64_t pa; /* of the page's first byte */
    uint32_t perms;
    uint16_t fault;
    uint8_t ok, level, shift; /* shift: log2 of the block's size */
    uint8_t nonpaging;        /* flat: do not cache */
    uint8_t writes;           /* x86-64: descriptors whose A or D bit the walk set */
    uint32_t syndrome;        /* AArch64: ESR_EL1 of the fault; x86-64: the error code again */
};

/* The architectural TLB: Unicorn's own holds a subset of it. A 4 KiB fragment of a larger block is cached by itself
 * and remembers the block's size. Replacement is round-robin within a set, so it depends on fills alone. */
#define TLB_WAYS 4
#define TLB_SETS 256
struct tlb_entry {
    uint64_t tag; /* va >> 12 << 12 | valid */
    uint64_t pa;
    uint32_t perms;
    uint16_t asid;
    uint8_t shift, pad;
    uint64_t spare;
};
struct tlb {
    struct tlb_entry e[TLB_SETS][TLB_WAYS];
    uint8_t next[TLB_SETS];
    uint64_t used[TLB_SETS / 64]; /* sets that may hold entries: a flush looks at these alone */
    uint16_t large[2][64];        /* entries of 2 MiB and of 1 GiB blocks, by a hash of the block's address */
};
enum tlb_op { TLB_ALL = 1, TLB_ASID, TLB_VA, TLB_VA_ALL_ASID, TLB_ALL_NONGLOBAL };

/* Counters for tools; never hashed, and those of Unicorn's cache depend on it. */
struct tlb_stats {
    uint64_t fills, hits, misses, faults, evictions, flush_all, flush_asid, flush_va;
};

/* ---- RAM and pages --------------------------------------------------------------------------------------------- */
struct ram {
    uint64_t base, size;
    uint64_t offset; /* in ram_host; also Unicorn's ram_addr_t, which it hands out one range behind the other */
};
/* One per page of RAM: which engines hold translated code of it, which may write it without a fill, and whether it
 * changed since the last snapshot or restore. */
struct page {
    uint8_t code, writable, dirty, pad;
};
#define VA_NONE 1u /* no virtual page yet */
#define VA_MANY 2u /* more than one: only a whole flush reaches them all */

/* ---- a CPU ----------------------------------------------------------------------------------------------------- */
#define CPU_MAGIC 0x7472617064303031ull

/* State of a CPU that Unicorn does not keep; in the arena. */
struct cpu_state {
    uint32_t waiting;                /* WFI/HLT: sleeps until an interrupt */
    uint32_t running;                /* powered on (PSCI, SIPI) */
    uint32_t irq, fiq;               /* levels of the interrupt inputs */
    uint32_t nmi, init, sipi, event; /* pulses; event register of WFE */
    uint64_t arch[32];               /* arch/<arch>: what the engine has no place for */
};

struct cpu {
    /* hot: counting in translated code */
    uint64_t magic;
    char *cs, *env;
    struct core *core;
    uint64_t base; /* icount at which the counter reaches zero */
    int64_t saved; /* counter, while kicked */
    bool kicked, in_event, expect_check;
    /* warm: translation */
    char *tcg;
    void *label;
    char *op_n, *op_n2, *op_k;
    uintptr_t event_ra;  /* return address of the cold path: finds the block about to start */
    uintptr_t helper_ra; /* return address of a helper that may raise without one */
    uintptr_t io_ra;     /* return address of a helper whose callee needs the exact time */
    unsigned lookup_n;   /* instructions the block being looked up may have, 0 = full */
    bool restored;       /* the state was restored for an exception: instructions already given back */
    bool delivering;     /* inside exception delivery: a nested fault is not an instruction's */
    bool fetch_fault;
    int adjust;        /* instructions of the current block not yet retired, where the exact time is known */
    unsigned slow;     /* host time of slow operations since the slice began, about 100 ns each */
    uint64_t stuck_at; /* count at the last exception, and how many came at that count */
    unsigned stuck;
    /* cold */
    uc_engine *uc;
    unsigned index;
    struct cpu_state *st;
    struct tlb *tlb;
    struct tlb_stats stats;
    uint64_t exceptions[64]; /* by class or vector, for tools */
    uint64_t irqs;
    uint64_t fetched[4];     /* pages that code was fetched through, by a hash of the virtual address */
    uint64_t tlb_changed[4]; /* sets of the TLB changed since the last snapshot or restore */
    struct cpu_hole {
        struct cpu *cpu;
        uint64_t base;
    } holes[MAX_RAM + 1];          /* arguments of the MMIO callbacks */
    void *region[2 * MAX_RAM + 2]; /* Unicorn's regions: see find_memory_mapping() in translate.inc */
};

struct timer {
    uint64_t when;
    uint32_t chip, index;
};

/* Everything else that is machine state outside the chips; first thing in the arena. */
struct machine_state {
    uint64_t icount;  /* at the start of the current slice */
    uint64_t idle_ns; /* virtual time skipped while all CPUs waited */
    uint64_t rng[2];  /* xoroshiro128+, from the seed */
    uint64_t current; /* CPU whose turn it is */
    uint64_t quantum_end;
    uint64_t ntimers;
    struct timer timers[MAX_TIMERS];
};

struct window {
    uint64_t base, size;
    uint32_t chip, bank;
};
struct wire {
    uint32_t from, out, to, in;
};

/* ---- the core -------------------------------------------------------------------------------------------------- */
enum arch_id { ARCH_AARCH64, ARCH_X86_64 };

struct arch; /* arch-specific functions, below */

struct core {
    const struct arch *arch;
    unsigned ncpu;
    struct cpu *cpu[MAX_CPUS];
    struct cpu *active; /* the CPU that runs or runs next; services ask it for the time */

    uint8_t *ram_host;
    size_t ram_size;
    struct ram ram[MAX_RAM];
    unsigned nram;
    struct page *pages;
    uint64_t *code_va, *write_va; /* per page: the one virtual page it is executed or written through, or VA_* */
    uint32_t *dirty;              /* pages changed since `sync` */
    uint32_t ndirty;
    struct snapshot *sync; /* what RAM was last equal to; NULL: all zero */
    struct pagecopy *free_pages;

    uint8_t *arena;
    size_t arena_size, arena_cap;
    struct machine_state *ms;

    struct chip chips[MAX_CHIPS];
    unsigned nchips;
    struct window mmio[MAX_WINDOWS], port[MAX_WINDOWS];
    unsigned nmmio, nport;
    struct wire wires[MAX_WIRES];
    unsigned nwires;
    int firmware; /* chip that answers HVC/SMC calls, or -1 */
    int intc;     /* x86-64: the chip of local APICs, which acknowledges interrupts, or -1 */
    int timer;    /* AArch64: the generic timer, or -1 */
    int pic;      /* x86-64: the 8259 pair, for ExtINT, or -1 */

    uint64_t clock_num, clock_den; /* ns = icount * num / den */
    uint64_t quantum;
    bool sealed, active_running; /* sealed: complete; active_running: inside uc_emu_start */

    /* the current run */
    uint64_t budget_end, time_end, slice_end, next_timer;
    enum stop_reason stop;
    uint64_t stop_code;
    bool stopping;
    volatile int stop_flag; /* set from any thread */

    /* observers: nothing here is seen by the guest */
    uint64_t want_kinds, break_kinds, hash_kinds;
    struct event *ring;
    unsigned ring_size, ring_head;
    uint64_t event_hash, event_count[EVENT_KINDS];
    struct event last_event;                     /* the one that ended the run */
    void *owner;                                 /* module.c */
    bool (*drain)(struct core *);                /* take the ring's events; false ends the run */
    bool (*poll)(struct core *);                 /* signals; false ends the run */
    bool (*idle)(struct core *, uint64_t until); /* all wait: true if something was given to the guest */
};

/* What an architecture provides (arch/<arch>/cpu.c). */
struct arch {
    const char *name;
    enum arch_id id;
    int uc_arch, uc_mode;
    /* choose the CPU model, before the engine has a CPU; then take it over: class functions, hooks, reset state. Both
     * return NULL or a message. */
    const char *(*prepare)(struct cpu *);
    const char *(*open)(struct cpu *);
    void (*reset)(struct cpu *);
    uint64_t (*pc)(struct cpu *);       /* linear */
    uint64_t (*start_pc)(struct cpu *); /* as uc_emu_start() wants it: within the code segment */
    void (*set_pc)(struct cpu *, uint64_t);
    /* bytes of the engine's CPU state, for snapshots */
    size_t (*state_size)(void);
    void (*save)(struct cpu *, void *to);
    void (*load)(struct cpu *, const void *from);
    /* one number over all registers a program can see (deterministic: independent of lazy flags) */
    uint64_t (*hash)(struct cpu *, bool all);
    bool (*get_reg)(struct cpu *, const char *name, void *value, size_t *size); /* up to 16 bytes */
    bool (*set_reg)(struct cpu *, const char *name, const void *value, size_t size);
    const char *const *reg_names;
    unsigned (*privilege)(struct cpu *);
    void (*update_irq)(struct cpu *); /* cpu_state's inputs changed */
    bool (*has_work)(struct cpu *);   /* an interrupt would end WFI/HLT */
    void (*flush)(struct cpu *);      /* Unicorn's whole TLB */
    void (*flush_page)(struct cpu *, uint64_t va);
    void (*drop_code)(struct cpu *, uint64_t ram_addr, uint64_t size);
    void (*switch_in)(struct cpu *); /* clears the exclusive monitor */
    /* the MMIO callbacks: exact time, then core_io_*, then the architecture's answer to an access to nothing */
    uint64_t (*mmio_read)(struct cpu *, uint64_t pa, unsigned size);
    void (*mmio_write)(struct cpu *, uint64_t pa, unsigned size, uint64_t value);
    struct walk (*walk)(struct cpu *, uint64_t va, enum access, unsigned privilege);
    /* the batch form, for tests: registers as 64-bit words in the order documented beside each walker */
    struct walk (*walk_regs)(const uint64_t *regs, uint8_t *mem, uint64_t mem_base, uint64_t mem_size, uint64_t va,
                             enum access, unsigned privilege);
};
extern const struct arch arch_aarch64, arch_x86_64;

/* core.c */
struct core *core_new(const struct arch *, unsigned ncpu, const char **error);
void core_free(struct core *);
const char *core_ram(struct core *, uint64_t base, uint64_t size);
void *core_arena(struct core *, size_t size);
int core_chip(struct core *, const struct chip_ops *, const uint64_t *config);
const char *core_window(struct core *, bool port, uint64_t base, uint64_t size, unsigned chip, unsigned bank);
const char *core_wire(struct core *, unsigned from, unsigned out, unsigned to, unsigned in);
const char *core_seal(struct core *, uint64_t seed);
uint64_t core_random(struct core *);
extern const struct chip_host core_chip_host;

/* run.c */
enum stop_reason core_run(struct core *, uint64_t max_insns, uint64_t until_ns);
enum stop_reason core_step(struct core *);
enum stop_reason core_step_until(struct core *, uint64_t pc, uint64_t max);
void core_stop(struct core *);
void core_end(struct core *, enum stop_reason, uint64_t code); /* from a callback: at the next instruction boundary */
void core_deadline(struct core *);                             /* a timer or limit changed */
void core_irq_changed(struct cpu *);

/* clock.c */
uint64_t core_icount(struct core *); /* exact wherever it is asked */
uint64_t core_now(struct core *);    /* ns */
uint64_t core_icount_at(struct core *, uint64_t ns);
void core_timer(struct core *, unsigned chip, unsigned index, uint64_t when);
void core_timers_run(struct core *);
void core_timers_changed(struct core *); /* the list itself, by a restore */

/* memory.c */
struct ram *ram_find(struct core *, uint64_t pa);
uint8_t *ram_ptr(struct core *, uint64_t pa);                              /* NULL if pa is no RAM */
size_t phys_read(struct core *, uint64_t pa, void *to, size_t n);          /* bytes read; stops at a hole */
size_t phys_write(struct core *, uint64_t pa, const void *from, size_t n); /* marks pages, drops code */
static inline struct page *page_of(struct core *c, const uint8_t *host)
{
    return &c->pages[(size_t)(host - c->ram_host) >> PAGE_SHIFT];
}
void page_dirty(struct core *, struct page *);
void code_drop_page(struct core *, size_t index);
/* before engine `cpu` gets write (or fetch) access to the page of `host`; may flush Unicorn TLBs and drop code */
void page_grant_write(struct cpu *, uint8_t *host, uint64_t va);
void page_grant_fetch(struct cpu *, uint8_t *host, uint64_t va);

/* mmu.c */
struct tlb_entry *tlb_find(struct cpu *, uint64_t va, uint16_t asid);
struct tlb_entry *tlb_insert(struct cpu *, uint64_t va, uint16_t asid, const struct walk *);
void tlb_flush_op(struct cpu *, enum tlb_op, uint64_t va, uint16_t asid, bool broadcast);

/* mmio.c */
struct window *window_find(struct core *, bool port, uint64_t addr);
uint64_t core_io_read(struct cpu *, bool port, uint64_t addr, unsigned size, bool *nothing);
void core_io_write(struct cpu *, bool port, uint64_t addr, unsigned size, uint64_t value, bool *nothing);

/* events.c */
static inline bool event_wanted(struct core *c, enum event_kind k)
{
    return ((c->want_kinds | c->hash_kinds | c->break_kinds) >> k) & 1;
}
void event_put(struct cpu *, struct event);

/* snapshot.c */
struct snapshot;
struct snapshot *snapshot_take(struct core *);
void snapshot_free(struct core *, struct snapshot *);
const char *snapshot_restore(struct core *, struct snapshot *);
void snapshot_close(struct core *);
uint64_t core_state_hash(struct core *, bool ram);

/* The hash of events and states: four lanes, so that multiplications overlap. `words` of 64 bits. */
static inline uint64_t hash_word(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}
static inline uint64_t hash_words(uint64_t h, const void *data, size_t words)
{
    const uint64_t *p = data;
    uint64_t lane[4] = {h, h + 1, h + 2, h + 3};
    for (size_t n = words / 4; n; n--, p += 4)
        for (int j = 0; j < 4; j++)
            lane[j] = hash_word(lane[j], p[j]);
    for (size_t n = words % 4; n; n--)
        lane[0] = hash_word(lane[0], *p++);
    return hash_word(hash_word(hash_word(lane[0], lane[1]), lane[2]), lane[3]);
}

/* translate.c, once per architecture: counting in translated code. left/set/kick work on the counter. */
static inline int64_t cpu_left(const struct cpu *c) { return c->kicked ? c->saved : AT(int64_t, c->cs, CS_COUNTER); }
static inline void cpu_set_left(struct cpu *c, int64_t n)
{
    if (c->kicked)
        c->saved = n;
    else
        AT(int64_t, c->cs, CS_COUNTER) = n;
}
static inline uint64_t cpu_count(const struct cpu *c) { return c->base - (uint64_t)cpu_left(c); }
static inline void cpu_set_deadline(struct cpu *c, uint64_t at)
{
    uint64_t now = cpu_count(c);
    c->base = at;
    cpu_set_left(c, (int64_t)(at - now));
}
/* Leave the chain of blocks at the next block start, with nothing counted. */
static inline void cpu_kick(struct cpu *c)
{
    if (!c->kicked && !c->in_event) {
        c->kicked = true;
        c->saved = AT(int64_t, c->cs, CS_COUNTER);
        AT(int64_t, c->cs, CS_COUNTER) = INT64_MIN / 2;
    }
    AT(uint16_t, AT(char *, c->cs, CS_ICOUNT_DECR_PTR), 2) = 0xffff;
}
static inline struct cpu *cpu_of(void *cs)
{
    struct cpu *c = AT(struct cpu *, cs, CS_OPAQUE);
    return c && c->magic == CPU_MAGIC ? c : NULL;
}
/* Instructions say nothing of host time where each costs a translation or a call into Python: slow operations add up
 * and end the slice, so that signals and limits are looked at in time. No guest can see it. */
#define SLOW_SLICE 200000u
void core_breathe(struct core *);
static inline void cpu_slow(struct cpu *c, unsigned cost)
{
    if ((c->slow += cost) >= SLOW_SLICE) {
        c->slow = 0;
        core_breathe(c->core);
    }
}
/* What is due at this instruction (timers, the end of the slice) comes before anything else that happens to it: an
 * interrupt waits until the next block start has seen to it, a fault of the fetch until translate_due() has. */
static inline bool cpu_due(const struct cpu *c) { return cpu_left(c) <= 0; }
/* After each delivery of a synchronous exception, in the hook: ends a run that is to end, or that goes nowhere. */
void cpu_exception_taken(struct cpu *);
static inline unsigned fetched_bit(uint64_t va) { return (uint32_t)(va >> PAGE_SHIFT) * 0x9e3779b1u >> 24; }
static inline void mark_fetched(struct cpu *c, uint64_t va)
{
    c->fetched[fetched_bit(va) / 64] |= (uint64_t)1 << fetched_bit(va) % 64;
}
void cpu_event(struct cpu *); /* run.c: the deadline is reached, before the block about to start */

#endif
