# SPDX-License-Identifier: GPL-2.0-or-later
"""The console: scripted and live input, output, the terminal."""

from __future__ import annotations

import os
import pty
import termios
from collections.abc import Callable

import pytest

from emu import Machine, StopReason
from emu.machine.terminal import HELP, Terminal

Make = Callable[..., Machine]


class Typist:
    """Live input that comes while the guest waits."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.ended = False
        self.open = True

    def read(self, timeout: float) -> bytes:
        if timeout <= 0:
            return b""
        if not self.pieces:
            self.ended = True
            return b""
        return self.pieces.pop(0)


def test_expect_ends_where_the_text_is_complete(machine: Make) -> None:
    m = machine()
    assert m.expect("# ", max_insns=10**9).reason is StopReason.REQUEST
    assert m.console.output.endswith(b"# ")
    m.console.send("echo hello\n")
    assert m.expect("hello\r\nhello\r\n", max_insns=10**9).reason is StopReason.REQUEST
    assert m.expect("never", max_insns=10**7).reason is StopReason.IDLE


def test_sinks_get_all_output_once(machine: Make) -> None:
    m = machine(exec="ls -l /bin")
    pieces: list[bytes] = []
    m.console.add_sink(pieces.append)
    m.run()
    assert b"".join(pieces) == m.console.output
    assert len(pieces) < len(m.console.output) / 10


def test_scripted_input_waits_until_the_guest_wants_it(machine: Make) -> None:
    runs = [machine(input=b"echo one\necho two\npoweroff\n") for _ in range(2)]
    runs[0].run(10**9)
    while runs[1].run(777_777).reason is StopReason.BUDGET:
        pass
    assert b"one\r\n" in runs[0].console.output
    assert runs[0].console.output == runs[1].console.output
    assert runs[0].state_hash() == runs[1].state_hash()
    assert runs[0].console.pending == 0


def test_a_live_run_replays_from_its_log(machine: Make) -> None:
    live = machine(event_hash=True)
    live.expect("# ", max_insns=10**9)
    start = live.icount
    live.console.live = Typist(b"echo a\r", b"sleep 0\r", b"echo b\r", b"poweroff\r")
    assert live.run(timeout=20).reason in (StopReason.EXIT, StopReason.POWEROFF)
    assert len(live.console.log) == 4
    assert start < live.icount
    again = machine(event_hash=True, inputs=live.console.log)
    again.expect("# ", max_insns=10**9)
    again.run(timeout=20)
    assert again.console.output == live.console.output
    assert again.icount == live.icount
    assert again.console.log == live.console.log


def test_our_keys_are_not_the_guests() -> None:
    read, write = os.pipe()
    try:
        terminal = Terminal(read, write)
        assert terminal.keys(b"ab\x01\x01c") == b"ab\x01c"
        assert terminal.keys(b"\x01") == b""
        assert terminal.keys(b"hd") == b"d"
        assert os.read(read, 1000) == HELP
        assert not terminal.ended
        assert terminal.keys(b"e\x01xf") == b"e"
        assert terminal.ended
    finally:
        os.close(read)
        os.close(write)


def test_the_terminal_is_raw_inside_and_restored_after_an_exception() -> None:
    master, slave = pty.openpty()
    try:
        before = termios.tcgetattr(slave)
        with pytest.raises(ZeroDivisionError), Terminal(slave):
            inside = termios.tcgetattr(slave)
            assert not inside[3] & (termios.ICANON | termios.ECHO | termios.ISIG)
            raise ZeroDivisionError
        assert termios.tcgetattr(slave) == before
    finally:
        os.close(master)
        os.close(slave)


def test_the_end_of_a_terminal_ends_the_run() -> None:
    master, slave = pty.openpty()
    os.close(master)
    try:
        terminal = Terminal(slave)
        assert terminal.read(0.1) == b""
        assert terminal.ended
    finally:
        os.close(slave)
