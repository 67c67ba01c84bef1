# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's console: where output goes, where input comes from, and when it is delivered.

Scripted input (`send`, `Options.input`) waits until the guest wants some: it is delivered when the guest finds its
receive FIFO empty, or when all CPUs wait. That depends on the guest alone. Live input (a terminal) arrives when a
person types; each piece is delivered at a virtual time that is written to `log`, and a run given that log as
`Options.inputs` gets the same pieces at the same times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from emu.devices.console import Console as Serial
from emu.machine.host import Host
from emu.wires.events import Kind

__all__ = ["Console", "ConsoleState", "Live", "Uart"]

FLUSH_SIZE = 4096
FIFO_NS = 16 * 10 * 1_000_000_000 // 115_200  # a receive FIFO full of characters at the usual rate


class Uart(Protocol):
    """What the console needs of a UART."""

    def feed(self) -> bool: ...


class Live(Protocol):
    """A source of live input, e.g. a terminal.

    `ended`: the user asked to leave. `open`: more may come.
    """

    ended: bool
    open: bool

    def read(self, timeout: float) -> bytes:
        """Bytes for the guest, waiting for at most `timeout` seconds; empty if there are none."""
        ...


class ConsoleState(NamedTuple):
    """What a snapshot keeps of the console: input that was not delivered yet, and how much there was of the rest."""

    waiting: bytes
    scheduled: tuple[tuple[int, bytes], ...]
    written: int
    logged: int
    last_output_ns: int
    last_input_ns: int


class Console:
    """A machine's console.

    Attributes:
        output: everything the guest wrote.
        log: (virtual ns, bytes) of live input as it was delivered.
        live: the source of live input, or None.
        last_output_ns: virtual time of the last byte written.
    """

    def __init__(self, host: Host, input: bytes = b"", inputs: Sequence[tuple[int, bytes]] = ()) -> None:
        self.output = bytearray()
        self.log: list[tuple[int, bytes]] = []
        self.live: Live | None = None
        self.last_output_ns = 0
        self.serial = Serial(self._put)
        self.serial.on_input = self._delivered
        self.serial.pace = self._line_is_free
        self._last_input_ns = -FIFO_NS
        self.serial.send(input)
        self._host = host
        self._uart: Uart | None = None
        self._uart_chip = 0
        self._chip = -1
        self._sinks: list[Callable[[bytes], object]] = []
        self._flushed = 0
        self._scheduled: list[tuple[int, bytes]] = sorted(inputs)
        self._wanted: bytes | None = None
        self._wanted_from = 0

    # ---- wiring ----

    def connect(self, uart: Uart, uart_chip: int) -> None:
        """The UART whose other end this is; the alarms of live input become a chip of the core."""
        assert self._host.core is not None
        self._uart = uart
        self._uart_chip = uart_chip
        self._chip, _ = self._host.core.python_chip(_Alarms(self), 0)
        if self._scheduled:
            self._host.timer(self._chip, 0, self._scheduled[0][0])

    def add_sink(self, sink: Callable[[bytes], object]) -> None:
        """Pass output on to `sink` in pieces, at the latest when the guest waits or a run ends."""
        self._sinks.append(sink)

    # ---- output ----

    @property
    def text(self) -> str:
        """The output as text; bytes that are no UTF-8 are replaced, carriage returns dropped."""
        return self.output.decode(errors="replace").replace("\r", "")

    def _put(self, data: bytes) -> None:
        self.output += data
        if len(self.output) - self._flushed >= FLUSH_SIZE:
            self.flush()
        self.last_output_ns = self._host.now()
        if self._wanted is not None:
            first = max(self._wanted_from, len(self.output) - len(data) - len(self._wanted))
            if self._wanted in self.output[first:]:
                self._wanted = None
                self._host.stop_here()

    def flush(self) -> None:
        """Give the sinks what they have not got yet."""
        data = bytes(self.output[self._flushed :])
        if data:
            self._flushed = len(self.output)
            for sink in self._sinks:
                sink(data)

    def want(self, text: bytes, start: int) -> bool:
        """End the run as soon as `text` is in the output after byte `start`; true if it is there already."""
        found = text in self.output[start:]
        self._wanted, self._wanted_from = (None, 0) if found else (text, start)
        return found

    def unwant(self) -> None:
        """Look for nothing any more."""
        self._wanted = None

    # ---- input ----

    def send(self, data: bytes | str) -> None:
        """Type: delivered when the guest wants input."""
        self.serial.send(data.encode() if isinstance(data, str) else data)

    @property
    def pending(self) -> int:
        """Bytes that the guest has not got yet."""
        return self.serial.pending + sum(len(data) for _, data in self._scheduled)

    def feed(self) -> bool:
        """All CPUs wait: deliver scripted input, as much as the UART takes; true if there was any."""
        return self._uart is not None and self._uart.feed()

    def type(self, data: bytes, when: int) -> None:
        """Live input: deliver `data` at virtual time `when`."""
        if not data:
            return
        self._scheduled.append((when, data))
        self._host.timer(self._chip, 0, self._scheduled[0][0])

    @property
    def scheduled(self) -> bool:
        """Whether live input waits for its time."""
        return bool(self._scheduled)

    def ring(self) -> None:
        """The time of scheduled input has come."""
        now = self._host.now()
        while self._scheduled and self._scheduled[0][0] <= now:
            _, data = self._scheduled.pop(0)
            self.log.append((now, data))
            self.serial.send(data)
        self.feed()
        if self._scheduled:
            self._host.timer(self._chip, 0, self._scheduled[0][0])

    def _delivered(self, data: bytes) -> None:
        self._last_input_ns = self._host.now()
        self._host.event(Kind.INPUT, self._uart_chip, len(data))

    def _line_is_free(self) -> bool:
        return self._host.now() - self._last_input_ns >= FIFO_NS

    # ---- snapshots ----

    def save(self) -> ConsoleState:
        """What a snapshot keeps of the console."""
        waiting = self._withdraw()
        self.serial.send(waiting)
        return ConsoleState(
            waiting, tuple(self._scheduled), len(self.output), len(self.log), self.last_output_ns, self._last_input_ns
        )

    def load(self, saved: ConsoleState) -> None:
        """Be as `save` found it; what the sinks were given stays given."""
        self.flush()
        self._withdraw()
        self.serial.send(saved.waiting)
        self._scheduled = list(saved.scheduled)
        self.last_output_ns = saved.last_output_ns
        self._last_input_ns = saved.last_input_ns
        del self.output[saved.written :]
        del self.log[saved.logged :]
        self._flushed = len(self.output)

    def _withdraw(self) -> bytes:
        """Take waiting input back, without it counting as delivered."""
        self.serial.on_input = None
        waiting = self.serial.take(self.serial.pending)
        self.serial.on_input = self._delivered
        return waiting


class _Alarms:
    """The chip whose deadline is the next piece of live input. It has no registers."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def read(self, bank: int, offset: int, size: int, cpu: int) -> int:
        return 0

    def write(self, bank: int, offset: int, size: int, value: int, cpu: int) -> None:
        pass

    def timer(self, index: int) -> None:
        self._console.ring()
