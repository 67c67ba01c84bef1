# SPDX-License-Identifier: GPL-2.0-or-later
"""What an interrupt controller or timer sees of the machine: the Python side of ``emu/core/chip.h``.

The chips the machine runs on are C (``emu/core/chips``); each has a twin here, written separately from the manual,
that is its oracle. A twin is plain Python made to be read: speed does not matter.
"""

from __future__ import annotations

import ast
import enum
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar, Protocol

__all__ = ["NEVER", "Chip", "ChipFault", "ChipHost", "CpuInput", "tick_ns", "ticks"]

NEVER = 2**64 - 1
NS_PER_S = 1_000_000_000


class ChipFault(enum.IntEnum):
    """Why an access is not what the manual allows."""

    RESERVED = 1
    READ_ONLY = 2
    WRITE_ONLY = 3
    SIZE = 4


class CpuInput(enum.IntEnum):
    """Inputs of a CPU that a chip may drive: IRQ and FIQ are levels, the others pulses."""

    IRQ = 0
    FIQ = 1
    NMI = 2
    SMI = 3
    INIT = 4
    SIPI = 5


class ChipHost(Protocol):
    """The services a chip may ask for; times are nanoseconds since power-on."""

    def now(self) -> int: ...
    def timer(self, index: int, when: int) -> None: ...
    def output(self, output: int, level: bool, value: int) -> None: ...
    def cpu_input(self, cpu: int, input: CpuInput, value: int) -> None: ...
    def fault(self, why: ChipFault, offset: int, size: int, value: int) -> None: ...


def ticks(ns: int, hz: int) -> int:
    """Ticks of an ``hz`` clock that have begun by ``ns``."""
    return ns * hz // NS_PER_S


def tick_ns(tick: int, hz: int) -> int:
    """The nanosecond at which ``tick`` begins, ``NEVER`` beyond the end of time."""
    return min(-(-tick * NS_PER_S // hz), NEVER)


class Chip:
    """A chip with numbered banks of registers, input lines, deadlines and, on x86, an interrupt acknowledge.

    Subclasses keep their state in attributes that are integers, booleans, lists and dataclasses of such.
    """

    name: ClassVar[str]

    def __init__(self, host: ChipHost, ncpu: int = 1, config: tuple[int, ...] = ()) -> None:
        self.host = host
        self.ncpu = ncpu
        self.config = config
        self._deadlines: dict[int, int] = {}
        self._outputs: dict[int, int] = {}
        self.reset()

    def reset(self) -> None:
        raise NotImplementedError

    def read(self, bank: int, offset: int, size: int, cpu: int = 0) -> int:
        raise NotImplementedError

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int = 0) -> None:
        raise NotImplementedError

    def line(self, input: int, level: bool) -> None:
        """An input wire has a (perhaps unchanged) level."""

    def timer(self, index: int) -> None:
        """The deadline ``index`` is reached."""

    def ack(self, cpu: int = 0) -> int:
        """x86 INTA: the vector, or -1 for none."""
        return -1

    # Services on change only, as the C chips do it.

    def _set_deadline(self, index: int, when: int) -> None:
        if self._deadlines.get(index, NEVER) != when:
            self._deadlines[index] = when
            self.host.timer(index, when)

    def _set_output(self, output: int, level: bool) -> None:
        if self._outputs.get(output, 0) != level:
            self._outputs[output] = int(level)
            self.host.output(output, level, 0)

    def _set_cpu(self, cpu: int, input: CpuInput, level: bool) -> None:
        key = -1 - (cpu * 8 + input)
        if self._outputs.get(key, 0) != level:
            self._outputs[key] = int(level)
            self.host.cpu_input(cpu, input, int(level))

    def save(self) -> bytes:
        """The whole state as text, the same bytes for the same state."""
        return repr(_freeze({k: v for k, v in vars(self).items() if k not in ("host", "ncpu", "config")})).encode()

    def load(self, saved: bytes) -> None:
        """Undo everything since ``save()`` gave these bytes."""
        for name, value in ast.literal_eval(saved.decode()).items():
            setattr(self, name, _thaw(getattr(self, name), value))


def _freeze(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _freeze(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {k: _freeze(value[k]) for k in sorted(value)}
    if isinstance(value, list):
        return [_freeze(v) for v in value]
    return int(value) if isinstance(value, int) else value


def _thaw(like: Any, value: Any) -> Any:
    if is_dataclass(like) and not isinstance(like, type):
        for name, v in value.items():
            setattr(like, name, _thaw(getattr(like, name), v))
        return like
    if isinstance(like, list) and len(like) == len(value):
        return [_thaw(old, v) for old, v in zip(like, value, strict=True)]
    return value
