# SPDX-License-Identifier: GPL-2.0-or-later
"""`emu qemu`: the same image on QEMU, the oracle of our machines."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from typing import Any

import click

from emu.bits import MIB
from emu.cli.builder import build_if_missing
from emu.cli.options import image_argument, machine_options, options_from
from emu.errors import HostError
from emu.machine.boards import board_for
from emu.machine.qemu import ORACLES
from emu.machine.target import resolve

__all__ = ["command"]


@click.command(
    name="qemu", short_help="The QEMU command line of the same boot.", context_settings={"max_content_width": 100}
)
@image_argument
@machine_options
@click.option("--run", "run_it", is_flag=True, help="Run it here instead of printing it.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="S", help="With --run: stop it after S s.")
def command(image: str, run_it: bool, timeout: float | None, **common: Any) -> int:
    """Print the QEMU command line that boots IMAGE as we do: same board, same files, same kernel command line.

    Console text is the same on both. QEMU has no door, so with --run its status is QEMU's own: read the guest's in
    the last line, `exit: N`.

    \b
    Example: emu qemu --arch x86_64 --exec 'uname -a' --run
    """
    options = options_from(**common)
    build_if_missing(image, options)
    target = resolve(image, options)
    oracle = ORACLES[board_for(target.arch, options.board).name]
    line = [*oracle.base, "-m", str(options.memory // MIB), *oracle.rest, "-kernel", str(target.kernel)]
    if target.initrd is not None:
        line += ["-initrd", str(target.initrd)]
    if options.dtb is not None:
        line += ["-dtb", str(options.dtb)]
    if target.command_line:
        line += ["-append", target.command_line]
    if not run_it:
        click.echo(shlex.join(line))
        return 0
    if shutil.which(line[0]) is None:
        raise HostError(f"{line[0]} is not installed", f"install it, e.g. apt install {oracle.package}")
    try:
        return subprocess.run(line, check=False, timeout=timeout).returncode
    except subprocess.TimeoutExpired:
        return 124
