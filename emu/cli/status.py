# SPDX-License-Identifier: GPL-2.0-or-later
"""From the end of a run to the exit status of `emu` (DESIGN: 124 budget, 125 guest failure, 126 our own)."""

from __future__ import annotations

import re

from emu.core import Stop, StopReason

__all__ = ["exit_status"]

EXIT_BUDGET, EXIT_GUEST, EXIT_OURS = 124, 125, 126
_LAST_LINE = re.compile(rb"(?:^|\n)(\[[ 0-9.]+\] )?exit: (\d{1,3})\s*$")  # the kernel stamps its own: a panic


def exit_status(stop: Stop, output: bytes | bytearray, command: bool) -> int:
    """The exit status for a stop.

    Args:
        stop: how the run ended.
        output: what the guest wrote; a guest without the door says its status in its last line, `exit: N`.
        command: whether the guest was given a command whose status is asked for.
    """
    said = _LAST_LINE.search(bytes(output[-256:]))
    match stop.reason:
        case StopReason.EXIT | StopReason.POWEROFF | StopReason.RESET if said and (command or said[1]):
            return int(said[2]) & 0xFF
        case StopReason.EXIT:
            return stop.code & 0xFF
        case StopReason.POWEROFF:
            return EXIT_GUEST if command else 0
        case StopReason.RESET | StopReason.IDLE:
            return EXIT_GUEST if command else 0
        case StopReason.REQUEST:
            return 0
        case StopReason.BUDGET | StopReason.TIME | StopReason.TIMEOUT | StopReason.EVENT:
            return EXIT_BUDGET
        case StopReason.TRIPLE_FAULT | StopReason.STUCK:
            return EXIT_GUEST
        case _:
            return EXIT_OURS
