# SPDX-License-Identifier: GPL-2.0-or-later
"""Cards of system calls, page faults, interrupts and returns, compared with registers and memory read by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emu.machine import Machine
from tests.debug.stepping import at, facts, only, tables

Make = Callable[..., Machine]


@pytest.fixture
def only_on(arch: str) -> Callable[[str], None]:
    """Skips a test that reads registers of one architecture."""

    def check(wanted: str) -> None:
        if arch != wanted:
            pytest.skip(f"reads registers of {wanted}")

    return check


def test_svc(machine: Make, only_on: Callable[[str], None]) -> None:
    only_on("aarch64")
    m = machine(exec="true")
    regs = m.cpus[0].regs
    steps = at(m, "syscall", "true").steps(2)
    pc, sp, pstate = regs.pc, regs.sp, regs.pstate
    step = next(steps)
    card = only(step)
    assert (step.instruction.mnemonic, step.retired, step.state.privilege) == ("svc", 1, "EL0")
    assert step.place.program == "/bin/true"
    assert step.source is not None and step.source.startswith("guest/user/lib/arch/aarch64/syscall.S:")
    assert (card.kind, card.name) == ("entry", "SVC64")
    assert facts(card.cause)["ESR_EL1"] == regs.esr_el1 == 0x5600_0000
    assert "exit_group(x0=0x0), number 94 in x8" in [f.text for f in card.cause]
    assert facts(card.saved) == {"ELR_EL1": pc + 4, "SPSR_EL1": pstate}
    assert (regs.elr_el1, regs.spsr_el1) == (pc + 4, pstate)
    assert (card.before.privilege, card.before.pc, card.before.sp_name, card.before.sp) == ("EL0", pc, "SP_EL0", sp)
    assert (card.after.privilege, card.after.sp_name, card.after.sp) == ("EL1", "SP_EL1", regs.sp_el1)
    assert facts(card.vector) == {"VBAR_EL1": regs.vbar_el1, "offset": 0x400}
    assert card.after.pc == regs.pc == regs.vbar_el1 + 0x400
    assert {"I 0->1", "F 0->1", "M EL0t->EL1h"} <= set(card.changes)
    assert "SP_EL0" in " ".join(card.software)
    changes = {name: (old, new) for name, old, new in step.changes}
    assert changes["pstate"] == (pstate, regs.pstate)
    assert changes["sp"] == (sp, regs.sp_el1)
    following = next(steps)
    assert (following.state.privilege, following.place.address) == ("EL1", card.after.pc)
    assert not following.cards


def test_syscall_instruction(machine: Make, only_on: Callable[[str], None]) -> None:
    only_on("x86_64")
    m = machine(exec="true")
    regs = m.cpus[0].regs
    steps = at(m, "syscall", "true").steps(2)
    pc, sp, flags = regs.rip, regs.rsp, regs.rflags
    step = next(steps)
    card = only(step)
    assert (step.instruction.mnemonic, step.retired, step.state.privilege) == ("syscall", 1, "CPL 3")
    assert step.place.program == "/bin/true"
    assert (card.kind, card.name) == ("entry", "SYSCALL")
    assert "exit_group(rdi=0x0), number 231 in rax" in [f.text for f in card.cause]
    assert facts(card.saved) == {"RCX": pc + 2, "R11": flags}
    assert facts(card.vector) == {"IA32_LSTAR": regs.lstar, "IA32_STAR": regs.star, "IA32_FMASK": regs.fmask}
    assert (card.before.pc, card.before.sp, card.after.pc, card.after.sp) == (pc, sp, regs.lstar, sp)
    assert card.after.flags == regs.rflags == flags & ~regs.fmask
    assert card.changes == ["IF 1->0"]
    assert regs.cs == regs.star >> 32 & 0xFFFC
    assert next(steps).place.address == regs.lstar


def test_a_page_fault_on_aarch64(machine: Make, only_on: Callable[[str], None]) -> None:
    only_on("aarch64")
    m = machine(exec="true")
    regs = m.cpus[0].regs
    stepper = at(m, "fault", "true")
    step = next(stepper.steps(1))
    card = only(step)
    assert stepper.program is not None
    assert (step.retired, step.place.address, step.place.symbol) == (0, stepper.program.entry, "_start")
    assert card.name == "IABT_LOWER"
    assert facts(card.cause) == {"ESR_EL1": regs.esr_el1, "FAR_EL1": stepper.program.entry}
    assert card.before.privilege == "EL0" and card.before.pc == regs.elr_el1 == stepper.program.entry
    assert card.walk is not None
    expected = tables(m, regs.ttbr0_el1, regs.far_el1)
    assert [(t, i, d) for _, t, i, d, _ in card.walk.levels] == expected
    assert [n for n, *_ in card.walk.levels] == list(range(len(expected)))
    assert card.walk.answer == f"translation fault, level {regs.esr_el1 & 3}"


def test_a_page_fault_on_x86(machine: Make, only_on: Callable[[str], None]) -> None:
    only_on("x86_64")
    m = machine(exec="true")
    regs = m.cpus[0].regs
    stepper = at(m, "fault", "true")
    step = next(stepper.steps(1))
    card = only(step)
    assert stepper.program is not None
    assert (step.retired, step.place.address) == (0, stepper.program.entry)
    frame = m.memory.virt()[regs.rsp : regs.rsp + 48]
    error, rip, cs, rflags, rsp, ss = (int.from_bytes(frame[i : i + 8], "little") for i in range(0, 48, 8))
    assert (card.name, facts(card.cause)["error code"], facts(card.cause)["CR2"]) == ("#PF", 0x14, regs.cr2)
    assert error == 0x14 and rip == regs.cr2 == stepper.program.entry
    assert facts(card.saved) == {"error code": error, "RIP": rip, "CS": cs, "RFLAGS": rflags, "RSP": rsp, "SS": ss}
    assert card.before.sp == rsp
    tss = m.memory.virt()[regs.tr_base : regs.tr_base + 12]
    rsp0 = int.from_bytes(tss[4:12], "little")
    assert regs.rsp == rsp0 - 48
    assert any(f"{rsp0:#x} (RSP0 of the TSS" in line for line in card.hardware)
    gate = m.memory.virt()[regs.idt_base + 14 * 16 : regs.idt_base + 15 * 16]
    assert facts(card.vector)["gate"] == int.from_bytes(gate, "little")
    target = int.from_bytes(gate[:2] + gate[6:12], "little")
    assert card.after.pc == regs.rip == target
    assert card.walk is not None
    expected = tables(m, regs.cr3, regs.cr2)
    assert [(t, i, d) for _, t, i, d, _ in card.walk.levels] == expected
    assert [n for n, *_ in card.walk.levels] == [4, 3, 2, 1][: len(expected)]
    assert card.walk.answer == f"not present fault, level {5 - len(expected)}"


def test_walks_of_later_faults_have_every_level(machine: Make, arch: str) -> None:
    m = machine(exec="/test/cow")
    regs = m.cpus[0].regs
    depths, kinds = set(), set()
    for step in at(m, "fault", "/test/cow").steps(12_000):
        for card in step.cards:
            if card.walk is None:
                continue
            root = regs.ttbr0_el1 if arch == "aarch64" else regs.cr3
            address = regs.far_el1 if arch == "aarch64" else regs.cr2
            assert [(t, i, d) for _, t, i, d, _ in card.walk.levels] == tables(m, root, address)
            depths.add(len(card.walk.levels))
            kinds.add(card.walk.question.split()[0])
    assert 4 in depths
    assert {"fetch", "write"} <= kinds


def test_a_timer_interrupt(machine: Make, arch: str) -> None:
    m = machine(exec="sleep 0.05")
    regs = m.cpus[0].regs
    step = next(at(m, "irq").steps(1))
    card = only(step)
    assert step.interrupted and step.retired == 0
    assert card.name == "IRQ"
    assert "timer" in card.title
    if arch == "aarch64":
        assert facts(card.cause) == {"GICC_HPPIR": 27}  # the virtual timer's interrupt, PPI 11
        assert facts(card.vector)["offset"] == 0x280 and regs.pc == regs.vbar_el1 + 0x280
        assert "SP_EL1" in card.why
        assert facts(card.saved) == {"ELR_EL1": step.place.address, "SPSR_EL1": card.before.flags}
        assert "I 0->1" in card.changes
    else:
        vector = facts(card.cause)["vector"]
        gate = m.memory.virt()[regs.idt_base + vector * 16 : regs.idt_base + vector * 16 + 16]
        assert regs.rip == int.from_bytes(gate[:2] + gate[6:12], "little")
        frame = m.memory.virt()[regs.rsp : regs.rsp + 40]
        assert facts(card.saved)["RIP"] == int.from_bytes(frame[:8], "little") == step.place.address
        assert "error code" not in facts(card.saved)
        assert "IF 1->0" in card.changes


def test_a_return_to_user_mode(machine: Make, arch: str) -> None:
    m = machine(exec="true")
    regs = m.cpus[0].regs
    stepper = at(m, "return", "true")
    if arch == "aarch64":
        target, state, name = regs.elr_el1, regs.spsr_el1, "ERET"
    else:
        frame = m.memory.virt()[regs.rsp : regs.rsp + 40]
        target, state, name = int.from_bytes(frame[:8], "little"), int.from_bytes(frame[16:24], "little"), "IRET"
    step = next(stepper.steps(1))
    card = only(step)
    assert (card.kind, card.name) == ("return", name)
    assert (card.after.pc, card.after.flags) == (target, state)
    assert step.retired == 1
    values = facts(card.saved)
    assert (values["ELR_EL1"] if arch == "aarch64" else values["RIP"]) == target
    assert card.before.privilege in ("EL1", "CPL 0") and card.after.privilege in ("EL0", "CPL 3")
    assert "in /bin/true" in card.after.place


def test_a_system_call_is_followed_in_and_out(machine: Make) -> None:
    """From the instruction to the one after it, with nothing between that is not a step."""
    m = machine(exec="/bench/getppid")
    steps = list(at(m, "syscall", "/bench/getppid").steps(4000))
    cards = [(s, c) for s in steps for c in s.cards]
    (first, entry), (last, back), *_ = cards
    assert (first.number, entry.kind, back.kind) == (1, "entry", "return")
    assert back.after.pc == entry.before.pc + len(first.instruction.raw)
    assert all(a.icount + a.retired == b.icount for a, b in zip(steps, steps[1:], strict=False))
    assert back.after.sp == entry.before.sp
    between = steps[1 : last.number]
    assert {s.state.privilege for s in between} in ({"EL1"}, {"CPL 0"})
    assert steps[last.number].place.address == back.after.pc
