/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switching the machine off: PSCI (Arm DEN 0022), and the door where there is one. */
#include <arch.h>
#include <arch/board.h>
#include <arch/local.h>

#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_SYSTEM_RESET 0x84000009

#define DOOR_ID 0x00
#define DOOR_MAGIC 0x524f4f44 /* "DOOR" */

static void *door;

static void psci(u32 function)
{
    register u64 x0 __asm__("x0") = function;

    if (board.psci_hvc)
        __asm__ volatile("hvc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
    else if (board.psci_smc)
        __asm__ volatile("smc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
}

void power_init(void)
{
    if (!board.door.present)
        return;
    door = arch_ioremap(board.door.base, 0x1000);
    if (mmio_read32(door, DOOR_ID) != DOOR_MAGIC)
        door = NULL;
}

void arch_power_off(void)
{
    psci(PSCI_SYSTEM_OFF);
    arch_halt(); /* no PSCI: a stopped machine is as near as we get */
}

void arch_reset(void)
{
    psci(PSCI_SYSTEM_RESET);
    arch_halt();
}

bool arch_door_present(void)
{
    return door;
}

u32 arch_door_read(u32 offset)
{
    return mmio_read32(door, offset);
}

void arch_door_write(u32 offset, u32 value)
{
    mmio_write32(door, offset, value);
}
