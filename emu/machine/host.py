# SPDX-License-Identifier: GPL-2.0-or-later
"""How devices written in Python plug into the core: their window, their clock, their lines.

Everything they reach goes through one `Host`, which lets go of the core when the machine is closed. While a machine is
being put together, time stands at 0, lines are low, and alarms wait for the core to be complete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emu.core import StopReason
from emu.devices.chip import Chip, ChipFault, CpuInput
from emu.devices.device import Device
from emu.wires.clock import NEVER
from emu.wires.events import Kind
from emu.wires.irq import Line

if TYPE_CHECKING:
    from emu.core._core import Core

__all__ = ["DeviceChip", "DeviceClock", "Host", "Input", "TwinHost", "adopt"]


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a chip: where an interrupt line ends."""

    chip: int
    number: int


class Host:
    """The core, as long as there is one. `sealed`: it is complete and has services."""

    def __init__(self, core: Core) -> None:
        self.core: Core | None = core
        self.sealed = False
        self._waiting: list[tuple[int, int, int]] = []

    def seal(self, core: Core, seed: int) -> None:
        """Complete the core, then set the alarms that were waiting for it."""
        core.seal(seed)
        self.sealed = True
        for chip, index, when in self._waiting:
            core.timer(chip, index, when)

    def close(self) -> None:
        """From now on devices talk to nobody."""
        self.core = None

    def now(self) -> int:
        """Virtual time in ns."""
        return self.core.now() if self.core is not None and self.sealed else 0

    def timer(self, chip: int, index: int, when: int) -> None:
        """Ask for the chip's `timer(index)` at virtual time `when`."""
        if self.core is None:
            return
        if self.sealed:
            self.core.timer(chip, index, when)
        elif when != NEVER:
            self._waiting.append((chip, index, when))

    def end(self, reason: StopReason, code: int = 0) -> None:
        """End the run at the next instruction."""
        if self.core is not None and self.sealed:
            self.core.end(reason, code)

    def stop_here(self) -> None:
        """End the run at the next instruction, because the machine's user asked for it."""
        self.end(StopReason.REQUEST)

    def event(self, kind: Kind, code: int, a: int = 0, b: int = 0) -> None:
        """Put a record into the event ring."""
        if self.core is not None and self.sealed:
            self.core.event(kind, code, a, b)

    def line(self, name: str, inputs: tuple[Input, ...]) -> Line:
        """A line that ends at inputs of chips."""

        def sink(level: bool, to: Input) -> None:
            if self.core is not None and self.sealed:
                self.core.set_line(to.chip, to.number, level)

        return Line(name, *(lambda level, to=to: sink(level, to) for to in inputs))


class _Alarm:
    __slots__ = ("chip", "index")

    def __init__(self, chip: DeviceChip, index: int) -> None:
        self.chip = chip
        self.index = index

    def set(self, when: int) -> None:
        self.chip.set_timer(self.index, when)


class DeviceChip:
    """A `Device` as the core calls it. `offsets`: where each of its windows begins in the device."""

    def __init__(self, host: Host, offsets: tuple[int, ...] = ()) -> None:
        self._host = host
        self._offsets = offsets or (0,)
        self.id = -1
        self._device: Device | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._early: dict[int, int] = {}

    @property
    def device(self) -> Device:
        """The device."""
        assert self._device is not None, "the board has not been put together"
        return self._device

    # what the device uses

    def now(self) -> int:
        return self._host.now()

    def timer_for(self, callback: Callable[[], None]) -> _Alarm:
        self._callbacks.append(callback)
        return _Alarm(self, len(self._callbacks) - 1)

    def set_timer(self, index: int, when: int) -> None:
        if self.id < 0:
            self._early[index] = when
        else:
            self._host.timer(self.id, index, when)

    def fault(self, why: ChipFault, offset: int, size: int, value: int) -> None:
        if self.id >= 0 and self._host.core is not None and self._host.sealed:
            self._host.core.fault(self.id, why, offset, size, value)

    # what the core calls

    def read(self, bank: int, offset: int, size: int, cpu: int) -> int:
        device = self.device
        device.cpu = cpu
        return device.read(self._offsets[bank] + offset, size)

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int) -> None:
        device = self.device
        device.cpu = cpu
        device.write(self._offsets[bank] + offset, size, value)

    def timer(self, index: int) -> None:
        self._callbacks[index]()

    def join(self, core: Core, device: Device) -> int:
        """Become a chip of the core; the device's state moves into its arena."""
        self._device = device
        self.id, state = core.python_chip(self, device.state_size)
        device.attach(state)
        for index, when in self._early.items():
            self._host.timer(self.id, index, when)
        return self.id

    def leave(self) -> None:
        """Take the state out of the arena before that goes away."""
        self.device.attach(memoryview(bytearray(self.device.state_size)))


class DeviceClock:
    """The `emu.wires.clock.Clock` of one chip's devices."""

    __slots__ = ("_chip",)

    def __init__(self, chip: DeviceChip) -> None:
        self._chip = chip

    def now(self) -> int:
        return self._chip.now()

    def timer(self, callback: Callable[[], None]) -> _Alarm:
        return self._chip.timer_for(callback)


class TwinHost:
    """The services that a chip's Python twin asks for."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.id = -1

    def _core(self) -> Core | None:
        return self._host.core if self._host.sealed else None

    def now(self) -> int:
        return self._host.now()

    def timer(self, index: int, when: int) -> None:
        if self.id >= 0:
            self._host.timer(self.id, index, when)

    def output(self, output: int, level: bool, value: int) -> None:
        core = self._core()
        if core is not None:
            core.output(self.id, output, level, value)

    def cpu_input(self, cpu: int, input: CpuInput, value: int) -> None:
        core = self._core()
        if core is not None:
            core.cpu_input(cpu, input, value)

    def fault(self, why: ChipFault, offset: int, size: int, value: int) -> None:
        core = self._core()
        if core is not None:
            core.fault(self.id, why, offset, size, value)


def adopt(host: Host, core: Core, twin: type[Chip], ncpu: int, config: tuple[int, ...]) -> tuple[int, Chip]:
    """Make a plain-Python twin a chip of the core. Its state is not in the arena: snapshots ask it for its bytes."""
    services = TwinHost(host)
    chip = twin(services, ncpu, config)
    services.id, _ = core.python_chip(chip, 0)
    return services.id, chip
