# SPDX-License-Identifier: GPL-2.0-or-later
"""Options that mean the same in every verb, and what is made of them."""

from __future__ import annotations

import calendar
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from emu.errors import OptionError
from emu.machine.options import Options

__all__ = ["image_argument", "machine_options", "options_from"]

F = TypeVar("F", bound=Callable[..., Any])

_MACHINE = (
    click.option("--arch", metavar="A", help="aarch64 (the default) or x86_64."),
    click.option("--exec", "exec_", metavar="COMMAND", help="Run this by the guest's shell, then power off."),
    click.option("--append", default="", metavar="TEXT", help="Add to the kernel command line."),
    click.option("--initrd", type=click.Path(path_type=Path), help="Use this initramfs."),
    click.option("--dtb", type=click.Path(path_type=Path), help="Use this devicetree (virt)."),
    click.option("--memory", default="512M", metavar="SIZE", help="RAM, e.g. 512M or 1G. Default 512M."),
    click.option("--smp", default=1, metavar="N", help="Number of CPUs; 1 for now."),
    click.option("--seed", default="0", metavar="N", help="Of all randomness in the machine. Default 0."),
    click.option(
        "--rtc", default="2025-01-01T00:00:00", metavar="TIME", help="UTC at power-on, or seconds since 1970."
    ),
    click.option("--clock", default="virtual", metavar="C", help="virtual, or host: waiting takes real time."),
)


def machine_options(function: F) -> F:
    """The options of a machine, passed to `options_from` as they are."""
    for option in reversed(_MACHINE):
        function = option(function)
    return function


def image_argument(function: F) -> F:
    """The optional IMAGE argument."""
    return click.argument("image", default="hatch", metavar="[IMAGE]")(function)


def _rtc(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"):
        try:
            return calendar.timegm(time.strptime(text, form))
        except ValueError:
            continue
    raise OptionError("--rtc", f"{text!r} is no time", "give one like 2025-01-01T00:00:00, or seconds since 1970")


def _seed(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise OptionError("--seed", f"{text!r} is no number", "give one like 42 or 0xfeed") from None


def options_from(
    arch: str | None,
    exec_: str | None,
    append: str,
    initrd: Path | None,
    dtb: Path | None,
    memory: str,
    smp: int,
    seed: str,
    rtc: str,
    clock: str,
    **rest: Any,
) -> Options:
    """`Options` from what click parsed; `rest` goes to it as it is. Raises OptionError."""
    return Options(
        arch=arch,
        exec=exec_,
        append=append,
        initrd=initrd,
        dtb=dtb,
        memory=Options.parse_memory(memory),
        smp=smp,
        seed=_seed(seed),
        rtc=_rtc(rtc),
        clock=clock,
        **rest,
    )
