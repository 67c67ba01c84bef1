# SPDX-License-Identifier: GPL-2.0-or-later
"""The smallest machines that tests/core runs guests on: a core, its interrupt controller and timer, no devices."""

from __future__ import annotations

from emu.core import _core
from tests.core.guests import Guest

RAM = 16 << 20
EXCEPTION, RETURN, IRQ = 1, 2, 3
HASHED = 1 << EXCEPTION | 1 << RETURN | 1 << IRQ
ALL_KINDS = (1 << 16) - 2
BUDGET, IDLE = 1, 3


def machine(guest: Guest, ncpu: int = 1, hashed: int = HASHED, quantum: int = 10_000) -> _core.Core:
    """A sealed core with `guest` loaded and CPU 0 at its entry; events of the kinds `hashed` go into the hash."""
    core = _core.Core(guest.arch, ncpu=ncpu, quantum=quantum)
    BOARDS[guest.arch](core)
    core.seal(0)
    core.write_phys(guest.base, guest.code)
    start(core, guest.arch, guest.entry)
    core.observe(0, hashed, 0, 0)
    return core


def set_reg(core: _core.Core, name: str, value: int, cpu: int = 0) -> None:
    """Write a 64-bit register."""
    core.set_reg(cpu, name, value.to_bytes(8, "little"))


def start(core: _core.Core, arch: str, entry: int, cpu: int = 0) -> None:
    """Let a CPU begin at `entry`: AArch64 as after reset; x86-64 in 64-bit mode without paging, flat, which no real CPU
    can be in, but which spares a test its way there."""
    if arch == "x86_64":
        for name, value in {"efer": 0x500, "cr0": 0x11, "cr4": 0x620, "rflags": 2}.items():
            set_reg(core, name, value, cpu)
        for name in ("cs", "ds", "es", "fs", "gs", "ss"):
            set_reg(core, f"{name}_base", 0, cpu)
            set_reg(core, f"{name}_limit", 0xFFFF_FFFF, cpu)
            set_reg(core, f"{name}_flags", 0x00A0_9B00 if name == "cs" else 0x00C0_9300, cpu)
    set_reg(core, {"aarch64": "pc", "x86_64": "rip"}[arch], entry, cpu)


def _virt(core: _core.Core) -> None:
    core.ram(0x4000_0000, RAM)
    gic = core.chip("gicv2", 288)
    timer = core.chip("timer", 62_500_000)
    core.role("timer", timer)
    core.window(False, 0x0800_0000, 0x1_0000, gic, 0)
    core.window(False, 0x0801_0000, 0x1_0000, gic, 1)
    for cpu in range(8):
        core.wire(timer, cpu * 4, gic, 1024 + cpu * 32 + 30)
        core.wire(timer, cpu * 4 + 1, gic, 1024 + cpu * 32 + 27)


def _pc(core: _core.Core) -> None:
    core.ram(0, RAM)
    apic = core.chip("apic", 1_000_000_000)
    core.role("intc", apic)
    core.window(False, 0xFEE0_0000, 0x1000, apic, 0)


BOARDS = {"aarch64": _virt, "x86_64": _pc}


def summary(core: _core.Core) -> tuple[int, int, int]:
    """What two equal runs have in common: instructions, all state, all hashed events with the registers at each."""
    return core.icount(), core.state_hash(), core.stats()["event_hash"]
