# SPDX-License-Identifier: GPL-2.0-or-later
"""One guest, one run, however it is cut up and looked at: equal instruction counts, events, registers and memory."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.core import bare
from tests.core.guests import HERE, Guest, assemble

ARCHES = ("aarch64", "x86_64")
ROUNDS = 6000
STEPPED = 150_000


@pytest.fixture(scope="module", params=ARCHES)
def guest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Guest:
    folder: Path = tmp_path_factory.mktemp("guests")
    return assemble(request.param, HERE / request.param / "mixed.S", folder, ROUNDS=ROUNDS)


@pytest.fixture(scope="module")
def whole(guest: Guest) -> tuple[int, int, int]:
    """The run that was never interrupted."""
    core = bare.machine(guest)
    assert core.run()[0] == bare.IDLE
    return bare.summary(core)


def test_the_guest_does_what_it_is_for(guest: Guest) -> None:
    core = bare.machine(guest)
    core.run()
    stats = core.stats()
    assert stats["irqs"] >= 1000
    assert sum(stats["exceptions"]) >= 4 * ROUNDS
    ticks = int.from_bytes(core.read_phys(guest.symbols["ticks"], 8), "little")
    assert ticks == stats["irqs"]


@pytest.mark.parametrize("largest", [1, 7, 100, 3000, 1_000_000])
def test_random_chunks_make_the_same_run(guest: Guest, whole: tuple[int, int, int], largest: int) -> None:
    core = bare.machine(guest)
    rng = random.Random(largest)
    limit = 20 * largest if largest < 100 else None  # tiny chunks for a while, then the rest
    chunks = 0
    while core.run(rng.randrange(1, largest + 1))[0] == bare.BUDGET:
        chunks += 1
        if limit is not None and core.icount() > max(limit, 60_000):
            core.run()
            break
    assert bare.summary(core) == whole


def test_observers_change_nothing(guest: Guest, whole: tuple[int, int, int]) -> None:
    core = bare.machine(guest)
    records = bytearray()
    core.on_events = records.extend
    core.observe(bare.ALL_KINDS, bare.HASHED, 0, 1000)
    core.run()
    core.observe(0, bare.HASHED, 0, 0)
    assert bare.summary(core) == whole
    assert len(records) // 64 > 8 * ROUNDS


def test_stepping_and_a_snapshot_in_the_middle_make_the_same_run(guest: Guest, whole: tuple[int, int, int]) -> None:
    core = bare.machine(guest)
    snapshot = None
    for n in range(STEPPED):
        core.step()
        if n == STEPPED // 2:
            snapshot = core.snapshot()
    assert snapshot is not None
    core.restore(snapshot)
    core.run()
    assert bare.summary(core) == whole


def test_a_snapshot_restored_from_the_end_makes_the_same_run(guest: Guest, whole: tuple[int, int, int]) -> None:
    core = bare.machine(guest)
    first = core.snapshot()
    core.run(whole[0] // 3)
    second = core.snapshot()
    at_second = bare.summary(core)
    core.run()
    assert bare.summary(core) == whole
    core.restore(second)
    assert bare.summary(core) == at_second
    core.run()
    assert bare.summary(core) == whole
    core.restore(first)
    core.run()
    assert bare.summary(core) == whole


def test_a_step_is_one_instruction_or_one_entry(guest: Guest) -> None:
    core = bare.machine(guest)
    core.run(2000)
    before = core.icount()
    entries = 0
    for _ in range(20_000):
        entries += core.step()[0] != bare.BUDGET
    retired = core.icount() - before
    # An entry by a completed instruction (svc, syscall) both retires it and stops.
    assert 20_000 - entries <= retired <= 20_000
    assert entries > 100


def test_a_cut_at_every_instruction_of_a_stretch_makes_the_same_run(guest: Guest) -> None:
    core = bare.machine(guest)
    core.run(50_000)
    start = core.snapshot()
    core.run(4000)
    whole = bare.summary(core)
    for cut in range(1, 1500):
        core.restore(start)
        core.run(cut)
        core.run(4000 - cut)
        assert bare.summary(core) == whole, f"cut after {cut} instructions"
