# SPDX-License-Identifier: GPL-2.0-or-later
"""Translated code follows memory: stores of another CPU, of the host, and a restored snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.core import _core
from tests.core import bare
from tests.core.guests import HERE, Guest, assemble

ROUNDS = 400
PC = {"aarch64": "pc", "x86_64": "rip"}
RESULT = {"aarch64": "x0", "x86_64": "rax"}
# mov w0, #n; b .    and    mov $n, %eax; jmp .
LOOPS = {
    "aarch64": lambda n: (0x5280_0000 | n << 5).to_bytes(4, "little") + b"\x00\x00\x00\x14",
    "x86_64": lambda n: b"\xb8" + n.to_bytes(4, "little") + b"\xeb\xfe",
}


@pytest.fixture(scope="module", params=("aarch64", "x86_64"))
def guest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Guest:
    folder: Path = tmp_path_factory.mktemp("guests")
    return assemble(request.param, HERE / request.param / "patch.S", folder)


@pytest.mark.parametrize("quantum", [1, 7, 100, 10_000])
def test_code_written_by_one_cpu_is_what_the_other_runs(guest: Guest, quantum: int) -> None:
    core = bare.machine(guest, ncpu=2, quantum=quantum)
    bare.start(core, guest.arch, guest.symbols["second"], cpu=1)
    core.set_running(1, True)
    assert core.run(200_000_000)[0] == bare.IDLE
    results = core.read_phys(guest.symbols["results"], 8 * ROUNDS)
    assert [int.from_bytes(results[8 * i : 8 * i + 8], "little") for i in range(ROUNDS)] == list(range(ROUNDS))


def test_code_written_by_the_host_is_what_runs(guest: Guest) -> None:
    core = bare.machine(guest)
    for n in range(1, 50):
        core.write_phys(guest.base, LOOPS[guest.arch](n))
        bare.set_reg(core, PC[guest.arch], guest.base)
        core.run(10)
        assert core.get_reg(0, RESULT[guest.arch]) == n


def test_code_of_a_restored_snapshot_is_what_runs(guest: Guest) -> None:
    core = bare.machine(guest)
    core.write_phys(guest.base, LOOPS[guest.arch](1))
    bare.set_reg(core, PC[guest.arch], guest.base)
    first = core.snapshot()
    core.run(10)
    core.write_phys(guest.base, LOOPS[guest.arch](2))
    bare.set_reg(core, PC[guest.arch], guest.base)
    second = core.snapshot()
    for _ in range(20):
        for n, snapshot in ((1, first), (2, second)):
            core.restore(snapshot)
            core.run(10)
            assert core.get_reg(0, RESULT[guest.arch]) == n


@pytest.mark.parametrize("arch", ["aarch64", "x86_64"])
def test_code_is_dropped_in_every_range_of_ram(arch: str) -> None:
    core = _core.Core(arch)
    bases = (0x1000_0000, 0x2000_0000, 0x4000_0000)
    for base, size in zip(bases, (0x1_0000, 0x3_1000, 0x10_0000), strict=True):
        core.ram(base, size)
    core.seal(0)
    for n in range(1, 20):
        for base in bases:
            core.write_phys(base + 0x2000, LOOPS[arch](n))
            bare.start(core, arch, base + 0x2000)
            core.run(10)
            assert core.get_reg(0, RESULT[arch]) == n
