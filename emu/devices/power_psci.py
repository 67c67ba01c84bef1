# SPDX-License-Identifier: GPL-2.0-or-later
"""PSCI 1.1 (ARM DEN 0022D) by HVC, as QEMU's virt board offers it: no SMCCC_VERSION, affinity levels above 0 always on.

The core hands a call over as register accesses of the calling CPU: x0-x3 at offsets 0, 8, 16 and 24, then a write to
CALL (0 HVC, 1 SMC); HANDLED then says whether it was one of ours, and offset 0 holds the result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .chip import ChipFault
from .device import Device, Register

__all__ = ["CpuPower", "NoCpus", "Psci"]

VERSION = 0x84000000
CPU_SUSPEND = 0x84000001
CPU_OFF = 0x84000002
CPU_ON = 0x84000003
AFFINITY_INFO = 0x84000004
MIGRATE_INFO_TYPE = 0x84000006
SYSTEM_OFF = 0x84000008
SYSTEM_RESET = 0x84000009
FEATURES = 0x8400000A
SMC64 = 0x40000000

NOT_SUPPORTED, INVALID_PARAMETERS, ALREADY_ON, INVALID_ADDRESS = -1, -2, -4, -9
AFFINITY_MASK = 0xFF00FFFFFF
ON, OFF = 0, 1
MIGRATE_NOT_REQUIRED = 2
VERSION_1_1 = 1 << 16 | 1
HAS_64 = (CPU_SUSPEND, CPU_ON, AFFINITY_INFO)
KNOWN = (VERSION, CPU_SUSPEND, CPU_OFF, CPU_ON, AFFINITY_INFO, MIGRATE_INFO_TYPE, SYSTEM_OFF, SYSTEM_RESET, FEATURES)


class CpuPower(Protocol):
    """CPUs that can be switched. ``affinity`` is MPIDR's affinity fields."""

    def find(self, affinity: int) -> int | None:
        """The number of the CPU with this affinity."""
        ...

    def is_on(self, cpu: int) -> bool: ...

    def on(self, cpu: int, entry: int, context: int) -> None:
        """Start at physical address ``entry`` with x0 = ``context``."""

    def off(self, cpu: int) -> None: ...

    def suspend(self, cpu: int) -> None:
        """Wait for an interrupt."""

    def fetchable(self, address: int) -> bool:
        """Whether a CPU can start there."""
        ...


class NoCpus:
    """One CPU, number 0, always on."""

    def find(self, affinity: int) -> int | None:
        return 0 if affinity == 0 else None

    def is_on(self, cpu: int) -> bool:
        return cpu == 0

    def on(self, cpu: int, entry: int, context: int) -> None: ...

    def off(self, cpu: int) -> None: ...

    def suspend(self, cpu: int) -> None: ...

    def fetchable(self, address: int) -> bool:
        return True


class Psci(Device):
    """The firmware. ``power`` is called with "off" or "reset" for the whole machine."""

    SIZES = (8,)

    X0 = Register(0x00, width=64)
    X1 = Register(0x08, width=64)
    X2 = Register(0x10, width=64)
    X3 = Register(0x18, width=64)
    CALL = Register(0x20, "WO", 64, fields=("SMC 0",))
    HANDLED = Register(0x28, "RO", 64)

    def __init__(
        self,
        cpus: CpuPower | None = None,
        power: Callable[[str], None] | None = None,
        faults: Callable[[ChipFault, int, int, int], None] | None = None,
    ) -> None:
        super().__init__(None, None, faults)
        self.cpus: CpuPower = cpus or NoCpus()
        self.power = power or (lambda what: None)

    def write_CALL(self, value: int) -> None:
        self.HANDLED = 0 if value else 1  # the conduit is HVC; SMC is not ours
        if not value:
            self.X0 = self._call(self.X0 & 0xFFFFFFFF) & 2**64 - 1

    def _call(self, function: int) -> int:
        wide = bool(function & SMC64)
        known = function & ~SMC64
        if known not in KNOWN or (wide and known not in HAS_64):
            return NOT_SUPPORTED
        clip = 2**64 - 1 if wide else 0xFFFFFFFF
        a, b, c = self.X1 & clip, self.X2 & clip, self.X3 & clip
        match known:
            case 0x84000000:
                return VERSION_1_1
            case 0x84000001:
                self.cpus.suspend(self.cpu)
                return 0
            case 0x84000002:
                self.cpus.off(self.cpu)
                return 0
            case 0x84000003:
                return self._cpu_on(a, b, c)
            case 0x84000004:
                return self._affinity_info(a, b)
            case 0x84000006:
                return MIGRATE_NOT_REQUIRED
            case 0x84000008:
                self.power("off")
                return 0
            case 0x84000009:
                self.power("reset")
                return 0
            case _:
                asked = a & 0xFFFFFFFF
                supported = asked & ~SMC64 in KNOWN and (not asked & SMC64 or asked & ~SMC64 in HAS_64)
                return 0 if supported else NOT_SUPPORTED

    def _cpu_on(self, target: int, entry: int, context: int) -> int:
        cpu = self.cpus.find(target & AFFINITY_MASK)
        if cpu is None or target & ~AFFINITY_MASK or entry & 3:
            return INVALID_PARAMETERS
        if self.cpus.is_on(cpu):
            return ALREADY_ON
        if not self.cpus.fetchable(entry):
            return INVALID_ADDRESS
        self.cpus.on(cpu, entry, context)
        return 0

    def _affinity_info(self, target: int, lowest_level: int) -> int:
        if lowest_level > 0:
            return ON
        cpu = self.cpus.find(target & AFFINITY_MASK)
        if cpu is None or target & ~AFFINITY_MASK:
            return INVALID_PARAMETERS
        return ON if self.cpus.is_on(cpu) else OFF
