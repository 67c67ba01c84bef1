# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeded batches of (page tables, registers, accesses) with the answers of `emu.arch.*.paging`, for the C walkers.

A batch is one set of tables and registers and a few hundred accesses, to be done in order (on x86-64 each can set
accessed and dirty bits, which the next one sees). Everything is little-endian, without padding between the parts:

    HEADER    "<4sIQQII16Q"  magic "WALK", architecture (1 AArch64, 2 x86-64), address and size of the memory image,
                             number of records, reserved, registers as 64-bit words:
                             AArch64 SCTLR_EL1 TCR_EL1 TTBR0_EL1 TTBR1_EL1 PSTATE(PAN only) PA-bits
                             x86-64  CR0 CR3 CR4 EFER RFLAGS PA-bits
    image     the memory before; around it there is no memory
    RECORD    "<QBBHI"       va, access (0 read, 1 write, 2 fetch), privilege (0 user, 1 kernel, 2 LDTR/STTR or
                             implicit supervisor), flags (see below), reserved
    RESULT    "<QIIHBBBBH"   pa of the 4 KiB page, perms (emu.arch.walk.Perm, 0 unless ok), syndrome, fault, ok, level,
                             shift (0 unless ok), number of descriptors written, reserved
    image     the memory after all accesses

Flag UNICORN_DIFFERS: Unicorn 2.1.4's own walker is known to answer otherwise; the architecture's module says why.
"""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from emu.arch.walk import Walk

__all__ = [
    "COMBINATIONS",
    "HEADER",
    "RECORD",
    "RESULT",
    "UNICORN_DIFFERS",
    "Batch",
    "Cell",
    "Memory",
    "Table",
    "batches",
    "histogram",
    "mismatches",
    "result_of",
]

HEADER = struct.Struct("<4sIQQII16Q")
RECORD = struct.Struct("<QBBHI")
RESULT = struct.Struct("<QIIHBBBBH")
UNICORN_DIFFERS = 1

PAGE = 4096
ACCESSES_PER_BATCH = 384

# (access, privilege): there is no unprivileged or implicit fetch.
COMBINATIONS: tuple[tuple[int, int], ...] = ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (0, 2), (1, 2))

Cell = tuple[int, str, int, int, str]
"""(level, kind of fault or "ok", access, privilege, "page" | "block" | "table" | "flat" | "-")."""


class Memory:
    """The memory image of a batch: pages handed out one after another, read and written as 64-bit words."""

    def __init__(self, base: int, pages: int) -> None:
        self.base = base
        self.raw = bytearray(pages * PAGE)
        self.words = memoryview(self.raw).cast("Q")
        self.count = len(self.words)
        self.used = 0

    def page(self) -> int:
        """The address of a fresh page."""
        self.used += 1
        assert self.used * PAGE <= len(self.raw)
        return self.base + (self.used - 1) * PAGE

    def read(self, address: int) -> int | None:
        """The word at an address, None outside."""
        index = (address - self.base) >> 3
        return self.words[index] if 0 <= index < self.count else None

    def write(self, address: int, value: int) -> None:
        """Store a word; the address is inside."""
        self.words[(address - self.base) >> 3] = value


@dataclass(slots=True)
class Table:
    """One table of a tree: where it is, the virtual address of its first entry, and entries not yet used."""

    address: int
    va: int
    free: list[int]


@dataclass(slots=True)
class Batch:
    """One batch and the answers. See the module's text for the bytes."""

    arch: int
    base: int
    registers: tuple[int, ...]
    before: bytes
    after: bytes = b""
    records: bytearray = field(default_factory=bytearray)
    results: bytearray = field(default_factory=bytearray)
    cells: list[Cell] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.cells)

    def pack(self) -> bytes:
        """All of it as one block of bytes."""
        words = self.registers + (0,) * (16 - len(self.registers))
        header = HEADER.pack(b"WALK", self.arch, self.base, len(self.before), len(self), 0, *words)
        return b"".join((header, self.before, self.records, self.results, self.after))


class Architecture(Protocol):
    """What an architecture's generator module provides."""

    NUMBER: int

    def build(self, rng: random.Random) -> tuple[Memory, tuple[int, ...], list[int]]:
        """Tables, registers, and virtual addresses to access."""

    def walker(self, memory: Memory, registers: tuple[int, ...]) -> Callable[[int, int, int], Walk]:
        """The Python walk over that memory; it stores accessed and dirty bits."""

    def cell(self, walk: Walk) -> tuple[str, bool]:
        """What the access reached (last member of a cell), and whether Unicorn is known to differ."""

    def reachable(self) -> set[Cell]:
        """Every cell that the architecture allows."""


def result_of(walk: Walk) -> bytes:
    """A walk's answer as a RESULT record."""
    if walk.ok:
        return RESULT.pack(walk.pa & -PAGE, walk.perms, 0, 0, 1, walk.level, walk.shift, len(walk.writes), 0)
    return RESULT.pack(0, 0, walk.syndrome, walk.fault, 0, walk.level, 0, len(walk.writes), 0)


def batches(arch: Architecture, pairs: int, seed: int = 0) -> Iterator[Batch]:
    """Batches with at least `pairs` accesses in all; the same seed makes the same batches."""
    rng = random.Random(f"{arch.NUMBER}:{seed}")
    done = 0
    while done < pairs:
        memory, registers, addresses = arch.build(rng)
        batch = Batch(arch.NUMBER, memory.base, registers, bytes(memory.raw))
        walk = arch.walker(memory, registers)
        order = list(COMBINATIONS)
        for va in addresses:
            rng.shuffle(order)
            for access, privilege in order:
                answer = walk(va, access, privilege)
                reached, differs = arch.cell(answer)
                batch.records += RECORD.pack(va, access, privilege, differs, 0)
                batch.results += result_of(answer)
                batch.cells.append((answer.level, answer.kind or "ok", access, privilege, reached))
        batch.after = bytes(memory.raw)
        done += len(batch)
        yield batch


def histogram(some: Iterator[Batch]) -> Counter[Cell]:
    """How often each cell was reached."""
    count: Counter[Cell] = Counter()
    for batch in some:
        count.update(batch.cells)
    return count


def mismatches(batch: Batch, results: bytes, after: bytes | None = None, limit: int = 5) -> list[str]:
    """What another walker answered otherwise, in words; at most `limit` lines.

    Args:
        results: its RESULT records, in order.
        after: its memory image after all accesses, if it can be seen.
    """
    lines: list[str] = []
    names = ("pa", "perms", "syndrome", "fault", "ok", "level", "shift", "writes", "reserved")
    for i in range(len(batch)):
        at = slice(i * RESULT.size, (i + 1) * RESULT.size)
        if results[at] != batch.results[at] and len(lines) < limit:
            va, access, privilege, _, _ = RECORD.unpack_from(batch.records, i * RECORD.size)
            want, got = RESULT.unpack(batch.results[at]), RESULT.unpack(results[at])
            differs = ", ".join(f"{n} {g:#x} not {w:#x}" for n, g, w in zip(names, got, want, strict=True) if g != w)
            lines.append(f"record {i}: va {va:#x} access {access} privilege {privilege} {batch.cells[i]}: {differs}")
    if after is not None and after != batch.after:
        for offset in range(0, len(after), 8):
            word = slice(offset, offset + 8)
            if after[word] != batch.after[word] and len(lines) < limit:
                theirs, ours = (int.from_bytes(m[word], "little") for m in (after, batch.after))
                lines.append(f"descriptor at {batch.base + offset:#x}: {theirs:#x} not {ours:#x}")
    return lines
