# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices as a running guest meets them: input by interrupts, lines that misbehave, wrong accesses, the door."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from emu.core import StopReason
from emu.devices.chip import ChipFault
from emu.machine import Machine
from emu.wires.events import Event, Kind
from emu.wires.instrument import Instrument
from tests.guest.hatch import CTRL_D, PROMPT, Guest, finish, without_stamps
from toolchain.compile import find_compiler

Make = Callable[..., Machine]


class Seen(Instrument):
    """Keeps events of some kinds."""

    wants: ClassVar[frozenset[Kind]] = frozenset(
        {Kind.DEVICE_FAULT, Kind.INPUT, Kind.IRQ, Kind.MMIO, Kind.PORT, Kind.UNASSIGNED}
    )

    def __init__(self) -> None:
        self.events: list[Event] = []

    def on_events(self, events: Sequence[Event]) -> None:
        self.events += events

    def of(self, kind: Kind) -> list[Event]:
        """Those of one kind."""
        return [event for event in self.events if event.kind == kind]


# ---- console input ----


def test_input_comes_by_interrupts_and_nothing_is_lost(watched: Guest) -> None:
    boot, m = watched, watched.machine
    seen = Seen()
    m.watch(seen)
    lines = [f"{number:04} " + "abcdefghijklmnopqrstuvwxyz" for number in range(150)]
    typed = "".join(line + "\n" for line in lines)
    boot.type("cat > /tmp/typed\n")
    boot.type(typed)
    boot.type(CTRL_D)
    assert boot.run("cat /tmp/typed") == typed
    delivered = seen.of(Kind.INPUT)
    assert sum(event.a for event in delivered) == len("cat > /tmp/typed\n" + typed + CTRL_D + "cat /tmp/typed\n")
    assert all(1 <= event.a <= 16 for event in delivered), "more at once than the receive FIFO holds"
    assert m.chip_name(delivered[0].code) == "uart0"
    # Nothing but the UART's interrupt wakes this guest, so there is one for each delivery.
    assert len(seen.of(Kind.IRQ)) >= len(typed) // 16


def test_typing_ahead_waits_for_its_reader(boot: Guest) -> None:
    boot.machine.console.send("sleep 0.2; echo first\n")
    boot.wait(0.05)
    boot.press("cat\nsecond\n" + CTRL_D + "echo third\n")
    assert boot.settle() == f"cat\nsecond\necho third\nfirst\n{PROMPT}cat\nsecond\n{PROMPT}echo third\nthird\n{PROMPT}"


# ---- interrupt lines ----


@pytest.mark.parametrize("spacing", [3_000, 20_000])
def test_a_babbling_line_slows_the_guest_and_no_more(boot: Guest, spacing: int) -> None:
    """A device that raises its line again and again without a reason to."""
    m = boot.machine
    line = m.devices["uart0"].irq
    before = m.stats()["irqs"]
    m.console.send("ls /bin; echo done\n")
    m.expect("ls /bin; echo done\r\n", max_insns=1_000_000)
    for _ in range(10_000):
        line.set(True)
        m.run(5)
        line.set(False)
        stop = m.run(spacing)
        if stop.reason is StopReason.IDLE or m.console.text.endswith(f"\ndone\n{PROMPT}"):
            break
    assert m.console.text.endswith(f"\ndone\n{PROMPT}"), stop
    assert m.stats()["irqs"] - before >= 20


@pytest.mark.parametrize("when", ["idle", "busy"])
def test_a_line_stuck_high_ends_by_budget_and_not_in_a_hang(boot: Guest, when: str) -> None:
    """What a guest makes of it is its own affair (level or edge); that we come back at the instruction is ours."""
    m = boot.machine
    if when == "busy":
        m.console.send("hexdump /dev/zero > /dev/null\n")
        boot.wait(0.05)
    m.devices["uart0"].irq.set(True)
    start = m.icount
    budget = 4_000_000
    stop = m.run(budget, timeout=60)
    if stop.reason is StopReason.BUDGET:
        assert m.icount == start + budget
    else:
        assert stop.reason is StopReason.IDLE, stop
    m.devices["uart0"].irq.set(False)
    if when == "busy":
        boot.wait(0.05)
        boot.press("\x03")
    boot.settle()
    assert boot.run("echo alive") == "alive\n"


# ---- accesses that a device does not allow ----


