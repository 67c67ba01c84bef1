# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of `emu step` share: a stepper at a place, and walks of page tables done by hand."""

from __future__ import annotations

from typing import Any

from emu.core import StopReason
from emu.debug.cards import Card
from emu.debug.stepper import Stepper
from emu.debug.steps import Step
from emu.debug.until import Until
from emu.machine import Machine

TIMEOUT = 60.0


def at(machine: Machine, until: str, program: str | None = None) -> Stepper:
    """A stepper that stands before the place."""
    stepper = Stepper(machine, program)
    symbols = [machine.symbols] + ([stepper.program.symbols] if stepper.program else [])
    stop = stepper.seek(Until.parse(until, symbols), timeout=TIMEOUT)
    assert stop.reason is StopReason.EVENT, stop
    return stepper


def only(step: Step) -> Card:
    """The one card of a step."""
    (card,) = step.cards
    return card


def facts(facts: list[Any]) -> dict[str, int]:
    """The values of a card's facts by name."""
    return {fact.name: fact.value for fact in facts}


def tables(machine: Machine, root: int, va: int) -> list[tuple[int, int, int]]:
    """(table, index, descriptor) of a four-level walk with 4 KiB pages, down to the first entry that is not present.

    The format is the same on both architectures as far as this goes: bit 0 says present, bits 47:12 lead on.
    """
    found = []
    table = root & 0x0000_FFFF_FFFF_F000
    for shift in (39, 30, 21, 12):
        index = va >> shift & 511
        raw = machine.memory.phys[table + 8 * index : table + 8 * index + 8]
        descriptor = int.from_bytes(raw, "little")
        found.append((table, index, descriptor))
        if not descriptor & 1:
            break
        table = descriptor & 0x0000_FFFF_FFFF_F000
    return found
