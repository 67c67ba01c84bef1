# SPDX-License-Identifier: GPL-2.0-or-later
"""The architectural TLB: what a stale translation shows must not depend on Unicorn's cache or on snapshots."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core import bare
from tests.core.guests import HERE, Guest, assemble

# The descriptor of the guest's data page (mixed.S), and the bit that says "accessed".
DATA_PTE = {"aarch64": 0x4010_0000 + 0x4008, "x86_64": 0x20_4008}
ACCESSED = {"aarch64": 1 << 10, "x86_64": 1 << 5}


@pytest.fixture(scope="module", params=("aarch64", "x86_64"))
def guest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Guest:
    folder: Path = tmp_path_factory.mktemp("guests")
    return assemble(request.param, HERE / request.param / "mixed.S", folder, ROUNDS=1000)


def clear_accessed(guest: Guest) -> bare._core.Core:
    """The machine in the middle of its run, its data page's accessed bit cleared behind the TLB's back."""
    core = bare.machine(guest)
    core.run(50_000)
    address = DATA_PTE[guest.arch]
    pte = int.from_bytes(core.read_phys(address, 8), "little")
    assert pte & ACCESSED[guest.arch]
    core.write_phys(address, (pte & ~ACCESSED[guest.arch]).to_bytes(8, "little"))
    return core


def test_a_cleared_accessed_bit_stays_cleared_while_the_entry_is_cached(guest: Guest) -> None:
    core = clear_accessed(guest)
    faults = core.stats()["exceptions"][:]
    core.run(1000)
    pte = int.from_bytes(core.read_phys(DATA_PTE[guest.arch], 8), "little")
    assert not pte & ACCESSED[guest.arch]
    assert sum(core.stats()["exceptions"]) - sum(faults) < 40


def test_a_snapshot_does_not_refresh_stale_entries(guest: Guest) -> None:
    without = clear_accessed(guest)
    without.run()
    core = clear_accessed(guest)
    snapshot = core.snapshot()
    core.run(3000)
    core.restore(snapshot)
    core.run()
    assert bare.summary(core) == bare.summary(without)


def test_the_hash_of_a_state_tells_states_apart(guest: Guest) -> None:
    core = bare.machine(guest)
    core.run(10_000)
    before = core.state_hash()
    assert core.state_hash() == before
    bare.set_reg(core, {"aarch64": "x27", "x86_64": "r15"}[guest.arch], 12345)
    assert core.state_hash() != before
