# SPDX-License-Identifier: GPL-2.0-or-later
"""Every test program of the guest runs to its plan, on both architectures, and each time in the same way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emu.core import StopReason
from emu.image.bundle import Bundle
from emu.machine import Machine
from tests.guest.hatch import PROMPT, ROOT, Guest, finish
from tests.guest.tap import verdict
from tests.guest.user_programs import plan

PROGRAMS = sorted(plan())
Make = Callable[..., Machine]


def test_the_plan_names_every_program(bundle: Bundle) -> None:
    sources = {file.stem for file in (ROOT / "guest" / "user" / "test").glob("*.c")}
    assert set(plan()) == sources
    assert dict(bundle.tests) == plan()
    assert {path for path in bundle.programs if path.startswith("/test/")} == {f"/test/{name}" for name in plan()}


def _run(guest: Guest, name: str) -> tuple[str, int]:
    """(what the program printed, its exit status)"""
    machine = guest.machine
    machine.console.send(f"/test/{name}; echo status $?\n")
    text = guest.settle()
    assert text.endswith(PROMPT), text[-2000:]
    body, _, status = text[: -len(PROMPT)].rpartition("status ")
    return body, int(status)


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(boot: Guest, name: str) -> None:
    output, status = _run(boot, name)
    assert not verdict(output, plan()[name], status), output
    m = boot.machine
    found = (m.icount, m.stats()["event_hash"], m.state_hash(), output)
    first = _RUNS.setdefault((m.target.arch, name), found)  # booted and restored: two runs of the same
    assert first[0] == found[0], "another number of instructions in a second run"
    assert first == found


_RUNS: dict[tuple[str, str], tuple[int, int, int, str]] = {}


@pytest.mark.parametrize("append", ["", "nosuchoption quiet"])
def test_all_programs_in_one_boot(machine: Make, append: str) -> None:
    """One after the other in one boot: what a program leaves behind does not disturb the next."""
    command = "; ".join(f"echo begin {name}; /test/{name}; echo status $?" for name in PROGRAMS)
    m = machine(append=append, exec=command)
    stop = finish(m)
    parts = m.console.text.split("begin ")[1:]
    assert [part.split("\n", 1)[0] for part in parts] == PROGRAMS
    complaints: list[str] = []
    for part in parts:
        name, text = part.split("\n", 1)
        output, _, rest = text.rpartition("status ")
        complaints += [f"{name}: {c}" for c in verdict(output, plan()[name], int(rest.split("\n")[0]))]
    assert not complaints
    assert (stop.reason, stop.code) == (StopReason.EXIT, 0)


@pytest.mark.parametrize(
    ("output", "status", "complaint"),
    [
        ("1..2\nok 1 - a\nok 2 - b\n", 0, None),
        ("[    1.000000] x[3]: SIGSEGV at 0x0, pc 0x0: no mapping (read)\n1..2\nok 1 - a\n# note\nok 2 - b\n", 0, None),
        ("", 0, "no plan"),
        ("", 139, "no plan"),
        ("1..2\n", 0, "results [], not 1 to 2"),
        ("1..2\nok 1 - a\n", 139, "results [1], not 1 to 2"),
        ("1..2\nok 1 - a\nok 3 - b\n", 0, "results [1, 3], not 1 to 2"),
        ("1..2\nok 1 - a\nok 1 - a\nok 2 - b\n", 0, "results [1, 1, 2], not 1 to 2"),
        ("1..1\nok 1 - a\n", 0, "plans 1, PLAN says 2"),
        ("1..2\nok 1 - a\nnot ok 2 - b\n# got 1\n", 1, "not ok 2 - b"),
        ("1..2\nok 1 - a\nok 2 - b\n", 1, "status 1"),
        ("1..2\nok 1 - a\nok 2 - b\n1..2\n", 0, "more than one plan"),
    ],
)
def test_only_a_complete_run_is_good(output: str, status: int, complaint: str | None) -> None:
    found = verdict(output, 2, status)
    assert (complaint in found) if complaint else not found
