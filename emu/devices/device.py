# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices with declared registers.

A device is a class whose registers are declared once, in offset order, with the manual's names; dispatch, trace text
and snapshot derive from that:

    class Thing(Device):
        CR = Register(0x00, "RW", fields=("EN 0", "IE 1"))
        SR = Register(0x04, "RO", fields=("BUSY 0",))
        fifo = Fifo(16)

        def read_SR(self) -> int: ...                # optional: else the stored value
        def write_CR(self, value: int) -> None: ...  # optional: else what is writable is stored

A device knows neither its address nor its interrupt number: it has offsets, and lines that it sets.

All its machine state lies in a buffer (``attach``), where registers, ``State`` and ``Fifo`` attributes are views of
64-bit words; so snapshot, restore and hash work on bytes and need no code. Any other attribute set after construction
is an error. An access that the manual does not allow is reported through ``fault``, reads as zero and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, overload

from ..bits import Reg
from ..wires.clock import Clock, TestClock
from ..wires.irq import Line
from .chip import ChipFault

__all__ = ["Device", "Fifo", "Register", "State", "Words"]

FaultSink = Callable[[ChipFault, int, int, int], None]


class _Slot:
    """Something that takes words of a device's state."""

    words = 1
    name = ""
    at = 0

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def reset_in(self, device: Device) -> None:
        raise NotImplementedError


class State(_Slot):
    """An unsigned 64-bit state variable that no register shows. ``keep``: a reset leaves it alone."""

    def __init__(self, reset: int = 0, keep: bool = False) -> None:
        self.reset = reset
        self.keep = keep

    @overload
    def __get__(self, device: None, owner: type) -> State: ...
    @overload
    def __get__(self, device: Device, owner: type) -> int: ...
    def __get__(self, device: Device | None, owner: type) -> int | State:
        return self if device is None else device._words[self.at]

    def __set__(self, device: Device, value: int) -> None:
        device._words[self.at] = value

    def reset_in(self, device: Device) -> None:
        if not self.keep:
            device._words[self.at] = self.reset


class Register(State):
    """A register, or ``count`` like ones in a row.

    Args:
        offset: of the first byte.
        access: RO, WO, RW, or W1C (ones written clear bits).
        width: in bits.
        reset: value, or one for each of ``count``.
        fields: as for ``Reg``: "NAME bit" or "NAME msb:lsb".
        writable: bits that a write changes; default: all of the width.
        sizes: access sizes in bytes, default the device's.
        port: a second register may have the offset of an earlier one only if one is RO and the other WO.

    The attribute is the stored value; with ``count`` above 1, a list-like view.
    """

    def __init__(
        self,
        offset: int,
        access: str = "RW",
        width: int = 32,
        reset: int | tuple[int, ...] = 0,
        fields: tuple[str, ...] = (),
        writable: int | None = None,
        count: int = 1,
        sizes: tuple[int, ...] | None = None,
    ) -> None:
        if access not in ("RO", "WO", "RW", "W1C"):
            raise ValueError(access)
        resets = reset if isinstance(reset, tuple) else (reset,) * count
        super().__init__(resets[0])
        self.offset, self.access, self.width, self.resets = offset, access, width, resets
        self.fields = fields
        self.writable = (1 << width) - 1 if writable is None else writable
        self.count = len(resets)
        self.words = self.count
        self.sizes = sizes
        self.layout = Reg("", width, *fields)

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        self.layout = Reg(name, self.width, *self.fields)

    def text(self, value: int, i: int = 0) -> str:
        """Names first, numbers second: ``CR=0x301 (UARTEN=1 TXE=1 RXE=1)``."""
        text = self.layout.text(value) if self.fields else f"{self.name}={value:#x}"
        return text if self.count == 1 else text.replace(self.name, f"{self.name}[{i}]", 1)

    def reset_in(self, device: Device) -> None:
        for i, value in enumerate(self.resets):
            device._words[self.at + i] = value


class Words(_Slot):
    """A fixed number of 64-bit words; the attribute is a memoryview of them."""

    def __init__(self, count: int) -> None:
        self.words = count

    def __get__(self, device: Device, owner: type) -> memoryview:
        return device._words[self.at : self.at + self.words]

    def reset_in(self, device: Device) -> None:
        for i in range(self.at, self.at + self.words):
            device._words[i] = 0


