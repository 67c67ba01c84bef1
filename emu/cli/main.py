# SPDX-License-Identifier: GPL-2.0-or-later
"""`emu`: finds a verb's file, and turns whatever comes out of it into one line and an exit status.

Exit status: the guest's own (`--exec`, test programs); 2 bad input or option; 124 a budget or time-out ended it;
125 guest panic, triple fault or failed reset; 126 host not supported or our own fault; 130 Ctrl-C;
141 whoever read our output has gone.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import Any

import click

from emu.cli.output import EXIT_BROKEN_PIPE, discard
from emu.errors import EXIT_HOST, EXIT_INPUT, TrapdoorError

__all__ = ["cli", "main"]

VERBS = ("run", "step", "build", "list", "qemu", "doctor")
EXIT_INTERRUPTED = 130
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _Verbs(click.Group):
    """Verbs are imported when they are asked for, so that none waits for another's imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(f"emu.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from emu import __version__

        click.echo(f"trapdoor {__version__}")
        ctx.exit()


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
def cli() -> None:
    """Trapdoor: a full-system emulator for AArch64 and x86-64, and Hatch, a small Unix to run on it.

    \b
    Examples:
      emu run                                  Hatch's shell on AArch64; Ctrl-A x leaves
      emu run --arch x86_64 --exec 'uname -a'  one command; the exit status is the guest's
      emu run --exec 'ls /bin' --trace syscalls
    """


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    try:
        result: Any = cli.main(argv, prog_name="emu", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return EXIT_INPUT
    except click.ClickException as error:
        return _fail(" ".join(error.format_message().split()), EXIT_INPUT)
    except TrapdoorError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return EXIT_INTERRUPTED
    except SystemExit:
        return EXIT_BROKEN_PIPE  # click's answer to EPIPE, the only one outside its standalone mode
    except OSError as error:
        if error.errno not in _DISK_FULL:
            return _internal(error)
        if sys.stdout is not None:
            discard(sys.stdout)
        return _fail(f"cannot write: {error.strerror}; make room, or write elsewhere", EXIT_HOST)
    except Exception as error:
        return _internal(error)


def _internal(error: Exception) -> int:
    if os.environ.get("EMU_TRACEBACK"):
        raise error
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return _fail(f"internal error: {text}; set EMU_TRACEBACK=1 to see where, and report it", EXIT_HOST)


def _fail(text: str, status: int) -> int:
    click.echo(f"emu: {text}", err=True)
    return status
