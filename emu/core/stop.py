# SPDX-License-Identifier: GPL-2.0-or-later
"""Why a run ended. What a guest does is data: every run ends in a `Stop`, never in an exception."""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["Stop", "StopReason"]


class StopReason(enum.IntEnum):
    """Named after `enum stop_reason` of core.h; from 64 on, reasons that only the Python side has."""

    BUDGET = 1
    TIME = 2
    IDLE = 3
    REQUEST = 4
    EVENT = 5
    POWEROFF = 6
    RESET = 7
    EXIT = 8
    TRIPLE_FAULT = 9
    DEVICE_ERROR = 10
    SIGNAL = 11
    INTERNAL = 12
    STUCK = 13
    TIMEOUT = 64


_TEXT = {
    StopReason.BUDGET: "the instruction budget is used up",
    StopReason.TIME: "the virtual time limit is reached",
    StopReason.IDLE: "every CPU waits and nothing can wake one",
    StopReason.REQUEST: "asked to stop",
    StopReason.EVENT: "an event that was waited for",
    StopReason.POWEROFF: "the guest switched the machine off",
    StopReason.RESET: "the guest asked for a reset",
    StopReason.EXIT: "the guest ended the run",
    StopReason.TRIPLE_FAULT: "triple fault",
    StopReason.DEVICE_ERROR: "a device failed",
    StopReason.SIGNAL: "a host signal",
    StopReason.INTERNAL: "the engine gave up",
    StopReason.STUCK: "exceptions without end, no instruction of a handler can be fetched",
    StopReason.TIMEOUT: "the wall-clock limit is reached",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """The answer of a run.

    Attributes:
        reason: why it ended.
        code: EXIT: the guest's status; REQUEST: the number given to `Core.end`; INTERNAL: Unicorn's error number.
        cpu: the CPU that ran last.
        pc: its next instruction.
        where: `pc` with the nearest symbol, where the image has symbols.
        icount: instructions retired since power-on, all CPUs.
        ns: virtual time.
        error: DEVICE_ERROR: what the device raised.
    """

    reason: StopReason
    code: int = 0
    cpu: int = 0
    pc: int = 0
    where: str = ""
    icount: int = 0
    ns: int = 0
    error: BaseException | None = None

    def __str__(self) -> str:
        text = _TEXT[self.reason]
        if self.reason is StopReason.EXIT:
            text += f" with status {self.code}"
        elif self.reason is StopReason.INTERNAL:
            text += f" (Unicorn error {self.code})"
        if self.error is not None:
            text += f" ({type(self.error).__name__}: {self.error})"
        plural = "" if self.icount == 1 else "s"
        return f"{text}, at {self.where or hex(self.pc)} after {self.icount} instruction{plural}"
