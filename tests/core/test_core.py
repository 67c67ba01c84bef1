# SPDX-License-Identifier: GPL-2.0-or-later
"""The extension's own promises: budgets, stops, devices in Python, bad arguments."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from emu.core import _core
from tests.core import bare
from tests.core.guests import BASE, Guest

ARCHES = ("aarch64", "x86_64")
DEVICE = 0xFE00_0000
NOWHERE = 0xFD00_0000
POINTER = {"aarch64": "x2", "x86_64": "rdx"}
VALUE = {"aarch64": "x1", "x86_64": "rax"}
PC = {"aarch64": "pc", "x86_64": "rip"}
FOREVER = {"aarch64": "00000014", "x86_64": "ebfe"}
# load a word from the pointer, store it behind the pointer, again: ldr w1, [x2]; str w1, [x2, #4]; b .-8
COPY = {"aarch64": "410040b9 410400b9 feffff17", "x86_64": "8b02 894204 ebf9"}
REASONS = {"budget": 1, "idle": 3, "request": 4, "event": 5, "exit": 8, "device error": 10}


class Device:
    """Counts what is done to it and answers with the number of the access."""

    def __init__(self) -> None:
        self.reads: list[tuple[int, int]] = []
        self.writes: list[tuple[int, int, int]] = []
        self.fail: Exception | None = None

    def read(self, bank: int, offset: int, size: int, cpu: int) -> int:
        if self.fail:
            raise self.fail
        self.reads.append((offset, size))
        return len(self.reads)

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int) -> None:
        self.writes.append((offset, size, value))


def small(arch: str, code: str, device: Any = None) -> _core.Core:
    """A machine that runs `code` (hex) with the pointer register at DEVICE."""
    core = _core.Core(arch)
    bare.BOARDS[arch](core)
    if device is not None:
        chip, _ = core.python_chip(device, 8)
        core.window(False, DEVICE, 0x1000, chip, 0)
    core.seal(0)
    core.write_phys(BASE[arch], bytes.fromhex(code))
    bare.start(core, arch, BASE[arch])
    bare.set_reg(core, POINTER[arch], DEVICE)
    return core


@pytest.fixture(params=ARCHES)
def arch(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_budget_is_exact(arch: str) -> None:
    core = small(arch, FOREVER[arch])
    total = 0
    for n in (1, 2, 3, 1000, 1, 999_983):
        assert core.run(n) == (REASONS["budget"], 0)
        total += n
        assert core.icount() == total
        assert core.now() == total


def test_a_time_limit_is_exact(arch: str) -> None:
    core = small(arch, FOREVER[arch])
    assert core.run(1 << 60, 12_345) == (2, 0)
    assert core.now() == 12_345


def test_a_clock_ratio_scales_time(arch: str) -> None:
    core = _core.Core(arch, clock_num=5, clock_den=2)
    bare.BOARDS[arch](core)
    core.seal(0)
    core.write_phys(BASE[arch], bytes.fromhex(FOREVER[arch]))
    bare.start(core, arch, BASE[arch])
    core.run(1000)
    assert core.now() == 2500


def test_device_accesses_arrive_once_each_in_order(arch: str) -> None:
    device = Device()
    core = small(arch, COPY[arch], device)
    core.run(3 * 50)
    assert device.reads == [(0, 4)] * 50
    assert device.writes == [(4, 4, n) for n in range(1, 51)]


def test_an_exception_in_a_device_ends_the_run_and_is_kept(arch: str) -> None:
    device = Device()
    core = small(arch, COPY[arch], device)
    core.run(30)
    device.fail = RuntimeError("broken")
    assert core.run(1000)[0] == REASONS["device error"]
    error = core.take_error()
    assert isinstance(error, RuntimeError) and str(error) == "broken"
    assert core.take_error() is None
    device.fail = None
    assert core.run(30) == (REASONS["budget"], 0)


def test_a_device_may_end_the_run_at_the_next_instruction(arch: str) -> None:
    device = Device()
    core = small(arch, COPY[arch], device)

    def read(bank: int, offset: int, size: int, cpu: int) -> int:
        core.end(8, 42)
        return 7

    ending = Device()
    ending.read = read  # type: ignore[method-assign]
    core = small(arch, COPY[arch], ending)
    assert core.run(1000) == (REASONS["exit"], 42)
    assert core.icount() == 1
    assert core.get_reg(0, VALUE[arch]) == 7


def test_an_access_to_nothing_is_an_event_and_the_architectures_answer(arch: str) -> None:
    core = small(arch, COPY[arch])
    records = bytearray()
    core.on_events = records.extend
    core.observe(1 << 6, 0, 1 << 1, 16)
    bare.set_reg(core, POINTER[arch], NOWHERE)
    reason, _ = core.run(2)
    core.observe(0, 0, 0, 0)
    if arch == "aarch64":
        assert reason == REASONS["event"]  # a synchronous external abort, not on a walk
        assert core.get_reg(0, "esr_el1") == 0x25 << 26 | 1 << 25 | 0x10
        assert core.get_reg(0, "far_el1") == NOWHERE
    else:
        assert reason == REASONS["budget"]
        assert core.get_reg(0, "rax") == 0xFFFF_FFFF
    assert records[8] == 6


def test_stop_from_another_thread(arch: str) -> None:
    core = small(arch, FOREVER[arch])
    timer = threading.Timer(0.1, core.stop)
    timer.start()
    started = time.monotonic()
    assert core.run()[0] == REASONS["request"]
    assert time.monotonic() - started < 5
    assert core.run(10) == (REASONS["budget"], 0)


def test_another_thread_cannot_touch_a_running_machine(arch: str) -> None:
    core = small(arch, FOREVER[arch])
    seen: list[Exception] = []

    def poke() -> None:
        time.sleep(0.05)
        try:
            core.get_reg(0, PC[arch])
        except ValueError as error:
            seen.append(error)
        core.stop()

    thread = threading.Thread(target=poke)
    thread.start()
    core.run()
    thread.join()
    assert len(seen) == 1


def test_ctrl_c_is_a_keyboard_interrupt(arch: str) -> None:
    core = small(arch, FOREVER[arch])
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        core.run()
    assert core.run(10) == (REASONS["budget"], 0)


def test_a_callback_cannot_run_the_machine(arch: str) -> None:
    device = Device()
    core = small(arch, COPY[arch], device)
    caught: list[str] = []

    def write(bank: int, offset: int, size: int, value: int, cpu: int) -> None:
        for call in (core.run, core.step, core.snapshot):
            try:
                call()
            except ValueError as error:
                caught.append(str(error))

    recursive = Device()
    recursive.write = write  # type: ignore[method-assign]
    core = small(arch, COPY[arch], recursive)
    core.run(3)
    assert caught == ["the machine is running"] * 3


def _bad_calls(core: _core.Core) -> Iterator[Any]:
    big = 1 << 64
    yield lambda: core.run(-1)
    yield lambda: core.run(big)
    yield lambda: core.ram(0, 4096)
    yield lambda: core.seal(0)
    yield lambda: core.read_phys(0xFFFF_FFFF_FFFF_F000, 16)
    yield lambda: core.read_phys(0, 1 << 50)
    yield lambda: core.read_phys(0, -1)
    yield lambda: core.write_phys(0xFFFF_FFFF_FFFF_FFFF, b"ab")
    yield lambda: core.get_reg(9, "pc")
    yield lambda: core.get_reg(0, "no such register")
    yield lambda: core.set_reg(0, "pc", b"x" * 17)
    yield lambda: core.set_line(63, 0, True)
    yield lambda: core.timer(63, 0, 0)
    yield lambda: core.chip_read(63, 0, 0, 4, 0)
    yield lambda: core.chip_read(0, 0, 0, 3, 0)
    yield lambda: core.chip_write(0, 0, 0, 4, 0, 99)
    yield lambda: core.cpu_input(0, 77, 1)
    yield lambda: core.event(99, 0)
    yield lambda: core.walk(0, 0, 3, 0)
    yield lambda: core.tlb(8)
    yield lambda: core.restore(object())
    yield lambda: core.observe(0, 0, 0, 1 << 30)
    yield lambda: _core.Core("mips")
    yield lambda: _core.Core("aarch64", ncpu=9)
    yield lambda: _core.Core("aarch64", clock_den=0)
    yield lambda: _core.Core("aarch64").run(1)
    yield lambda: _core.walk_batch("aarch64", b"x" * 999, bytearray(8), 0, b"")
    yield lambda: _core.walk_batch("aarch64", b"", bytearray(8), 0, b"x")


def test_bad_arguments_are_python_exceptions(arch: str) -> None:
    core = small(arch, FOREVER[arch])
    for call in _bad_calls(core):
        with pytest.raises((ValueError, KeyError, IndexError, TypeError, OverflowError)):
            call()
    assert core.run(10) == (REASONS["budget"], 0)


def test_building_refuses_what_does_not_fit_together(arch: str) -> None:
    core = _core.Core(arch)
    core.ram(0x1000_0000, 1 << 20)
    for base, size in ((0x1000_0000, 4096), (0, 4096), (0x2000_0001, 4096), (0x2000_0000, 100), (1 << 41, 4096)):
        with pytest.raises(ValueError):
            core.ram(base, size)
    chip, view = core.python_chip(Device(), 24)
    assert len(view) == 24 and not any(view)
    core.window(False, 0x2000_0000, 0x1000, chip, 0)
    for base in (0x2000_0000, 0x1FFF_F001, 0x2000_0FFF, 0x1000_0000):
        with pytest.raises(ValueError):
            core.window(False, base, 0x1000, chip, 0)
    with pytest.raises(ValueError):
        core.window(True, 0xFFFF, 2, chip, 0)
    with pytest.raises(ValueError):
        core.wire(0, 0, 5, 0)
    with pytest.raises(AttributeError):
        core.python_chip(object(), 8)


def test_snapshots_of_another_machine_are_refused(arch: str) -> None:
    one, other = small(arch, FOREVER[arch]), small(arch, FOREVER[arch])
    with pytest.raises(ValueError, match="not a snapshot of this machine"):
        other.restore(one.snapshot())


def test_the_same_guest_on_the_same_seed_draws_the_same_numbers() -> None:
    guest = Guest("aarch64", BASE["aarch64"], bytes.fromhex(FOREVER["aarch64"]), BASE["aarch64"], {})
    assert bare.summary(bare.machine(guest)) == bare.summary(bare.machine(guest))
