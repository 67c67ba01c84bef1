# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices: what the transcripts do not say, and that all of them keep their state where it belongs."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from emu.devices.chip import ChipFault
from emu.devices.console import Console
from emu.devices.device import Device, Register, State
from emu.devices.door import DOOR_ID, Door
from emu.devices.fw_cfg import FwCfgMmio, FwCfgPorts
from emu.devices.power_pc import I8042, AcpiPm, DebugExit, Port92, ResetControl
from emu.devices.power_psci import Psci
from emu.devices.rtc_cmos import CmosRtc, pc_nvram
from emu.devices.rtc_pl031 import Pl031
from emu.devices.uart_16550 import Uart16550
from emu.devices.uart_pl011 import Pl011
from emu.wires.bus import Bus
from emu.wires.clock import TestClock
from emu.wires.irq import Line

ALL: tuple[Callable[[], Device], ...] = (
    Pl011, Uart16550, Pl031, CmosRtc, Psci, I8042, Port92, ResetControl, AcpiPm, DebugExit, FwCfgMmio, FwCfgPorts, Door,
)  # fmt: skip


class Ram:
    def __init__(self) -> None:
        self.bytes = bytearray(4096)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.bytes[address : address + size])

    def write(self, address: int, data: bytes) -> None:
        self.bytes[address : address + len(data)] = data


@pytest.mark.parametrize("make", ALL)
def test_a_device_goes_on_from_its_bytes(make: Callable[[], Device]) -> None:
    """Any accesses whatever: no exception, and a restored state behaves as the first time."""
    device = make()
    assert isinstance(device.clock, TestClock)
    r = random.Random(type(device).__name__)
    spots = [reg.offset + d for reg in device.registers for d in (0, 0, 0, 0, 1, 4)] + [0x7F]

    def some(n: int, seed: int) -> list[int]:
        s, seen = random.Random(seed), []
        for _ in range(n):
            spot, size = s.choice(spots), s.choice((1, 2, 4, 4, 8))
            if s.random() < 0.5:
                device.write(spot, size, s.getrandbits(8 * size) if s.random() < 0.5 else s.randrange(256))
            seen.append(device.read(spot, size))
        return seen

    for _ in range(20):
        some(20, r.getrandbits(32))
        saved, seed = device.state(), r.getrandbits(32)
        first = some(30, seed)
        after = device.state()
        device.load(saved)
        assert some(30, seed) == first
        assert device.state() == after


@pytest.mark.parametrize("make", ALL)
def test_nothing_a_guest_does_to_a_device_raises(make: Callable[[], Device]) -> None:
    for seed in range(4):
        r = random.Random(seed)
        device = make()
        assert isinstance(device.clock, TestClock)
        spots = [reg.offset + d for reg in device.registers for d in (0, 0, 0, 0, 1, 4)] + [0x7F]
        for _ in range(400):
            spot, size = r.choice(spots), r.choice((1, 1, 2, 4, 8))
            match r.randrange(8):
                case 0 | 1 | 2:
                    device.write(spot, size, r.choice((r.getrandbits(8 * size), r.randrange(16))))
                case 3 | 4 | 5:
                    assert 0 <= device.read(spot, size) < 1 << 8 * size
                case 6:
                    device.clock.advance(r.choice((1, 1000, 10**6, 10**9, r.randrange(10**11))))
                case _ if isinstance(device, Pl011 | Uart16550):
                    device.console.send(r.randbytes(r.randrange(20)))
                    device.feed()


@pytest.mark.parametrize("make", ALL)
def test_a_device_keeps_no_state_outside_its_buffer(make: Callable[[], Device]) -> None:
    device = make()
    with pytest.raises(AttributeError, match="declare it"):
        device.extra = 1
    buffer = memoryview(bytearray(type(device).state_size + 8))
    device.attach(buffer)
    assert device.state() == bytes(buffer[: type(device).state_size])
    assert all(isinstance(line, str) for line in device.dump())


class Thing(Device):
    CR = Register(0x0, fields=("EN 0", "MODE 3:1"), writable=0xF)
    SR = Register(0x4, "W1C", reset=0xFF)
    ID = Register(0x8, "RO", reset=(1, 2))
    GO = Register(0x10, "WO")
    hidden = State(reset=7)

    def interrupt(self) -> bool:
        return bool(self.CR & 1)


