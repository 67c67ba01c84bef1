# SPDX-License-Identifier: GPL-2.0-or-later
"""The same image on QEMU, by the oracle line of its board."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from pathlib import Path

from emu.image.bundle import Bundle
from emu.machine.qemu import ORACLES

MEMORY = 512
TIMEOUT = 60.0


def line(bundle: Bundle, append: str, kernel: Path | None = None) -> list[str]:
    """The command: the oracle line with the bundle's files."""
    oracle = ORACLES[bundle.board]
    command = [*oracle.base, "-m", str(MEMORY), *oracle.rest, "-kernel", str(kernel or bundle.path(bundle.kernel))]
    if bundle.initrd is not None and kernel is None:
        command += ["-initrd", str(bundle.path(bundle.initrd))]
    append = " ".join(part for part in (bundle.append, append) if part)
    return [*command, "-append", append] if append else command


def missing(bundle: Bundle) -> str | None:
    """Why QEMU cannot be compared with, or None if it can."""
    oracle = ORACLES[bundle.board]
    return None if shutil.which(oracle.base[0]) else f"{oracle.base[0]} is not installed (Debian: {oracle.package})"


class Qemu:
    """One QEMU, its serial port on a pipe."""

    def __init__(self, bundle: Bundle, append: str = "") -> None:
        self.output = bytearray()
        self._process = subprocess.Popen(
            line(bundle, append), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        )

    @property
    def text(self) -> str:
        """Everything written so far, as `Machine.console.text` gives it."""
        return self.output.decode(errors="replace").replace("\r", "")

    def _read(self, until: float) -> bool:
        assert self._process.stdout is not None
        out = self._process.stdout.fileno()
        if not select.select([out], [], [], max(0.0, until - time.monotonic()))[0]:
            raise AssertionError(f"QEMU is silent for too long after:\n{self.text}")
        data = os.read(out, 65536)
        self.output += data
        return bool(data)

    def expect(self, text: str, start: int = 0, timeout: float = TIMEOUT) -> int:
        """Wait for a text after character `start` of `self.text`; gives where it ends."""
        until = time.monotonic() + timeout
        while (at := self.text.find(text, start)) < 0:
            assert self._read(until), f"QEMU ended without {text!r}:\n{self.text}"
        return at + len(text)

    def send(self, keys: str) -> None:
        """Type."""
        assert self._process.stdin is not None
        self._process.stdin.write(keys.encode())

    def finish(self, timeout: float = TIMEOUT) -> str:
        """Wait until QEMU ends; gives all of its console's text."""
        until = time.monotonic() + timeout
        while self._read(until):
            pass
        self._process.wait(max(0.0, until - time.monotonic()))
        return self.text

    @property
    def status(self) -> int | None:
        """QEMU's own exit status, or None while it runs."""
        return self._process.poll()

    def close(self) -> None:
        """End it, if it has not ended itself."""
        self._process.kill()
        self._process.communicate()
