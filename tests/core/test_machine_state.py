# SPDX-License-Identifier: GPL-2.0-or-later
"""Looking at a machine and putting it back: memory, registers, translation, snapshots."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emu import Kind, Machine, MachineError, StopReason
from emu.arch.walk import Privilege

Make = Callable[..., Machine]


def in_user_code(m: Machine) -> None:
    """Run to the start of a system call that user code made."""
    assert m.run_until(Kind.EXCEPTION, where=m.board.is_syscall, max_insns=10**9).reason is StopReason.EVENT


def test_physical_memory_is_bytes(machine: Make) -> None:
    m = machine()
    base = m.board.ram.base + 0x300000
    m.memory.phys[base : base + 4] = b"abcd"
    assert m.memory.phys[base + 1 : base + 3] == b"bc"
    assert m.memory.phys[base] == b"a"
    with pytest.raises(IndexError):
        m.memory.phys[m.board.ram.end - 2 : m.board.ram.end + 2]
    with pytest.raises(ValueError, match="3 bytes"):
        m.memory.phys[base : base + 4] = b"abc"
    with pytest.raises(IndexError):
        m.memory.phys[base : base + 8 : 2]


def test_virtual_memory_is_what_the_kernel_sees(machine: Make) -> None:
    m = machine(exec="true")
    in_user_code(m)
    code = m.memory.virt()[m.cpus[0].pc : m.cpus[0].pc + 8]
    walk = m.translate(m.cpus[0].pc)
    assert walk.ok
    assert m.memory.phys[walk.pa : walk.pa + 8] == code
    with pytest.raises(IndexError, match="not mapped"):
        m.memory.virt()[0:1]


def test_looking_changes_nothing(machine: Make) -> None:
    m = machine(exec="true")
    in_user_code(m)
    before = m.state_hash()
    event = m.last_event
    for address in (event.pc, m.cpus[0].pc, 0, 1 << 63, (1 << 64) - 1):
        m.translate(address)
        m.translate(address, privilege=Privilege.USER)
    assert m.memory.virt()[event.pc & ~0xFFF : event.pc + 16]
    assert m.state_hash() == before


def test_registers_have_names(machine: Make) -> None:
    m = machine()
    regs = m.cpus[0].regs
    general = m.board.abi.number
    assert general in regs
    assert general in list(regs)
    regs[general] = 0x1234
    assert getattr(regs, general) == 0x1234
    setattr(regs, general, (1 << 64) - 1)
    assert regs[general] == (1 << 64) - 1
    with pytest.raises(AttributeError):
        _ = regs.nothing
    with pytest.raises(AttributeError):
        regs.nothing = 1
    with pytest.raises(KeyError):
        _ = regs["nothing"]
    with pytest.raises(ValueError, match="does not fit"):
        regs[general] = 1 << 64


def test_the_tlb_can_be_seen(machine: Make) -> None:
    m = machine(exec="true")
    in_user_code(m)
    entries = m.cpus[0].tlb
    assert any(e.va == m.cpus[0].pc & ~0xFFF or e.shift > 12 for e in entries)


def test_a_snapshot_brings_everything_back(machine: Make) -> None:
    m, plain = (machine(exec="/test/fork; ps", event_hash=True) for _ in range(2))
    end = plain.run()
    m.run(1_500_000)
    snapshot, before = m.snapshot(), m.state_hash()
    output = bytes(m.console.output)
    m.run(200_000)
    m.memory.phys[m.board.ram.base + 0x400000 : m.board.ram.base + 0x400004] = b"\xff" * 4
    m.restore(snapshot)
    assert m.state_hash() == before
    assert bytes(m.console.output) == output
    assert m.icount == snapshot.icount == 1_500_000
    again = m.run()
    assert (again.icount, again.reason, again.code) == (end.icount, end.reason, end.code)
    assert m.console.output == plain.console.output
    assert m.state_hash() == plain.state_hash()
    assert m.stats()["event_hash"] == plain.stats()["event_hash"]


def test_a_snapshot_keeps_python_twins(machine: Make) -> None:
    m, plain = (machine(exec="/test/preempt", intc="python") for _ in range(2))
    plain.run()
    m.run(3_000_000)
    snapshot = m.snapshot()
    m.run(5_000_000)
    m.restore(snapshot)
    m.run()
    assert m.console.output == plain.console.output
    assert m.icount == plain.icount


def test_a_snapshot_keeps_input_that_waits(machine: Make) -> None:
    m = machine()
    m.expect("# ", max_insns=10**9)
    m.console.send("echo one\n")
    snapshot = m.snapshot()
    assert m.expect("one\r\none\r\n", max_insns=10**9).reason is StopReason.REQUEST
    m.console.send("echo never\n")
    m.restore(snapshot)
    assert m.console.pending == len("echo one\n")
    assert m.expect("one\r\none\r\n", max_insns=10**9).reason is StopReason.REQUEST
    assert b"never" not in m.console.output


def test_snapshots_belong_to_their_machine(machine: Make) -> None:
    one, other = machine(), machine()
    snapshot = one.snapshot()
    with pytest.raises(MachineError):
        other.restore(snapshot)


def test_the_seed_is_all_randomness(machine: Make) -> None:
    def run(seed: int) -> tuple[int, bytes]:
        m = machine(exec="/test/abi", seed=seed)
        m.run()
        return m.state_hash(), bytes(m.console.output)

    assert run(1) == run(1)
    assert run(1)[0] != run(2)[0]
