# SPDX-License-Identifier: GPL-2.0-or-later
"""The AArch64 board `virt`: addresses, interrupt numbers and boot protocol of QEMU 7.2's `-M virt -cpu cortex-a72`.

Source: QEMU hw/arm/virt.c (memory map, irqmap); Linux Documentation/arch/arm64/booting.rst.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from emu.arch.aarch64 import abi, exceptions, paging
from emu.arch.walk import Walk
from emu.bits import KIB
from emu.core import Regs
from emu.image import board_tree
from emu.image.devicetree import Node
from emu.image.load import LoadPlan, Ram
from emu.image.plan import plan as plan_boot
from emu.machine.boards.board import Abi, Board, Row, Window
from emu.machine.host import Input
from emu.machine.memory import PhysicalMemory
from emu.machine.target import Target
from emu.wires.events import Event

__all__ = ["Virt"]

RAM_BASE = 0x4000_0000
COUNTER_HZ = 62_500_000
APB_HZ = 24_000_000
INTERRUPT_IDS = 288  # 32 private, 256 shared, as QEMU's
TIMER_PPIS = (13, 14, 11, 10)  # secure, non-secure EL1, virtual, hypervisor
PPI = 1024  # the GIC's input number of CPU 0's INTID 0 (chips.h: GIC_PPI)


class Virt(Board):
    """GICv2, generic timer, PL011, PL031, PSCI by HVC, devicetree."""

    name = "virt"
    arch = "aarch64"
    summary = "GICv2, generic timer, PL011, PL031, PSCI, devicetree"
    door_buffer = Ram(0x0B01_0000, 64 * KIB)
    rows = (
        Row(
            "gic", "gicv2", "interrupt controller",
            (Window(0x0800_0000, 64 * KIB), Window(0x0801_0000, 64 * KIB)), config=(INTERRUPT_IDS,),
        ),
        Row("timer", "timer", "generic timer (system registers)", config=(COUNTER_HZ,)),
        Row("uart0", "pl011", "console", (Window(0x0900_0000, 4 * KIB),), ("SPI 1",)),
        Row("rtc", "pl031", "real-time clock", (Window(0x0901_0000, 4 * KIB),), ("SPI 2",)),
        Row("fw_cfg", "fw_cfg-mmio", "firmware configuration", (Window(0x0902_0000, 0x18),)),
        Row("psci", "psci", "power, by HVC"),
        Row("door", "door", "exit status and tests, paravirtual", (Window(0x0B00_0000, 4 * KIB),)),
    )  # fmt: skip
    roles: ClassVar[Mapping[str, str]] = {"timer": "timer", "firmware": "psci"}
    wires = (("timer", 0, "gic", PPI + 30), ("timer", 1, "gic", PPI + 27))
    twin_models = frozenset({"gicv2", "timer"})

    @property
    def ram(self) -> Ram:
        return Ram(RAM_BASE, self.options.memory)

    def ranges(self) -> list[Ram]:
        return [*([self.door_buffer] if self.options.door else []), self.ram]

    def inputs(self, irq: str, ids: Mapping[str, int]) -> tuple[Input, ...]:
        kind, number = irq.split()
        assert kind == "SPI", "private interrupts are wires"
        return (Input(ids["gic"], 32 + int(number)),)

    def tree(self) -> Node:
        """The devicetree, from the table."""
        gic = next(r for r in self.rows if r.model == "gicv2")
        devices = tuple(self._node(r) for r in self.present() if r.model in _NODES)
        stdout = next(d.node_name for d in devices if "arm,pl011" in d.compatible)
        return board_tree.board_tree(
            board_tree.Board(
                compatible=("linux,dummy-virt",),
                model="linux,dummy-virt",
                ram=(RAM_BASE, self.options.memory),
                cpu_compatible="arm,cortex-a72",
                mpidrs=tuple(range(self.options.smp)),
                gic=board_tree.Gic(
                    2,
                    (gic.windows[0].base, gic.windows[0].size),
                    (gic.windows[1].base, gic.windows[1].size),
                ),
                timer_ppis=TIMER_PPIS,
                clock_hz=APB_HZ,
                devices=devices,
                stdout=stdout,
                seed=self.options.seed,
            )
        )

    def _node(self, row: Row) -> board_tree.Device:
        name, compatible, clocks = _NODES[row.model]
        reg = [(w.base, w.size) for w in row.windows]
        if row.model == "door":
            reg.append((self.door_buffer.base, self.door_buffer.size))
        return board_tree.Device(
            name,
            compatible,
            tuple(reg),
            tuple((int(irq.split()[1]), board_tree.LEVEL) for irq in row.irqs),
            clocks,
        )

    def plan(self, target: Target) -> LoadPlan:
        return plan_boot(
            self.name,
            target.kernel,
            self.ram,
            tree=self.tree,
            initrd=target.initrd,
            append=target.command_line,
            dtb=self.options.dtb,
        )

    def start(self, regs: Regs, plan: LoadPlan) -> None:
        for name, value in plan.registers.items():
            regs[name] = value
        regs["pc"] = plan.pc

    def translate(self, regs: Regs, phys: PhysicalMemory, va: int, access: int, privilege: int) -> Walk:
        state = paging.MmuState(regs["sctlr_el1"], regs["tcr_el1"], regs["ttbr0_el1"], regs["ttbr1_el1"])
        return paging.walk(phys.word, state, va, access, privilege)

    @property
    def abi(self) -> Abi:
        return Abi(abi.SYSCALL_NUMBER, abi.SYSCALL_ARGUMENTS, abi.SYSCALL_RESULT, "sp_el0")

    def is_syscall(self, event: Event) -> bool:
        return exceptions.is_syscall(event.a)

    def is_user(self, privilege: int) -> bool:
        return privilege == 0

    def exception_name(self, code: int) -> str:
        return exceptions.mnemonic(code << 26)

    def describe_exception(self, event: Event) -> str:
        return exceptions.describe(event.a, event.b)

    def describe_irq(self, event: Event) -> str:
        return "FIQ" if event.code else "IRQ"

    def address_space(self, regs: Regs) -> int:
        return regs["ttbr0_el1"] & (1 << 48) - 1  # without the ASID, which may be given anew


_NODES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "pl011": ("pl011", ("arm,pl011", "arm,primecell"), ("uartclk", "apb_pclk")),
    "pl031": ("pl031", ("arm,pl031", "arm,primecell"), ("apb_pclk",)),
    "fw_cfg-mmio": ("fw-cfg", ("qemu,fw-cfg-mmio",), ()),
    "door": ("door", ("trapdoor,door",), ()),
}
"""Devicetree nodes: generic name, compatible strings, names of the clocks."""
