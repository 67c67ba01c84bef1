# SPDX-License-Identifier: GPL-2.0-or-later
"""`emu run`: boot an image; its console is here."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

import click

from emu.cli.builder import build_if_missing
from emu.cli.options import image_argument, machine_options, options_from
from emu.cli.output import EXIT_BROKEN_PIPE, discard
from emu.cli.status import exit_status
from emu.core import Stop, StopReason
from emu.errors import OptionError
from emu.machine import Machine, Options
from emu.machine.terminal import Pipe, Terminal
from emu.trace import open_trace
from emu.trace.stats import summary

__all__ = ["command"]

IDLE_LIMIT = 60.0  # s of virtual time; only where input has an end


@click.command(
    name="run", short_help="Boot an image; its console is here.", context_settings={"max_content_width": 100}
)
@image_argument
@machine_options
@click.option(
    "--trace",
    "traces",
    multiple=True,
    metavar="KINDS[:FILE]",
    help="Write exceptions, irq, syscalls, mmio (or several, with commas) to FILE or standard error.",
)
@click.option("--json", "json_file", metavar="FILE", help="Write a summary of the run as JSON; - is standard output.")
@click.option("--input", "input_file", metavar="FILE", help="Type this file's bytes instead of standard input.")
@click.option("--console", "console_file", metavar="FILE", help="Write the console to FILE instead of standard output.")
@click.option("--max-insns", type=click.IntRange(1), metavar="N", help="Stop after N instructions.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="S", help="Stop after S seconds.")
def command(
    image: str,
    traces: tuple[str, ...],
    json_file: str | None,
    input_file: str | None,
    console_file: str | None,
    max_insns: int | None,
    timeout: float | None,
    **common: Any,
) -> int:
    """Boot IMAGE: a recipe's name (default hatch), a bundle folder or a kernel file.

    On a terminal every key goes to the guest; Ctrl-A x leaves, Ctrl-A h helps. With --exec the exit status is that of
    the guest's command.

    \b
    Examples:
      emu run
      emu run --arch x86_64 --exec 'uname -a; ls /bin; ps'
      emu run --exec 'cat /proc/1/status' --trace exceptions,irq:trace.txt --json run.json
      echo 'ls; poweroff' | emu run
    """
    if json_file == "-" and console_file is None:
        raise OptionError("--json", "- and the console would both write to standard output", "add --console FILE")
    interactive = input_file is None and common["exec_"] is None and Terminal.usable()
    # With --clock host the run depends on the host anyway, so a pipe may as well be listened to as it comes.
    live = not interactive and input_file is None and common["clock"] == "host" and common["exec_"] is None
    options = options_from(
        **common,
        input=b"" if input_file is None else Options.read_input(input_file),
        event_hash=json_file is not None,
    )
    build_if_missing(image, options)
    with contextlib.ExitStack() as stack:
        machine = stack.enter_context(Machine(image, options))
        sink = _Sink(machine, stack.enter_context(_output("--console", console_file)))
        machine.console.add_sink(sink)
        json_output = None
        if json_file is not None:
            json_output = stack.enter_context(_output("--json", None if json_file == "-" else json_file))
        for trace in traces:
            stack.enter_context(open_trace(machine, trace))
        if interactive:
            machine.console.live = stack.enter_context(Terminal())
        elif live:
            machine.console.live = Pipe()
        elif input_file is None and options.exec is None:
            machine.console.send(_piped())
        start = time.monotonic()
        limit = None if interactive or options.clock == "host" else IDLE_LIMIT
        stop = machine.run(max_insns, timeout=timeout, idle_limit=limit)
        wall = time.monotonic() - start
        status = exit_status(stop, machine.console.output, options.exec is not None)
        if json_output is not None:
            json_output.write(json.dumps(summary(machine, stop, status, wall), indent=1).encode() + b"\n")
    if isinstance(sink.error, BrokenPipeError):
        return EXIT_BROKEN_PIPE
    if sink.error is not None:
        raise sink.error
    _report(stop, status, interactive)
    return status


def _piped() -> bytes:
    """All that is piped in, as a script; a command gets none of it, so that it never waits for a pipe."""
    if sys.stdin is None or sys.stdin.closed or os.isatty(0):
        return b""
    return sys.stdin.buffer.read()


@contextlib.contextmanager
def _output(option: str, path: str | None) -> Iterator[BinaryIO]:
    """A file to write, opened before the run so that a wrong path costs none; None is standard output."""
    if path is None:
        if sys.stdout is None:
            raise OptionError(option, "standard output is closed", f"give a file with {option} FILE")
        sys.stdout.flush()
        yield sys.stdout.buffer
        return
    try:
        file = open(path, "wb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise OptionError(option, f"{path}: {error.strerror}", "name a file that can be written") from None
    with file:
        yield file


class _Sink:
    """Passes the console on. A reader that has gone, or a full disk, ends the run: it is no fault of the machine's.

    Attributes:
        error: why nothing is written any more.
    """

    def __init__(self, machine: Machine, output: BinaryIO) -> None:
        self.error: OSError | None = None
        self._machine = machine
        self._output = output

    def __call__(self, data: bytes) -> None:
        if self.error is not None:
            return
        try:
            self._output.write(data)
            self._output.flush()
        except OSError as error:
            self.error = error
            discard(self._output)
            self._machine.stop()


def _report(stop: Stop, status: int, interactive: bool) -> None:
    """Say why it ended where the guest did not mean to."""
    quiet = (StopReason.EXIT, StopReason.POWEROFF, StopReason.REQUEST)
    if interactive:
        click.echo("", err=True)
    if stop.reason not in quiet and not (stop.reason is StopReason.IDLE and status == 0):
        click.echo(f"emu: {stop}", err=True)
