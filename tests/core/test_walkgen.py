# SPDX-License-Identifier: GPL-2.0-or-later
"""The generator of page-walk batches reaches every cell, always makes the same, and would catch a wrong walker."""

from __future__ import annotations

from typing import Any

import pytest

from emu.arch.aarch64 import paging as arm
from emu.arch.x86_64 import paging as x86
from tests.core import walkgen, walkgen_aarch64, walkgen_x86_64

ARCHITECTURES: dict[str, Any] = {"aarch64": walkgen_aarch64, "x86_64": walkgen_x86_64}
PAIRS = 40_000


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_reachable_cell_is_reached_often_and_no_other(arch: str) -> None:
    module = ARCHITECTURES[arch]
    count = walkgen.histogram(walkgen.batches(module, PAIRS))
    reachable = module.reachable()
    assert set(count) == reachable
    rare = {c: count[c] for c in reachable if count[c] < 50 * PAIRS // 200_000}
    assert not rare


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_a_seed_makes_the_same_bytes(arch: str) -> None:
    def first(seed: int) -> bytes:
        return next(walkgen.batches(ARCHITECTURES[arch], 1, seed)).pack()

    assert first(1) == first(1) != first(2)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_packed_form_has_the_documented_layout(arch: str) -> None:
    batch = next(walkgen.batches(ARCHITECTURES[arch], 1))
    packed = batch.pack()
    magic, number, base, size, records, _, *registers = walkgen.HEADER.unpack_from(packed)
    assert (magic, number, base) == (b"WALK", ARCHITECTURES[arch].NUMBER, batch.base)
    assert registers[: len(batch.registers)] == list(batch.registers)
    parts = walkgen.HEADER.size + 2 * size + records * (walkgen.RECORD.size + walkgen.RESULT.size)
    assert len(packed) == parts and records == len(batch)


def replay(module: Any, batch: walkgen.Batch) -> tuple[bytes, bytes]:
    """The batch's accesses by the Python walk as it is now."""
    memory = walkgen.Memory(batch.base, len(batch.before) // walkgen.PAGE)
    memory.raw[:] = batch.before
    walk = module.walker(memory, batch.registers)
    results = b""
    for va, access, privilege, _, _ in walkgen.RECORD.iter_unpack(batch.records):
        results += walkgen.result_of(walk(va, access, privilege))
    return results, bytes(memory.raw)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_a_right_walker_agrees(arch: str) -> None:
    for batch in walkgen.batches(ARCHITECTURES[arch], 2000):
        assert walkgen.mismatches(batch, *replay(ARCHITECTURES[arch], batch)) == []


@pytest.mark.parametrize(
    ("arch", "module", "name", "value"),
    [
        ("aarch64", arm, "PXN", 0),
        ("aarch64", arm, "UXN_TABLE", 0),
        ("aarch64", arm, "AP_TABLE_READ_ONLY", 0),
        ("aarch64", arm, "AP_TABLE_NO_USER", 0),
        ("aarch64", arm, "SCTLR_WXN", 0),
        ("aarch64", arm, "AF", 1),
        ("x86_64", x86, "CR0_WP", 0),
        ("x86_64", x86, "CR4_SMEP", 0),
        ("x86_64", x86, "CR4_SMAP", 0),
        ("x86_64", x86, "RFLAGS_AC", 0),
        ("x86_64", x86, "D", 0),
        ("x86_64", x86, "PAT_LARGE", 0),
    ],
)
def test_a_walker_with_a_planted_fault_is_caught(
    arch: str, module: Any, name: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list(walkgen.batches(ARCHITECTURES[arch], 8000))
    monkeypatch.setattr(module, name, value)
    assert any(walkgen.mismatches(b, *replay(ARCHITECTURES[arch], b)) for b in made)
