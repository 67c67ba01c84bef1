# SPDX-License-Identifier: GPL-2.0-or-later
"""Running a machine: limits, stops, steps, events, and what the contract forbids."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from emu import Event, Instrument, Kind, Machine, MachineError, OptionError, Options, StopReason

Make = Callable[..., Machine]
BRANCH_TO_SELF = {"aarch64": "00000014", "x86_64": "ebfe"}


def spinning(m: Machine) -> Machine:
    """Let it do nothing for ever."""
    code = bytes.fromhex(BRANCH_TO_SELF[m.target.arch])
    m.memory.phys[m.cpus[0].pc : m.cpus[0].pc + len(code)] = code
    return m


def test_a_budget_is_used_up_exactly(machine: Make) -> None:
    m = machine()
    stop = m.run(123_457)
    assert (stop.reason, stop.icount, m.icount) == (StopReason.BUDGET, 123_457, 123_457)
    assert stop.ns == 123_457  # one instruction takes 1 ns and nothing waited yet


def test_virtual_time_ends_a_run(machine: Make) -> None:
    m = machine()
    stop = m.run(until_ns=1_000_000)
    assert stop.reason is StopReason.TIME
    assert stop.ns == 1_000_000


def test_wall_clock_time_ends_a_run(machine: Make) -> None:
    m = spinning(machine())
    start = time.monotonic()
    stop = m.run(timeout=0.2)
    assert stop.reason is StopReason.TIMEOUT
    assert time.monotonic() - start < 10


def test_the_guests_status_ends_a_run(machine: Make) -> None:
    stop = machine(exec="exit 7").run(2_000_000_000)
    assert (stop.reason, stop.code) == (StopReason.EXIT, 7)


def test_without_the_door_the_guest_switches_the_machine_off(machine: Make) -> None:
    m = machine(exec="exit 7", door=False)
    stop = m.run(2_000_000_000)
    assert stop.reason in (StopReason.POWEROFF, StopReason.EXIT)  # pc has the debug exit, which QEMU has too
    assert m.console.text.endswith("exit: 7\n")


def test_unused_input_time_ends_an_idle_run(machine: Make) -> None:
    stop = machine(input=b"echo hi\n").run(idle_limit=5)
    assert stop.reason is StopReason.IDLE


def test_steps_are_one_instruction_or_one_entry(machine: Make) -> None:
    m = machine()
    m.run(1000)
    for n in range(1001, 1101):
        m.step()
        assert m.icount == n


def test_stepping_up_to_an_address_finds_a_handlers_first_instruction(machine: Make) -> None:
    m, other = machine(exec="true"), machine(exec="true")
    m.run_until(Kind.EXCEPTION, where=m.board.is_syscall, max_insns=10**9)
    event = m.last_event
    other.run(event.icount - 10)
    stop = other.step_until(event.target, 1000)
    assert stop.reason is StopReason.EVENT
    assert (other.cpus[0].pc, other.icount) == (event.target, m.icount)
    assert other.step_until(1, 100).reason is StopReason.BUDGET


def test_another_thread_can_stop_a_run(machine: Make) -> None:
    m = spinning(machine())
    timer = threading.Timer(0.05, m.stop)
    timer.start()
    stop = m.run(timeout=20)
    timer.join()
    assert stop.reason is StopReason.REQUEST


def test_run_until_ends_at_the_event(machine: Make) -> None:
    m = machine(exec="true")
    stop = m.run_until(Kind.EXCEPTION, where=m.board.is_syscall, max_insns=2_000_000_000)
    assert stop.reason is StopReason.EVENT
    assert m.board.is_syscall(m.last_event)
    assert m.run(2_000_000_000).reason is StopReason.EXIT  # and is forgotten afterwards


def test_instruments_get_what_they_want_and_change_nothing(machine: Make) -> None:
    class Watch(Instrument):
        wants = frozenset({Kind.EXCEPTION, Kind.RETURN})

        def __init__(self) -> None:
            self.seen: list[Event] = []
            self.calls: list[str] = []

        def on_start(self) -> None:
            self.calls.append("start")

        def on_events(self, events: object) -> None:
            assert isinstance(events, list)
            self.seen += events

        def on_console(self, data: bytes) -> None:
            self.calls.append("console")

        def on_stop(self, stop: object) -> None:
            self.calls.append("stop")

    watch = Watch()
    m, plain = machine(exec="true", event_hash=True), machine(exec="true", event_hash=True)
    m.watch(watch)
    m.run()
    plain.run()
    assert {e.kind for e in watch.seen} == {Kind.EXCEPTION, Kind.RETURN}
    assert [e.icount for e in watch.seen] == sorted(e.icount for e in watch.seen)
    assert sum(e.kind == Kind.EXCEPTION for e in watch.seen) == sum(m.stats()["exceptions"])
    assert watch.calls[0] == "start"
    assert watch.calls[-1] == "stop"
    assert "console" in watch.calls
    assert m.stats()["event_hash"] == plain.stats()["event_hash"]
    assert m.state_hash() == plain.state_hash()


def test_a_failing_device_ends_the_run_with_its_exception(machine: Make) -> None:
    m = machine()
    m.console.serial.sink = lambda data: 1 // 0
    stop = m.run(100_000_000)
    assert stop.reason is StopReason.DEVICE_ERROR
    assert isinstance(stop.error, ZeroDivisionError)


def test_python_twins_of_the_chips_give_the_same_run(machine: Make) -> None:
    runs = [machine(exec="/test/time", event_hash=True, intc=intc) for intc in ("c", "python")]
    assert [m.run().reason for m in runs] == [StopReason.EXIT] * 2
    assert runs[0].console.output == runs[1].console.output
    assert runs[0].stats()["event_hash"] == runs[1].stats()["event_hash"]


def test_a_closed_machine_says_so(machine: Make) -> None:
    m = machine()
    m.close()
    m.close()
    with pytest.raises(MachineError, match="closed"):
        m.run(1)
    with pytest.raises(MachineError, match="closed"):
        m.snapshot()


def test_a_machine_belongs_to_its_thread(machine: Make) -> None:
    m = machine()
    errors: list[str] = []

    def use() -> None:
        try:
            m.run(1)
        except MachineError as error:
            errors.append(str(error))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert errors == ["a machine was used from a thread that did not make it; make one per thread"]


def test_machines_are_freed_without_close(bundle: object) -> None:
    import gc
    import weakref

    m = Machine(bundle, Options())  # type: ignore[arg-type]
    gone = weakref.ref(m)
    m.run(1000)
    del m
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("arch", "mips"), ("smp", 2), ("memory", 1000), ("memory", 1 << 40), ("seed", -1), ("rtc", -1),
        ("clock", "sundial"), ("intc", "rust"), ("insn_ns", 0),
    ],
)  # fmt: skip
def test_a_bad_option_is_one_line(field: str, value: object) -> None:
    with pytest.raises(OptionError) as error:
        Options(**{field: value})  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
    assert ";" in str(error.value)