def assemble(arch: str, folder: Path) -> Path:
    """accesses.S as a kernel file: an ELF at the place where each board can load it."""
    tools = find_compiler()
    source, obj, elf = Path(__file__).parent / arch / "accesses.S", folder / "accesses.o", folder / "accesses.elf"
    target = ["-target", f"{arch}-linux-gnu", "-nostdinc"]
    subprocess.run([*tools.clang, *target, "-c", str(source), "-o", str(obj)], check=True)
    base = {"aarch64": 0x4020_0000, "x86_64": 0x10_0000}[arch]
    place = [f"--image-base={base:#x}", f"-Ttext={base + 0x1000:#x}", "-n", "--no-rosegment"]
    subprocess.run([*tools.lld, "-static", *place, "-e", "_start", str(obj), "-o", str(elf)], check=True)
    return elf


@pytest.fixture(scope="module")
def accesses(arch: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield assemble(arch, tmp_path_factory.mktemp(arch))


def test_wrong_accesses_do_what_the_manual_says_and_are_seen(machine: Make, arch: str, accesses: Path) -> None:
    m = machine(accesses, arch=arch)
    seen = Seen()
    m.watch(seen)
    stop = m.run(10_000)
    assert (stop.reason, stop.code) == (StopReason.EXIT, 7), stop
    found = [
        (m.chip_name(event.code >> 8), ChipFault(event.code & 0xFF), event.a, event.c)
        for event in seen.of(Kind.DEVICE_FAULT)[:4]
    ]
    assert found == {
        "aarch64": [
            ("uart0", ChipFault.READ_ONLY, 0x18, 4),
            ("uart0", ChipFault.WRITE_ONLY, 0x44, 4),
            ("uart0", ChipFault.RESERVED, 0x80, 4),
            ("door", ChipFault.SIZE, 0, 1),
        ],
        "x86_64": [
            ("uart0", ChipFault.READ_ONLY, 5, 1),
            ("door", ChipFault.WRITE_ONLY, 8, 4),
            ("uart0", ChipFault.SIZE, 1, 4),
            ("pm", ChipFault.RESERVED, 0xC, 4),
        ],
    }[arch]
    written = seen.of(Kind.DEVICE_FAULT)[0]
    assert written.b == 0x55
    register = {"aarch64": "x5", "x86_64": "rbx"}[arch]
    assert m.cpus[0].regs[register] & 0xFF == {"aarch64": 0x90, "x86_64": 0x60}[arch], "the read-only register changed"


def test_wrong_accesses_are_seen_at_their_instruction(machine: Make, arch: str, accesses: Path) -> None:
    """Also the access to nothing in the middle of a block: however the run is cut, its record is the same."""
    r = random.Random(1)
    cuts: list[Callable[[], int]] = [lambda: 100_000, lambda: r.randint(1, 7), lambda: 1]
    runs = []
    for length in cuts:
        m = machine(accesses, arch=arch, event_hash=True)
        seen = Seen()
        m.watch(seen)
        while (stop := m.run(length())).reason is StopReason.BUDGET:
            pass
        assert (stop.reason, stop.code) == (StopReason.EXIT, 7), stop
        assert len(seen.of(Kind.UNASSIGNED)) == 200 and len(seen.of(Kind.DEVICE_FAULT)) == 204
        runs.append((m.icount, seen.events, m.stats()["event_hash"], m.state_hash()))
    assert runs[0] == runs[1]
    assert runs[0] == runs[2]


# ---- the door ----


def test_the_door_is_a_file_where_it_is_there(machine: Make) -> None:
    m = machine(exec="ls /dev/door; echo exit 9 > /dev/door; echo not reached")
    stop = finish(m)
    assert (stop.reason, stop.code) == (StopReason.EXIT, 9)
    assert without_stamps(m.console.text).splitlines()[1:] == ["/dev/door"]


def test_the_door_takes_tests_and_refuses_the_rest(watched: Guest) -> None:
    boot, m = watched, watched.machine
    seen = Seen()
    m.watch(seen)
    assert boot.run("echo test 3 > /dev/door; echo $?; echo test 0 > /dev/door; cat /dev/door") == "0\n1\n"
    accesses = [*seen.of(Kind.MMIO), *seen.of(Kind.PORT)]
    told = [event.b for event in accesses if m.chip_name(event.code >> 8) == "door" and event.code & 0x80]
    assert told == [3, 0]
    for bad in ("nonsense", "exit", "exit x", "exit 99999999999", "test -1"):
        assert boot.run(f"echo {bad} > /dev/door; echo $?").splitlines()[-1] == "1", bad


def test_without_the_door_there_is_no_such_file(machine: Make) -> None:
    m = machine(exec="ls /dev/door; echo exit 9 > /dev/door; echo reached", door=False)
    stop = finish(m)
    lines = m.console.text.splitlines()
    assert lines[1].startswith("ls: cannot access '/dev/door': No such file or directory")
    assert lines[-2:] == ["reached", "exit: 0"]
    assert stop.reason is StopReason.POWEROFF
