# SPDX-License-Identifier: GPL-2.0-or-later
"""A fault planted in the C walker is caught by the comparison of test_walk.py: the batches reach what they must."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.variant import Builder

PAIRS = 20_000
COMPARE = """
from tests.core import test_walk, walkgen
wrong = []
for batch in walkgen.batches(test_walk.GENERATORS[{arch!r}], {pairs}):
    wrong += walkgen.mismatches(batch, *test_walk.c_walk({arch!r}, batch))
print(len(wrong))
print("\\n".join(wrong[:3]))
"""
PLANTED = {
    "PXN dropped": ("aarch64", "leaf >> 53 | tables >> 59", "tables >> 59"),
    "APTable skipped": ("aarch64", "tables |= desc;", "tables |= desc & ~(3ull << 61);"),
    "CR0.WP ignored": ("x86_64", "k->rights & ENTRY_RW || !(r[X86_WALK_CR0] & CR0_WP)", "k->rights & ENTRY_RW"),
}


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("planted"))


def differences(builder: Builder, name: str, arch: str, change: tuple[str, str] | None) -> int:
    """How many answers of that build are not those of the plain-Python walker."""
    changes = {Path("arch", arch, "walk.c"): change} if change else {}
    done = builder.build(name.replace(" ", "-"), changes).run(COMPARE.format(arch=arch, pairs=PAIRS))
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[0])


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_caught(builder: Builder, name: str) -> None:
    arch, old, new = PLANTED[name]
    assert differences(builder, name, arch, (old, new)) > 0


@pytest.mark.parametrize("arch", ["aarch64", "x86_64"])
def test_the_same_build_without_a_fault_agrees(builder: Builder, arch: str) -> None:
    assert differences(builder, f"right {arch}", arch, None) == 0
