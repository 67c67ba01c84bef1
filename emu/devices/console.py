# SPDX-License-Identifier: GPL-2.0-or-later
"""The other end of a serial line: bytes that wait for the guest, and where its output goes."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Console"]


class Console:
    """Input for one UART, and a sink for its output.

    A UART takes input only when the guest looks for some and finds its FIFO empty, or when the machine tells it that
    every CPU idles (``Uart.feed()``): so *when* input arrives depends on what the guest does and never on the host.
    ``on_input``, if set, is told how many bytes were taken: that is where live input gets logged. ``pace``, if set,
    says whether a poll may have input already: a line is no faster than its baud rate, so a driver that reads until the
    FIFO is empty must find it empty before its reader's buffer overflows.
    """

    def __init__(self, sink: Callable[[bytes], object] | None = None) -> None:
        self.sink = sink
        self.on_input: Callable[[bytes], object] | None = None
        self.pace: Callable[[], bool] | None = None
        self._waiting = bytearray()
        self.output = bytearray()
        """What came out, when there is no sink."""

    @property
    def pending(self) -> int:
        """Bytes that wait for the guest."""
        return len(self._waiting)

    @property
    def ready(self) -> bool:
        """Whether a guest that looks for input would find some by now."""
        return bool(self._waiting) and (self.pace is None or self.pace())

    def send(self, data: bytes) -> None:
        """Type."""
        self._waiting += data

    def take(self, n: int) -> bytes:
        """At most ``n`` bytes, for a UART."""
        taken = bytes(self._waiting[:n])
        del self._waiting[:n]
        if taken and self.on_input is not None:
            self.on_input(taken)
        return taken

    def put(self, data: bytes) -> None:
        """What the guest sent."""
        if self.sink is not None:
            self.sink(data)
        else:
            self.output += data
