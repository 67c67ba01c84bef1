/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a PC keeps its chips: addresses, ports and interrupt numbers in one table.

   The same facts stand a second time in emu/machine/boards/pc.py, read from the same manuals by other eyes; a check
   compares the two. What firmware can tell us (ACPI: MADT, FADT) overrides the defaults here.

     vector  index into the IDT, what the CPU is given
     irq     a line of the ISA bus, what a device drives (COM1 is irq 4)
     gsi     an input pin of the IO-APIC (irq 0, the PIT, arrives at gsi 2) */
#pragma once

/* Memory-mapped. */
#define BOARD_IOAPIC_BASE 0xfec00000UL
#define BOARD_LAPIC_BASE 0xfee00000UL
#define BOARD_DOOR_BUFFER 0xfea00000UL
#define BOARD_DOOR_BUFFER_SIZE 0x10000UL

/* Ports. */
#define BOARD_PORT_PIC_MASTER 0x20
#define BOARD_PORT_PIT 0x40
#define BOARD_PORT_I8042_STATUS 0x64
#define BOARD_PORT_PIC_SLAVE 0xa0
#define BOARD_PORT_DEBUG_EXIT 0xf4
#define BOARD_PORT_COM1 0x3f8
#define BOARD_PORT_DOOR 0x5d0
#define BOARD_PORT_PM1A_CONTROL 0x604
#define BOARD_PORT_PM_TIMER 0x608

/* ISA interrupt lines. */
#define BOARD_IRQ_PIT 0
#define BOARD_IRQ_COM1 4
#define BOARD_GSI_PIT 2

/* Input clocks, in hertz. */
#define BOARD_PIT_HZ 1193182UL
#define BOARD_PM_TIMER_HZ 3579545UL
#define BOARD_COM1_CLOCK_HZ 1843200UL
