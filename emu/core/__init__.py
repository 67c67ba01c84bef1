# SPDX-License-Identifier: GPL-2.0-or-later
"""The C engine and its typed face: `Stop`, `Cpu`, and the extension itself behind `open_core()`.

Nothing above `emu.machine` sees the extension.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.core.cpu import ARCHITECTURES, Cpu, Regs, TlbEntry
from emu.core.stop import Stop, StopReason
from emu.errors import HostError

if TYPE_CHECKING:
    from emu.core._core import Core

__all__ = ["ARCHITECTURES", "Cpu", "Regs", "Stop", "StopReason", "TlbEntry", "check_library", "open_core"]


def check_library() -> str:
    """The path of the private Unicorn library, once it is known to be the one the core was made for.

    Raises:
        HostError: the extension was not built, or its library is missing or another one.
    """
    try:  # here and not above, so that `emu doctor` can say that it is missing
        from emu.core import _core
    except ImportError as error:
        raise HostError(f"the C core cannot be loaded: {error}", "install the package again: pip install .") from None
    problem, path = _core.check()
    if problem is not None:
        raise HostError(f"{path}: {problem}", "install the package again: pip install .")
    return path


def open_core(arch: str, ncpu: int = 1, clock_num: int = 1, clock_den: int = 1) -> Core:
    """A new, empty machine of `ncpu` CPUs whose instructions take `clock_num / clock_den` ns each.

    Raises:
        HostError: as `check_library`.
        ValueError: an architecture or a number that the core refuses.
    """
    check_library()
    from emu.core._core import Core

    return Core(arch, ncpu, clock_num, clock_den)
