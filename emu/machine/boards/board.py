# SPDX-License-Identifier: GPL-2.0-or-later
"""What any board is: a table of devices, and how a machine is put together from it.

A row of the table says where a device is, which interrupt it has and which model it is; windows, wires, devicetree and
`emu list --devices` derive from the rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from emu.arch.walk import Walk
from emu.bits import size_text
from emu.core import Regs
from emu.devices.chip import Chip
from emu.devices.console import Console
from emu.image.load import LoadPlan, Ram
from emu.machine.boards import models
from emu.machine.host import DeviceChip, DeviceClock, Host, Input, adopt
from emu.machine.memory import PhysicalMemory
from emu.machine.options import Options
from emu.machine.target import Target
from emu.wires.events import Event

if TYPE_CHECKING:
    from emu.core._core import Core

__all__ = ["Abi", "Board", "Row", "Window", "Wiring"]


@dataclass(frozen=True, slots=True)
class Window:
    """`size` bytes of physical addresses from `base`, or I/O ports; `at` is the first one's offset in the device."""

    base: int
    size: int
    port: bool = False
    at: int = 0

    def __str__(self) -> str:
        if self.port:
            return f"port {self.base:#x}" if self.size == 1 else f"ports {self.base:#x}-{self.base + self.size - 1:#x}"
        return f"{self.base:#010x} {size_text(self.size)}"


@dataclass(frozen=True, slots=True)
class Row:
    """One device of a board.

    Attributes:
        name: unique on the board.
        model: which chip or device it is (`models.py`).
        role: what it is for, in words.
        windows: its addresses; the number of each is the bank that a C chip sees.
        irqs: the interrupts that its lines drive, as the board counts them (`SPI 1`, `IRQ 4`).
        config: numbers that the model is given: frequency, number of lines.
    """

    name: str
    model: str
    role: str
    windows: tuple[Window, ...] = ()
    irqs: tuple[str, ...] = ()
    config: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Abi:
    """Registers of a system call: its number, arguments and result, and the stack pointer that a program has."""

    number: str
    arguments: tuple[str, ...]
    result: str
    sp: str


@dataclass
class Wiring:
    """A board that has been put together.

    Attributes:
        core, host: what it was built on.
        ids: the chip number of each row.
        devices: the Python devices' chips by row.
        twins: the Python twins of C chips by row, where `Options.intc` asked for them.
        serial: the console's other end.
    """

    core: Core
    host: Host
    options: Options
    serial: Console
    ids: dict[str, int] = field(default_factory=dict)
    devices: dict[str, DeviceChip] = field(default_factory=dict)
    twins: dict[str, Chip] = field(default_factory=dict)

    def names(self) -> dict[int, str]:
        """The row of each chip number."""
        return {chip: name for name, chip in self.ids.items()}


class Board(ABC):
    """A board of one architecture, with some amount of RAM.

    Args:
        options: of the machine; raises OptionError if the board cannot have them.
    """

    name: ClassVar[str]
    arch: ClassVar[str]
    summary: ClassVar[str]
    rows: ClassVar[tuple[Row, ...]]
    roles: ClassVar[Mapping[str, str]]
    wires: ClassVar[tuple[tuple[str, int, str, int], ...]]
    twin_models: ClassVar[frozenset[str]]
    door_buffer: ClassVar[Ram]

    def __init__(self, options: Options) -> None:
        self.options = options

    @property
    @abstractmethod
    def ram(self) -> Ram:
        """Main memory."""

    @abstractmethod
    def ranges(self) -> list[Ram]:
        """All RAM, by address."""

    @abstractmethod
    def inputs(self, irq: str, ids: Mapping[str, int]) -> tuple[Input, ...]:
        """Where an interrupt of the table leads."""

    @abstractmethod
    def plan(self, target: Target) -> LoadPlan:
        """What goes where in RAM. Raises ImageError and OptionError."""

    @abstractmethod
    def start(self, regs: Regs, plan: LoadPlan) -> None:
        """Give the first CPU the state that the plan asks for."""

    @abstractmethod
    def translate(self, regs: Regs, phys: PhysicalMemory, va: int, access: int, privilege: int) -> Walk:
        """Walk the tables of a CPU with these registers, in plain Python, without changing them."""

    # ---- what its CPU's events mean, for people ----

    @property
    @abstractmethod
    def abi(self) -> Abi:
        """Which registers carry a system call."""

    @abstractmethod
    def is_syscall(self, event: Event) -> bool:
        """Whether an EXCEPTION is a system call."""

    @abstractmethod
    def is_user(self, privilege: int) -> bool:
        """Whether a privilege of an event's flags is user mode."""

    @abstractmethod
    def exception_name(self, code: int) -> str:
        """The manual's short name of an exception class or vector, e.g. `SVC64`, `#PF`."""

    def counter_name(self, index: int) -> str:
        """What the core's exception counter `index` counts, by name."""
        return self.exception_name(index)

    @abstractmethod
    def describe_exception(self, event: Event) -> str:
        """An EXCEPTION in one short sentence."""

    @abstractmethod
    def describe_irq(self, event: Event) -> str:
        """An IRQ in a few words."""

    @abstractmethod
    def address_space(self, regs: Regs) -> int:
        """What tells one process's memory from another's: the root of its page tables."""

    def present(self) -> tuple[Row, ...]:
        """The rows that this machine has."""
        return tuple(r for r in self.rows if r.model != "door" or self.options.door)

    def build(self, core: Core, host: Host, serial: Console) -> Wiring:
        """Add everything of the board to an empty core: RAM, chips, devices, windows, wires, roles."""
        wiring = Wiring(core, host, self.options, serial)
        for ram in self.ranges():
            core.ram(ram.base, ram.size)
        rows = self.present()
        for row in rows:
            if row.model in models.CHIPS:
                self._chip(wiring, row)
        for row in rows:
            if row.model in models.DEVICES:
                self._device(wiring, row)
        for row in rows:
            for bank, window in enumerate(row.windows):
                core.window(window.port, window.base, window.size, wiring.ids[row.name], bank)
        for source, output, to, number in self.wires:
            core.wire(wiring.ids[source], output, wiring.ids[to], number)
        for role, name in self.roles.items():
            core.role(role, wiring.ids[name])
        return wiring

    def _chip(self, wiring: Wiring, row: Row) -> None:
        if self.options.intc == "python" and row.model in self.twin_models:
            twin = models.CHIPS[row.model]
            wiring.ids[row.name], wiring.twins[row.name] = adopt(
                wiring.host, wiring.core, twin, self.options.smp, row.config
            )
        else:
            wiring.ids[row.name] = wiring.core.chip(row.model, *row.config)

    def _device(self, wiring: Wiring, row: Row) -> None:
        chip = DeviceChip(wiring.host, tuple(w.at for w in row.windows))
        kit = models.Kit(
            irqs=tuple(wiring.host.line(f"{row.name} {irq}", self.inputs(irq, wiring.ids)) for irq in row.irqs),
            clock=DeviceClock(chip),
            faults=chip.fault,
            options=self.options,
            host=wiring.host,
            console=wiring.serial,
            door_buffer=self.door_buffer,
        )
        wiring.ids[row.name] = chip.join(wiring.core, models.DEVICES[row.model](kit))
        wiring.devices[row.name] = chip
