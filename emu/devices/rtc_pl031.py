# SPDX-License-Identifier: GPL-2.0-or-later
"""PrimeCell real-time clock PL031 (ARM DDI 0224C). It counts seconds of virtual time from ``epoch``."""

from __future__ import annotations

from collections.abc import Callable

from ..wires.clock import NEVER, Clock
from ..wires.irq import Line
from .chip import NS_PER_S, ChipFault
from .device import Device, Register, State

__all__ = ["Pl031"]

U32 = 0xFFFFFFFF


class Pl031(Device):
    """The RTC, running from power-on (RTCCR reads 1, as on QEMU)."""

    DR = Register(0x000, "RO")
    MR = Register(0x004)
    LR = Register(0x008)
    CR = Register(0x00C, reset=1, fields=("START 0",))
    IMSC = Register(0x010, writable=1, fields=("RTCIMSC 0",))
    RIS = Register(0x014, "RO", fields=("RTCRIS 0",))
    MIS = Register(0x018, "RO", fields=("RTCMIS 0",))
    ICR = Register(0x01C, "WO", fields=("RTCICR 0",))
    ID = Register(0xFE0, "RO", reset=(0x31, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1))
    """RTCPeriphID0-3, RTCPCellID0-3."""

    offset = State()
    """What the counter was at power-on; battery-backed in spirit, but a reset sets the epoch again."""

    def __init__(
        self,
        epoch: int = 0,
        irq: Line | None = None,
        clock: Clock | None = None,
        faults: Callable[[ChipFault, int, int, int], None] | None = None,
    ) -> None:
        super().__init__(irq, clock, faults)
        self.epoch = epoch
        self._match = self.clock.timer(self._on_match)

    def on_reset(self) -> None:
        self.offset = self.epoch & U32
        self._match.set(NEVER)

    def interrupt(self) -> bool:
        return bool(self.RIS & self.IMSC)

    def _on_match(self) -> None:
        if self.read_DR() == self.MR:
            self.RIS = 1
            self._update_irq()

    def _arm(self) -> None:
        """The alarm rings when the counter becomes equal to RTCMR, at once if it is."""
        ahead = (self.MR - self.read_DR()) & U32
        if ahead == 0:
            self.RIS = 1
            self._match.set(NEVER)
        else:
            self._match.set((self.clock.now() // NS_PER_S + ahead) * NS_PER_S)

    def read_DR(self) -> int:
        return (self.offset + self.clock.now() // NS_PER_S) & U32

    def write_MR(self, value: int) -> None:
        self.MR = value
        self._arm()

    def write_LR(self, value: int) -> None:
        self.LR = value
        self.offset = (value - self.clock.now() // NS_PER_S) & U32
        self._arm()

    def write_CR(self, value: int) -> None:
        """Once started it cannot be stopped."""

    def read_MIS(self) -> int:
        return self.RIS & self.IMSC

    def write_ICR(self, value: int) -> None:
        self.RIS &= ~value & U32
