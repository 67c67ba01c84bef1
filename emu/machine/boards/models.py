# SPDX-License-Identifier: GPL-2.0-or-later
"""The models that a board's rows name: C chips with their Python twins, and Python devices with how to make them.

A device gets a kit of what it may reach and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emu.core import StopReason
from emu.devices.chip import Chip, ChipFault
from emu.devices.console import Console
from emu.devices.device import Device
from emu.devices.door import Door
from emu.devices.fw_cfg import FwCfgMmio, FwCfgPorts
from emu.devices.intc_apic import Apic
from emu.devices.intc_gic import Gic
from emu.devices.intc_ioapic import IoApic
from emu.devices.intc_pic import Pic
from emu.devices.power_pc import I8042, AcpiPm, DebugExit, Port92, ResetControl
from emu.devices.power_psci import Psci
from emu.devices.rtc_cmos import CmosRtc, pc_nvram
from emu.devices.rtc_pl031 import Pl031
from emu.devices.timer_generic import GenericTimer
from emu.devices.timer_pit import Pit
from emu.devices.uart_16550 import Uart16550
from emu.devices.uart_pl011 import Pl011
from emu.image.load import Ram
from emu.machine.host import Host
from emu.machine.options import Options
from emu.wires.clock import Clock
from emu.wires.irq import Line

__all__ = ["CHIPS", "DEVICES", "Kit"]

CHIPS: dict[str, type[Chip]] = {chip.name: chip for chip in (Gic, GenericTimer, Apic, IoApic, Pic, Pit)}
"""Interrupt controllers and timers: the C chip's name, its twin."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What a device is made from."""

    irqs: tuple[Line, ...]
    clock: Clock
    faults: Callable[[ChipFault, int, int, int], None]
    options: Options
    host: Host
    console: Console
    door_buffer: Ram

    @property
    def irq(self) -> Line:
        """Its first interrupt line."""
        return self.irqs[0]

    def power(self, what: str) -> None:
        """The guest asks for "off" or "reset"."""
        self.host.end(StopReason.RESET if what == "reset" else StopReason.POWEROFF)

    def leave(self, status: int) -> None:
        """The guest ends the run with a status."""
        self.host.end(StopReason.EXIT, status & 0xFF)


class _Dma:
    """Guest RAM for a device; what is no RAM reads as nothing and takes nothing."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self, address: int, size: int) -> bytes:
        try:
            return b"" if self._host.core is None else self._host.core.read_phys(address, size)
        except ValueError:
            return b""

    def write(self, address: int, data: bytes) -> None:
        try:
            if self._host.core is not None:
                self._host.core.write_phys(address, data)
        except ValueError:
            pass


def _pc_rtc(kit: Kit) -> Device:
    nvram = pc_nvram(kit.options.memory, kit.options.smp)
    return CmosRtc(kit.options.rtc, nvram, kit.irq, kit.clock, kit.faults)


DEVICES: dict[str, Callable[[Kit], Device]] = {
    "16550": lambda kit: Uart16550(kit.console, kit.irq, kit.clock, kit.faults),
    "acpi-pm": lambda kit: AcpiPm(kit.power, kit.irq, kit.clock, kit.faults),
    "cmos": _pc_rtc,
    "debug-exit": lambda kit: DebugExit(kit.leave, kit.faults),
    "door": lambda kit: Door(kit.door_buffer.base, kit.leave, faults=kit.faults),
    "fw_cfg-mmio": lambda kit: FwCfgMmio(kit.options.memory, kit.options.smp, memory=_Dma(kit.host), faults=kit.faults),
    "fw_cfg-ports": lambda kit: FwCfgPorts(
        kit.options.memory, kit.options.smp, memory=_Dma(kit.host), faults=kit.faults
    ),
    "i8042": lambda kit: I8042(kit.power, kit.irqs[0], kit.irqs[1], kit.faults),
    "pl011": lambda kit: Pl011(kit.console, kit.irq, kit.clock, kit.faults),
    "pl031": lambda kit: Pl031(kit.options.rtc, kit.irq, kit.clock, kit.faults),
    "port-92": lambda kit: Port92(kit.power, kit.faults),
    "psci": lambda kit: Psci(None, kit.power, kit.faults),
    "reset-control": lambda kit: ResetControl(kit.power, kit.faults),
}
"""Python devices."""
