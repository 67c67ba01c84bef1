# SPDX-License-Identifier: GPL-2.0-or-later
"""Instruments that write: one line an event, system calls as strace shows them, counts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from emu.errors import OptionError
from emu.machine import Machine
from emu.trace.syscalls import SyscallTrace
from emu.trace.text import KINDS, TextTrace

__all__ = ["SyscallTrace", "TextTrace", "open_trace"]


@contextmanager
def open_trace(machine: Machine, request: str) -> Iterator[None]:
    """Watch a machine as `--trace KINDS[:FILE]` asks; the file is complete when the context ends.

    Args:
        machine: not yet started.
        request: kinds with commas between (exceptions, irq, syscalls, mmio), and a file, else standard error.

    Raises:
        OptionError: an unknown kind, or a file that cannot be written.
    """
    names, _, path = request.partition(":")
    kinds = [name for name in names.split(",") if name]
    known = (*KINDS, "syscalls")
    for name in kinds:
        if name not in known:
            raise OptionError("--trace", f"{name!r} is not known", f"choose from {', '.join(known)}")
    if not kinds:
        raise OptionError("--trace", "no kinds", f"choose from {', '.join(known)}")
    try:
        out = open(path, "w") if path else sys.stderr  # noqa: SIM115 - closed below, whatever happens
    except OSError as error:
        raise OptionError("--trace", f"{path}: {error.strerror}", "name a file that can be written") from None
    syscalls = SyscallTrace(machine, out.write) if "syscalls" in kinds else None
    events = [kind for kind in kinds if kind != "syscalls"]
    if events:
        machine.watch(TextTrace(machine, out.write, events))
    if syscalls:
        machine.watch(syscalls)
    try:
        yield
    finally:
        if syscalls:
            syscalls.finish()
        if path:
            out.close()
        else:
            out.flush()
