# SPDX-License-Identifier: GPL-2.0-or-later
"""C chips without a CPU: compiled with the host's compiler into a shared library and driven through ctypes.

``CBench`` (a chip in C) and ``PyBench`` (its Python twin) have the same methods and the same log of services, so a
test can run either, or both and compare. Log entries are tuples: ("timer", index, when), ("output", n, level, value),
("cpu", cpu, input, value), ("fault", why, offset, size, value).
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import pytest

from emu.devices.chip import NEVER, Chip, ChipFault, CpuInput
from emu.devices.intc_apic import Apic
from emu.devices.intc_gic import Gic
from emu.devices.intc_ioapic import IoApic
from emu.devices.intc_pic import Pic
from emu.devices.timer_generic import GenericTimer
from emu.devices.timer_pit import Pit

SOURCES = Path(__file__).parents[2] / "emu/core/chips"
FLAGS = ["-std=c17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
LOG_ROOM = 4096
KINDS = ("timer", "output", "cpu", "fault")
WIDTH = {"timer": 2, "output": 3, "cpu": 3, "fault": 4}
TWINS: dict[str, type[Chip]] = {t.name: t for t in (Apic, Gic, IoApic, Pic, GenericTimer, Pit)}
DEFAULT_CONFIG = {"gicv2": (288,), "timer": (62_500_000,), "apic": (1_000_000_000,)}

Entry = tuple[Any, ...]


def compiler() -> str | None:
    """The C compiler Python was built with, or the usual names."""
    named = os.environ.get("CC") or (sysconfig.get_config_var("CC") or "cc").split()[0]
    return next((path for name in (named, "cc", "gcc", "clang") if (path := shutil.which(name))), None)


@functools.cache
def library() -> ctypes.CDLL:
    """bench.c and the chips; built once for each content of the sources. Skips the test without a compiler."""
    cc = compiler()
    if cc is None:
        pytest.skip("no C compiler (set CC)")
    files = [*sorted(SOURCES.glob("*.[ch]")), SOURCES.parent / "chip.h"]
    digest = hashlib.sha256(repr((cc, FLAGS)).encode() + b"".join(f.read_bytes() for f in files)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"trapdoor-chips-{os.getuid()}"
    target = folder / f"{digest}.so"
    if not target.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as fresh:
            made = Path(fresh) / "chips.so"
            command = [cc, *FLAGS, "-o", str(made), *(str(f) for f in files if f.suffix == ".c")]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            made.replace(target)  # in one step: another test process may be doing the same
    lib = ctypes.CDLL(str(target))
    void, u32, u64, flag = ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint64, ctypes.c_bool
    for name, result, *arguments in (
        ("bench_new", void, ctypes.c_char_p, u32, void),
        ("bench_free", None, void),
        ("bench_wire", flag, void, u32, void, u32),
        ("bench_chip", void, void),
        ("bench_state", void, void),
        ("bench_state_size", u32, void),
        ("bench_time", None, void, u64),
        ("bench_reset", None, void),
        ("bench_read", u64, void, u32, u64, u32, u32),
        ("bench_write", None, void, u32, u64, u32, u64, u32),
        ("bench_line", None, void, u32, flag),
        ("bench_timer", None, void, u32),
        ("bench_ack", ctypes.c_int, void, u32),
        ("bench_log", u64, void, void, u64, void),
        ("apic_message", None, void, u64),
        ("apic_base", u64, void, u32),
        ("apic_base_write", flag, void, u32, u64),
        ("apic_cr8", u32, void, u32),
        ("apic_cr8_write", None, void, u32, u32),
        ("apic_init", None, void, u32),
        ("ioapic_eoi", None, void, ctypes.c_uint8),
    ):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


class Bench:
    """What is common: virtual time, deadlines and outputs as the log says they are."""

    def __init__(self, name: str, ncpu: int, config: tuple[int, ...]) -> None:
        self.name, self.ncpu = name, ncpu
        self.now = 0
        self.deadlines: dict[int, int] = {}
        self.outputs: dict[int, bool] = {}
        self.inputs: dict[tuple[int, int], int] = {}
        self.log: list[Entry] = []

    def _take(self) -> list[Entry]:
        raise NotImplementedError

    def _set_time(self, now: int) -> None:
        raise NotImplementedError

    def fire(self, index: int) -> None:
        raise NotImplementedError

    def collect(self) -> list[Entry]:
        """The services since the last call; keeps deadlines, outputs and CPU inputs up to date."""
        new = self._take()
        for entry in new:
            if entry[0] == "timer":
                self.deadlines[entry[1]] = entry[2]
            elif entry[0] == "output":
                self.outputs[entry[1]] = bool(entry[2])
            elif entry[0] == "cpu":
                self.inputs[entry[1:3]] = entry[3]
        self.log += new
        return new

    def advance(self, to: int) -> list[Entry]:
        """Go to virtual time ``to``, calling timers at their deadlines, the lowest index first."""
        self.collect()
        start = len(self.log)
        while due := [(when, index) for index, when in self.deadlines.items() if when <= to and when != NEVER]:
            when, index = min(due)
            self.now = max(self.now, when)
            self._set_time(self.now)
            del self.deadlines[index]
            self.fire(index)
            self.collect()
        self.now = to
        self._set_time(to)
        return self.log[start:]


class CBench(Bench):
    """A chip in C."""

    def __init__(self, name: str, ncpu: int = 1, config: tuple[int, ...] | None = None) -> None:
        config = DEFAULT_CONFIG.get(name, ()) if config is None else config
        super().__init__(name, ncpu, config)
        self.lib = library()
        words = (ctypes.c_uint64 * 4)(*config)
        self.handle = self.lib.bench_new(name.encode(), ncpu, words)
        assert self.handle, name
        self.chip = self.lib.bench_chip(self.handle)
        self._room = (ctypes.c_uint64 * (5 * LOG_ROOM))()
        self.reset()

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            self.lib.bench_free(self.handle)

    def _take(self) -> list[Entry]:
        dropped = ctypes.c_uint64()
        count = self.lib.bench_log(self.handle, self._room, LOG_ROOM, ctypes.byref(dropped))
        assert dropped.value == 0
        flat = self._room[: 5 * count]
        return [(kind := KINDS[flat[i]], *flat[i + 1 : i + 1 + WIDTH[kind]]) for i in range(0, 5 * count, 5)]

    def _set_time(self, now: int) -> None:
        self.lib.bench_time(self.handle, now)

    def wire(self, output: int, to: CBench, input: int) -> None:
        """Lead an output to an input of another chip."""
        assert self.lib.bench_wire(self.handle, output, to.handle, input)

    def state(self) -> bytes:
        return ctypes.string_at(self.lib.bench_state(self.handle), self.lib.bench_state_size(self.handle))

    def advance_to(self, now: int) -> None:
        """Set the time without calling timers."""
        self.now = now
        self._set_time(now)

    def load(self, state: bytes) -> None:
        """Put bytes that ``state()`` gave in place of the state."""
        assert len(state) == self.lib.bench_state_size(self.handle)
        ctypes.memmove(self.lib.bench_state(self.handle), state, len(state))

    def reset(self) -> None:
        self.lib.bench_reset(self.handle)

    def read(self, bank: int, offset: int, size: int, cpu: int = 0) -> int:
        return int(self.lib.bench_read(self.handle, bank, offset, size, cpu))

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int = 0) -> None:
        self.lib.bench_write(self.handle, bank, offset, size, value, cpu)

    def line(self, input: int, level: bool) -> None:
        self.lib.bench_line(self.handle, input, level)

    def fire(self, index: int) -> None:
        self.lib.bench_timer(self.handle, index)

    def ack(self, cpu: int = 0) -> int:
        return int(self.lib.bench_ack(self.handle, cpu))

    def call(self, name: str, *arguments: int) -> int | None:
        """A function of chips.h that is not an operation: message, base, base_write, cr8, cr8_write, init, eoi."""
        result = getattr(self.lib, f"{self.name}_{name}")(self.chip, *arguments)
        return None if result is None else int(result)


class PyBench(Bench):
    """A chip's Python twin."""

    METHODS: ClassVar[dict[str, str]] = {"base_write": "write_base", "cr8_write": "write_cr8"}

    def __init__(self, name: str, ncpu: int = 1, config: tuple[int, ...] | None = None) -> None:
        config = DEFAULT_CONFIG.get(name, ()) if config is None else config
        super().__init__(name, ncpu, config)
        self.pending: list[Entry] = []
        self.wires: list[tuple[int, PyBench, int]] = []
        self.twin = TWINS[name](_Host(self), ncpu, config)

    def _take(self) -> list[Entry]:
        taken, self.pending = self.pending, []
        return taken

    def _set_time(self, now: int) -> None:
        self.now = now

    def wire(self, output: int, to: PyBench, input: int) -> None:
        """Lead an output to an input of another chip."""
        self.wires.append((output, to, input))

    def state(self) -> bytes:
        return self.twin.save()

    def reset(self) -> None:
        self.twin.reset()

    def read(self, bank: int, offset: int, size: int, cpu: int = 0) -> int:
        return self.twin.read(bank, offset, size, cpu)

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int = 0) -> None:
        self.twin.write(bank, offset, size, value, cpu)

    def line(self, input: int, level: bool) -> None:
        self.twin.line(input, level)

    def fire(self, index: int) -> None:
        self.twin.timer(index)

    def ack(self, cpu: int = 0) -> int:
        return self.twin.ack(cpu)

    def call(self, name: str, *arguments: int) -> int | None:
        result = getattr(self.twin, self.METHODS.get(name, name))(*arguments)
        return None if result is None else int(result)


class _Host:
    """The services, written down in the C log's form."""

    def __init__(self, bench: PyBench) -> None:
        self.bench = bench

    def now(self) -> int:
        return self.bench.now

    def timer(self, index: int, when: int) -> None:
        self.bench.pending.append(("timer", index, when))

    def output(self, output: int, level: bool, value: int) -> None:
        self.bench.pending.append(("output", output, int(level), value))
        for number, to, input in self.bench.wires:
            if number == output:
                message = getattr(to.twin, "message", None)
                if value and message is not None:
                    message(value)
                else:
                    to.twin.line(input, level)

    def cpu_input(self, cpu: int, input: CpuInput, value: int) -> None:
        self.bench.pending.append(("cpu", cpu, int(input), value))

    def fault(self, why: ChipFault, offset: int, size: int, value: int) -> None:
        self.bench.pending.append(("fault", int(why), offset, size, value))
