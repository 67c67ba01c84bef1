# SPDX-License-Identifier: GPL-2.0-or-later
"""Hatch in tests: its image, a guest to type at, and what its console text looks like."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from emu.core import Stop, StopReason
from emu.image.bundle import Bundle
from emu.machine import Machine

ROOT = Path(__file__).resolve().parents[2]
BUDGET = 4_000_000_000
"""Instructions; no test needs as many."""
TIMEOUT = 120.0
"""Seconds of wall-clock time after which a guest certainly hangs."""
IDLE = 20.0
"""Seconds of virtual time without output after which a guest waits for input."""
PROMPT = "# "
CTRL_C, CTRL_D = "\x03", "\x04"

_STAMP = re.compile(r"^\[ *\d+\.\d{6}\] ", re.MULTILINE)


@cache
def build(arch: str, image: str = "hatch") -> Bundle:
    """Build what changed and open the result; a build that fails fails the test with the compiler's output."""
    command = [sys.executable, "-m", "toolchain", "build", "--arch", arch, "--image", image]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}", pytrace=False)
    return Bundle.open(done.stdout.strip().splitlines()[-1].split(": ", 1)[1])


def without_stamps(text: str) -> str:
    """Console text without the times of kernel messages, the only thing that differs between machines."""
    return _STAMP.sub("", text)


def finish(machine: Machine) -> Stop:
    """Run until the guest ends the machine; anything else fails the test and shows the console."""
    stop = machine.run(BUDGET, timeout=TIMEOUT, idle_limit=IDLE)
    ends = (StopReason.EXIT, StopReason.POWEROFF, StopReason.RESET)
    assert stop.reason in ends, f"{stop}\n{machine.console.text}"
    return stop


class Guest:
    """A guest with a shell on its console, to type at."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._seen = len(machine.console.output)

    def new(self) -> str:
        """What was written since the last look."""
        start, self._seen = self._seen, len(self.machine.console.output)
        return bytes(self.machine.console.output[start:]).decode(errors="replace").replace("\r", "")

    def settle(self) -> str:
        """Run until the guest waits for input; gives what it wrote."""
        stop = self.machine.run(BUDGET, timeout=TIMEOUT, idle_limit=IDLE)
        assert stop.reason is StopReason.IDLE, f"{stop}\n{self.machine.console.text}"
        return self.new()

    def wait(self, seconds: float) -> str:
        """Let that much virtual time pass; gives what was written."""
        stop = self.machine.run(BUDGET, timeout=TIMEOUT, until_ns=self.machine.ns + int(seconds * 1e9))
        assert stop.reason is StopReason.TIME, f"{stop}\n{self.machine.console.text}"
        return self.new()

    def press(self, keys: str) -> None:
        """Type now, whether or not the guest waits for it."""
        self.machine.console.type(keys.encode(), self.machine.ns)

    def type(self, keys: str) -> str:
        """Type, and run until the guest waits again; gives all that was written: echo, output, prompt."""
        self.machine.console.send(keys)
        return self.settle()

    def run(self, command: str) -> str:
        """The output of a command line, between its echo and the next prompt."""
        text = self.type(command + "\n")
        echo = command + "\n"
        assert text.startswith(echo) and text.endswith(PROMPT), repr(text)
        return text[len(echo) : -len(PROMPT)]
