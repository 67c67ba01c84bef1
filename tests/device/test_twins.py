# SPDX-License-Identifier: GPL-2.0-or-later
"""C chips and their Python twins do the same, service for service, on seeded random operations."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from .chipbench import CBench, PyBench

Operation = tuple[str, tuple[int, ...]]
Maker = Callable[[random.Random, int], Operation]

QUICK, HEAVY = 4000, 60_000


def _odd(r: random.Random, op: Operation, share: float = 0.01) -> Operation:
    """Now and then an access of another size or at another place."""
    if op[0] in ("read", "write") and r.random() < share:
        bank, offset, _, *rest = op[1]
        return op[0], (bank, offset + r.choice((0, 1, 2, 3, 4)), r.choice((1, 2, 4, 8)), *rest)
    return op


def gicv2(r: random.Random, ncpu: int) -> Operation:
    cpu = r.randrange(ncpu)
    # Few IDs, so that they meet; one of the last word as well.
    n = r.choice((0, 1, 5, 15, 16, 27, 30, 31, 32, 33, 34, 40, 63, 64, 79, 287))
    match r.randrange(14):
        case 0 | 1 | 2:
            line = 1024 + 32 * cpu + n if 16 <= n < 32 else n
            return "line", (line, r.randrange(2))
        case 3 | 4:
            return "read", (1, r.choice((0x0C, 0x0C, 0x0C, 0x20)), 4, cpu)
        case 5 | 6:
            source = r.randrange(ncpu) << 10 if n < 16 else 0
            return "write", (1, r.choice((0x10, 0x10, 0x10, 0x24, 0x1000)), 4, n | source, cpu)
        case 7:
            offset = r.choice((0x80, 0x100, 0x100, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380)) + n // 32 * 4
            return "write", (0, offset, 4, r.choice((1 << n % 32, r.getrandbits(32))), cpu)
        case 8:
            return "write", (0, 0x400 + n, 1, r.choice((0, 0x10, 0x20, 0x55, 0xA0, 0xA8, 0xFF)), cpu)
        case 9:
            return "write", (0, 0x800 + n, 1, r.getrandbits(8), cpu)
        case 10:
            return "write", (0, 0xF00, 4, r.getrandbits(2) << 24 | r.getrandbits(8) << 16 | r.getrandbits(2), cpu)
        case 11:
            value = {0: r.choice((1, 3, 3, 0x21F, 3, 2, 7, 0xF)), 4: r.choice((0xFF, 0xF0, 0x50)), 8: r.randrange(8)}
            offset = r.choice((0, 4, 4, 8))
            return "write", (1, offset, 4, value[offset], cpu)
        case 12:
            if r.random() < 0.5:
                return "write", (0, 0, 4, r.choice((3, 3, 3, 1, 0)), cpu)
            other = r.choice((0xC00, 0xC04, 0xC08, 0xF10, 0xF24, 0x1C, 0xD0, 0xE0, 4, 0x30, 0xFE8))
            return "write", (int(other in (0x1C, 0xD0, 0xE0)), other, 4, r.getrandbits(32), cpu)
        case _:
            bank = r.randrange(2)
            offset = r.randrange(0, 0x100 if bank else 0x1000, 4)
            return "read", (bank, offset, 4, cpu)


def timer(r: random.Random, ncpu: int) -> Operation:
    cpu = r.randrange(ncpu)
    offset = r.randrange(0, 96, 8)
    if r.random() < 0.3:
        return "advance", (r.choice((1, 15, 16, 17, 1000, 65536, 10**9)),)
    if r.random() < 0.4:
        return "read", (0, offset, 8, cpu)
    near = r.choice((0, 1, 100, 2**32 - 5, 2**31, 2**63, 2**64 - 1, 2**64 - 70, r.getrandbits(64), r.getrandbits(12)))
    return "write", (0, offset, 8, r.choice((0, 1, 1, 3)) if offset in (0, 24) else near, cpu)


def apic(r: random.Random, ncpu: int) -> Operation:
    cpu = r.randrange(ncpu)
    vector = r.choice((3, 15, 16, 0x20, 0x21, 0x30, 0x31, 0x40, 0x80, 0xF0, 0xFF))
    level = r.choice((0, 0, 0x8000, 0xC000, 0x4000))
    destination = r.choice((0, 1, 2, 3, 0x11, 0x12, 0xF3, 0xFF))
    match r.randrange(16):
        case 0 | 1:
            mode = r.choice((0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7)) << 8
            return "message", (destination << 56 | r.getrandbits(1) << 11 | mode | vector | level,)
        case 2 | 3 | 4:
            return "ack", (cpu,)
        case 5 | 6:
            return "write", (0, 0x0B0, 4, 0, cpu)
        case 7:
            mode = r.choice((0, 0, 0, 1, 2, 4, 5, 6, 7)) << 8
            shorthand = r.randrange(4) << 18
            return "write", (0, 0x300, 4, shorthand | r.getrandbits(1) << 11 | mode | level | vector, cpu)
        case 8:
            if r.random() < 0.5:
                return "write", (0, 0x310, 4, destination << 24, cpu)
            return "write", (0, 0x0D0, 4, r.choice((1, 2, 0x11, 0x12, 0x21)) << 24, cpu)
        case 9:
            mode = r.choice((0, 0, 0, 2, 4, 5, 7)) << 8
            masked = r.choice((0, 0, 0, 0x10000)) | r.choice((0, 0, 0x20000))
            return "write", (0, 0x320 + 16 * r.randrange(6), 4, masked | mode | level | vector, cpu)
        case 10:
            return "line", (r.randrange(2 * ncpu), r.randrange(2))
        case 11:
            if r.random() < 0.4:
                return "write", (0, 0x3E0, 4, r.getrandbits(4), cpu)
            return "write", (0, 0x380, 4, r.choice((0, 1, 10, 1000, 100000, 0xFFFFFFFF)), cpu)
        case 12:
            return "advance", (r.choice((1, 7, 100, 1000, 12345)),)
        case 13:
            values = {
                0x0F0: r.choice((0x1FF, 0x1FF, 0x1FF, 0xFF)),
                0x080: r.choice((0, 0, 0x20, 0x31, 0x43, 0x85)),
                0x0E0: r.choice((0xFFFFFFFF, 0x0FFFFFFF)),
                0x020: r.randrange(4) << 24,
            }
            offset = r.choice((0x0F0, 0x0F0, 0x0F0, 0x080, 0x280, 0x0E0, 0x020, 0x3F0, 0x030))
            return "write", (0, offset, 4, values.get(offset, 1), cpu)
        case 14:
            kind = r.randrange(20)
            if kind == 0:
                return "base_write", (cpu, r.choice((0xFEE00000, 0xFEE00900, 0xFEE00C00, 0x12345000, 1 << 60)))
            if kind < 6:
                return "base_write", (cpu, 0xFEE00800)
            if kind < 12:
                return "cr8_write", (cpu, r.getrandbits(3))
            return r.choice((("cr8", (cpu,)), ("base", (cpu,))))
        case _:
            return "read", (0, r.randrange(0, 0x400, 16), 4, cpu)


def ioapic(r: random.Random, ncpu: int) -> Operation:
    match r.randrange(8):
        case 0 | 1 | 2:
            return "line", (r.choice((0, 1, 2, 5, 23, 24)), r.randrange(2))
        case 3:
            entries = [0x10 + 2 * pin + high for pin in (0, 1, 2, 5, 23) for high in (0, 1)]
            return "write", (0, 0, 4, r.choice((0, 1, 2, 0x0F, 0x40, *entries)))
        case 4 | 5:
            value = r.choice((0x30, 0x31, 0x831)) | r.choice((0, 0x8000, 0xA000)) | r.getrandbits(3) << 8
            value |= r.choice((0, 0, 0x10000))
            return "write", (0, 0x10, 4, r.choice((value, value, r.getrandbits(32))))
        case 6:
            return r.choice((("write", (0, 0x40, 4, 0x30)), ("write", (0, 0x40, 4, 0x31)), ("eoi", (0x31,))))
        case _:
            return "read", (0, r.choice((0, 0x10, 0x10, 0x10, 0x40, 0x20)), 4)


def pic(r: random.Random, ncpu: int) -> Operation:
    bank = r.randrange(2)
    match r.randrange(12):
        case 0 | 1 | 2 | 3:
            return "line", (r.randrange(17), r.randrange(2))
        case 4 | 5:
            return "ack", (0,)
        case 6 | 7:
            with_level = r.choice((0x60, 0xE0, 0xC0)) + r.randrange(8)
            return "write", (bank, 0, 1, r.choice((0x20, 0x20, 0x20, 0xA0, with_level, with_level, 0x80, 0x00, 0x40)))
        case 8:
            return "write", (bank, 0, 1, 0x08 | r.getrandbits(3) | r.choice((0, 0, 0x40, 0x60)))
        case 9:
            return "write", (bank, 1, 1, r.choice((0, 0, 0, r.getrandbits(8))))
        case 10:
            if r.random() < 0.3:
                return "write", (2, r.randrange(2), 1, r.getrandbits(8))
            if r.random() < 0.3:
                return "write", (bank, 0, 1, 0x10 | r.choice((1, 1, 1, 0, 3)))
            return "write", (bank, 1, 1, r.choice((0, 1, 3, 0x11, 0x20)))
        case _:
            return "read", (r.randrange(3), r.randrange(2), 1)


def pit(r: random.Random, ncpu: int) -> Operation:
    match r.randrange(8):
        case 0 | 1:
            few = r.choice((1, 100, 838, 839, 840, 1677, 5000))
            if r.random() < 0.002:
                return "advance", (r.choice((2_000_000, 54_925_439)),)
            return "advance", (r.choice((few, few, few, few * 37, 123456)),)
        case 2:
            both = r.randrange(3) << 6 | 0x30 | r.getrandbits(4)
            return "write", (0, 3, 1, r.choice((r.getrandbits(8), both, 0xC2 | r.getrandbits(6))))
        case 3 | 4:
            return "write", (0, r.randrange(3), 1, r.choice((0, 0, 1, 2, 3, 5, 9, 0x10, r.getrandbits(8))))
        case 5:
            return "write", (1, 0, 1, r.getrandbits(2))
        case 6:
            return "read", (1, 0, 1)
        case _:
            return "read", (0, r.randrange(4), 1)


MAKERS: dict[str, tuple[Maker, int]] = {
    "gicv2": (gicv2, 3),
    "timer": (timer, 2),
    "apic": (apic, 3),
    "ioapic": (ioapic, 1),
    "pic": (pic, 1),
    "pit": (pit, 1),
}
"""Operations for a chip, and with how many CPUs it is tried besides one."""


def perform(bench: CBench | PyBench, op: Operation) -> object:
    name, arguments = op
    match name:
        case "read":
            result: object = bench.read(*arguments)
        case "write":
            result = bench.write(*arguments)
        case "line":
            result = bench.line(arguments[0], bool(arguments[1]))
        case "ack":
            result = bench.ack(*arguments)
        case "advance":
            return bench.advance(bench.now + arguments[0])
        case _:
            result = bench.call(name, *arguments)
    return result, bench.collect()


def compare(name: str, seed: int, count: int, ncpu: int) -> None:
    r = random.Random(f"{name} {seed}")
    c, py = CBench(name, ncpu), PyBench(name, ncpu)
    assert c.collect() == py.collect(), "reset"
    history: list[Operation] = []
    for step in range(count):
        op = _odd(r, MAKERS[name][0](r, ncpu))
        history.append(op)
        expected, got = perform(py, op), perform(c, op)
        assert got == expected, f"{name} seed {seed} step {step}, C != Python after {history[-12:]}"


@pytest.mark.parametrize("name", MAKERS)
def test_c_chip_agrees_with_its_python_twin(name: str) -> None:
    for ncpu in {1, MAKERS[name][1]}:
        compare(name, 1, QUICK, ncpu)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("name", MAKERS)
def test_c_chip_agrees_with_its_python_twin_for_long(name: str, seed: int) -> None:
    compare(name, seed, HEAVY, MAKERS[name][1])


@pytest.mark.parametrize("name", MAKERS)
def test_a_c_chip_goes_on_from_its_bytes(name: str) -> None:
    """A copy of the bytes is a snapshot; equal histories are equal bytes, so that they can be hashed."""
    r, ncpu = random.Random(f"{name} bytes"), MAKERS[name][1]
    first, second, copy = CBench(name, ncpu), CBench(name, ncpu), CBench(name, ncpu)
    for _ in range(400):
        op = MAKERS[name][0](r, ncpu)
        assert perform(first, op) == perform(second, op)
    assert first.state() == second.state()
    copy.load(first.state())
    copy.collect()
    copy.deadlines = dict(first.deadlines)
    copy.advance_to(first.now)
    for _ in range(400):
        op = MAKERS[name][0](r, ncpu)
        assert perform(first, op) == perform(copy, op)
    assert first.state() == copy.state()


@pytest.mark.parametrize("name", MAKERS)
def test_looking_at_a_saved_state_and_restoring_it_changes_nothing(name: str) -> None:
    r = random.Random(name)
    ncpu = MAKERS[name][1]
    bench = PyBench(name, ncpu)
    for _ in range(200):
        perform(bench, MAKERS[name][0](r, ncpu))
    saved = bench.state()
    bench.reset()
    bench.twin.load(saved)
    assert bench.state() == saved
