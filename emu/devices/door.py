# SPDX-License-Identifier: GPL-2.0-or-later
"""The door: our one paravirtual device, absent on QEMU, probed by guests and never required.

32-bit registers. ``leave`` is called with the status when EXIT is written, ``test`` with the number of the test that
begins (0: it ended), ``coverage`` with 0 or 1.
"""

from __future__ import annotations

from collections.abc import Callable

from .chip import ChipFault
from .device import Device, Register

__all__ = ["BUFFER_SIZE", "DOOR_ID", "Door"]

DOOR_ID = 0x524F4F44
"""ASCII "DOOR"."""
BUFFER_SIZE = 65536


def _nothing(value: int) -> None:
    """For hooks that nobody wants."""


class Door(Device):
    """The way out for guest programs. ``buffer`` is the physical address of the shared buffer."""

    SIZES = (4,)

    ID = Register(0x00, "RO", reset=DOOR_ID)
    VERSION = Register(0x04, "RO", reset=1)
    EXIT = Register(0x08, "WO")
    TEST = Register(0x0C, "WO")
    BUF_LO = Register(0x10, "RO")
    BUF_HI = Register(0x14, "RO")
    BUF_SIZE = Register(0x18, "RO", reset=BUFFER_SIZE)
    COVERAGE = Register(0x1C, writable=1, fields=("ON 0",))

    def __init__(
        self,
        buffer: int = 0,
        leave: Callable[[int], None] = _nothing,
        test: Callable[[int], None] = _nothing,
        coverage: Callable[[int], None] = _nothing,
        faults: Callable[[ChipFault, int, int, int], None] | None = None,
    ) -> None:
        super().__init__(None, None, faults)
        self.buffer = buffer
        self.leave, self.test, self.coverage = leave, test, coverage

    def on_reset(self) -> None:
        self.BUF_LO, self.BUF_HI = self.buffer & 0xFFFFFFFF, self.buffer >> 32

    def write_EXIT(self, value: int) -> None:
        self.EXIT = value
        self.leave(value)

    def write_TEST(self, value: int) -> None:
        self.TEST = value
        self.test(value)

    def write_COVERAGE(self, value: int) -> None:
        self.COVERAGE = value & 1
        self.coverage(value & 1)