def test_one_declaration_serves_dispatch_trace_and_snapshot() -> None:
    faults: list[tuple[ChipFault, int, int, int]] = []
    levels: list[bool] = []
    thing = Thing(Line("", levels.append), faults=lambda *f: faults.append(f))
    thing.write(0, 4, 0xFFFF)
    assert thing.read(0, 4) == 0xF and levels == [False, True]
    thing.write(4, 4, 0x0F)
    assert thing.read(4, 4) == 0xF0
    assert [thing.read(8, 4), thing.read(12, 4)] == [1, 2]
    assert Thing.describe(0, 5) == "CR=0x5 (EN=1 MODE=2)" and Thing.describe(12, 2).startswith("ID[1]=0x2")
    assert faults == []
    for access in (lambda: thing.write(8, 4, 1), lambda: thing.read(0x10, 4), lambda: thing.read(0x20, 4),
                   lambda: thing.read(0, 8), lambda: thing.write(2, 2, 5)):  # fmt: skip
        access()
    assert [f[0].name for f in faults] == ["READ_ONLY", "WRITE_ONLY", "RESERVED", "SIZE", "SIZE"]
    assert thing.hidden == 7
    thing.reset()
    assert thing.read(0, 4) == 0 and levels[-1] is False


def test_two_registers_at_one_place_are_refused() -> None:
    with pytest.raises(TypeError, match="share offset"):
        type("Bad", (Device,), {"A": Register(0), "B": Register(0)})


def test_console_input_waits_for_the_guest() -> None:
    console = Console()
    taken: list[bytes] = []
    console.on_input = taken.append
    uart = Pl011(console)
    console.send(b"0123456789abcdefXYZ")
    assert console.pending == 19 and taken == []
    uart.write(0x2C, 4, 0x70)
    assert uart.read(0x18, 4) == 0xC0 and taken == [b"0123456789abcdef"]
    assert not uart.feed()
    assert bytes(uart.read(0, 4) for _ in range(19)) == b"0123456789abcdefXYZ"


class Cpus:
    def __init__(self) -> None:
        self.started: list[tuple[int, int, int]] = []
        self.running = {0}

    def find(self, affinity: int) -> int | None:
        return affinity if affinity < 2 else None

    def is_on(self, cpu: int) -> bool:
        return cpu in self.running

    def on(self, cpu: int, entry: int, context: int) -> None:
        self.started.append((cpu, entry, context))
        self.running.add(cpu)

    def off(self, cpu: int) -> None:
        self.running.discard(cpu)

    def suspend(self, cpu: int) -> None: ...

    def fetchable(self, address: int) -> bool:
        return address >= 0x40000000


def test_psci_answers_as_den_0022_says() -> None:
    cpus = Cpus()
    power: list[str] = []
    psci = Psci(cpus, power.append)

    def call(*x: int, smc: int = 0) -> int | None:
        for i, value in enumerate(x):
            psci.write(8 * i, 8, value)
        psci.write(0x20, 8, smc)
        if not psci.read(0x28, 8):
            return None
        value = psci.read(0, 8)
        return value - 2**64 if value >> 63 else value

    assert call(0x84000000) == 0x10001
    assert call(0x84000000, smc=1) is None
    assert call(0x8400000A, 0xC4000003) == 0 and call(0x8400000A, 0x84000013) == -1
    assert call(0xC4000003, 1, 0x1000, 5) == -9
    assert call(0xC4000003, 7, 0x40000000, 5) == -2
    assert call(0xC4000004, 1, 0) == 1
    assert call(0xC4000003, 1, 0x40080000, 5) == 0 and cpus.started == [(1, 0x40080000, 5)]
    assert call(0xC4000003, 1, 0x40080000, 5) == -4
    assert call(0xC4000004, 1, 0) == 0
    psci.cpu = 1
    call(0x84000002)
    assert cpus.running == {0}
    # As QEMU 7.2 answered a guest on virt with two CPUs, the second one off: function, x1, x2, x0.
    cpus.running = {0}
    for function, x1, x2, expected in (
        (0x80000000, 0, 0, -1), (0x8400000A, 0x80000000, 0, -1), (0x8400000A, 0xC4000000, 0, -1),
        (0x8400000A, 0x84000003, 0, 0), (0x8400000A, 0xC4000004, 0, 0), (0x8400000A, 0xC4000001, 0, 0),
        (0x8400000A, 0x84000005, 0, -1), (0x8400000A, 0x84000007, 0, -1), (0x8400000A, 0x8400000A, 0, 0),
        (0x8400000A, 0x8400000B, 0, -1), (0x8400000A, 0x84000014, 0, -1), (0x84000005, 0, 0, -1),
        (0x84000006, 0, 0, 2), (0x84000004, 0, 0, 0), (0xC4000004, 0, 1, 0), (0xC4000004, 1, 0, 1),
        (0xC4000004, 7, 0, -2), (0xC4000004, 0x80000000, 0, -2), (0xC4000004, 1 << 32, 0, -2),
        (0xC4000003, 0, 0x40080000, -4), (0xC4000003, 5, 0x40080000, -2), (0xC4000003, 0x80000001, 0x40080000, -2),
        (0xC4000003, 1, 0x40080001, -2), (0x84000003, 0, 0x40080000, -4), (0x12345678, 0, 0, -1),
        (0xC4000099, 0, 0, -1), (0xC4000006, 0, 0, -1),
    ):  # fmt: skip
        assert call(function, x1, x2, 0) == expected, hex(function)
    call(0x84000009)
    call(0x84000008)
    assert power == ["reset", "off"]


