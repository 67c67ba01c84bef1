/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time: the TSC tells it, the local APIC's one-shot timer interrupts.

   Neither says how fast it runs. The TSC's rate is CPUID's word where there is one (leaves 15H and 16H), else it is
   measured against a clock of known rate: the ACPI PM timer, or the PIT. The APIC timer is measured against the TSC. */
#include <arch.h>
#include <arch/board.h>
#include <arch/local.h>
#include <panic.h>
#include <printk.h>
#include <time.h>

#define MEASURE_NS 1000000UL /* how long to compare with the reference clock: 0.03 % of error from its steps */
#define LAPIC_TICKS 200000UL /* 0.2 ms at the 1 GHz of emulators, longer on a slower bus clock */
#define FIRST_SPINS 0x4000u
#define PAIR_TRIES 8

/* ns = units * mult >> 32 and back; mult is 32.32 fixed point. */
static u64 tsc_mult, lapic_mult;

/* A counter of known rate that wraps at `mask`. */
struct reference {
    const char *name;
    u64 hz;
    u32 mask;
    u32 (*read)(void); /* counting up */
};

static u32 pm_timer_read(void)
{
    return inl(platform.pm_timer_port);
}

/* Channel 0: the only one that every board gates on. Its interrupt stays masked. */
#define PIT_COMMAND (BOARD_PORT_PIT + 3)
#define PIT_RATE_GENERATOR 0x34 /* channel 0, both bytes, mode 2 */
#define PIT_LATCH 0x00

static u32 pit_read(void)
{
    u8 low;

    outb(PIT_COMMAND, PIT_LATCH);
    low = inb(BOARD_PORT_PIT);
    return 0xffffu - (u32)(low | inb(BOARD_PORT_PIT) << 8);
}

static const struct reference pm_timer = { "ACPI PM timer", BOARD_PM_TIMER_HZ, 0xffffff, pm_timer_read };
static const struct reference pit = { "PIT", BOARD_PIT_HZ, 0xffff, pit_read };

/* A port without a device reads all-ones, and a clock that stands still is none. */
static bool pm_timer_runs(void)
{
    u32 first;

    if (!platform.pm_timer_port)
        return false;
    first = pm_timer_read();
    for (int i = 0; i < 1000; i++)
        if (pm_timer_read() != first)
            return true;
    return false;
}

static const struct reference *choose_reference(void)
{
    if (pm_timer_runs())
        return &pm_timer;
    outb(PIT_COMMAND, PIT_RATE_GENERATOR);
    outb(BOARD_PORT_PIT, 0);
    outb(BOARD_PORT_PIT, 0); /* 65536 */
    return &pit;
}

/* Both clocks at one moment. A virtual CPU may be held up between two reads, so keep the narrowest of several tries. */
static void read_pair(const struct reference *clock, u64 *tsc, u32 *ticks)
{
    u64 best = ~0UL;

    for (int i = 0; i < PAIR_TRIES; i++) {
        u64 before = rdtsc();
        u32 now = clock->read();
        u64 width = rdtsc() - before;

        if (width < best) {
            best = width;
            *tsc = before + width / 2;
            *ticks = now;
        }
    }
}

/* How far each of the two has moved when `clock` has made at least `wanted` ticks. */
static void compare(const struct reference *clock, u64 wanted, u64 *tsc, u64 *ticks)
{
    u64 tsc0 = 0, tsc1 = 0;
    u32 ticks0 = 0, ticks1 = 0;

    read_pair(clock, &tsc0, &ticks0);
    /* Spin without looking: on an emulator the look costs far more than the wait. */
    for (u32 spins = FIRST_SPINS;; spins *= 2) {
        for (volatile u32 i = 0; i < spins; i++)
            ;
        read_pair(clock, &tsc1, &ticks1);
        *ticks = (ticks1 - ticks0) & clock->mask;
        *tsc = tsc1 - tsc0;
        if (*ticks >= wanted)
            return;
    }
}

static u64 measure_tsc_hz(void)
{
    const struct reference *clock = choose_reference();
    u64 tsc, ticks;

    pr_debug("time: TSC measured against the %s", clock->name);
    compare(clock, MEASURE_NS * clock->hz / NSEC_PER_SEC, &tsc, &ticks);
    return tsc * clock->hz / ticks;
}

static u32 lapic_read(void)
{
    return ~lapic_timer_count(); /* it counts down */
}

static u64 measure_lapic_hz(u64 tsc_rate)
{
    static const struct reference lapic = { "local APIC timer", 0, ~0u, lapic_read };
    u64 tsc, ticks;

    lapic_timer_start(~0u);
    compare(&lapic, LAPIC_TICKS, &tsc, &ticks);
    lapic_timer_start(0);
    return ticks * tsc_rate / tsc;
}

/* What CPUID says (SDM volume 3, section 18.7.3): leaf 15H gives the crystal's rate, which is the APIC timer's too,
   and the TSC's ratio to it; where it leaves the crystal out, the base frequency of leaf 16H is what the TSC counts.
   0: not said. */
static void told_rates(u64 *tsc_rate, u64 *lapic_rate)
{
    u32 leaves = cpuid(0, 0).eax;
    struct cpuid ratio;

    if (leaves < 0x15)
        return;
    ratio = cpuid(0x15, 0);
    if (!ratio.eax || !ratio.ebx)
        return;
    if (ratio.ecx) {
        *lapic_rate = ratio.ecx;
        *tsc_rate = (u64)ratio.ecx * ratio.ebx / ratio.eax;
    } else if (leaves >= 0x16) {
        *tsc_rate = (cpuid(0x16, 0).eax & 0xffff) * 1000000UL;
    }
}

/* a * b >> 32 without losing the top. */
static u64 scale(u64 a, u64 b)
{
    return (u64)((unsigned __int128)a * b >> 32);
}

void timer_init(void)
{
    u64 tsc_rate = 0, lapic_rate = 0;

    told_rates(&tsc_rate, &lapic_rate);
    if (!tsc_rate)
        tsc_rate = measure_tsc_hz();
    if (!lapic_rate)
        lapic_rate = measure_lapic_hz(tsc_rate);
    if (!tsc_rate || !lapic_rate)
        panic("no clock that runs");
    tsc_mult = (NSEC_PER_SEC << 32) / tsc_rate;
    lapic_mult = (lapic_rate << 32) / NSEC_PER_SEC;
    pr_info("time: TSC %lu kHz, local APIC timer %lu kHz", tsc_rate / 1000, lapic_rate / 1000);
}

u64 arch_clock_ns(void)
{
    return scale(rdtsc(), tsc_mult);
}

u64 arch_clock_resolution_ns(void)
{
    return 1;
}

void arch_timer_set(u64 deadline_ns)
{
    if (deadline_ns == ~0UL) {
        lapic_timer_start(0); /* no deadline: be quiet */
        return;
    }
    u64 now = arch_clock_ns();
    /* A deadline that the 32-bit counter cannot reach comes early; the neutral half then sets it again. */
    u64 count = deadline_ns > now ? scale(MIN(deadline_ns - now, NSEC_PER_SEC), lapic_mult) : 0;

    lapic_timer_start(count < 1 ? 1 : count > ~0u ? ~0u : (u32)count);
}
