# SPDX-License-Identifier: GPL-2.0-or-later
"""Random AArch64 translation tables that reach every kind of fault at every level. See walkgen.py.

Where Unicorn 2.1.4's own walker (QEMU 5.0) answers otherwise than the Arm ARM:
- output addresses beyond TCR_EL1.IPS or the CPU's 44 bits are no address size fault there (D8.2.3);
- a block descriptor at level 0 of the 4 KiB granule is taken for a 512 GiB block (D8.3.1: reserved, translation fault);
- a table where there is no memory is no external abort (D8.13.4).
"""

from __future__ import annotations

import random
from collections.abc import Callable

from emu.arch.aarch64.paging import MmuState, walk
from emu.arch.walk import Walk
from tests.core.walkgen import ACCESSES_PER_BATCH, COMBINATIONS, PAGE, Cell, Memory, Table

NUMBER = 1
BASE = 0x4000_0000
TABLES = (1, 2, 3, 4)  # at most this many per level, in each of the two regions
NOWHERE = 0x8000_0000  # no memory from here up to 4 GiB
ADDRESS = 0x0000_FFFF_FFFF_F000
PA_BITS = 44
OUTPUT_BITS = (32, 36, 40, 42, 44, 44)
IGNORED = 0x0780_0000_0000_0000  # bits 58:55, for software
LEAF_BITS = [1 << n for n in (5, 6, 7, 8, 9, 11, 52, 53, 54)]
TABLE_BITS = [1 << n for n in (59, 60, 61, 62, 63)]


def _bits(rng: random.Random, bits: list[int], chance: float) -> int:
    return sum(b for b in bits if rng.random() < chance)


class _Region:
    """The tree of TTBR0 or TTBR1."""

    def __init__(self, rng: random.Random, memory: Memory, upper: bool, size_field: int, output_bits: int) -> None:
        self.rng, self.memory, self.upper, self.output_bits = rng, memory, upper, output_bits
        self.input_bits = 64 - size_field
        self.start = 4 - (self.input_bits - 4) // 9
        self.va = (1 << 64) - (1 << self.input_bits) if upper else 0
        entries = 1 << (self.input_bits - (39 - 9 * self.start))
        self.root = memory.page()
        self.tables: list[list[Table]] = [[], [], [], []]
        self.tables[self.start].append(Table(self.root, self.va, rng.sample(range(entries), min(entries, 64))))
        for level in range(self.start + 1, 4):
            for _ in range(TABLES[level]):
                self.grow(level)

    def slot(self, level: int) -> tuple[int, int] | None:
        """The address and virtual address of an unused entry at a level, None if there is none left."""
        tables = [t for t in self.tables[level] if t.free]
        if not tables:
            return None
        table = self.rng.choice(tables)
        index = table.free.pop()
        return table.address + 8 * index, table.va + (index << 39 - 9 * level)

    def grow(self, level: int) -> None:
        """A new table at a level, below a random one of the level above."""
        place = self.slot(level - 1)
        if place is None:
            return
        table = self.memory.page()
        self.memory.write(place[0], self.pointer(table))
        self.tables[level].append(Table(table, place[1], self.rng.sample(range(512), 64)))

    def pointer(self, table: int) -> int:
        rng = self.rng
        return table | 3 | rng.getrandbits(64) & IGNORED | _bits(rng, TABLE_BITS, 0.15)

    def output(self, shift: int, fits: bool) -> int:
        """A random output address, inside the output size or not."""
        address = self.rng.getrandbits(self.output_bits) & -(1 << shift) & ADDRESS
        return address if fits else address | 1 << self.rng.randrange(max(self.output_bits, shift), 48)

    def leaf(self, level: int, fits: bool = True, accessed: bool = True) -> int:
        rng = self.rng
        kind = 3 if level == 3 else 1
        low = kind | (accessed << 10) | rng.randrange(8) << 2
        return self.output(39 - 9 * level, fits) | low | rng.getrandbits(64) & IGNORED | _bits(rng, LEAF_BITS, 0.4)

    def targets(self) -> list[tuple[str, int]]:
        """What can be put at which level of this tree."""
        found: list[tuple[str, int]] = []
        for level in range(self.start, 4):
            found += [("invalid", level)]
            if level < 3:
                found += [("table address", level), ("no memory", level)]
            if level in (0, 3):
                found += [("reserved", level)]
            if level:
                found += [("leaf", level)] * 4 + [("leaf address", level), ("no access flag", level)]
        return found

    def place(self, what: str, level: int) -> int | None:
        """Write a descriptor and return the virtual address that reaches it."""
        slot = self.slot(level)
        if slot is None:
            return None
        rng = self.rng
        if what == "invalid":
            descriptor = rng.getrandbits(64) & ~1
        elif what == "reserved":
            descriptor = self.leaf(3) & ~2
        elif what == "table address":
            descriptor = self.output(12, False) | self.pointer(0)
        elif what == "no memory":
            descriptor = self.pointer(NOWHERE + rng.randrange(1 << 18) * PAGE)
        elif what == "leaf address":
            descriptor = self.leaf(level, fits=False)
        else:
            descriptor = self.leaf(level, accessed=what == "leaf")
        self.memory.write(slot[0], descriptor)
        return slot[1] | rng.getrandbits(39 - 9 * level)


