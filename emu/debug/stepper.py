# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps: run to a place, then one instruction, one exception or one interrupt at a time, each with all it changed.

A stepped run and a free run are the same run. To stop *before* an exception, the machine is run to it, put back to
where the search began and run again to two instructions before it: it is deterministic, so it gets there again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from emu.core import Stop, StopReason
from emu.debug.cards import Card, Moment, Registers, State, describer
from emu.debug.disasm import MODES, disassemble
from emu.debug.programs import Program, Programs
from emu.debug.source import Sources
from emu.debug.steps import KERNEL, Part, Place, Recorder, Step
from emu.debug.until import Until
from emu.errors import TrapdoorError
from emu.machine import Machine
from emu.wires.clock import NEVER
from emu.wires.events import Event, Kind

__all__ = ["Stepper"]

REWIND = 2  # instructions: a system call is counted before its event, a fault is not; one more to be before either
ENTRIES = frozenset({Kind.EXCEPTION, Kind.IRQ})
MAX_STEPS_BACK = 64


class Stepper:
    """Steps through one machine, which has not run yet.

    Args:
        machine: on the virtual clock.
        command: what the guest was told to execute; then only what runs in its program's address space counts.
    """

    def __init__(self, machine: Machine, command: str | None = None) -> None:
        self._machine = machine
        self._board = machine.board
        self._describer = describer(machine.target.arch)
        self._calls = _calls(machine)
        self._programs = Programs(machine)
        self._sources = Sources()
        self._recorder = Recorder()
        machine.watch(self._recorder)
        self._chips: dict[str, int] = {}
        self._number = 0
        self._execve: str | None = None
        self._space: int | None = None
        self._wanted: Event | None = None
        self.command = command
        self.program: Program | None = self._programs.of_command(command) if command else None

    # ---- getting there ----

    def seek(self, until: Until, max_insns: int | None = None, timeout: float | None = None) -> Stop:
        """Run to the place that `until` describes, so that the next step is the one that was asked for.

        Returns:
            The reason is EVENT if it was reached, else why not.
        """
        machine = self._machine
        if until.icount is not None:
            left = max(until.icount - machine.icount, 0)
            stop = machine.run(left if max_insns is None else min(left, max_insns), timeout=timeout)
            if stop.reason is StopReason.BUDGET and machine.icount == until.icount:
                return self._reached()
            return stop
        if until.address is not None:
            return self._seek_address(until.address, max_insns, timeout)
        start, high = machine.snapshot(), dict(self._recorder.high)
        stop, record = self._until(lambda event: self._matches(event, until), max_insns, timeout)
        return stop if record is None else self._before(record, start, high)

    def _until(
        self, wanted: Callable[[Event], bool], max_insns: int | None, timeout: float | None
    ) -> tuple[Stop, Event | None]:
        """Run up to an event of a kind that steps are made of.

        A return into a page that is not mapped is followed by the fault at once, before the run can end: so each event
        of a run is looked at, not only the one that ended it.
        """
        machine, recorder = self._machine, self._recorder
        end = NEVER if max_insns is None else machine.icount + max_insns
        wall = None if timeout is None else time.monotonic() + timeout
        recorder.keep = True
        recorder.take()
        try:
            while True:
                left = None if wall is None else max(wall - time.monotonic(), 0.0)
                insns = None if end == NEVER else max(end - machine.icount, 0)
                stop = machine.run_until(*ENTRIES, Kind.RETURN, max_insns=insns, timeout=left)
                found = next((event for event in recorder.take() if wanted(event)), None)
                if found is not None or stop.reason is not StopReason.EVENT:
                    return stop, found
        finally:
            recorder.keep = False

    def _before(self, record: Event, start: Any, high: dict[tuple[int, int], None]) -> Stop:
        """Be at the start of the step that makes an event."""
        machine, recorder = self._machine, self._recorder
        machine.restore(start)
        recorder.high = high
        machine.run(max(record.icount - REWIND - machine.icount, 0))
        recorder.keep = True
        for _ in range(MAX_STEPS_BACK):
            here, lines = machine.snapshot(), dict(recorder.high)
            recorder.take()
            stop = machine.step()
            if record in recorder.take():
                machine.restore(here)
                recorder.high = lines
                recorder.keep = False
                self._wanted = record
                return self._reached()
            if stop.reason not in (StopReason.BUDGET, StopReason.EVENT):
                break
        raise AssertionError(f"the run was not the same again: no {record}")

    def _seek_address(self, address: int, max_insns: int | None, timeout: float | None) -> Stop:
        machine = self._machine
        end = NEVER if max_insns is None else machine.icount + max_insns
        if self.command is not None:
            stop, start = self._until(lambda event: self._track(event) is not None, max_insns, timeout)
            if start is None:
                return stop
        core = machine._core  # the search is the core's, in C: a Python loop takes three times as long
        stop = machine.run(0)
        while not (machine.cpus[0].pc == address and self._here()):
            if machine.icount >= end:
                return stop
            reason, code = core.step_until_pc(address, end - machine.icount)
            machine.console.flush()
            stop = Stop(
                StopReason(reason), code, 0, machine.cpus[0].pc, machine.symbols.text(machine.cpus[0].pc),
                machine.icount, machine.ns, core.take_error(),
            )  # fmt: skip
            if stop.reason is not StopReason.EVENT:
                return stop
        return self._reached()

    def _reached(self) -> Stop:
        """The machine stands where it was asked to."""
        here = self._machine.run(0)
        return Stop(StopReason.EVENT, 0, here.cpu, here.pc, here.where, here.icount, here.ns)

    def _here(self) -> bool:
        return self.command is None or self._board.address_space(self._machine.cpus[0].regs) == self._space

    def _track(self, event: Event) -> int | None:
        """Follow execve. Returns the address space of the program that is looked for, once it has started."""
        regs = self._machine.cpus[event.cpu].regs
        space = self._board.address_space(regs)
        if event.kind == Kind.EXCEPTION and self._board.is_syscall(event):
            if self._calls.get(event.d, ("", 0))[0] == "execve":
                path = regs[self._board.abi.arguments[0]]
                self._execve = self._machine.memory.virt(event.cpu).string(path).decode(errors="replace")
        elif event.kind == Kind.RETURN and self._execve is not None and self._board.is_user(event.flags >> 2 & 3):
            program = self._programs.get(self._execve)
            if program is not None and event.target == program.entry:
                self._programs.spaces[space] = program
                self._execve = None
                if self.program is not None and program.path == self.program.path and self._space is None:
                    self._space = space
        return self._space

    def _matches(self, event: Event, until: Until) -> bool:
        if self.command is not None:
            started = self._space is not None
            self._track(event)
            # The return into the program's first instruction is the kernel's doing, not the program's.
            if not started or self._board.address_space(self._machine.cpus[event.cpu].regs) != self._space:
                return False
        user = self._board.is_user(event.flags & 3)
        match until.event:
            case "exception":
                return event.kind in ENTRIES
            case "irq":
                return event.kind == Kind.IRQ
            case "return":
                return event.kind == Kind.RETURN
            case "syscall":
                return event.kind == Kind.EXCEPTION and user and self._board.is_syscall(event)
            case "fault":
                return event.kind == Kind.EXCEPTION and self._describer.is_fault(event)
            case _:
                return False

    # ---- stepping ----

    def steps(self, count: int) -> Iterator[Step]:
        """The next `count` steps; fewer if the run ends.

        An exception or interrupt that is taken right after an instruction is a step of its own.
        """
        recorder, machine = self._recorder, self._machine
        recorder.keep = True
        recorder.take()
        before = self._registers()
        end = self._number + count
        try:
            while self._number < end:
                icount = machine.icount
                code = self._code(before, machine.cpus[0].pc)
                stop = machine.step()
                after, events = self._registers(), recorder.take()
                ended = stop.reason not in (StopReason.BUDGET, StopReason.EVENT)
                if ended and machine.icount == icount and not events:
                    return
                for part in self._parts(before, after, icount, events, code):
                    if self._wanted is not None and self._wanted not in part.events:
                        continue  # the instruction before the one that was asked for
                    yield self._make(part)
                    if self._number == end:
                        break
                self._wanted = None
                if ended:
                    return
                before = after
        finally:
            recorder.keep = False
            machine.console.flush()

    def _registers(self) -> Registers:
        regs = self._machine.cpus[0].regs
        return Registers({name: regs[name] for name in regs})

    def _parts(self, before: Registers, after: Registers, icount: int, events: list[Event], code: bytes) -> list[Part]:
        """A step of the core; two of ours where something was taken after the instruction had retired."""
        retired = self._machine.icount - icount
        taken = events[-1] if events and events[-1].kind in ENTRIES else None
        if taken is None or not retired or self._describer.completes(taken, code):
            return [Part(before, after, icount, retired, events, code)]
        middle = self._describer.interrupted(self._moment(taken, before, after))
        return [
            Part(before, middle, icount, retired, events[:-1], code),
            Part(middle, after, icount + retired, 0, [taken], self._code(middle, taken.pc)),
        ]

    def _make(self, part: Part) -> Step:
        before, after, old = part.before, part.after, part.before.values
        state = self._describer.state(before)
        place = self.place(state.pc, self._user(state.privilege))
        line = self._sources.at(place.elf, place.address) if place.elf else None
        skip = self._describer.HIDDEN | self._describer.shadows(after)
        self._number += 1
        return Step(
            number=self._number,
            cpu=0,
            icount=part.icount,
            retired=part.retired,
            state=state,
            place=place,
            instruction=disassemble(self._describer.disassembler(before), part.code, state.pc),
            source=str(line) if line else None,
            source_text=self._sources.text(line) if line else "",
            interrupted=not part.retired and any(e.kind == Kind.IRQ for e in part.events),
            changes=[(n, old[n], v) for n, v in after.values.items() if old[n] != v and n not in skip],
            cards=[self._card(event, before, after) for event in part.events],
        )

    def _moment(self, event: Event, before: Registers, after: Registers) -> Moment:
        lines = [(self._machine.chip_name(chip), pin) for chip, pin in self._recorder.high]
        return Moment(self._machine, event, before, after, self._call, lines, self._probe)

    def _card(self, event: Event, before: Registers, after: Registers) -> Card:
        moment = self._moment(event, before, after)
        make = self._describer.returned if event.kind == Kind.RETURN else self._describer.entry
        card = make(moment)
        for name, privilege in (("before", event.flags & 3), ("after", event.flags >> 2 & 3)):
            state: State = getattr(card, name)
            place = str(self.place(state.pc, self._board.is_user(privilege)))
            setattr(card, name, State(**{**_fields(state), "place": place}))
        return card

    def _probe(self, chip: str, bank: int, offset: int) -> int:
        if not self._chips:
            self._chips = {name: number for number, name in self._machine._names.items()}
        return int(self._machine._core.chip_read(self._chips[chip], bank, offset, 4, 0))

    def _call(self, number: int) -> tuple[str, int]:
        return self._calls.get(number, (f"syscall_{number}", len(self._board.abi.arguments)))

    def _user(self, privilege: str) -> bool:
        return self._board.is_user(int(privilege[-1]))

    def _code(self, registers: Registers, address: int) -> bytes:
        """What stands at an address, as many bytes as the longest instruction has or can be read."""
        size = MODES[self._describer.disassembler(registers)][2]
        memory = self._machine.memory.virt(0)
        first = min(size, 4096 - address % 4096)
        code = b""
        for start, count in ((address, first), (address + first, size - first)):
            try:
                code += memory[start : start + count] if count else b""
            except (IndexError, ValueError):
                break
        return code

    def place(self, address: int, user: bool) -> Place:
        """An address of the current address space, named."""
        if not user:
            return Place(address, self._machine.symbols.name(address), KERNEL, self._machine.target.elf)
        space = self._board.address_space(self._machine.cpus[0].regs)
        program = self._programs.at(address, space)
        if program is None:
            return Place(address, None, None, None)
        return Place(address, program.symbols.name(address), program.path, program.elf)


def _fields(state: State) -> dict[str, Any]:
    return {name: getattr(state, name) for name in State.__slots__}


def _calls(machine: Machine) -> dict[int, tuple[str, int]]:
    """System calls by number: name and how many arguments, from the bundle's declaration."""
    bundle, arch = machine.target.bundle, machine.target.arch
    if bundle is None or bundle.abi is None:
        return {}
    try:
        declared = json.loads(bundle.path(bundle.abi).read_bytes())
        return {
            call["number"][arch]: (call["name"], len(call["args"]))
            for call in declared["calls"]
            if arch in call["number"]
        }
    except (TrapdoorError, ValueError, OSError, KeyError, TypeError):
        return {}
