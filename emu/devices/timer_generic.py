# SPDX-License-Identifier: GPL-2.0-or-later
"""The generic timer (ARM DDI 0487, D11.2): EL1 physical and virtual timer of each CPU. Oracle of timer.c.

System registers have no address; their offsets in bank 0 are ours. Output and deadline ``4 * cpu`` belong to the
physical timer, ``4 * cpu + 1`` to the virtual one. ``config`` is (counter frequency in Hz,).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .chip import NEVER, Chip, ChipFault, tick_ns, ticks

__all__ = ["GenericTimer"]

REGISTERS = (
    "CNTP_CTL", "CNTP_CVAL", "CNTP_TVAL", "CNTV_CTL", "CNTV_CVAL", "CNTV_TVAL",
    "CNTPCT", "CNTVCT", "CNTFRQ", "CNTKCTL", "CNTVOFF",
)  # fmt: skip
ENABLE, IMASK, ISTATUS = 1, 2, 4
U64 = 2**64 - 1


@dataclass
class _Timer:
    ctl: int = 0
    cval: int = 0


@dataclass
class _Cpu:
    physical: _Timer = field(default_factory=_Timer)
    virtual: _Timer = field(default_factory=_Timer)
    offset: int = 0
    frq: int = 0
    kctl: int = 0


class GenericTimer(Chip):
    """Counters and comparators; everything is computed from virtual time when it is asked for."""

    name = "timer"

    def reset(self) -> None:
        self.hz = self.config[0]
        self.cpus = [_Cpu(frq=self.hz) for _ in range(self.ncpu)]
        self._deadlines, self._outputs = {}, {}
        for cpu in range(self.ncpu):
            for which in (0, 1):
                self.host.timer(4 * cpu + which, NEVER)
                self.host.output(4 * cpu + which, False, 0)

    def _count(self, cpu: int, virtual: bool) -> int:
        return ticks(self.host.now(), self.hz) - (self.cpus[cpu].offset if virtual else 0) & U64

    def _met(self, cpu: int, virtual: bool) -> bool:
        timer = self.cpus[cpu].virtual if virtual else self.cpus[cpu].physical
        return bool(timer.ctl & ENABLE) and self._count(cpu, virtual) >= timer.cval

    def _update(self, cpu: int, virtual: bool) -> None:
        timer = self.cpus[cpu].virtual if virtual else self.cpus[cpu].physical
        deadline = NEVER
        if timer.ctl & (ENABLE | IMASK) == ENABLE:
            count = self._count(cpu, virtual)
            until = timer.cval if count < timer.cval else 2**64  # until it wraps, and the condition is false again
            deadline = tick_ns(ticks(self.host.now(), self.hz) + until - count, self.hz)
        self._set_deadline(4 * cpu + virtual, deadline)
        self._set_output(4 * cpu + virtual, self._met(cpu, virtual) and not timer.ctl & IMASK)

    def timer(self, index: int) -> None:
        cpu, which = divmod(index, 4)
        if cpu < self.ncpu and which < 2:
            self._update(cpu, which == 1)

    def _register(self, bank: int, offset: int, size: int, value: int) -> str:
        """The register's name, or nothing after reporting why there is none."""
        if size != 8:
            self.host.fault(ChipFault.SIZE, offset, size, value)
        elif bank or offset % 8 or offset // 8 >= len(REGISTERS):
            self.host.fault(ChipFault.RESERVED, offset, size, value)
        else:
            return REGISTERS[offset // 8]
        return ""

    def read(self, bank: int, offset: int, size: int, cpu: int = 0) -> int:
        name = self._register(bank, offset, size, 0)
        virtual = name.startswith("CNTV_")
        state = self.cpus[cpu]
        timer = state.virtual if virtual else state.physical
        match name[name.find("_") + 1 :]:
            case "CTL":
                return timer.ctl | (ISTATUS if self._met(cpu, virtual) else 0)
            case "CVAL":
                return timer.cval
            case "TVAL":
                return timer.cval - self._count(cpu, virtual) & 0xFFFFFFFF
            case "CNTPCT":
                return self._count(cpu, False)
            case "CNTVCT":
                return self._count(cpu, True)
            case "CNTFRQ":
                return state.frq
            case "CNTKCTL":
                return state.kctl
            case "CNTVOFF":
                return state.offset
        return 0

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int = 0) -> None:
        name = self._register(bank, offset, size, value)
        virtual = name.startswith("CNTV_") or name == "CNTVOFF"
        state = self.cpus[cpu]
        timer = state.virtual if virtual else state.physical
        match name[name.find("_") + 1 :]:
            case "CTL":
                timer.ctl = value & (ENABLE | IMASK)
            case "CVAL":
                timer.cval = value
            case "TVAL":
                signed = (value & 0xFFFFFFFF ^ 0x80000000) - 0x80000000
                timer.cval = self._count(cpu, virtual) + signed & U64
            case "CNTVOFF":
                state.offset = value
            case "CNTFRQ":
                state.frq = value & 0xFFFFFFFF
                return
            case "CNTKCTL":
                state.kctl = value & 0x3FF
                return
            case "CNTPCT" | "CNTVCT":
                self.host.fault(ChipFault.READ_ONLY, offset, size, value)
                return
            case _:
                return
        self._update(cpu, virtual)
