# SPDX-License-Identifier: GPL-2.0-or-later
"""The C walkers against the plain-Python ones, on random tables; and that planted faults would be noticed."""

from __future__ import annotations

from collections import Counter
from types import ModuleType

import pytest

from emu.core import _core
from tests.core import walkgen, walkgen_aarch64, walkgen_x86_64

GENERATORS: dict[str, ModuleType] = {"aarch64": walkgen_aarch64, "x86_64": walkgen_x86_64}
PAIRS = 200_000
FEWEST = 50


def c_walk(arch: str, batch: walkgen.Batch, registers: tuple[int, ...] | None = None) -> tuple[bytes, bytes]:
    """The C walker's results and its memory afterwards."""
    words = registers or batch.registers
    memory = bytearray(batch.before)
    regs = b"".join(word.to_bytes(8, "little") for word in words)
    return _core.walk_batch(arch, regs, memory, batch.base, bytes(batch.records)), bytes(memory)


@pytest.mark.parametrize("arch", GENERATORS)
def test_c_and_python_walkers_agree_on_every_reachable_cell(arch: str) -> None:
    generator = GENERATORS[arch]
    cells: Counter[walkgen.Cell] = Counter()
    for batch in walkgen.batches(generator, PAIRS):
        results, after = c_walk(arch, batch)
        assert not walkgen.mismatches(batch, results, after)
        cells.update(batch.cells)
    assert sum(cells.values()) >= PAIRS
    thin = {cell: cells[cell] for cell in generator.reachable() if cells[cell] < FEWEST}
    assert not thin
