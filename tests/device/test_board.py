# SPDX-License-Identifier: GPL-2.0-or-later
"""A PC's interrupt chips wired together: PIT, PIC, IO-APIC, local APICs, in C and in Python."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Generic, TypeVar

import pytest

from emu.devices.chip import NEVER

from .chipbench import CBench, Entry, PyBench, compiler

B = TypeVar("B", CBench, PyBench)
CPUS = 2
EXTINT = -2
IRQ_TO_PIN = {0: 2}


class Pc(Generic[B]):
    """The wires of a PC. IRQs go to the PIC and to the IO-APIC, the PIC's INTR to LINT0 of the first CPU."""

    def __init__(self, make: type[B]) -> None:
        self.pit: B = make("pit")
        self.pic: B = make("pic")
        self.ioapic: B = make("ioapic")
        self.apic: B = make("apic", CPUS)
        self.chips: Mapping[str, B] = {"pit": self.pit, "pic": self.pic, "ioapic": self.ioapic, "apic": self.apic}
        self.pit.wire(0, self.pic, 0)
        self.pit.wire(0, self.ioapic, IRQ_TO_PIN[0])
        self.pic.wire(0, self.apic, 0)
        for pin in range(24):
            self.ioapic.wire(pin, self.apic, 0)
        self.apic.wire(0, self.ioapic, 0)
        self.collect()

    def collect(self) -> list[tuple[str, list[Entry]]]:
        return [(name, bench.collect()) for name, bench in self.chips.items()]

    def irq(self, number: int, level: bool) -> None:
        self.pic.line(number, level)
        self.ioapic.line(IRQ_TO_PIN.get(number, number), level)

    def ack(self, cpu: int) -> int:
        vector = self.apic.ack(cpu)
        return self.pic.ack() if vector == EXTINT else vector

    def irq_of(self, cpu: int) -> bool:
        self.collect()
        return bool(self.apic.inputs.get((cpu, 0), 0))

    def set_redirection(self, pin: int, entry: int) -> None:
        for half in (1, 0):
            self.ioapic.write(0, 0, 4, 0x10 + 2 * pin + half)
            self.ioapic.write(0, 0x10, 4, entry >> 32 * half & 0xFFFFFFFF)

    def advance(self, ns: int) -> None:
        end = self.apic.now + ns
        while True:
            self.collect()
            due = [(w, name, i) for name, b in self.chips.items() for i, w in b.deadlines.items() if w <= end]
            when, name, index = min(due, default=(NEVER, "", 0))
            self._to(min(max(when, self.apic.now), end))
            if not due:
                return
            del self.chips[name].deadlines[index]
            self.chips[name].fire(index)

    def _to(self, now: int) -> None:
        for bench in self.chips.values():
            bench.now = now
            bench._set_time(now)

    def start(self) -> None:
        """PIC and APICs as an operating system sets them up."""
        for bank, base in ((0, 0x20), (1, 0x28)):
            for offset, value in ((0, 0x11), (1, base), (1, 4 if bank == 0 else 2), (1, 1), (1, 0)):
                self.pic.write(bank, offset, 1, value)
        for cpu in range(CPUS):
            self.apic.write(0, 0xF0, 4, 0x1FF, cpu)
        self.apic.write(0, 0x350, 4, 0x700, 0)


MAKES = [PyBench, pytest.param(CBench, marks=pytest.mark.skipif(compiler() is None, reason="no C compiler (set CC)"))]


@pytest.fixture(params=MAKES, ids=["Python", "C"])
def pc(request: pytest.FixtureRequest) -> Pc[CBench] | Pc[PyBench]:
    machine: Pc[CBench] | Pc[PyBench] = Pc(request.param)
    machine.start()
    return machine


def test_the_timer_reaches_the_cpu_through_the_pic(pc: Pc[CBench]) -> None:
    pc.pit.write(0, 3, 1, 0x34)
    for byte in (0xA9, 0x04):  # 1193: about 1 kHz
        pc.pit.write(0, 0, 1, byte)
    taken = 0
    for _ in range(100):
        pc.advance(100_000)
        if pc.irq_of(0):
            assert pc.ack(0) == 0x20
            pc.pic.write(0, 0, 1, 0x20)
            taken += 1
    assert taken == 10 and not pc.irq_of(0)


def test_a_level_interrupt_comes_again_at_the_eoi_while_its_wire_is_up(pc: Pc[CBench]) -> None:
    pc.pic.write(0, 1, 1, 0xFF)
    pc.set_redirection(9, 1 << 56 | 0x8000 | 0x51)
    pc.irq(9, True)
    assert pc.irq_of(1) and not pc.irq_of(0)
    assert pc.ack(1) == 0x51 and not pc.irq_of(1)
    pc.apic.write(0, 0xB0, 4, 0, 1)  # the broadcast comes back as a message within this write
    assert pc.irq_of(1) and pc.ack(1) == 0x51
    pc.irq(9, False)
    pc.apic.write(0, 0xB0, 4, 0, 1)
    assert not pc.irq_of(1) and pc.ack(1) == -1


def test_an_edge_through_the_io_apic_comes_once(pc: Pc[CBench]) -> None:
    pc.set_redirection(4, 0x41)
    pc.pic.write(0, 1, 1, 0xFF)
    pc.irq(4, True)
    assert pc.ack(0) == 0x41
    pc.apic.write(0, 0xB0, 4, 0, 0)
    assert not pc.irq_of(0)
    pc.irq(4, False)
    pc.irq(4, True)
    assert pc.ack(0) == 0x41


def test_random_traffic_is_the_same_in_c_and_python() -> None:
    if compiler() is None:
        pytest.skip("no C compiler (set CC)")
    r = random.Random(1)
    c, py = Pc(CBench), Pc(PyBench)
    c.start()
    py.start()
    for step in range(4000):
        kind, seed = r.randrange(9), r.getrandbits(64)
        results = []
        for machine in (c, py):
            s = random.Random(seed)
            value: object = None
            cpu = s.randrange(CPUS)
            match kind:
                case 0 | 1:
                    machine.irq(s.choice((1, 4, 8, 9, 12)), s.random() < 0.5)
                case 2:
                    value = machine.ack(cpu)
                case 3:
                    machine.apic.write(0, 0xB0, 4, 0, cpu)
                case 4:
                    machine.pic.write(s.randrange(2), 0, 1, 0x20)
                case 5:
                    entry = s.choice((0, 1, 0xFF)) << 56 | s.choice((0, 0x8000)) | s.choice((0, 0x700, 0x100))
                    machine.set_redirection(
                        s.choice((1, 2, 4, 9)), entry | s.choice((0, 0x10000)) | s.randrange(0x40, 0x90)
                    )
                case 6:
                    machine.advance(s.randrange(2_000_000))
                case 7:
                    machine.pit.write(0, 3, 1, s.choice((0x34, 0x36, 0x30)))
                    machine.pit.write(0, 0, 1, s.randrange(256))
                    machine.pit.write(0, 0, 1, s.randrange(1, 8))
                case _:
                    machine.pic.write(s.randrange(2), 1, 1, s.choice((0, 0, 0xFF, s.randrange(256))))
            results.append((value, machine.collect()))
        assert results[0] == results[1], f"step {step}"
