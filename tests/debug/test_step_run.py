# SPDX-License-Identifier: GPL-2.0-or-later
"""Where `--until` stops, and that stepping changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emu.core import StopReason
from emu.debug.stepper import Stepper
from emu.debug.text import TextWriter
from emu.debug.until import Until
from emu.errors import OptionError
from emu.image.symbols import Symbols
from emu.machine import Machine
from tests.debug.stepping import at
from tests.guest.hatch import build, finish

Make = Callable[..., Machine]


@pytest.mark.parametrize("until", ["syscall", "fault", "return", "irq"])
def test_the_stepped_run_is_the_free_run(machine: Make, until: str) -> None:
    command = "sleep 0.02"
    free = machine(exec=command, event_hash=True)
    end = finish(free)
    stepped = machine(exec=command, event_hash=True)
    count = 3000
    steps = list(at(stepped, until, command).steps(count))
    assert len(steps) == count
    assert any(step.cards for step in steps)
    after = finish(stepped)
    assert after.icount == end.icount
    assert stepped.stats()["event_hash"] == free.stats()["event_hash"]
    assert stepped.state_hash() == free.state_hash()
    assert stepped.console.output == free.console.output
    assert stepped.ns == free.ns


def test_steps_to_the_very_end(machine: Make) -> None:
    """More steps are asked for than there are."""
    free = machine(exec="true")
    end = finish(free)
    m = machine(exec="true")
    stepper = Stepper(m)
    assert stepper.seek(Until(icount=end.icount - 300)).reason is StopReason.EVENT
    steps = list(stepper.steps(5000))
    assert 290 <= sum(step.retired for step in steps) <= 300
    assert m.run(0).icount == end.icount


@pytest.mark.parametrize(("until", "kind"), [("exception", "entry"), ("irq", "entry"), ("return", "return")])
def test_an_event_is_in_the_first_step(machine: Make, until: str, kind: str) -> None:
    step = next(at(machine(exec="sleep 0.01"), until).steps(1))
    assert step.cards[0].kind == kind


def test_the_stop_is_before_the_event(machine: Make) -> None:
    m = machine(exec="true")
    stepper = Stepper(m, "true")
    stop = stepper.seek(Until(event="syscall"))
    step = next(stepper.steps(1))
    assert (stop.reason, stop.pc, stop.icount) == (StopReason.EVENT, step.place.address, step.icount)


def test_each_repetition_is_a_step_and_the_text_folds_them(machine: Make, arch: str) -> None:
    if arch != "x86_64":
        pytest.skip("no instruction of this architecture repeats itself")
    steps = list(at(machine(exec="true"), "icount=3000").steps(100))  # the kernel clears its bss
    assert {step.instruction.mnemonic for step in steps} == {"rep stosd"}
    assert [step.icount for step in steps] == list(range(3000, 3100))
    text = "".join(TextWriter().steps(steps))
    assert text.count("rep stosd") == 1 and "... and 99 more repetitions" in text


def test_a_bare_image_without_programs(arch: str) -> None:
    with Machine(build(arch, "exceptions")) as m:
        steps = list(at(m, "exception").steps(3000))
    assert len(steps) == 3000
    cards = [card for step in steps for card in step.cards]
    assert {"entry", "return"} == {card.kind for card in cards}
    assert all(a.icount + a.retired == b.icount for a, b in zip(steps, steps[1:], strict=False))


def test_an_icount(machine: Make) -> None:
    m = machine(exec="true")
    step = next(at(m, "icount=123456").steps(1))
    assert step.icount == 123456


def test_a_symbol_of_the_kernel(machine: Make) -> None:
    m = machine(exec="true")
    step = next(at(m, "arch_door_write").steps(1))
    assert (step.place.symbol, step.place.program) == ("arch_door_write", "kernel")
    assert step.place.address == m.symbols["arch_door_write"]


def test_a_symbol_of_the_program(machine: Make) -> None:
    m = machine(exec="echo a; true")
    stepper = at(m, "main", "/bin/true")
    step = next(stepper.steps(1))
    assert stepper.program is not None
    assert (step.place.symbol, step.place.program) == ("main", "/bin/true")
    assert step.source is not None and step.source.startswith("guest/user/bin/true.c:")


def test_an_address_of_the_program(machine: Make) -> None:
    m = machine(exec="true")
    program = Stepper(machine(exec="true"), "true").program
    assert program is not None
    step = next(at(m, hex(program.symbols["main"]), "true").steps(1))
    assert step.place.address == program.symbols["main"]


def test_a_place_that_never_comes(machine: Make) -> None:
    m = machine(exec="true")
    assert Stepper(m, "true").seek(Until(event="irq")).reason is StopReason.EXIT


def test_a_limit_on_the_search(machine: Make) -> None:
    for until in (Until(event="irq"), Until(address=0x1234), Until(icount=10**9)):
        m = machine(exec="true")
        stop = Stepper(m).seek(until, max_insns=5000)
        assert (stop.reason, m.icount) == (StopReason.BUDGET, 5000)


def test_no_program_is_mistaken_for_another(machine: Make) -> None:
    """All programs have the same addresses; the shell forks and runs two of them."""
    stepper = Stepper(machine(exec="uname; true"))
    callers = []
    while stepper.seek(Until(event="syscall")).reason is StopReason.EVENT:
        callers += [step.place.program for step in stepper.steps(1)]
    assert callers[0] == "/bin/init"
    assert set(callers) == {"/bin/init", "/bin/sh", "/bin/uname", "/bin/true"}
    assert callers.index("/bin/sh") < callers.index("/bin/uname") < callers.index("/bin/true")


@pytest.mark.parametrize(
    "text", ["icount=", "icount=x", "icount=-1", "0x", "0xg", "0x1" + "0" * 16, "nosuch", "", "foo=1"]
)
def test_bad_places_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(OptionError) as error:
        Until.parse(text, [Symbols()])
    assert "\n" not in str(error.value)


def test_symbols_are_looked_for_in_order() -> None:
    first, second = Symbols([("f", 1, 0, 2)]), Symbols([("f", 2, 0, 2), ("g", 3, 0, 2)])
    assert Until.parse("f", [first, second]).address == 1
    assert Until.parse("g", [first, second]).address == 3
    assert Until.parse("0x10", []).address == 16
    assert Until.parse("syscall", [Symbols([("syscall", 9, 0, 2)])]).event == "syscall"