class Fifo(_Slot):
    """A queue of at most ``depth`` values of 64 bits; the attribute is a ``_Queue``."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.words = 2 + depth

    @overload
    def __get__(self, device: None, owner: type) -> Fifo: ...
    @overload
    def __get__(self, device: Device, owner: type) -> _Queue: ...
    def __get__(self, device: Device | None, owner: type) -> _Queue | Fifo:
        return self if device is None else _Queue(device._words, self.at, self.depth)

    def count(self, device: Device) -> int:
        """How many values are queued, without the queue: for registers that guests poll."""
        return device._words[self.at]

    def reset_in(self, device: Device) -> None:
        _Queue(device._words, self.at, self.depth).clear()


class _Queue:
    """A ring in the words from ``at``: how many, where the first is, then the ring."""

    __slots__ = ("_at", "_words", "depth")

    def __init__(self, words: memoryview, at: int, depth: int) -> None:
        self._words, self._at, self.depth = words, at, depth

    def __len__(self) -> int:
        return int(self._words[self._at])

    @property
    def space(self) -> int:
        return self.depth - len(self)

    def push(self, value: int) -> None:
        """Raises OverflowError when full."""
        count, first = self._words[self._at], self._words[self._at + 1]
        if count >= self.depth:
            raise OverflowError("the FIFO is full")
        self._words[self._at + 2 + (first + count) % self.depth] = value
        self._words[self._at] = count + 1

    def pop(self) -> int:
        """Raises IndexError when empty."""
        value = self[0]
        self._words[self._at + 2 + self._words[self._at + 1]] = 0  # equal queues are equal bytes as far as possible
        self._words[self._at] -= 1
        self._words[self._at + 1] = (self._words[self._at + 1] + 1) % self.depth
        return value

    def __getitem__(self, i: int) -> int:
        if not 0 <= i < len(self):
            raise IndexError(i)
        return int(self._words[self._at + 2 + (self._words[self._at + 1] + i) % self.depth])

    def clear(self) -> None:
        for i in range(self._at, self._at + 2 + self.depth):
            self._words[i] = 0


class _Sealing(type):
    """A class whose instances take no new attributes once constructed, and start reset."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        device = super().__call__(*args, **kwargs)
        device.reset()
        object.__setattr__(device, "_sealed", True)
        return device


