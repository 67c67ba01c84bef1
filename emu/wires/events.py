# SPDX-License-Identifier: GPL-2.0-or-later
"""What was seen: fixed-size records that the core writes and instruments read (``struct event`` of core.h)."""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

__all__ = ["EVENT_SIZE", "Event", "Kind", "decode", "encode", "kind_mask"]

_LAYOUT = struct.Struct("<QBBHIQQQQQQ")
EVENT_SIZE = _LAYOUT.size
assert EVENT_SIZE == 64


class Kind(enum.IntEnum):
    """What happened, and what the record's code and a-d mean.

    EXCEPTION     code vector or exception class; pc from, target handler; a syndrome or error code, b FAR or CR2,
                  c saved state (SPSR, RFLAGS), d system-call number where there is one
    RETURN        eret, iretq, sysret: pc from, target to, c restored state
    IRQ           interrupt entry: code vector, or 0 IRQ / 1 FIQ; pc, target, c as above
    MMIO, PORT    code size | write << 7 | chip << 8; a address, b value
    UNASSIGNED    an access to nothing: as MMIO
    DEVICE_FAULT  an access that a device's manual does not allow: code why | chip << 8; a offset, b value, c size
    IDLE, WAKE    every CPU waits: a ns skipped; one goes on
    POWER         code why the machine stops; a status
    LINE          code chip; a input, b level, c message
    INPUT         console bytes given to a device: code chip; a count
    SYSREG        a system register the machine does not have: code 0 read, 1 write; a register
    CODE          translated code of a page was thrown away: a physical page
    TLB           maintenance: code operation; a address, b ASID or PCID
    """

    EXCEPTION = 1
    RETURN = 2
    IRQ = 3
    MMIO = 4
    PORT = 5
    UNASSIGNED = 6
    DEVICE_FAULT = 7
    IDLE = 8
    WAKE = 9
    POWER = 10
    LINE = 11
    INPUT = 12
    SYSREG = 13
    CODE = 14
    TLB = 15


@dataclass(frozen=True, slots=True)
class Event:
    """One record. ``icount``: instructions retired before it, over all CPUs. ``flags``: privilege before (bits 1:0)
    and after (3:2), instruction length (11:8). ``kind`` is a plain integer when the core knows a kind we do not."""

    icount: int
    kind: int
    cpu: int = 0
    code: int = 0
    flags: int = 0
    pc: int = 0
    target: int = 0
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0

    @property
    def name(self) -> str:
        try:
            return Kind(self.kind).name
        except ValueError:
            return f"KIND{self.kind}"

    def __str__(self) -> str:
        addresses = ", ".join(f"{key}={getattr(self, key):#x}" for key in ("code", "flags", "pc", "target", *"abcd"))
        return f"{self.name}(icount={self.icount}, cpu={self.cpu}, {addresses})"


def decode(records: bytes | memoryview) -> Iterator[Event]:
    """The events in a batch of records. Raises struct.error if it is not a whole number of them."""
    for fields in _LAYOUT.iter_unpack(records):
        yield Event(*fields)


def encode(events: Iterable[Event]) -> bytes:
    """The records of events."""
    return b"".join(_LAYOUT.pack(*astuple(e)) for e in events)


def kind_mask(kinds: Iterable[int]) -> int:
    """A bit for each kind, as the core takes them."""
    mask = 0
    for kind in kinds:
        mask |= 1 << kind
    return mask
