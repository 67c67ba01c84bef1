# SPDX-License-Identifier: GPL-2.0-or-later
"""A CPU of a machine: `cpu.regs.x0`, `cpu.regs["pc"]`, its TLB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from emu.arch.aarch64 import registers as aarch64_registers
from emu.arch.x86_64 import registers as x86_64_registers

if TYPE_CHECKING:
    from emu.core._core import Core

__all__ = ["ARCHITECTURES", "Cpu", "Regs", "TlbEntry"]

ARCHITECTURES = ("aarch64", "x86_64")
_REGISTERS: dict[str, Any] = {"aarch64": aarch64_registers, "x86_64": x86_64_registers}


class TlbEntry(NamedTuple):
    """An entry of the architectural TLB: 4 KiB fragment `va` -> `pa` of a page or block of 2**shift bytes."""

    va: int
    pa: int
    perms: int
    asid: int
    shift: int


class Regs:
    """All registers of one CPU by the names of the C core (lower case, as the manuals and gdb spell them).

    Reading or writing one that does not exist raises AttributeError (`regs.x99`) or KeyError (`regs["x99"]`); a value
    that does not fit raises ValueError. Control registers take effect at once.
    """

    __slots__ = ("_core", "_index", "_names")

    def __init__(self, core: Core, index: int, names: dict[str, int]) -> None:
        object.__setattr__(self, "_core", core)
        object.__setattr__(self, "_index", index)
        object.__setattr__(self, "_names", names)

    def __getitem__(self, name: str) -> int:
        return self._core.get_reg(self._index, name)

    def __setitem__(self, name: str, value: int) -> None:
        bits = self._names[name]
        if value < 0 or value >> bits:
            raise ValueError(f"{name}: {value:#x} does not fit {bits} bits")
        self._core.set_reg(self._index, name, value.to_bytes((bits + 7) // 8, "little"))

    if TYPE_CHECKING:
        _core: Core
        _index: int
        _names: dict[str, int]

    def __getattr__(self, name: str) -> int:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(f"no register {name!r}")
        return self[name]

    def __setattr__(self, name: str, value: int) -> None:
        if name not in self._names:
            raise AttributeError(f"no register {name!r}")
        self[name] = value

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        """The names, in the core's order."""
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __dir__(self) -> list[str]:
        return list(self._names)

    def bits(self, name: str) -> int:
        """The width of a register. Raises KeyError."""
        return self._names[name]


class Cpu:
    """One CPU: `index` counts from 0, `regs` are its registers."""

    __slots__ = ("_core", "_pc", "arch", "index", "regs")

    def __init__(self, core: Core, arch: str, index: int) -> None:
        table = _REGISTERS[arch]
        widths = {r.name: r.bits for r in table.REGISTERS if r.bits > 64}
        self._core = core
        self._pc: str = table.PC
        self.arch = arch
        self.index = index
        self.regs = Regs(core, index, {name: widths.get(name, 64) for name in core.reg_names()})

    def __repr__(self) -> str:
        return f"<Cpu {self.index} {self.arch} pc={self.pc:#x}>"

    @property
    def pc(self) -> int:
        """Address of the next instruction, by whatever name the architecture calls it."""
        return self.regs[self._pc]

    @pc.setter
    def pc(self, value: int) -> None:
        self.regs[self._pc] = value

    @property
    def tlb(self) -> list[TlbEntry]:
        """What the architectural TLB holds now."""
        return [TlbEntry(*entry) for entry in self._core.tlb(self.index)]
