# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal or a pipe as the console's live input.

A terminal is made raw, so that the guest gets every key, and is given back as it was whatever happens: normal end,
exceptions, termination signals, a stop (Ctrl-Z from elsewhere) and its continuation. As with QEMU, Ctrl-A is the
prefix of our own keys.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import termios
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["Pipe", "Terminal"]

PREFIX = 0x01  # Ctrl-A
HELP = b"""\r
Ctrl-A h  this help\r
Ctrl-A x  leave\r
Ctrl-A Ctrl-A  send Ctrl-A to the guest\r
"""
_FATAL = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Terminal:
    """Standard input as `Live`. A context manager: raw inside, as it was outside.

    Args:
        fd: what to read.
        message_fd: where the help goes.

    Attributes:
        ended: the user asked to leave.
        open: always; a terminal that goes away has ended.
    """

    open = True

    def __init__(self, fd: int = 0, message_fd: int = 2) -> None:
        self.ended = False
        self._fd = fd
        self._message_fd = message_fd
        self._prefixed = False
        self._saved: list[Any] | None = None
        self._handlers: dict[signal.Signals, Any] = {}

    # ---- raw and back ----

    def __enter__(self) -> Self:
        self._saved = termios.tcgetattr(self._fd)
        atexit.register(self._restore)
        for number in _FATAL:
            self._handlers[number] = signal.signal(number, self._on_fatal)
        self._handlers[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, self._on_stop)
        self._raw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()
        atexit.unregister(self._restore)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()

    def _raw(self) -> None:
        if self._saved is None:
            return
        mode: list[Any] = list(self._saved)
        mode[0] &= ~(
            termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.INLCR | termios.IGNCR
            | termios.ICRNL | termios.IXON
        )  # fmt: skip
        mode[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
        mode[6] = list(mode[6])
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._fd, termios.TCSANOW, mode)

    def _restore(self) -> None:
        if self._saved is not None:
            try:
                termios.tcsetattr(self._fd, termios.TCSANOW, self._saved)
            except termios.error:
                pass  # the terminal has gone

    def _on_fatal(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        # Here we have been continued.
        signal.signal(signal.SIGTSTP, self._on_stop)
        self._raw()

    # ---- reading ----

    def read(self, timeout: float) -> bytes:
        """Keys for the guest, waiting for at most `timeout` seconds."""
        ready, _, _ = select.select([self._fd], [], [], max(timeout, 0.0))
        if not ready:
            return b""
        try:
            data = os.read(self._fd, 1024)
        except OSError:  # the terminal has gone (EIO)
            data = b""
        if not data:
            self.ended = True
        return self.keys(data)

    def keys(self, data: bytes) -> bytes:
        """What of the keys is for the guest; our own are obeyed."""
        out = bytearray()
        for key in data:
            if not self._prefixed:
                if key == PREFIX:
                    self._prefixed = True
                else:
                    out.append(key)
                continue
            self._prefixed = False
            if key in b"xX":
                self.ended = True
                break
            if key in b"hH?":
                os.write(self._message_fd, HELP)
            elif key == PREFIX:
                out.append(PREFIX)
        return bytes(out)

    @staticmethod
    def usable() -> bool:
        """Whether standard input is a terminal that we may take over (in the foreground)."""
        try:
            return sys.stdin is not None and os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
        except OSError:
            return False


class Pipe:
    """Standard input as `Live` where it is no terminal: every byte goes to the guest; its end ends nothing."""

    def __init__(self, fd: int = 0) -> None:
        self.ended = False
        self.open = True
        self._fd = fd

    def read(self, timeout: float) -> bytes:
        """Bytes for the guest, waiting for at most `timeout` seconds."""
        if not self.open:
            select.select([], [], [], max(timeout, 0.0))
            return b""
        ready, _, _ = select.select([self._fd], [], [], max(timeout, 0.0))
        data = os.read(self._fd, 4096) if ready else b""
        if ready and not data:
            self.open = False
        return data