def test_a_pc_is_reset_and_switched_off_in_each_of_its_ways() -> None:
    power: list[str] = []
    I8042(power.append).write(4, 1, 0xFE)
    keyboard = I8042(power.append)
    keyboard.write(4, 1, 0xD1)
    keyboard.write(0, 1, 0xCE)
    port = Port92(power.append)
    port.write(0, 1, 2)
    port.write(0, 1, 3)
    ResetControl(power.append).write(0, 1, 6)
    assert power == ["reset"] * 4
    pm = AcpiPm(power.append)
    pm.write(4, 2, 0x3401)
    assert len(power) == 4
    pm.write(4, 2, 0x2001)
    assert power[4:] == ["off"]
    status: list[int] = []
    DebugExit(status.append).write(0, 4, 0x10)
    assert status == [0x21]


def test_keyboard_and_mouse_answers_raise_their_own_lines() -> None:
    irq1, irq12 = Line(), Line()
    kbd = I8042(irq=irq1, aux_irq=irq12)
    kbd.write(0, 1, 0xF4)
    assert (irq1.level, irq12.level) == (True, False)
    assert kbd.read(0, 1) == 0xFA
    assert (irq1.level, irq12.level) == (False, False)
    kbd.write(4, 1, 0xD4)
    kbd.write(0, 1, 0xF4)
    assert (irq1.level, irq12.level) == (False, True)
    assert kbd.read(4, 1) & 0x21 == 0x21


def test_fw_cfg_gives_signature_files_and_dma() -> None:
    ram = Ram()
    device = FwCfgMmio(ram=2**29, ncpu=2, files={"etc/b": b"two", "etc/a": b"one1"}, memory=ram)
    assert device.read(0, 4).to_bytes(4, "little") == b"QEMU"
    device.write(8, 2, 0x1900)  # key 19h, big-endian
    assert device.read(0, 4) == 0x02000000 and device.read(0, 4) == 0x04000000
    assert device.read(0x10, 8).to_bytes(8, "little") == b"QEMU CFG"
    ram.write(0, (0x21 << 16 | 8 | 2).to_bytes(4, "big") + (3).to_bytes(4, "big") + (64).to_bytes(8, "big"))
    device.write(0x10, 8, 0)
    assert ram.read(64, 4) == b"two\0" and ram.read(0, 4) == bytes(4)
    ports = FwCfgPorts(ram=2**29)
    ports.write(0, 2, 3)
    assert bytes(ports.read(1, 1) for _ in range(9)) == (2**29).to_bytes(8, "little") + b"\0"


def test_the_door_says_who_it_is_and_lets_out() -> None:
    left: list[int] = []
    door = Door(0x0B010000, left.append)
    assert door.read(0, 4) == DOOR_ID and door.read(0x10, 4) == 0x0B010000 and door.read(0x18, 4) == 65536
    door.write(8, 4, 3)
    assert left == [3]


def test_cmos_tells_the_memory_as_qemu_does() -> None:
    bytes_ = pc_nvram(512 << 20)
    assert [bytes_[i] for i in (0x15, 0x16, 0x17, 0x18, 0x34, 0x35)] == [0x80, 0x02, 0xFF, 0xFF, 0x00, 0x1F]


def test_devices_on_a_bus() -> None:
    lost: list[tuple[int, int, int | None]] = []
    bus = Bus("test", lambda *a: lost.append(a))
    uart = Pl011()
    bus.insert(0x09000000, 0x1000, uart, "uart")
    with pytest.raises(ValueError, match=r"rtc at 0x9000800-.* overlaps uart"):
        bus.insert(0x09000800, 0x1000, Pl031(), "rtc")
    bus.write(0x09000000, 4, ord("x"))
    assert bytes(uart.console.output) == b"x"
    assert bus.read(0x09001000, 4) == 0xFFFFFFFF and bus.read(0x09000FFE, 4) == 0xFFFFFFFF
    outer = Bus()
    outer.insert(0x100000000, 0x100000000, bus)
    assert outer.read(0x109000018, 4) == 0x90
    assert lost == [(0x09001000, 4, None), (0x09000FFE, 4, None)]
