# SPDX-License-Identifier: GPL-2.0-or-later
#
# General layout
#
#   errors, bits   the exception tree; registers as manuals list them
#   arch           what a CPU is: registers, page tables, exceptions, calling conventions; one folder per architecture
#   image          files to boot, turned into a plan of what goes where in RAM
#   core           the engine, in C: CPUs, MMU, time, interrupts, events, snapshots; its typed face
#   wires          what devices plug into: bus, lines, clock, events, instruments
#   devices        one chip per file
#   machine        puts one together: boards, console, memory
#   trace          instruments that write
#   cli            the command line, one verb per file
#
# Each layer knows only those above it in this list. What is named below is the public API; all else may change.
"""Trapdoor: a full-system emulator for AArch64 and x86-64 that makes exceptions, interrupts and system calls visible.

from emu import Machine, Options

with Machine("hatch", Options(arch="aarch64", exec="uname -a")) as m:
    stop = m.run(1_000_000_000)
    print(m.console.text, stop)
"""

from __future__ import annotations

from emu.core import Stop, StopReason
from emu.errors import (
    BuildError,
    HostError,
    ImageError,
    ImageFault,
    InputError,
    MachineError,
    OptionError,
    TrapdoorError,
)
from emu.machine import Machine, Options, Snapshot
from emu.wires.events import Event, Kind
from emu.wires.instrument import Instrument

__all__ = [
    "BuildError",
    "Event",
    "HostError",
    "ImageError",
    "ImageFault",
    "InputError",
    "Instrument",
    "Kind",
    "Machine",
    "MachineError",
    "OptionError",
    "Options",
    "Snapshot",
    "Stop",
    "StopReason",
    "TrapdoorError",
    "__version__",
]

__version__: str


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is asked for: that takes as long as booting half a kernel."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("trapdoor")
    except PackageNotFoundError:  # a checkout that was not installed
        return "0+unknown"