def _size_field(rng: random.Random) -> int:
    first, last = rng.choices(((16, 24), (25, 33), (34, 39)), (60, 25, 15))[0]
    return rng.randint(first, last)


def build(rng: random.Random) -> tuple[Memory, tuple[int, ...], list[int]]:
    """One set of tables and registers, and addresses that reach what is in them."""
    memory = Memory(BASE, 2 * (1 + sum(TABLES)))
    ips = rng.randrange(6)
    sizes = (_size_field(rng), _size_field(rng))
    regions = [_Region(rng, memory, upper, sizes[upper], OUTPUT_BITS[ips]) for upper in (False, True)]
    tbi = (rng.random() < 0.5, rng.random() < 0.5)
    tcr = ips << 32 | tbi[0] << 37 | tbi[1] << 38 | sizes[0] | sizes[1] << 16 | 2 << 30
    tcr |= rng.getrandbits(64) & (0x3F << 8 | 1 << 22 | 0x3F << 24 | 1 << 36)  # cacheability, A1, AS: no effect
    ttbr = [r.root | rng.getrandbits(16) << 48 | rng.getrandbits(1) for r in regions]
    for upper in (0, 1):
        chance = rng.random()
        if chance < 0.04:
            tcr |= 1 << (23 if upper else 7)
        elif chance < 0.08:
            ttbr[upper] = NOWHERE + rng.randrange(1 << 18) * PAGE
        elif chance < 0.12:
            ttbr[upper] |= 1 << rng.randrange(regions[upper].output_bits, 48)
    on = rng.random() >= 0.02
    sctlr = on | (rng.random() < 0.3) << 19 | 0x30D0_0980 & ~(1 << 19)
    state = MmuState(sctlr, tcr, ttbr[0], ttbr[1], False, PA_BITS)

    wanted = ACCESSES_PER_BATCH // len(COMBINATIONS)
    addresses: list[int] = []
    targets = [r.targets() for r in regions]
    while len(addresses) < wanted:
        upper = rng.random() < 0.5
        region = regions[upper]
        if not on:
            va = rng.getrandbits(rng.choice((32, 44, 45, 56, 64)))
        elif rng.random() < 0.03:
            # In the hole: bit 55 selects the region, some bit between its size and 55 disagrees.
            va = (region.va | rng.getrandbits(region.input_bits)) ^ 1 << rng.randrange(region.input_bits, 55)
        else:
            found = region.place(*rng.choice(targets[upper]))
            if found is None:
                continue
            va = found
        if tbi[va >> 55 & 1] and rng.random() < 0.7:
            va ^= rng.getrandbits(8) << 56
        addresses.append(va)
    return memory, state.words(), addresses


def walker(memory: Memory, registers: tuple[int, ...]) -> Callable[[int, int, int], Walk]:
    """The Python walk over that memory."""
    sctlr, tcr, ttbr0, ttbr1, pstate, pa_bits = registers
    state = MmuState(sctlr, tcr, ttbr0, ttbr1, bool(pstate >> 22 & 1), pa_bits)
    read = memory.read
    return lambda va, access, privilege: walk(read, state, va, access, privilege)


def cell(answer: Walk) -> tuple[str, bool]:
    """What the access reached, and whether Unicorn is known to differ."""
    if answer.flat:
        return "flat", False
    kind = answer.kind
    if kind == "address size":
        if not answer.path:
            return "-", True
        level, _, _, descriptor = answer.path[-1]
        assert descriptor is not None
        return ("page" if level == 3 else "table" if descriptor & 2 else "block"), True
    if answer.shift:
        return ("page" if answer.shift == 12 else "block"), False
    if kind == "external abort on walk":
        return "-", True
    last = answer.path[-1] if answer.path else None
    return "-", bool(kind == "translation" and last and last[0] == 0 and last[3] is not None and last[3] & 3 == 1)


def reachable() -> set[Cell]:
    """Every cell the architecture allows on this CPU, without PAN."""
    cells: set[Cell] = set()
    leaves = ((1, "block"), (2, "block"), (3, "page"))
    for access, privilege in COMBINATIONS:
        cells |= {(0, "ok", access, privilege, "flat"), (0, "address size", access, privilege, "flat")}
        cells |= {(n, "translation", access, privilege, "-") for n in range(4)}
        cells |= {(n, "external abort on walk", access, privilege, "-") for n in range(4)}
        cells |= {(0, "address size", access, privilege, "-")}
        cells |= {(n, "address size", access, privilege, "table") for n in range(3)}
        for level, leaf in leaves:
            cells |= {(level, kind, access, privilege, leaf) for kind in ("ok", "access flag", "address size")}
            if (access, privilege) != (0, 1):  # EL1 can read every page
                cells.add((level, "permission", access, privilege, leaf))
    return cells
