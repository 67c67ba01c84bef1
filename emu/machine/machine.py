# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine: an image on a board.

    with Machine("hatch", Options(arch="x86_64")) as m:
        m.console.send("uname -a\\n")
        stop = m.run(2_000_000_000)
        print(m.console.text, stop)

A machine belongs to the thread that made it; only `stop()` may come from another.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from emu.arch.walk import Access, Privilege, Walk
from emu.core import Cpu, Stop, StopReason, open_core
from emu.errors import MachineError
from emu.image.symbols import Symbols
from emu.machine.boards import board_for
from emu.machine.console import Console
from emu.machine.host import Host
from emu.machine.memory import Memory
from emu.machine.observers import Observers
from emu.machine.options import Options
from emu.machine.snapshot import Snapshot
from emu.machine.target import Image, resolve
from emu.wires.clock import NEVER
from emu.wires.events import Event, Kind, decode
from emu.wires.instrument import Instrument

__all__ = ["Machine"]

MAX_SLEEP = 0.25  # s of host time without looking at limits


class Machine:
    """One machine, complete and not yet started.

    Args:
        image: a recipe's name, a bundle folder, a kernel file or a `Bundle`.
        options: everything else.
        instruments: what watches it; more can be added before the first run.

    Raises:
        InputError: the image or an option cannot be used.
        HostError: this host cannot run us.

    Attributes:
        target: the files that were booted.
        board: the board it stands on.
        cpus: its CPUs.
        memory: `memory.phys[a:b]`, `memory.virt(cpu)[a:b]`.
        console: what the guest writes and reads.
        devices: the Python devices by their names in the board's table.
    """

    def __init__(
        self, image: Image = "hatch", options: Options | None = None, instruments: Iterable[Instrument] = ()
    ) -> None:
        self.options = options or Options()
        self.target = resolve(image, self.options)
        self.board = board_for(self.target.arch, self.options.board)(self.options)
        plan = self.board.plan(self.target)
        num, den = self.options.insn_ns.as_integer_ratio()
        core = open_core(self.target.arch, self.options.smp, num, den)
        self._core = core
        self._open = False
        self._thread = threading.get_ident()
        self._wall_end: float | None = None
        self._idle_limit: int | None = None
        self._why: StopReason | None = None
        self._host = Host(core)
        self.console = Console(self._host, self.options.input, self.options.inputs)
        self._wiring = self.board.build(core, self._host, self.console.serial)
        self.devices = {name: chip.device for name, chip in self._wiring.devices.items()}
        uart: Any = self.devices["uart0"]
        self.console.connect(uart, self._wiring.ids["uart0"])
        self._host.seal(core, self.options.seed)
        for segment in plan.segments:
            core.write_phys(segment.address, segment.data)
        self.cpus = tuple(Cpu(core, self.target.arch, i) for i in range(self.options.smp))
        self.board.start(self.cpus[0].regs, plan)
        self.plan = plan
        self._open = True
        self.memory = Memory(core, self._translate)
        me = weakref.ref(self)  # the core is no part of Python's garbage collection: it must not hold us
        core.on_poll = lambda: _alive(me)._on_poll()
        core.on_idle = lambda until: _alive(me)._on_idle(until)
        self._observers = Observers(core, self.options.event_hash)
        self.console.add_sink(self._observers.console)
        for instrument in instruments:
            self.watch(instrument)

    # ---- life ----

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_open", False):
            self._shut()

    def close(self) -> None:
        """Give memory and host resources back. Nothing but a second `close()` may follow."""
        if self._open:
            self._check_thread()
            self.console.flush()
            self._observers.close()
            self._shut()

    def _shut(self) -> None:
        self._open = False
        core = self._core
        core.on_poll = core.on_idle = core.on_events = None
        for chip in self._wiring.devices.values():
            chip.leave()
        self._host.close()
        del self._core
        del self._wiring.core

    def _check_thread(self) -> None:
        if self._thread != threading.get_ident():
            raise MachineError("a machine was used from a thread that did not make it", "make one per thread")

    def _ready(self) -> Any:
        if not self._open:
            raise MachineError("the machine is closed", "make a new one")
        self._check_thread()
        return self._core

    # ---- running ----

    def run(
        self,
        max_insns: int | None = None,
        *,
        timeout: float | None = None,
        until_ns: int | None = None,
        idle_limit: float | None = None,
    ) -> Stop:
        """Run until something ends it.

        Args:
            max_insns: at most so many instructions, all CPUs together.
            timeout: at most so many seconds of wall-clock time (checked about 50 times a second).
            until_ns: up to this virtual time.
            idle_limit: end with IDLE when all input is used up and the guest has written nothing for so many seconds
                of virtual time.
        """
        core = self._ready()
        self._wall_end = None if timeout is None else time.monotonic() + timeout
        self._idle_limit = None if idle_limit is None else int(idle_limit * 1e9)
        self._why = None
        self._observers.start()
        try:
            reason, code = core.run(NEVER if max_insns is None else max_insns, NEVER if until_ns is None else until_ns)
        finally:
            self.console.flush()
        return self._stop(reason, code)

    def step(self) -> Stop:
        """One instruction, or one exception or interrupt entry, whatever comes first (then the reason is EVENT)."""
        core = self._ready()
        self._wall_end = self._idle_limit = self._why = None
        self._observers.start()
        reason, code = core.step()
        self.console.flush()
        return self._stop(reason, code)

    def step_until(self, pc: int, max_insns: int | None = None) -> Stop:
        """Step until the instruction at `pc` is the next one (then the reason is EVENT), whichever CPU gets there.

        Every instruction and every entry of an exception is looked at, so handlers' first instructions count too.
        """
        core = self._ready()
        self._wall_end = self._idle_limit = self._why = None
        self._observers.start()
        reason, code = core.step_until_pc(pc, NEVER if max_insns is None else max_insns)
        self.console.flush()
        return self._stop(reason, code)

    def run_until(
        self,
        *kinds: Kind,
        where: Callable[[Event], bool] | None = None,
        max_insns: int | None = None,
        timeout: float | None = None,
    ) -> Stop:
        """Run up to an event of one of these kinds for which `where` is true; then the reason is EVENT.

        The kinds are looked for in the core; `where` is asked for each event of them.
        """
        core = self._ready()
        end = NEVER if max_insns is None else core.icount() + max_insns
        wall = None if timeout is None else time.monotonic() + timeout
        self._observers.break_on(kinds)
        try:
            while True:
                left = None if wall is None else max(wall - time.monotonic(), 0.0)
                stop = self.run(None if end == NEVER else max(end - core.icount(), 0), timeout=left)
                if stop.reason is not StopReason.EVENT or where is None or where(self.last_event):
                    return stop
        finally:
            self._observers.break_on(())

    def stop(self) -> None:
        """End the run that is going on, or the next one at once. Any thread."""
        if self._open:
            self._core.stop()

    def _stop(self, reason: int, code: int) -> Stop:
        error = self._core.take_error()
        if error is not None and not isinstance(error, Exception):
            raise error  # Ctrl-C and the like, caught inside a callback, go their usual way
        why = StopReason(reason)
        if why is StopReason.REQUEST and self._why is not None:
            why = self._why
        cpu = self.cpus[0]
        pc = cpu.pc
        stop = Stop(
            reason=why,
            code=code,
            cpu=cpu.index,
            pc=pc,
            where=self.symbols.text(pc),
            icount=self._core.icount(),
            ns=self._core.now(),
            error=error,
        )
        self._observers.stopped(stop)
        return stop

    def expect(self, text: str | bytes, *, max_insns: int | None = None, timeout: float | None = None) -> Stop:
        """Run until the guest has written `text` after what it had written at the last `expect`.

        Returns:
            The reason is REQUEST if it came, else why it did not.
        """
        data = text.encode() if isinstance(text, str) else text
        start = self._expected
        if self.console.want(data, start):
            stop = self._stop(StopReason.REQUEST, 0)
        else:
            try:
                stop = self.run(max_insns, timeout=timeout)
            finally:
                self.console.unwant()
        at = self.console.output.find(data, start)
        if at >= 0:
            self._expected = at + len(data)
        return stop

    _expected = 0

    # ---- callbacks of a run ----

    def _end(self, why: StopReason) -> None:
        self._why = why
        self._core.end(StopReason.REQUEST)

    def _on_poll(self) -> None:
        self.console.flush()
        if self._wall_end is not None and time.monotonic() >= self._wall_end:
            self._end(StopReason.TIMEOUT)
        live = self.console.live
        if live is not None:
            self.console.type(live.read(0), self._core.now())
            if live.ended:
                self._end(StopReason.REQUEST)

    def _on_idle(self, until: int) -> bool:
        """All CPUs wait until virtual time `until`. True: look again, something has changed."""
        console, now = self.console, self._core.now()
        if console.feed():
            return True
        console.flush()
        live = console.live
        if live is None and self.options.clock == "virtual":
            limit = self._idle_limit
            if limit is not None and not console.pending and now - console.last_output_ns > limit:
                self._end(StopReason.IDLE)
            return False
        # Live: time passes with the host's, and what is typed arrives at the time that has passed by then.
        if console.scheduled or (until == NEVER and (live is None or not live.open)):
            return False
        start = time.monotonic()
        end = start + (until - now) / 1e9 if until != NEVER else float("inf")
        while (wait := end - time.monotonic()) > 0:
            wait = min(wait, MAX_SLEEP)
            if self._wall_end is not None:
                wait = min(wait, self._wall_end - time.monotonic())
                if wait <= 0:
                    self._end(StopReason.TIMEOUT)
                    return True
            if live is None:
                time.sleep(wait)
                continue
            data = live.read(wait)
            if live.ended:
                self._end(StopReason.REQUEST)
                return True
            if data:
                passed = int((time.monotonic() - start) * 1e9)
                console.type(data, min(now + passed, until))
                return True
        return False

    # ---- looking ----

    @property
    def icount(self) -> int:
        """Instructions retired since power-on, all CPUs."""
        return int(self._ready().icount())

    @property
    def ns(self) -> int:
        """Virtual time."""
        return int(self._ready().now())

    @property
    def symbols(self) -> Symbols:
        """The kernel's symbols."""
        return self.target.symbols

    @property
    def last_event(self) -> Event:
        """The event that ended the last run with EVENT."""
        return next(decode(self._ready().last_event()))

    def _translate(self, va: int, access: int, privilege: int, cpu: int) -> Walk:
        return self.board.translate(self.cpus[cpu].regs, self.memory.phys, va, access, privilege)

    def translate(
        self, va: int, access: Access = Access.READ, privilege: Privilege = Privilege.KERNEL, cpu: int = 0
    ) -> Walk:
        """Walk a CPU's page tables for an address, in plain Python, changing nothing: result, steps and all."""
        self._ready()
        return self._translate(va, access, privilege, cpu)

    def stats(self) -> dict[str, Any]:
        """Counters since power-on: `exceptions` by class or vector, `irqs`, the TLB's, `idle_ns`."""
        return dict(self._ready().stats())

    def state_hash(self, ram: bool = True) -> int:
        """One number over the whole state: registers, arena, and RAM unless `ram` is false."""
        return int(self._ready().state_hash(ram))

    def chip_name(self, chip: int) -> str:
        """The board's name of a chip number in an event."""
        return self._names.get(chip, f"chip {chip}")

    def offset_of(self, chip: int, address: int) -> int:
        """The offset in a device of an address or port of its windows, as in an MMIO or PORT event."""
        name = self.chip_name(chip)
        for row in self.board.rows:
            if row.name == name:
                for window in row.windows:
                    if window.base <= address < window.base + window.size:
                        return address - window.base + window.at
        return address

    @property
    def _names(self) -> dict[int, str]:
        return self._wiring.names()

    def watch(self, instrument: Instrument) -> None:
        """Let an instrument see what happens from now on."""
        self._ready()
        self._observers.add(instrument)

    # ---- state ----

    def snapshot(self) -> Snapshot:
        """The whole state, in memory."""
        core = self._ready()
        return Snapshot(
            core.snapshot(),
            self.console.save(),
            {name: twin.save() for name, twin in self._wiring.twins.items()},
            core.icount(),
            core.now(),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Be again as when `snapshot` was taken, on this same machine. Raises MachineError for another's."""
        core = self._ready()
        try:
            core.restore(snapshot.core)
        except ValueError as error:
            raise MachineError(f"the snapshot cannot be restored: {error}") from None
        self.console.load(snapshot.console)
        self._expected = min(self._expected, len(self.console.output))
        for name, twin in self._wiring.twins.items():
            twin.load(snapshot.twins[name])
        self._observers.restored()


def _alive(me: weakref.ref[Machine]) -> Machine:
    machine = me()
    assert machine is not None, "a machine that is gone does not run"
    return machine
