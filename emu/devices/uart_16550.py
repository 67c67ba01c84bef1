# SPDX-License-Identifier: GPL-2.0-or-later
"""16550A UART (National PC16550D data sheet), eight byte-wide ports, as QEMU's pc has COM1.

Transmission takes no time; the modem inputs CTS, DSR and DCD are up, as with any terminal attached. OUT2 does not gate
the interrupt (on a PC that is the board's doing, and QEMU leaves it out).
"""

from __future__ import annotations

from collections.abc import Callable

from ..wires.clock import NEVER, Clock
from ..wires.irq import Line
from .chip import NS_PER_S, ChipFault
from .console import Console
from .device import Device, Fifo, Register, State

__all__ = ["Uart16550"]

IER_RDI, IER_THRI, IER_RLSI, IER_MSI = 1, 2, 4, 8
IIR_NONE, IIR_MSI, IIR_THRI, IIR_RDI, IIR_RLSI, IIR_TIMEOUT = 1, 0, 2, 4, 6, 0xC
LSR_DR, LSR_OE, LSR_THRE, LSR_TEMT = 1, 2, 0x20, 0x40
LSR_ERRORS = 0x1E
MCR_LOOP = 0x10
MSR_PRESENT = 0xB0
TRIGGER = (1, 4, 8, 14)
MAX_BAUD = 115200


