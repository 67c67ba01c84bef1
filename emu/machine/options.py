# SPDX-License-Identifier: GPL-2.0-or-later
"""What a machine is made from, besides its image. Every field has a default; a bad one is refused in one line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from emu.bits import MIB
from emu.core import ARCHITECTURES
from emu.errors import OptionError

__all__ = ["Options", "encode_exec"]

Path_ = str | os.PathLike[str]
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-")
MAX_MEMORY = 3072 * MIB  # on both boards the device windows or the 4 GiB line come next


def encode_exec(command: str) -> str:
    """A command for the guest's shell as a kernel parameter: bytes outside `[A-Za-z0-9._/-]` become `%XX`."""
    return "exec=" + "".join(chr(b) if b in _PLAIN else f"%{b:02X}" for b in os.fsencode(command))


@dataclass(frozen=True, slots=True)
class Options:
    """Choices about one machine.

    Attributes:
        arch: `aarch64` or `x86_64`; None: what the image says, else aarch64.
        board: None: the architecture's own (`virt`, `pc`).
        smp: number of CPUs; 1 for now.
        memory: RAM in bytes, whole MiB.
        append: added to the kernel command line after the image's own.
        exec: a command that Hatch's init runs instead of an interactive shell.
        initrd: an initramfs instead of the image's own.
        dtb: a devicetree blob instead of the board's own (virt).
        seed: of all randomness that the guest sees.
        rtc: what the clock chips say at power-on, in seconds since 1970.
        clock: `virtual`: time jumps while all CPUs wait; `host`: it passes with the host's while they do.
        insn_ns: virtual time that an instruction takes, in ns.
        door: whether the paravirtual device is there.
        intc: `c`, or `python` for the plain-Python twins of interrupt controllers and timers.
        input: console input, delivered whenever the guest waits for some.
        inputs: console input at given virtual times: (ns, bytes), as `console.log` of a live run has it.
        event_hash: keep the rolling hash over all deterministic events.
    """

    arch: str | None = None
    board: str | None = None
    smp: int = 1
    memory: int = 512 * MIB
    append: str = ""
    exec: str | None = None
    initrd: Path_ | None = None
    dtb: Path_ | None = None
    seed: int = 0
    rtc: int = 1_735_689_600  # 2025-01-01 00:00:00 UTC
    clock: str = "virtual"
    insn_ns: Fraction = Fraction(1)
    door: bool = True
    intc: str = "c"
    input: bytes = b""
    inputs: Sequence[tuple[int, bytes]] = ()
    event_hash: bool = False

    def __post_init__(self) -> None:
        if self.arch is not None and self.arch not in ARCHITECTURES:
            raise OptionError("--arch", f"{self.arch!r} is not known", f"choose {' or '.join(ARCHITECTURES)}")
        if self.smp != 1:
            raise OptionError("--smp", f"{self.smp} CPUs are not supported yet", "use 1")
        if self.memory % MIB or not MIB <= self.memory <= MAX_MEMORY:
            raise OptionError("--memory", f"{self.memory} bytes", f"give whole MiB from 1 to {MAX_MEMORY // MIB}")
        if not 0 <= self.seed < 1 << 64:
            raise OptionError("--seed", f"{self.seed} is no 64-bit number", "give one from 0 to 2**64 - 1")
        if not 0 <= self.rtc < 1 << 32:
            raise OptionError("--rtc", f"{self.rtc} is outside what the clock chips hold", "give one from 1970 to 2106")
        if self.clock not in ("virtual", "host"):
            raise OptionError("--clock", f"{self.clock!r} is not known", "choose virtual or host")
        if self.intc not in ("c", "python"):
            raise OptionError("intc", f"{self.intc!r} is not known", "choose c or python")
        num, den = Fraction(self.insn_ns).as_integer_ratio()
        if num <= 0 or num >> 32 or den >> 32:
            raise OptionError("insn_ns", f"{self.insn_ns} is out of range", "give a positive ratio of 32-bit numbers")

    def command_line(self, base: str) -> str:
        """The kernel command line: the image's own, `append`, `exec`."""
        parts = [base, self.append, "" if self.exec is None else encode_exec(self.exec)]
        return " ".join(p for p in parts if p)

    def but(self, **changes: Any) -> Options:
        """A copy with some fields changed."""
        return replace(self, **changes)

    @staticmethod
    def parse_memory(text: str) -> int:
        """`512`, `512M` or `1G` as bytes; a bare number counts MiB, as QEMU's -m does. Raises OptionError."""
        units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
        unit = units.get(text[-1:].upper(), 0)
        digits = text[:-1] if unit else text
        if not digits.isascii() or not digits.isdigit() or len(digits) > 12:
            raise OptionError("--memory", f"{text!r} is no size", "give one like 512M or 1G")
        return int(digits) * (unit or MIB)

    @staticmethod
    def read_input(path: Path_) -> bytes:
        """The bytes of a file for `input`. Raises OptionError."""
        try:
            return Path(path).read_bytes()
        except OSError as error:
            cause = f"{os.fspath(path)}: {error.strerror or error}"
            raise OptionError("--input", cause, "name a readable file") from None
