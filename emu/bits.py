# SPDX-License-Identifier: GPL-2.0-or-later
"""Registers as their manuals list them, and small arithmetic on addresses. Imports nothing of ours.

SCTLR = Reg("SCTLR_EL1", 64, "M 0", "A 1", "C 2", "WXN 19")
SCTLR.text(0x5)        -> "SCTLR_EL1=0x5 (M=1 C=1)"
SCTLR.get(v, "WXN")    -> 0 or 1
SCTLR.make(M=1, C=1)   -> 0x5
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = [
    "GIB",
    "KIB",
    "MIB",
    "Field",
    "Reg",
    "align_down",
    "align_up",
    "extract",
    "is_aligned",
    "mask",
    "sign_extend",
    "size_text",
]

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30


def mask(msb: int, lsb: int = 0) -> int:
    """Ones in bits msb..lsb, both included, as manuals write it."""
    return ((1 << (msb - lsb + 1)) - 1) << lsb


def extract(value: int, msb: int, lsb: int) -> int:
    """Bits msb..lsb of value, moved down to bit 0."""
    return (value >> lsb) & ((1 << (msb - lsb + 1)) - 1)


def sign_extend(value: int, bits: int, width: int = 64) -> int:
    """The low `bits` of value as a signed number, wrapped to an unsigned one of `width` bits."""
    value &= (1 << bits) - 1
    if value >> (bits - 1):
        value |= -1 << bits
    return value & ((1 << width) - 1)


def align_down(value: int, alignment: int) -> int:
    """The greatest multiple of alignment (a power of two) not above value."""
    return value & -alignment


def align_up(value: int, alignment: int) -> int:
    """The least multiple of alignment (a power of two) not below value."""
    return (value + alignment - 1) & -alignment


def is_aligned(value: int, alignment: int) -> bool:
    """Whether value is a multiple of alignment (a power of two)."""
    return value & (alignment - 1) == 0


def size_text(size: int) -> str:
    """A byte count as a person says it, exact: `512 MiB`, `4 KiB`, `4097 bytes`."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a register: bits msb..lsb, and what some of its values are called."""

    name: str
    msb: int
    lsb: int
    values: Mapping[int, str] = field(default_factory=dict)

    @property
    def mask(self) -> int:
        """Ones where the field is."""
        return mask(self.msb, self.lsb)

    def of(self, register: int) -> int:
        """The field's value in a register's value."""
        return (register >> self.lsb) & ((1 << (self.msb - self.lsb + 1)) - 1)

    def text(self, register: int) -> str:
        """`NAME=value`, with the value's own name after it where the manual gives one."""
        value = self.of(register)
        number = str(value) if value < 10 else f"{value:#x}"
        name = self.values.get(value)
        return f"{self.name}={number} {name}" if name else f"{self.name}={number}"


class Reg:
    """A register as its manual lists it.

    Args:
        name: the manual's name.
        width: in bits.
        fields: `"NAME bit"` or `"NAME msb:lsb"`, or a `Field`, in any order.
        names: for a field name, what its values are called.

    Raises:
        ValueError: a field outside the register, or two that overlap or share a name.
    """

    __slots__ = ("_by_name", "fields", "name", "width")

    def __init__(
        self, name: str, width: int, *fields: str | Field, names: Mapping[str, Mapping[int, str]] | None = None
    ) -> None:
        self.name = name
        self.width = width
        parsed = [self._parse(f, names or {}) if isinstance(f, str) else f for f in fields]
        self.fields: tuple[Field, ...] = tuple(sorted(parsed, key=lambda f: f.lsb))
        self._by_name = {f.name: f for f in self.fields}
        if len(self._by_name) != len(self.fields):
            raise ValueError(f"{name}: two fields have one name")
        used = 0
        for f in self.fields:
            if not 0 <= f.lsb <= f.msb < width or used & f.mask:
                raise ValueError(f"{name}.{f.name}: bits {f.msb}:{f.lsb} are taken or outside")
            used |= f.mask

    @staticmethod
    def _parse(text: str, names: Mapping[str, Mapping[int, str]]) -> Field:
        name, _, bits = text.partition(" ")
        msb, _, lsb = bits.partition(":")
        return Field(name, int(msb), int(lsb or msb), names.get(name, {}))

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __getitem__(self, name: str) -> Field:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __repr__(self) -> str:
        return f"Reg({self.name!r}, {self.width})"

    def get(self, value: int, field: str) -> int:
        """One field of a register's value."""
        return self._by_name[field].of(value)

    def put(self, value: int, **fields: int) -> int:
        """The register's value with some fields replaced. Raises ValueError if one does not fit its field."""
        for name, content in fields.items():
            f = self._by_name[name]
            if content < 0 or content > f.mask >> f.lsb:
                raise ValueError(f"{self.name}.{name}: {content:#x} does not fit {f.msb - f.lsb + 1} bits")
            value = (value & ~f.mask) | (content << f.lsb)
        return value

    def make(self, **fields: int) -> int:
        """A value from fields, zero elsewhere."""
        return self.put(0, **fields)

    def fields_text(self, value: int, every: bool = False) -> str:
        """`M=1 C=1 ...`, lowest bit first: the fields that are not zero, or all of them, then bits with no name."""
        shown = [f.text(value) for f in self.fields if every or f.of(value)]
        rest = value & ~sum(f.mask for f in self.fields)
        if rest:
            shown.append(f"other={rest:#x}")
        return " ".join(shown)

    def text(self, value: int, every: bool = False) -> str:
        """`NAME=0x... (FIELD=value ...)`: names first, numbers second."""
        inside = self.fields_text(value, every)
        return f"{self.name}={value:#x} ({inside})" if inside else f"{self.name}={value:#x}"
