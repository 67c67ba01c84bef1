// SPDX-License-Identifier: GPL-2.0-or-later
// Runs each probe in each of its rings and prints what the handler found.
#include "layout.h"
#include "say.h"

#define COM1 0x3f8
#define DEBUG_EXIT 0xf4
#define RFLAGS_BASE 0x43 // bit 1, CF and ZF, so that the flags are seen to be saved

static void out8(unsigned short port, unsigned char value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static unsigned char in8(unsigned short port)
{
    unsigned char value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

void put_char(char c)
{
    while (!(in8(COM1 + 5) & 0x20)) // LSR.THRE
        ;
    out8(COM1, (unsigned char)c);
}

static unsigned long dr6(void)
{
    unsigned long value;
    __asm__ volatile("mov %%dr6, %0\n mov %1, %%dr6" : "=&r"(value) : "r"(0ul));
    return value;
}

static void say_stack(unsigned long rsp)
{
    static const struct {
        const char *name;
        unsigned long base;
    } stacks[] = {
        {"probe", (unsigned long)stack_probe}, {"rsp0", (unsigned long)stack_rsp0}, {"ist1", (unsigned long)stack_ist1},
        {"ist2", (unsigned long)stack_ist2}, {"ist3", (unsigned long)stack_ist3}, {"ist4", (unsigned long)stack_ist4},
        {"user", USER_STACK - STACK_SIZE},
    };
    for (unsigned i = 0; i < sizeof stacks / sizeof *stacks; i++)
        if (rsp > stacks[i].base && rsp - stacks[i].base <= STACK_SIZE) {
            say(stacks[i].name);
            say_field("-", stacks[i].base + STACK_SIZE - rsp);
            return;
        }
    say_hex(rsp);
}

static int has_error_code(unsigned long vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == SYSCALL_VECTOR;
}

static void report(const struct probe *probe, const char *ring, unsigned long at)
{
    say(ring);
    say(probe->text);
    say_field(" | vector ", record.vector);
    say(record.vector == SYSCALL_VECTOR ? " r11 " : " error ");
    if (has_error_code(record.vector))
        say_hex(record.error);
    else
        put_char('-');
    if (record.vector == 14)
        say_field(" cr2 ", record.cr2);
    if (record.rip - at < 0x100)
        say_field(" rip +", record.rip - at);
    else
        say_field(" rip ", record.rip);
    say_field(" cs ", record.cs);
    say_field(" rflags ", record.rflags);
    say(" rsp ");
    say_stack(record.rsp);
    say_field(" ss ", record.ss);
    if (record.frame) {
        say(" on ");
        say_stack(record.frame);
    }
    unsigned long debug = dr6();
    if (record.vector == 1)
        say_field(" dr6 ", debug);
    if (record.vector == DONE)
        say_field(" rax ", record.rax);
    put_char('\n');
}

static void run(const struct probe *probe, int user)
{
    unsigned long offset = (unsigned long)(probe->code - __probes_start);
    unsigned long at = user ? USER_CODE + offset : (unsigned long)probe->code;
    unsigned long rflags = RFLAGS_BASE | (probe->modes & ~(unsigned long)BOTH);
    probe_address = at;
    if (probe->with)
        probe->with(1);
    if (user)
        enter(at, USER_CODE_SELECTOR, rflags, USER_STACK, USER_DATA_SELECTOR, probe->a, probe->b);
    else
        enter(at, KERNEL_CODE, rflags, (unsigned long)stack_probe + STACK_SIZE, KERNEL_DATA, probe->a, probe->b);
    end_of_interrupt(record.vector);
    if (probe->with)
        probe->with(0);
    report(probe, user ? "ring 3 " : "ring 0 ", at);
}

extern unsigned int start_info;

int main(void)
{
    const char *command_line = (const char *)*(unsigned long *)((unsigned long)start_info + 24);
    out8(COM1 + 3, 3); // LCR: 8n1
    cpu_on();
    if (command_line && command_line[0] == 't') {
        say("triple fault\n");
        triple_fault();
    }
    say("exceptions: x86_64\n");
    for (const struct probe *p = __table_start; p < __table_end; p++) {
        if (p->modes & RING0)
            run(p, 0);
        if (p->modes & RING3)
            run(p, 1);
    }
    say("end\n");
    while (!(in8(COM1 + 5) & 0x40)) // LSR.TEMT
        ;
    out8(DEBUG_EXIT, 16);
    for (;;)
        __asm__ volatile("cli\n hlt");
}
