# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts of a run, with names: what `emu run --json` writes."""

from __future__ import annotations

from typing import Any

from emu.core import Stop
from emu.machine import Machine

__all__ = ["exceptions_by_name", "summary"]

TLB_KEYS = ("fills", "hits", "misses", "faults", "evictions", "flush_all", "flush_asid", "flush_va")


def exceptions_by_name(machine: Machine, counts: list[int]) -> dict[str, int]:
    """Counts by class or vector as the manual names them; those that did not happen are left out."""
    return {machine.board.counter_name(index): n for index, n in enumerate(counts) if n}


def summary(machine: Machine, stop: Stop, status: int, wall_s: float) -> dict[str, Any]:
    """A run as JSON.

    Args:
        machine: after the run.
        stop: how it ended.
        status: the exit status that was made of it.
        wall_s: seconds of host time in the run.

    Returns:
        `stop`, `status`, `instructions`, `exceptions` (by name), `irqs`, `tlb` (`hits` and `fills` depend on Unicorn's
        own cache), `event_hash` (hexadecimal), `virtual_s`, `wall_s`, and where it stopped.
    """
    counters = machine.stats()
    return {
        "arch": machine.target.arch,
        "board": machine.board.name,
        "stop": stop.reason.name.lower(),
        "status": status,
        "where": stop.where,
        "instructions": stop.icount,
        "exceptions": exceptions_by_name(machine, counters["exceptions"]),
        "irqs": counters["irqs"],
        "tlb": {key: counters[key] for key in TLB_KEYS},
        "event_hash": f"{counters['event_hash']:016x}",
        "virtual_s": stop.ns / 1e9,
        "wall_s": round(wall_s, 6),
    }