class Device(metaclass=_Sealing):
    """Base of devices.

    Args:
        irq: the interrupt line.
        clock: virtual time.
        faults: called with (why, offset, size, value) for accesses the manual does not allow.

    A caller that stands for several CPUs sets ``cpu`` before an access; few devices look at it.
    """

    SIZES: ClassVar[tuple[int, ...]] = (1, 2, 4)
    state_size: ClassVar[int] = 0
    registers: ClassVar[tuple[Register, ...]] = ()
    _slots: ClassVar[tuple[_Slot, ...]] = ()
    _readers: ClassVar[dict[int, tuple[Register, int, Callable[..., int] | None]]] = {}
    _writers: ClassVar[dict[int, tuple[Register, int, Callable[..., None] | None]]] = {}
    _HOST: ClassVar[frozenset[str]] = frozenset({"cpu"})

    _driven = State()
    """The level last set on ``irq``, so that only changes go out."""

    def __init_subclass__(cls) -> None:
        slots: dict[str, _Slot] = {}
        for base in reversed(cls.__mro__):
            slots.update({name: slot for name, slot in vars(base).items() if isinstance(slot, _Slot)})
        at = 0
        for slot in slots.values():
            if slot.at not in (0, at):
                raise TypeError(f"{cls.__name__}: {slot.name} cannot move; declare it in a class of its own")
            slot.at = at
            at += slot.words
        cls._slots = tuple(slots.values())
        cls.state_size = 8 * at
        cls.registers = tuple(s for s in cls._slots if isinstance(s, Register))
        cls._readers, cls._writers = {}, {}
        for register in cls.registers:
            step = register.width // 8
            for i in range(register.count):
                where = register.offset + i * (step if register.count == 1 else max(step, cls._stride()))
                if register.access != "WO":
                    _once(cls._readers, where, (register, i, getattr(cls, f"read_{register.name}", None)))
                if register.access != "RO":
                    _once(cls._writers, where, (register, i, getattr(cls, f"write_{register.name}", None)))

    @classmethod
    def _stride(cls) -> int:
        return 1 if cls.SIZES == (1,) else 4

    def __init__(self, irq: Line | None = None, clock: Clock | None = None, faults: FaultSink | None = None) -> None:
        self.irq = irq or Line(type(self).__name__)
        self.clock: Clock = clock or TestClock()
        self.cpu = 0
        self._faults = faults
        self._words = memoryview(bytearray(self.state_size)).cast("Q")

    def __setattr__(self, name: str, value: object) -> None:
        if (
            getattr(self, "_sealed", False)
            and name not in self._HOST
            and not isinstance(getattr(type(self), name, None), State)
        ):
            raise AttributeError(f"{type(self).__name__}.{name} would be state outside the machine: declare it")
        object.__setattr__(self, name, value)

    # ---- life ----

    def attach(self, buffer: memoryview) -> None:
        """Keep the state in ``buffer`` (bytes, ``state_size`` of them) from now on; it gets the present state."""
        words = buffer[: self.state_size].cast("Q")
        words[:] = self._words
        object.__setattr__(self, "_words", words)

    def state(self) -> bytes:
        """A copy of the whole state."""
        return self._words.tobytes()

    def load(self, saved: bytes) -> None:
        """Undo everything since ``state()`` gave these bytes; tells nobody."""
        self._words[:] = memoryview(saved).cast("Q")

    def reset(self) -> None:
        """Every register to its reset value, lines low."""
        for slot in self._slots:
            slot.reset_in(self)
        self.on_reset()
        self.irq.set(bool(self._driven))

    def on_reset(self) -> None:
        """What reset values do not say."""

    # ---- accesses ----

    def read(self, offset: int, size: int) -> int:
        found = self._readers.get(offset)
        if found is None:
            self._bad(self._writers, ChipFault.WRITE_ONLY, offset, size, 0)
            return 0
        register, i, reader = found
        if size not in (register.sizes or self.SIZES):
            self.fault(ChipFault.SIZE, offset, size, 0)
            return 0
        if reader is None:
            value = self._words[register.at + i]
        else:
            value = reader(self) if register.count == 1 else reader(self, i)
        return int(value & (1 << 8 * size) - 1)

    def write(self, offset: int, size: int, value: int) -> None:
        found = self._writers.get(offset)
        if found is None:
            self._bad(self._readers, ChipFault.READ_ONLY, offset, size, value)
            return
        register, i, writer = found
        if size not in (register.sizes or self.SIZES):
            self.fault(ChipFault.SIZE, offset, size, value)
            return
        value &= (1 << register.width) - 1
        if writer is not None:
            if register.count == 1:
                writer(self, value)
            else:
                writer(self, i, value)
        elif register.access == "W1C":
            self._words[register.at + i] &= ~(value & register.writable)
        else:
            old = self._words[register.at + i]
            self._words[register.at + i] = (old & ~register.writable) | (value & register.writable)
        self._update_irq()

    def _bad(self, others: dict[int, Any], why: ChipFault, offset: int, size: int, value: int) -> None:
        """Nothing begins at ``offset``: is it the other direction's, the middle of a register, or nobody's?"""
        if offset in others:
            self.fault(why, offset, size, value)
        elif any(at < offset < at + r.width // 8 for at, (r, _, _) in (self._readers | self._writers).items()):
            self.fault(ChipFault.SIZE, offset, size, value)
        else:
            self.fault(ChipFault.RESERVED, offset, size, value)

    def fault(self, kind: ChipFault, offset: int, size: int, value: int) -> None:
        """Report an access that the manual does not allow."""
        if self._faults is not None:
            self._faults(kind, offset, size, value)

    # ---- the interrupt line ----

    def _update_irq(self) -> None:
        """Called after every write, and by a device after any other change: drives ``irq`` from the state."""
        self._drive(self.interrupt())

    def interrupt(self) -> bool:
        """The level that the state asks for; devices without an interrupt never ask."""
        return False

    def _drive(self, level: bool) -> None:
        if level != bool(self._driven):
            self._driven = int(level)
            self.irq.set(level)

    # ---- for people ----

    @classmethod
    def describe(cls, offset: int, value: int, write: bool = False) -> str:
        """Trace text of an access: ``CR=0x301 (UARTEN=1 TXE=1 RXE=1)``."""
        found = (cls._writers if write else cls._readers).get(offset)
        if found is None:
            return f"+{offset:#x}={value:#x}"
        register, i, _ = found
        return register.text(value, i)

    def dump(self) -> Iterator[str]:
        """All registers as stored, a line each; reading them has no effect."""
        for register in self.registers:
            for i in range(register.count):
                text = register.text(self._words[register.at + i], i)
                yield f"{register.offset:#05x} {register.access:3} {text}"


def _once(table: dict[int, Any], offset: int, entry: tuple[Any, ...]) -> None:
    if offset in table:
        raise TypeError(f"{entry[0].name} and {table[offset][0].name} share offset {offset:#x}")
    table[offset] = entry
