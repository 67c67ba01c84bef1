# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine's state, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emu.machine.console import ConsoleState

if TYPE_CHECKING:
    from emu.core._core import Snapshot as CoreSnapshot

__all__ = ["Snapshot"]


@dataclass(frozen=True)
class Snapshot:
    """What `Machine.snapshot()` gives and `Machine.restore()` takes; copy-on-write, so cheap to keep.

    Attributes:
        core: RAM, CPUs, TLBs, devices, timers, virtual time.
        console: input that was not delivered yet, and how much output there was.
        twins: Python twins of C chips, by row, where the machine has some.
        icount, ns: when it was taken.
    """

    core: CoreSnapshot
    console: ConsoleState
    twins: dict[str, bytes]
    icount: int
    ns: int
