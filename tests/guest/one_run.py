# SPDX-License-Identifier: GPL-2.0-or-later
"""One long run of Hatch in a process of its own, cut up or watched in one way: python -m tests.guest.one_run ARCH HOW

Prints, as JSON, what must not depend on HOW: instructions, virtual time, the hash over all events and the registers at
each, the hash of all state at the end, the console.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

from emu.core import Stop, StopReason
from emu.image.bundle import Bundle
from emu.machine import Machine, Options
from emu.trace import open_trace
from emu.wires.events import Event, Kind
from emu.wires.instrument import Instrument
from tests.guest.hatch import BUDGET, IDLE

STEPS = 200_000
FIRST = 5_000_000
"""Instructions after which the interesting part has begun: programs run, interrupts come."""
INSN_NS = Fraction(667, 7)
"""So slow a CPU that the kernel's 250 Hz tick comes every 42,000 instructions, and at no round number of them."""
TYPED = (
    b"hexdump /bin/kill > /tmp/a &\n"
    b"hexdump /bin/echo > /tmp/b &\n"
    b"hexdump /bin/init > /tmp/c; cat /tmp/c > /tmp/d\n"
    b"/test/fork; /test/fpu; /test/mmap; /test/segv\n"
    b"sleep 0.5; ps; wait; cat /proc/1/stat\n"
    b"poweroff\n"
)


class UserInterrupts(Instrument):
    """Counts interrupts that were taken in user code."""

    wants: ClassVar[frozenset[Kind]] = frozenset({Kind.IRQ})

    def __init__(self, machine: Machine) -> None:
        self.count = 0
        self._is_user = machine.board.is_user

    def on_events(self, events: Sequence[Event]) -> None:
        self.count += sum(self._is_user(event.flags & 3) for event in events)


class Everything(Instrument):
    """Takes every record there is."""

    def __init__(self) -> None:
        self.count = 0

    def on_events(self, events: Sequence[Event]) -> None:
        self.count += len(events)


def _rest(m: Machine) -> Stop:
    return m.run(BUDGET, idle_limit=IDLE)


def _chunks(m: Machine) -> Stop:
    """First tiny pieces, where the ticks come, then ever larger ones."""
    r = random.Random(f"{m.target.arch} chunks")
    m.run(FIRST)
    for largest, number in ((3, 20_000), (100, 5_000), (5_000, 2_000), (100_000, BUDGET)):
        for _ in range(number):
            stop = m.run(r.randrange(1, largest + 1))
            if stop.reason is not StopReason.BUDGET:
                return stop
    raise AssertionError("the guest does not end")


def _steps(m: Machine) -> Stop:
    m.run(FIRST)
    entries = sum(m.step().reason is StopReason.EVENT for _ in range(STEPS))
    assert entries > 4, "a stretch without interrupts and exceptions shows nothing"
    return _rest(m)


def _snapshots(m: Machine) -> Stop:
    """Go back twice, once over the end, and run on each time."""
    m.run(FIRST)
    early = m.snapshot()
    m.run(2 * FIRST)
    late = m.snapshot()
    _rest(m)
    m.restore(late)
    m.run(FIRST)
    m.restore(early)
    for _ in range(10):  # going back to where one just was is a snapshot in the middle as well
        m.run(FIRST // 5)
        m.restore(m.snapshot())
    return _rest(m)


def _mixed(m: Machine) -> Stop:
    """Everything at random: runs of all lengths, steps, snapshots, and back to one of them."""
    r = random.Random(f"{m.target.arch} mixed")
    m.run(FIRST)
    kept = [m.snapshot()]
    for _ in range(200):
        match r.randrange(5):
            case 0:
                m.restore(r.choice(kept))
            case 1:
                kept = [*kept[-4:], m.snapshot()]
            case 2:
                for _ in range(r.randrange(300)):
                    m.step()
            case _:
                if m.run(r.choice((1, 7, 1_000, 100_000, FIRST))).reason is not StopReason.BUDGET:
                    m.restore(kept[0])
    return _rest(m)


HOW: dict[str, Callable[[Machine], Stop]] = {
    "whole": _rest,
    "chunks": _chunks,
    "steps": _steps,
    "traced": _rest,
    "counted": _rest,
    "snapshots": _snapshots,
    "mixed": _mixed,
    "twins": _rest,
}


def main(folder: str, how: str) -> None:
    """Run the bundle in `folder` once."""
    options = Options(
        input=TYPED, insn_ns=INSN_NS, event_hash=True, seed=7, intc="python" if how == "twins" else "c"
    )
    with ExitStack() as stack:
        m = stack.enter_context(Machine(Bundle.open(folder), options))
        counter = UserInterrupts(m)
        if how == "counted":
            m.watch(counter)
        if how == "traced":
            m.watch(Everything())
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "trace"
            stack.enter_context(open_trace(m, f"exceptions,irq,syscalls,mmio:{path}"))
        stop = HOW[how](m)
        result = {
            "reason": stop.reason.name,
            "instructions": m.icount,
            "ns": m.ns,
            "event_hash": m.stats()["event_hash"],
            "state_hash": m.state_hash(),
            "console": m.console.text,
        }
        print(json.dumps({"result": result, "user_interrupts": counter.count}))


if __name__ == "__main__":
    main(*sys.argv[1:])
