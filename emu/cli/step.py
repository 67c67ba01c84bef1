# SPDX-License-Identifier: GPL-2.0-or-later
"""`emu step`: into an exception and out again, step by step."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import click

from emu.cli.builder import build_if_missing
from emu.cli.options import image_argument, machine_options, options_from
from emu.core import Stop, StopReason
from emu.debug.html import page
from emu.debug.stepper import Stepper
from emu.debug.steps import Step
from emu.debug.text import WIDTH, TextWriter
from emu.debug.until import EVENTS, Until
from emu.errors import OptionError
from emu.image.symbols import Symbols
from emu.machine import Machine

__all__ = ["command"]

EXIT_BUDGET = 124
MAX_STEPS = 1_000_000
MAX_HTML = 20_000  # what a browser still scrolls through well


@click.command(name="step", short_help="Step into exceptions and back.", context_settings={"max_content_width": 100})
@image_argument
@machine_options
@click.option(
    "--until",
    default="exception",
    metavar="WHAT",
    help=f"Stop before the first: {', '.join(EVENTS)}, SYMBOL, 0xADDRESS or icount=N. Default exception.",
)
@click.option("--count", type=click.IntRange(1, MAX_STEPS), default=20, metavar="N", help="Show N steps. Default 20.")
@click.option("--program", metavar="P", help="Run P by the guest's shell, and look only at what happens to it.")
@click.option("--json", "json_file", metavar="FILE", help="Write a JSON object a step; - is standard output.")
@click.option("--html", "html_file", metavar="FILE", help="Write one self-contained page to click through.")
@click.option("--max-insns", type=click.IntRange(1), metavar="N", help="Look for at most N instructions.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="S", help="Look for at most S seconds.")
def command(
    image: str,
    until: str,
    count: int,
    program: str | None,
    json_file: str | None,
    html_file: str | None,
    max_insns: int | None,
    timeout: float | None,
    **common: Any,
) -> int:
    """Boot IMAGE, stop before the first WHAT, and show the next steps: instruction, source, registers that change, and
    a card at each exception, interrupt and return.

    Without --program all that happens from power-on counts.

    \b
    Examples:
      emu step --program true --until syscall
      emu step --program /test/cow --until fault --arch x86_64 --count 200 --html fault.html
      emu step --until irq --exec 'sleep 1' --json - | head -1
    """
    if program is not None:
        if common["exec_"] is not None:
            raise OptionError("--program", "--exec is given too", "give one of them")
        common["exec_"] = program
    if common["clock"] != "virtual":
        raise OptionError("--clock", "a stepped run cannot be on the host's time", "leave it out")
    if json_file == "-" and html_file == "-":
        raise OptionError("--html", "- and --json would both write to standard output", "name a file for one of them")
    if html_file is not None and count > MAX_HTML:
        raise OptionError("--html", f"{count} steps are too many for a page", f"use --count {MAX_HTML} or --json")
    options = options_from(**common)
    build_if_missing(image, options)
    with contextlib.ExitStack() as stack:
        machine = stack.enter_context(Machine(image, options))
        stepper = Stepper(machine, program)
        if program is not None and stepper.program is None:
            known = sorted(machine.target.bundle.programs) if machine.target.bundle else []
            raise OptionError(
                "--program", f"{program!r} does not begin with a program of this image",
                f"it has {', '.join(known)}" if known else "use an image that was built with programs",
            )  # fmt: skip
        place = Until.parse(until, [machine.symbols, stepper.program.symbols if stepper.program else Symbols()])
        json_out = stack.enter_context(_file("--json", json_file)) if json_file else None
        html_out = stack.enter_context(_file("--html", html_file)) if html_file else None
        stop = stepper.seek(place, max_insns, timeout)
        if stop.reason is not StopReason.EVENT:
            return _missed(until, program, stop)
        text = None if "-" in (json_file, html_file) else _writer()
        shown: list[dict[str, Any]] = []
        counted = 0

        def steps() -> Iterator[Step]:
            nonlocal counted
            for step in stepper.steps(count):
                counted += 1
                if json_out is not None or html_out is not None:
                    record = step.to_json()
                    if json_out is not None:
                        json_out.write(json.dumps(record) + "\n")
                    if html_out is not None:
                        shown.append(record)
                yield step

        if text is None:
            for _ in steps():
                pass
        else:
            sys.stdout.writelines(text.steps(steps()))
        if html_out is not None:
            what = f"{options.exec or machine.target.kernel.name} on {machine.target.arch}, from {until}"
            html_out.write(page(f"emu step: {what}", shown))
        sys.stdout.flush()
        if counted < count:
            click.echo(f"emu: the run ended after {counted} steps: {machine.run(0)}", err=True)
    return 0


def _writer() -> TextWriter:
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH
    return TextWriter(width, colour, (sys.stdout.encoding or "").lower().startswith("utf"))


@contextlib.contextmanager
def _file(option: str, path: str) -> Iterator[TextIO]:
    if path == "-":
        yield sys.stdout
        return
    try:
        file = Path(path).open("w", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError as error:
        raise OptionError(option, f"{path}: {error.strerror}", "name a file that can be written") from None
    with file:
        yield file


def _missed(until: str, program: str | None, stop: Stop) -> int:
    """Say that the place was never reached; a limit of our own is another status than the run's end."""
    if stop.reason in (StopReason.BUDGET, StopReason.TIMEOUT):
        click.echo(f"emu: --until {until} was not reached: {stop}", err=True)
        return EXIT_BUDGET
    whom = f" in {program!r}" if program is not None else ""
    raise OptionError("--until", f"{until} never came{whom}: {stop}", "choose another place or program")