class Uart16550(Device):
    """The UART; its other end is a ``Console``."""

    SIZES = (1,)

    RBR = Register(0, "RO", 8)
    """With LCR.DLAB: DLL."""
    THR = Register(0, "WO", 8)
    IER = Register(1, width=8, writable=0x0F, fields=("ERBFI 0", "ETBEI 1", "ELSI 2", "EDSSI 3"))
    """With LCR.DLAB: DLM."""
    IIR = Register(2, "RO", 8, fields=("NONE 0", "ID 3:1", "FIFOS 7:6"))
    FCR = Register(2, "WO", 8, fields=("FIFOE 0", "RFIFOR 1", "XFIFOR 2", "DMAM 3", "RTRIG 7:6"))
    LCR = Register(3, width=8, fields=("WLS 1:0", "STB 2", "PEN 3", "EPS 4", "SP 5", "SB 6", "DLAB 7"))
    MCR = Register(4, width=8, writable=0x1F, fields=("DTR 0", "RTS 1", "OUT1 2", "OUT2 3", "LOOP 4"))
    LSR = Register(5, "RO", 8, reset=0x60, fields=("DR 0", "OE 1", "PE 2", "FE 3", "BI 4", "THRE 5", "TEMT 6", "ERF 7"))
    MSR = Register(
        6, "RO", 8, reset=MSR_PRESENT,
        fields=("DCTS 0", "DDSR 1", "TERI 2", "DDCD 3", "CTS 4", "DSR 5", "RI 6", "DCD 7"),
    )  # fmt: skip
    SCR = Register(7, width=8)

    fifo = Fifo(16)
    divisor = State(reset=0x0C)
    """DLM and DLL."""
    thre_pending = State()
    """The transmitter-empty interrupt has not been seen in IIR."""
    timeout = State()
    """Characters below the trigger level have waited for four character times."""

    def __init__(
        self,
        console: Console | None = None,
        irq: Line | None = None,
        clock: Clock | None = None,
        faults: Callable[[ChipFault, int, int, int], None] | None = None,
    ) -> None:
        super().__init__(irq, clock, faults)
        self.console = console or Console()
        self._character_timeout = self.clock.timer(self._on_timeout)

    def on_reset(self) -> None:
        self._character_timeout.set(NEVER)

    # ---- interrupts ----

    @property
    def _fifos(self) -> bool:
        return bool(self.FCR & 1)

    @property
    def _depth(self) -> int:
        return 16 if self._fifos else 1

    @property
    def _trigger(self) -> int:
        return TRIGGER[self.FCR >> 6] if self._fifos else 1

    def _cause(self) -> int:
        """IIR bits 3:0: the pending interrupt of the highest priority."""
        if self.IER & IER_RLSI and self.LSR & LSR_ERRORS:
            return IIR_RLSI
        if self.IER & IER_RDI and len(self.fifo) >= self._trigger:
            return IIR_RDI
        if self.IER & IER_RDI and self.timeout:
            return IIR_TIMEOUT
        if self.IER & IER_THRI and self.thre_pending:
            return IIR_THRI
        if self.IER & IER_MSI and self.MSR & 0x0F:
            return IIR_MSI
        return IIR_NONE

    def interrupt(self) -> bool:
        return self._cause() != IIR_NONE

    def read_IIR(self) -> int:
        cause = self._cause()
        if cause == IIR_THRI:
            self.thre_pending = 0
            self._update_irq()
        return cause | (0xC0 if self._fifos else 0)

    # ---- receiving ----

    def feed(self) -> bool:
        """Let waiting input in, as far as there is room; true if there was any."""
        if self.MCR & MCR_LOOP or len(self.fifo) >= self._depth or not self.console.pending:
            return False
        for byte in self.console.take(self._depth - len(self.fifo)):
            self._receive(byte)
        self._update_irq()
        return True

    def _receive(self, byte: int) -> None:
        if len(self.fifo) >= self._depth:
            self.LSR |= LSR_OE
            if not self._fifos:  # the holding register is overwritten, a FIFO keeps what it has
                self.fifo.pop()
                self.fifo.push(byte)
            return
        self.fifo.push(byte)
        self.LSR |= LSR_DR
        self._await_timeout()

    def _await_timeout(self) -> None:
        waiting = self._fifos and 0 < len(self.fifo) < self._trigger
        bits = 10 * (self.divisor or 65536)
        self._character_timeout.set(self.clock.now() + 4 * bits * NS_PER_S // MAX_BAUD if waiting else NEVER)

    def _on_timeout(self) -> None:
        if self._fifos and 0 < len(self.fifo):
            self.timeout = 1
            self._update_irq()

    def read_RBR(self) -> int:
        if self.LCR & 0x80:
            return self.divisor & 0xFF
        if not len(self.fifo) and self.console.ready:
            self.feed()
        self.timeout = 0
        if not len(self.fifo):
            return 0
        byte = self.fifo.pop()
        if not len(self.fifo):
            self.LSR &= ~LSR_DR
        self._await_timeout()
        self._update_irq()
        return byte

    def read_LSR(self) -> int:
        if self.console.ready and not Uart16550.fifo.count(self):
            self.feed()
        value = self.LSR
        if value & LSR_ERRORS:
            self.LSR = value & ~LSR_ERRORS
            self._update_irq()
        return value

    # ---- transmitting ----

    def write_THR(self, value: int) -> None:
        if self.LCR & 0x80:
            self.divisor = (self.divisor & 0xFF00) | value
            return
        self.THR = value
        if self.MCR & MCR_LOOP:
            self._receive(value)
        else:
            self.console.put(bytes((value,)))
        self.thre_pending = 1  # empty again

    # ---- the rest ----

    def read_IER(self) -> int:
        return self.divisor >> 8 if self.LCR & 0x80 else self.IER

    def write_IER(self, value: int) -> None:
        if self.LCR & 0x80:
            self.divisor = (self.divisor & 0xFF) | value << 8
            return
        if value & ~self.IER & IER_THRI:  # enabling it with the transmitter empty asks at once
            self.thre_pending = 1
        self.IER = value & 0x0F

    def write_FCR(self, value: int) -> None:
        if (self.FCR ^ value) & 1:
            value |= 6  # a change of FIFOE clears both
        if value & 2:
            self.fifo.clear()
            self.LSR &= ~LSR_DR
            self.timeout = 0
            self._character_timeout.set(NEVER)
        if value & 4:
            self.thre_pending = 1
        self.FCR = value & 0xC9 if value & 1 else 0

    def write_MCR(self, value: int) -> None:
        self.MCR = value & 0x1F
        if value & MCR_LOOP:  # DTR, RTS, OUT1, OUT2 come back as DSR, CTS, RI, DCD
            new = (value & 1) << 5 | (value >> 1 & 1) << 4 | (value >> 2 & 1) << 6 | (value >> 3 & 1) << 7
        else:
            new = MSR_PRESENT
        old = self.MSR
        delta = (old ^ new) >> 4
        delta = delta & 0x0B | (0x04 if old & ~new & 0x40 else 0)  # TERI: the trailing edge of RI only
        self.MSR = new | old & 0x0F | delta

    def read_MSR(self) -> int:
        value = self.MSR
        self.MSR = value & 0xF0
        self._update_irq()
        return value
