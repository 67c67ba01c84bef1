# SPDX-License-Identifier: GPL-2.0-or-later
"""System calls as strace shows them, decoded by the image's own `abi.json`.

A call is seen at its exception, with the caller's registers, and its result at the return to the same stack pointer in
the same address space. A line is written when the result is there; calls that do not return are written at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from emu.errors import TrapdoorError
from emu.machine import Machine
from emu.machine.memory import VirtualMemory
from emu.trace.arguments import Decoder
from emu.wires.events import Event, Kind
from emu.wires.instrument import Instrument

__all__ = ["SyscallTrace"]


@dataclass(slots=True)
class _Call:
    process: int
    icount: int
    ns: int
    name: str
    declared: dict[str, Any] | None
    values: tuple[int, ...]
    before: list[str | None]
    pc: int


class SyscallTrace(Instrument):
    """Writes a line for each system call: virtual time, process, call, result.

    Processes are numbered in the order in which their address spaces are first seen: p1, p2, ...

    Args:
        machine: what is watched; its bundle has the declaration of the calls, else they are shown by number.
        write: takes each line, with its newline.
    """

    wants: ClassVar[frozenset[Kind]] = frozenset({Kind.EXCEPTION, Kind.RETURN})
    live = True  # registers and memory must be those of the event

    def __init__(self, machine: Machine, write: Callable[[str], object]) -> None:
        self._machine = machine
        self._board = machine.board
        self._write = write
        self._abi = machine.board.abi
        self._pending: dict[tuple[int, int], _Call] = {}
        self._spaces: dict[int, int] = {}
        self._count = 0
        declared = _declaration(machine)
        arch = machine.target.arch
        self._calls = {
            call["number"][arch]: call for call in declared.get("calls", []) if arch in call.get("number", {})
        }
        self._decoder = Decoder(declared, arch)

    def on_events(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.kind == Kind.EXCEPTION:
                if self._board.is_syscall(event):
                    self._enter(event)
            elif self._board.is_user(event.flags >> 2 & 3):
                self._leave(event)

    def _key(self, cpu: int) -> tuple[int, int]:
        regs = self._machine.cpus[cpu].regs
        return self._board.address_space(regs), regs[self._abi.sp]

    def _enter(self, event: Event) -> None:
        regs = self._machine.cpus[event.cpu].regs
        key = self._key(event.cpu)
        memory = self._machine.memory.virt(event.cpu)
        declared = self._calls.get(event.d)
        count = len(declared["args"]) if declared else len(self._abi.arguments)
        values = tuple(regs[name] for name in self._abi.arguments[:count])
        name = declared["name"] if declared else f"syscall_{event.d}"
        before = self._decoder.arguments(declared, values, memory, after=False)
        call = _Call(self._process(key[0]), event.icount, self._machine.ns, name, declared, values, before, event.pc)
        if declared is not None and declared["returns"] == "never" and name != "execve":
            self._line(call, "?", memory)
            self._spaces.pop(key[0], None)
        else:
            self._pending[key] = call

    def _leave(self, event: Event) -> None:
        key = self._key(event.cpu)
        call = self._pending.pop(key, None)
        memory = self._machine.memory.virt(event.cpu)
        if call is None:
            self._maybe_exec(key, memory)
            return
        if event.target < call.pc:  # back at the instruction itself
            self._line(call, "? (restarted)", memory)
            return
        result = self._machine.cpus[event.cpu].regs[self._abi.result]
        self._line(call, self._decoder.result(call.declared, result), memory, result < 1 << 63)

    def _maybe_exec(self, key: tuple[int, int], memory: VirtualMemory) -> None:
        """A return into an address space nobody has called from yet may be the start of a program."""
        if key[0] in self._spaces:
            return
        pending = [k for k, call in self._pending.items() if call.name == "execve"]
        if len(pending) == 1:
            call = self._pending.pop(pending[0])
            self._spaces.pop(pending[0][0], None)
            self._spaces[key[0]] = call.process
            self._line(call, "0", memory)

    def _process(self, space: int) -> int:
        if space not in self._spaces:
            self._count += 1
            self._spaces[space] = self._count
        return self._spaces[space]

    def _line(self, call: _Call, result: str, memory: VirtualMemory, good: bool = False) -> None:
        arguments = call.before
        if any(text is None for text in arguments):
            after = self._decoder.arguments(call.declared, call.values, memory, after=True, good=good)
            arguments = [b if b is not None else a for b, a in zip(arguments, after, strict=True)]
        text = f"{call.name}({', '.join(a or '?' for a in arguments)})"
        self._write(f"[{call.ns // 10**9:5}.{call.ns % 10**9 // 1000:06}] p{call.process} {text:<40} = {result}\n")

    def on_restore(self) -> None:
        self._pending.clear()

    def finish(self) -> None:
        """Write the calls that have not returned."""
        memory = self._machine.memory.virt()
        for call in self._pending.values():
            self._line(call, "? <unfinished>", memory)
        self._pending.clear()


def _declaration(machine: Machine) -> dict[str, Any]:
    bundle = machine.target.bundle
    if bundle is None or bundle.abi is None:
        return {}
    try:
        declared = json.loads(bundle.path(bundle.abi).read_bytes())
    except (TrapdoorError, ValueError, OSError):
        return {}
    return declared if isinstance(declared, dict) else {}
