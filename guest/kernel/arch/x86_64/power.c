/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways to stop or restart the machine, tried from the most specific to the last resort, and the door. */
#include <arch.h>
#include <arch/board.h>
#include <arch/local.h>

#define DOOR_ID 0x00
#define DOOR_ID_VALUE 0x524f4f44 /* "DOOR" */
#define DOOR_SIZE 0x20

#define PM1_SLEEP_ENABLE 0x2000 /* ACPI 6.4, section 4.8.3.2.1; sleep type 0 is S5 on this board */
#define ACPI_PATIENCE_NS 100000000u
#define I8042_PULSE_RESET 0xfe
#define I8042_INPUT_FULL 0x02

bool arch_door_present(void)
{
    return inl(BOARD_PORT_DOOR + DOOR_ID) == DOOR_ID_VALUE;
}

u32 arch_door_read(u32 offset)
{
    return offset < DOOR_SIZE ? inl((u16)(BOARD_PORT_DOOR + offset)) : ~0u;
}

void arch_door_write(u32 offset, u32 value)
{
    if (offset < DOOR_SIZE)
        outl((u16)(BOARD_PORT_DOOR + offset), value);
}

/* Init and panic have told the door their status already. The debug exit is for boards without ACPI; where there is ACPI
   it may act a moment later, from another thread of the emulator, and must not be overtaken. */
void arch_power_off(void)
{
    arch_irq_disable();
    outw(platform.pm1a_control_port, PM1_SLEEP_ENABLE);
    for (u64 end = arch_clock_ns() + ACPI_PATIENCE_NS; arch_clock_ns() < end;)
        arch_pause();
    outl(BOARD_PORT_DEBUG_EXIT, 0);
    arch_reset(); /* a board without any switch, such as microvm: there a reset ends the machine */
}

void arch_reset(void)
{
    struct {
        u16 limit;
        u64 base;
    } __packed empty = { 0, 0 };

    arch_irq_disable();
    for (u32 i = 0; i < 1000 && (inb(BOARD_PORT_I8042_STATUS) & I8042_INPUT_FULL); i++)
        arch_pause();
    outb(BOARD_PORT_I8042_STATUS, I8042_PULSE_RESET);
    /* No keyboard controller: an exception without an IDT is a triple fault, which resets the CPU. */
    __asm__ volatile("lidt %0; int3" ::"m"(empty));
    arch_halt();
}
