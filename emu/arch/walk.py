# SPDX-License-Identifier: GPL-2.0-or-later
"""What a page walk is on any architecture: the question, the answer, and the levels in between."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Access", "Level", "Perm", "Privilege", "ReadPhys", "Walk", "WritePhys"]

ReadPhys = Callable[[int], int | None]
"""The 8-byte little-endian descriptor at a physical address, or None where there is no memory."""

WritePhys = Callable[[int, int], None]
"""Stores an 8-byte descriptor at a physical address."""


class Access(enum.IntEnum):
    """What is done to the address; the numbers are those of the C core."""

    READ = 0
    WRITE = 1
    FETCH = 2


class Privilege(enum.IntEnum):
    """On whose behalf; the numbers are those of the C core.

    OTHER is AArch64's LDTR/STTR at EL1 (EL0's rights, taken as an exception from EL1) and x86-64's implicit supervisor
    access (descriptor tables, TSS, stack of an interrupt: supervisor's rights, never excused from SMAP by RFLAGS.AC).
    """

    USER = 0
    KERNEL = 1
    OTHER = 2


class Perm(enum.IntFlag):
    """Rights of a translation, for both privileges at once; the numbers are those of the C core.

    They hold before SMEP, SMAP and PAN, which depend on the moment of the access.
    """

    UR = 1
    UW = 2
    UX = 4
    SR = 8
    SW = 16
    SX = 32
    GLOBAL = 64
    DIRTY = 128  # x86-64: the D bit is set, a write changes nothing in memory
    USER = 256  # x86-64: a user page, for SMEP and SMAP


@dataclass(frozen=True, slots=True)
class Level:
    """One step of a walk: entry `index` of the table at `table` held `descriptor`, which means `text`."""

    level: int
    table: int
    index: int
    descriptor: int | None
    text: str

    def __str__(self) -> str:
        raw = "no memory" if self.descriptor is None else f"{self.descriptor:#018x}"
        return f"L{self.level} {self.table:#x}[{self.index:#x}] = {raw} {self.text}".rstrip()


@dataclass(slots=True)
class Walk:
    """The answer of a walk.

    Attributes:
        va, access, privilege: the question.
        ok: the access is permitted; then `pa` is the physical address and `fault` is 0.
        perms: a `Perm`, as an int; valid if a leaf was reached, even if it does not permit this access.
        level: of the leaf, or the one that the fault belongs to.
        shift: log2 of the size of the page or block, 0 if no leaf was reached.
        fault: AArch64: the fault status code of ESR_ELx; x86-64: the error code of #PF, or NON_CANONICAL.
        syndrome: AArch64: the whole ESR_EL1; x86-64: the error code that is pushed.
        kind: the fault's name in this module's table, "" if ok.
        path: (level, table address, index, descriptor or None) of each step.
        writes: (physical address, new descriptor) of each A or D bit that was set, in order.
        flat: translation was off.
    """

    va: int
    access: int
    privilege: int
    ok: bool = False
    pa: int = 0
    perms: int = 0
    level: int = 0
    shift: int = 0
    fault: int = 0
    syndrome: int = 0
    kind: str = ""
    path: list[tuple[int, int, int, int | None]] = field(default_factory=list)
    writes: list[tuple[int, int]] = field(default_factory=list)
    flat: bool = False
    describe: Callable[[int, int | None], str] | None = field(default=None, repr=False, compare=False)

    @property
    def levels(self) -> list[Level]:
        """The steps with each descriptor explained."""
        explain = self.describe or (lambda level, descriptor: "")
        return [Level(n, table, index, raw, explain(n, raw)) for n, table, index, raw in self.path]

    def __str__(self) -> str:
        verb = ("read", "write", "fetch")[self.access]
        if self.flat and self.ok:
            return f"{verb} {self.va:#x} -> {self.pa:#x} (translation off)"
        end = f"-> {self.pa:#x} {perm_text(self.perms)}" if self.ok else f"-> {self.kind}, level {self.level}"
        return f"{verb} {self.va:#x} {end}"


def perm_text(perms: int) -> str:
    """`user r-x kernel rw-` and the flags of a `Perm`."""

    def rwx(shift: int) -> str:
        return "".join(c if perms >> shift + i & 1 else "-" for i, c in enumerate("rwx"))

    flags = [n for n, p in (("global", Perm.GLOBAL), ("dirty", Perm.DIRTY)) if perms & p]
    return " ".join([f"user {rwx(0)} kernel {rwx(3)}", *flags])
