# SPDX-License-Identifier: GPL-2.0-or-later
"""The x86-64 board `pc`: addresses, ports, interrupt numbers and PVH start of QEMU 7.2's `-M pc`, without PCI.

Source: QEMU hw/i386/pc.c, pc_piix.c; Xen "x86/HVM direct boot ABI" (PVH); Intel 82371AB (PIIX4), 290562.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from emu.arch.walk import Walk
from emu.arch.x86_64 import abi, exceptions, paging
from emu.bits import KIB
from emu.core import Regs
from emu.image.load import LoadPlan, Ram
from emu.image.plan import plan as plan_boot
from emu.machine.boards.board import Abi, Board, Row, Window
from emu.machine.host import Input
from emu.machine.memory import PhysicalMemory
from emu.machine.target import Target
from emu.wires.events import Event

__all__ = ["Pc"]

APIC_TIMER_HZ = 1_000_000_000
IOAPIC_PINS = 24
ISA_PINS = {0: 2}  # IRQ 0 arrives at pin 2 of the IO-APIC, every other one at the pin of its number
COUNTER_HIGH, COUNTER_SYSCALL = 62, 63  # of the core's exception counters; all others are vectors
CODE_32 = 0xCF9B00  # descriptor: present, ring 0, code, readable, accessed, 32-bit, 4 KiB granularity, limit 19:16
DATA_32 = 0xCF9300
FLAT = 0xFFFF_FFFF
CR0_PE, CR0_ET = 1, 0x10


def ports(first: int, count: int, at: int = 0) -> Window:
    """A window of I/O ports."""
    return Window(first, count, True, at)


class Pc(Board):
    """Local APIC, IO-APIC, PIC, PIT, 16550, CMOS clock, i8042, ACPI power management."""

    name = "pc"
    arch = "x86_64"
    summary = "local APIC, IO-APIC, PIC, PIT, 16550, CMOS clock, i8042, ACPI PM, debug exit"
    door_buffer = Ram(0xFEA0_0000, 64 * KIB)
    rows = (
        Row("apic", "apic", "local interrupt controller", (Window(0xFEE0_0000, 4 * KIB),), config=(APIC_TIMER_HZ,)),
        Row("ioapic", "ioapic", "I/O interrupt controller", (Window(0xFEC0_0000, 4 * KIB),)),
        Row("pic", "pic", "8259 interrupt controllers", (ports(0x20, 2), ports(0xA0, 2), ports(0x4D0, 2))),
        Row("pit", "pit", "8254 timer, speaker port", (ports(0x40, 4), ports(0x61, 1))),
        Row("i8042", "i8042", "keyboard controller, reset", (ports(0x60, 1), ports(0x64, 1, 4)), ("IRQ 1", "IRQ 12")),
        Row("rtc", "cmos", "real-time clock", (ports(0x70, 2),), ("IRQ 8",)),
        Row("port92", "port-92", "A20, reset", (ports(0x92, 1),)),
        Row("exit", "debug-exit", "exit status (isa-debug-exit)", (ports(0xF4, 4),)),
        Row("uart0", "16550", "console (COM1)", (ports(0x3F8, 8),), ("IRQ 4",)),
        Row("fw_cfg", "fw_cfg-ports", "firmware configuration", (ports(0x510, 12),)),
        Row("door", "door", "exit status and tests, paravirtual", (ports(0x5D0, 0x20),)),
        Row("pm", "acpi-pm", "ACPI power management, timer", (ports(0x600, 16),), ("IRQ 9",)),
        Row("cf9", "reset-control", "reset", (ports(0xCF9, 1),)),
    )
    roles: ClassVar[Mapping[str, str]] = {"intc": "apic", "pic": "pic"}
    wires = (
        ("pit", 0, "pic", 0),
        ("pit", 0, "ioapic", ISA_PINS[0]),
        ("pic", 0, "apic", 0),  # LINT0 of CPU 0
        *(("ioapic", pin, "apic", 0) for pin in range(IOAPIC_PINS)),  # messages, whatever the pin
        ("apic", 0, "ioapic", 0),  # end of interrupt, a message too
    )
    # The CPU reaches the APIC and the PIC by more than registers and wires, so these two are always the C ones.
    twin_models = frozenset({"ioapic", "pit"})

    @property
    def ram(self) -> Ram:
        return Ram(0, self.options.memory)

    def ranges(self) -> list[Ram]:
        return [self.ram, *([self.door_buffer] if self.options.door else [])]

    def inputs(self, irq: str, ids: Mapping[str, int]) -> tuple[Input, ...]:
        number = int(irq.split()[1])
        return Input(ids["pic"], number), Input(ids["ioapic"], ISA_PINS.get(number, number))

    def plan(self, target: Target) -> LoadPlan:
        return plan_boot(
            self.name,
            target.kernel,
            self.ram,
            initrd=target.initrd,
            append=target.command_line,
            dtb=self.options.dtb,
        )

    def start(self, regs: Regs, plan: LoadPlan) -> None:
        regs["efer"] = 0
        regs["cr0"] = CR0_PE | CR0_ET
        for name, selector, kind in (("cs", 8, CODE_32), *((s, 16, DATA_32) for s in ("ds", "es", "fs", "gs", "ss"))):
            regs[name] = selector
            regs[f"{name}_base"] = 0
            regs[f"{name}_limit"] = FLAT
            regs[f"{name}_flags"] = kind
        regs["rflags"] = 2
        for name, value in plan.registers.items():
            regs["r" + name[1:]] = value  # the plan counts 32-bit registers
        regs["rip"] = plan.pc

    def translate(self, regs: Regs, phys: PhysicalMemory, va: int, access: int, privilege: int) -> Walk:
        state = paging.MmuState(regs["cr0"], regs["cr3"], regs["cr4"], regs["efer"], regs["rflags"])
        return paging.walk(phys.word, state, va, access, privilege)

    @property
    def abi(self) -> Abi:
        return Abi(abi.SYSCALL_NUMBER, abi.SYSCALL_ARGUMENTS, abi.SYSCALL_RESULT, "rsp")

    def is_syscall(self, event: Event) -> bool:
        return exceptions.is_syscall(event.code)

    def is_user(self, privilege: int) -> bool:
        return privilege == 3

    def exception_name(self, code: int) -> str:
        return exceptions.mnemonic(code)

    def counter_name(self, index: int) -> str:
        if index == COUNTER_SYSCALL:
            return exceptions.mnemonic(exceptions.VECTOR_SYSCALL)
        return "INT 0x3e and up" if index == COUNTER_HIGH else self.exception_name(index)

    def describe_exception(self, event: Event) -> str:
        return exceptions.describe(event.code, event.a, event.b)

    def describe_irq(self, event: Event) -> str:
        return f"vector {event.code:#x}"

    def address_space(self, regs: Regs) -> int:
        return regs["cr3"] & ~0xFFF
