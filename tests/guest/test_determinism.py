# SPDX-License-Identifier: GPL-2.0-or-later
"""One program, one run: how it is cut up, who looks on and what else the host does make no difference to the guest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from emu.image.bundle import Bundle
from emu.machine import Machine
from tests.guest.hatch import CTRL_C, ROOT, Guest


def one_run(bundle: Bundle, how: str, **environment: str) -> dict[str, Any]:
    """Run tests/guest/one_run.py in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.guest.one_run", str(bundle.folder), how],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", ""))), **environment},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def whole(bundle: Bundle) -> dict[str, Any]:
    """What the run comes to that nobody interrupts or watches."""
    found = one_run(bundle, "whole", PYTHONHASHSEED="0")["result"]
    assert found["reason"] == "POWEROFF", found["console"]
    assert isinstance(found, dict)
    return found


def test_a_thousand_timer_interrupts_hit_user_code(bundle: Bundle, whole: dict[str, Any]) -> None:
    found = one_run(bundle, "counted")
    assert found["user_interrupts"] >= 1000
    assert found["result"] == whole


def test_the_program_does_what_it_is_for(whole: dict[str, Any]) -> None:
    """Its parts ran to their ends: the processes, the faults, the files."""
    text = whole["console"]
    assert "not ok" not in text and text.count("\nok ") >= 60
    assert "SIGSEGV" in text and "1 (init) S 0 " in text


@pytest.mark.parametrize("how", ["chunks", "steps", "traced", "snapshots", "mixed"])
def test_the_run_is_the_same(bundle: Bundle, whole: dict[str, Any], how: str) -> None:
    assert one_run(bundle, how)["result"] == whole


def test_a_live_session_replays_from_its_log(machine: Callable[..., Machine]) -> None:
    """What a person typed is an input, logged with its virtual time: a run that is given the log is the same run."""
    live = Guest(machine(event_hash=True))
    live.settle()
    busy = "hexdump /dev/zero > /dev/null\n"
    for keys, pause in ((busy, 0.031), (CTRL_C, 0.001), ("ls /b", 0.0007), ("in; ps\n", 0.2)):
        live.press(keys)
        live.wait(pause)
    log, m = live.machine.console.log, live.machine
    assert b"".join(data for _, data in log).decode() == busy + CTRL_C + "ls /bin; ps\n"
    again = machine(inputs=log, event_hash=True)
    again.run(until_ns=m.ns)
    assert "^C" in again.console.text and again.console.text == m.console.text
    assert (again.icount, again.stats()["event_hash"]) == (m.icount, m.stats()["event_hash"])
    assert again.state_hash() == m.state_hash()


@pytest.mark.parametrize("seed", ["1", "4294967295"])
def test_python_hashing_is_no_input(bundle: Bundle, whole: dict[str, Any], seed: str) -> None:
    assert one_run(bundle, "whole", PYTHONHASHSEED=seed)["result"] == whole


_BURSTS = """\
import time
while True:
    end = time.monotonic() + 0.03
    while time.monotonic() < end:
        pass
    time.sleep(0.007)
"""


@contextmanager
def _load(processes: int) -> Iterator[None]:
    """A host that is busy, now and then: bursts, so that this process is put off at odd moments."""
    busy = [subprocess.Popen([sys.executable, "-c", _BURSTS]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_a_loaded_host_is_no_input(bundle: Bundle, whole: dict[str, Any]) -> None:
    with _load(2 * (os.cpu_count() or 1)):
        assert one_run(bundle, "whole")["result"] == whole


def test_python_twins_of_the_chips_make_the_same_run(bundle: Bundle, whole: dict[str, Any]) -> None:
    """All but the hash of the state: a twin keeps its own where the C chip has it in the arena."""
    found = one_run(bundle, "twins")["result"]
    assert {**found, "state_hash": None} == {**whole, "state_hash": None}
