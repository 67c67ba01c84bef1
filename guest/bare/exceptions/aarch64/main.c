// SPDX-License-Identifier: GPL-2.0-or-later
// Runs each probe in each of its modes and prints what the handler found.
#include "layout.h"
#include "say.h"

#define SPSR_FLAGS 0x60000000ul // Z and C, so that the flags are seen to be saved
#define DAIF 0x3c0ul
#define SPSR_SS (1ul << 21)
#define SP_EL0_VALUE 0x8000010f00ul
#define PSCI_SYSTEM_OFF 0x84000008ul

static volatile unsigned int *const uart = (void *)PL011;

void put_char(char c)
{
    while (uart[0x18 / 4] & 1 << 5) // FR.TXFF
        ;
    uart[0] = (unsigned char)c;
}

static int far_is_defined(unsigned long esr)
{
    unsigned long class = esr >> 26;
    // FnV: the address of an external abort may be unknown
    int abort = class == 0x20 || class == 0x21 || class == 0x24 || class == 0x25;
    return (abort && !(esr >> 10 & 1)) || class == 0x22 || class == 0x34 || class == 0x35;
}

static void report(const struct probe *probe, const char *mode, unsigned long at)
{
    say(mode);
    say(probe->text);
    say_field(" | vector ", record.vector);
    if (!(record.vector & 0x180)) {
        say_field(" esr ", record.esr);
        say(" far ");
        if (far_is_defined(record.esr))
            say_hex(record.far);
        else
            put_char('-');
    }
    if (record.elr - at < 0x100)
        say_field(" elr +", record.elr - at);
    else
        say_field(" elr ", record.elr);
    say_field(" spsr ", record.spsr);
    say_field(" pstate ", record.pstate);
    if (record.sp_el0 != SP_EL0_VALUE)
        say_field(" sp_el0 ", record.sp_el0);
    if (!(record.vector & 0x180) && (record.esr & 0xffff) == DONE && (record.esr >> 26 == 0x15 || record.esr >> 26 == 0x11))
        say_field(" x0 ", record.x0);
    if (irq_taken >= 0)
        say_field(" irq ", (unsigned long)irq_taken);
    put_char('\n');
}

static void run(const struct probe *probe, const char *mode, unsigned long pstate, unsigned long base)
{
    unsigned long offset = (unsigned long)(probe->code - __probes_start);
    unsigned long at = base + offset;
    if (probe->modes & UNMASKED)
        pstate &= ~DAIF;
    if (probe->modes & STEPPED)
        pstate |= SPSR_SS;
    probe_address = at;
    irq_taken = -1;
    __asm__ volatile("msr sp_el0, %0\n msr esr_el1, xzr\n msr far_el1, xzr" : : "r"(SP_EL0_VALUE));
    if (probe->with)
        probe->with(1);
    enter(at, SPSR_FLAGS | pstate, probe->a, probe->b);
    if (probe->with)
        probe->with(0);
    report(probe, mode, at);
}

int main(void)
{
    uart[0x30 / 4] = 0x301; // CR: UARTEN, TXE, RXE
    mmu_on();
    gic_on();
    say("exceptions: aarch64\n");
    for (const struct probe *p = __table_start; p < __table_end; p++) {
        if (p->modes & EL1H)
            run(p, "EL1h ", 5 | DAIF, (unsigned long)__probes_start);
        if (p->modes & EL1T)
            run(p, "EL1t ", 4 | DAIF, (unsigned long)__probes_start);
        if (p->modes & EL0)
            run(p, "EL0 ", 0, USER_CODE);
        if (p->modes & EL0_A32)
            run(p, "EL0 AArch32 ", 0x10, LOW);
    }
    say("end\n");
    register unsigned long function __asm__("x0") = PSCI_SYSTEM_OFF;
    __asm__ volatile("hvc #0" : "+r"(function) : : "memory");
    for (;;)
        __asm__ volatile("wfi");
}
