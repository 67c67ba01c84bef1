# SPDX-License-Identifier: GPL-2.0-or-later
"""The oracle lines: how QEMU 7.2 is told to be the same machine as each of our boards."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ORACLES", "Oracle"]


class Oracle(NamedTuple):
    """A command line in two parts, with `-m SIZE` between; files and kernel command line come after.

    `package`: where Debian and Ubuntu have the program.
    """

    base: tuple[str, ...]
    rest: tuple[str, ...]
    package: str


_COMMON = ("-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot")

ORACLES: dict[str, Oracle] = {
    "virt": Oracle(("qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72"), _COMMON, "qemu-system-arm"),
    "pc": Oracle(
        ("qemu-system-x86_64", "-M", "pc", "-cpu", "max"),
        (*_COMMON, "-device", "isa-debug-exit,iobase=0xf4,iosize=4"),
        "qemu-system-x86",
    ),
}
