# SPDX-License-Identifier: GPL-2.0-or-later
"""Traces: what they say, and that they change nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from emu import Machine, OptionError
from emu.trace import open_trace
from emu.trace.stats import summary

Make = Callable[..., Machine]


def trace(m: Machine, kinds: str, file: Path) -> list[str]:
    """The lines of a whole run."""
    with open_trace(m, f"{kinds}:{file}"):
        m.run()
    return file.read_text().splitlines()


def test_system_calls_look_like_straces(machine: Make, tmp_path: Path) -> None:
    m = machine(exec="cat /nope; echo hi")
    lines = trace(m, "syscalls", tmp_path / "t")
    calls = [line.split("] ", 1)[1] for line in lines]
    assert any('execve("/bin/cat", ["cat", "/nope"]' in c and c.endswith("= 0") for c in calls)
    assert any('openat(AT_FDCWD, "/nope", O_RDONLY' in c and c.endswith("= -1 ENOENT") for c in calls)
    assert any('write(1, "hi\\n", 3)' in c and c.endswith("= 3") for c in calls)
    assert any("wait4(" in c and "= " in c for c in calls)
    assert any("exit_group(1)" in c and c.endswith("= ?") for c in calls)
    assert not any("syscall_" in c for c in calls)


def test_exceptions_and_interrupts_have_names_and_symbols(machine: Make, tmp_path: Path) -> None:
    m = machine(exec="/test/preempt")
    lines = trace(m, "exceptions,irq", tmp_path / "t")
    assert any(" exception " in line and "nr=" in line for line in lines)
    assert any(" return " in line for line in lines)
    assert sum(" interrupt " in line for line in lines) == m.stats()["irqs"] > 0
    counts = [int(line.split()[0]) for line in lines]
    assert counts == sorted(counts)


def test_device_accesses_show_register_names(machine: Make, tmp_path: Path) -> None:
    lines = trace(machine(exec="true"), "mmio", tmp_path / "t")
    assert any("door write32 EXIT=" in line for line in lines)
    assert any("uart0 write" in line and "(" in line for line in lines)


def test_tracing_changes_nothing(machine: Make, tmp_path: Path) -> None:
    plain, traced = (machine(exec="/test/fork", event_hash=True) for _ in range(2))
    plain.run()
    trace(traced, "syscalls,exceptions,irq,mmio", tmp_path / "t")
    assert traced.stats()["event_hash"] == plain.stats()["event_hash"]
    assert traced.state_hash() == plain.state_hash()


@pytest.mark.parametrize("request_", ["", "nonsense", "irq:/nowhere/at/all", ":file"])
def test_a_bad_request_is_one_line(machine: Make, request_: str) -> None:
    with pytest.raises(OptionError) as error, open_trace(machine(), request_):
        pass
    assert "\n" not in str(error.value)


def test_the_summary_is_json_with_the_promised_keys(machine: Make) -> None:
    m = machine(exec="exit 3", event_hash=True)
    stop = m.run()
    result = json.loads(json.dumps(summary(m, stop, 3, 0.1)))
    wanted = {"stop", "status", "instructions", "exceptions", "irqs", "tlb", "event_hash", "virtual_s", "wall_s"}
    assert wanted <= set(result)
    assert result["stop"] == "exit"
    assert sum(result["exceptions"].values()) == sum(m.stats()["exceptions"])
    assert not any(name.startswith(("EC_", "vector")) for name in result["exceptions"])
