# SPDX-License-Identifier: GPL-2.0-or-later
"""Random x86-64 paging structures that reach every kind of fault at every level. See walkgen.py.

Where Unicorn 2.1.4's own walker (QEMU 5.0) answers otherwise than ours: a paging structure where there is no memory
reads as all ones here (as on a PC's bus), as zero there.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from emu.arch.walk import Walk
from emu.arch.x86_64.paging import MmuState, walk
from tests.core.walkgen import ACCESSES_PER_BATCH, COMBINATIONS, PAGE, Cell, Memory, Table

NUMBER = 2
BASE = 0x0010_0000
TABLES = {4: 1, 3: 2, 2: 4, 1: 6}
NOWHERE = 0x8000_0000
PA_BITS = 40
P, RW, US, A, D, PS, G, NX = 1, 2, 4, 1 << 5, 1 << 6, 1 << 7, 1 << 8, 1 << 63
IGNORED = 0x7FF0_0000_0000_0E18  # 62:52, 11:9, PCD, PWT
CR0, CR4_PAE, EFER = 0x8000_0033, 1 << 5, 0x501
FREE = 64


def _entry(rng: random.Random, nxe: bool, allow: float) -> int:
    """A present entry's flags; each right is given with probability `allow`."""
    flags = P | rng.getrandbits(64) & IGNORED | (A if rng.random() < 0.4 else 0)
    flags |= (RW if rng.random() < allow else 0) | (US if rng.random() < allow else 0)
    return flags | (NX if nxe and rng.random() < 0.7 * (1 - allow) else 0)


class _Tree:
    """The structures below CR3."""

    def __init__(self, rng: random.Random, memory: Memory, nxe: bool) -> None:
        self.rng, self.memory, self.nxe = rng, memory, nxe
        self.root = memory.page()
        self.tables: dict[int, list[Table]] = {
            4: [Table(self.root, 0, rng.sample(range(512), FREE))],
            3: [],
            2: [],
            1: [],
        }
        for level in (3, 2, 1):
            for _ in range(TABLES[level]):
                address, va = self.slot(level + 1)
                table = memory.page()
                memory.write(address, table | _entry(rng, nxe, 0.85))
                self.tables[level].append(Table(table, va, rng.sample(range(512), FREE)))

    def slot(self, level: int) -> tuple[int, int]:
        """The address and virtual address of an unused entry at a level."""
        table = self.rng.choice([t for t in self.tables[level] if t.free])
        index = table.free.pop()
        return table.address + 8 * index, table.va + (index << 3 + 9 * level)

    def output(self, shift: int) -> int:
        return self.rng.getrandbits(PA_BITS) & -(1 << shift)

    def leaf(self, level: int) -> int:
        rng = self.rng
        entry = self.output(3 + 9 * level) | _entry(rng, self.nxe, 0.6)
        entry |= (D if rng.random() < 0.3 else 0) | (G if rng.random() < 0.3 else 0)
        if level == 1:
            return entry | (PS if rng.random() < 0.3 else 0)  # the PAT bit of a PTE
        return entry | PS | (1 << 12 if rng.random() < 0.3 else 0)

    def targets(self) -> list[tuple[str, int]]:
        """What can be put at which level."""
        found = [("not present", n) for n in (4, 3, 2, 1)] + [("reserved table", n) for n in (4, 3, 2)]
        found += [("reserved leaf", n) for n in (3, 2, 1)] + [("leaf", n) for n in (3, 2, 1)] * 5
        return found + [("no memory", n) for n in (4, 3, 2)]

    def place(self, what: str, level: int) -> int:
        """Write an entry and return the linear address that reaches it, canonical."""
        rng = self.rng
        address, va = self.slot(level)
        if what == "not present":
            entry = rng.getrandbits(64) & ~P
        elif what == "leaf":
            entry = self.leaf(level)
        elif what == "no memory":
            entry = NOWHERE + rng.randrange(1 << 18) * PAGE | _entry(rng, self.nxe, 0.85)
        else:
            entry = self.leaf(level) if what == "reserved leaf" else self.output(12) | _entry(rng, self.nxe, 0.85)
            choices = [1 << rng.randrange(PA_BITS, 52)]
            if not self.nxe:
                choices.append(NX)
            if level == 4:
                choices.append(PS)
            if what == "reserved leaf" and level > 1:
                choices += [1 << rng.randrange(13, 3 + 9 * level)] * 2
            entry |= rng.choice(choices)
        self.memory.write(address, entry)
        va |= rng.getrandbits(3 + 9 * level)
        return va | (0xFFFF << 48 if va >> 47 else 0)


def build(rng: random.Random) -> tuple[Memory, tuple[int, ...], list[int]]:
    """One set of structures and registers, and addresses that reach what is in them."""
    memory = Memory(BASE, sum(TABLES.values()))
    nxe, wp, smep, smap, pge, ac = (rng.random() < chance for chance in (0.75, 0.7, 0.5, 0.5, 0.5, 0.4))
    tree = _Tree(rng, memory, nxe)
    on = rng.random() >= 0.02
    cr0 = (CR0 if on else CR0 & 0x7FFF_FFFF) | wp << 16
    cr3 = NOWHERE + rng.randrange(1 << 18) * PAGE if rng.random() < 0.02 else tree.root
    cr4 = CR4_PAE | pge << 7 | smep << 20 | smap << 21
    efer = (EFER if on else EFER & ~0x400) | nxe << 11
    state = MmuState(cr0, cr3 | rng.getrandbits(2) << 3, cr4, efer, 2 | ac << 18, PA_BITS)
    wanted = ACCESSES_PER_BATCH // len(COMBINATIONS)
    targets = tree.targets()
    addresses: list[int] = []
    for _ in range(wanted):
        if not on:
            addresses.append(rng.getrandbits(32))
        elif rng.random() < 0.03:
            va = rng.getrandbits(64)
            addresses.append(va ^ 1 << 63 if va >> 47 in (0, 0x1FFFF) else va)
        else:
            addresses.append(tree.place(*rng.choice(targets)))
    return memory, state.words(), addresses


def walker(memory: Memory, registers: tuple[int, ...]) -> Callable[[int, int, int], Walk]:
    """The Python walk over that memory; it stores accessed and dirty bits."""
    state = MmuState(*registers)
    read, write = memory.read, memory.write
    return lambda va, access, privilege: walk(read, state, va, access, privilege, write)


def cell(answer: Walk) -> tuple[str, bool]:
    """What the access reached, and whether Unicorn is known to differ."""
    if answer.flat:
        return "flat", False
    if answer.shift:
        return ("page" if answer.shift == 12 else "block"), False
    if not answer.path:
        return "-", False
    level, _, _, entry = answer.path[-1]
    if answer.kind != "reserved bit" or entry is None:
        return "-", entry is None
    return ("page" if level == 1 else "block" if entry & PS and level < 4 else "table"), False


def reachable() -> set[Cell]:
    """Every cell the architecture allows on this CPU."""
    cells: set[Cell] = set()
    for access, privilege in COMBINATIONS:
        cells.add((0, "ok", access, privilege, "flat"))
        cells.add((0, "non-canonical", access, privilege, "-"))
        for level in (4, 3, 2, 1):
            cells.add((level, "not present", access, privilege, "-"))
            cells.add((level, "reserved bit", access, privilege, "-"))  # no memory
            if level > 1:
                cells.add((level, "reserved bit", access, privilege, "table"))
        for level, leaf in ((3, "block"), (2, "block"), (1, "page")):
            cells |= {(level, kind, access, privilege, leaf) for kind in ("ok", "protection", "reserved bit")}
    return cells
