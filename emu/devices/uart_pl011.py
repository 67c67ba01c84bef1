# SPDX-License-Identifier: GPL-2.0-or-later
"""PrimeCell UART PL011 (ARM DDI 0183G), as QEMU's virt board behaves.

Transmission takes no time. Like QEMU's, it sends while UARTEN is 0, receives with a trigger level of one byte whatever
UARTIFLS says (so the receive timeout never has to happen), and has its modem inputs tied inactive.
"""

from __future__ import annotations

from collections.abc import Callable

from ..wires.clock import Clock
from ..wires.irq import Line
from .chip import ChipFault
from .console import Console
from .device import Device, Fifo, Register, State

__all__ = ["Pl011"]

INTERRUPTS = (
    "RIM 0", "CTSM 1", "DCDM 2", "DSRM 3", "RX 4", "TX 5", "RT 6", "FE 7", "PE 8", "BE 9", "OE 10",
)  # fmt: skip
INT_RX, INT_TX, INT_OE = 1 << 4, 1 << 5, 1 << 10
LBE = 1 << 7
FEN = 1 << 4
OVERRUN = 1 << 11


class Pl011(Device):
    """The UART; its other end is a ``Console``."""

    DR = Register(0x000, width=16, fields=("DATA 7:0", "FE 8", "PE 9", "BE 10", "OE 11"))
    RSR = Register(0x004, width=8, fields=("FE 0", "PE 1", "BE 2", "OE 3"))
    FR = Register(
        0x018, "RO", 16,
        fields=("CTS 0", "DSR 1", "DCD 2", "BUSY 3", "RXFE 4", "TXFF 5", "RXFF 6", "TXFE 7", "RI 8"),
    )  # fmt: skip
    ILPR = Register(0x020, width=8, fields=("ILPDVSR 7:0",))
    IBRD = Register(0x024, width=16, fields=("DIVINT 15:0",))
    FBRD = Register(0x028, width=8, writable=0x3F, fields=("DIVFRAC 5:0",))
    LCR_H = Register(
        0x02C, width=16, writable=0xFF, fields=("BRK 0", "PEN 1", "EPS 2", "STP2 3", "FEN 4", "WLEN 6:5", "SPS 7")
    )
    CR = Register(
        0x030, width=16, reset=0x300, writable=0xFF87,
        fields=("UARTEN 0", "SIREN 1", "SIRLP 2", "LBE 7", "TXE 8", "RXE 9", "DTR 10", "RTS 11", "OUT1 12", "OUT2 13",
                "RTSEN 14", "CTSEN 15"),
    )  # fmt: skip
    IFLS = Register(0x034, width=16, reset=0x12, writable=0x3F, fields=("TXIFLSEL 2:0", "RXIFLSEL 5:3"))
    IMSC = Register(0x038, width=16, writable=0x7FF, fields=INTERRUPTS)
    RIS = Register(0x03C, "RO", 16, fields=INTERRUPTS)
    MIS = Register(0x040, "RO", 16, fields=INTERRUPTS)
    ICR = Register(0x044, "WO", 16, fields=INTERRUPTS)
    DMACR = Register(0x048, width=16, writable=7, fields=("RXDMAE 0", "TXDMAE 1", "DMAONERR 2"))
    ID = Register(0xFE0, "RO", 32, reset=(0x11, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1))
    """UARTPeriphID0-3, UARTPCellID0-3."""

    fifo = Fifo(16)
    overrun = State()
    """The next character to be received carries OE: some before it were lost."""

    def __init__(
        self,
        console: Console | None = None,
        irq: Line | None = None,
        clock: Clock | None = None,
        faults: Callable[[ChipFault, int, int, int], None] | None = None,
    ) -> None:
        super().__init__(irq, clock, faults)
        self.console = console or Console()

    def interrupt(self) -> bool:
        return bool(self.RIS & self.IMSC)

    @property
    def depth(self) -> int:
        return 16 if self.LCR_H & FEN else 1

    # ---- receiving ----

    def feed(self) -> bool:
        """Let waiting input in, as far as there is room; true if there was any."""
        if len(self.fifo) >= self.depth or not self.console.pending:
            return False
        for byte in self.console.take(self.depth - len(self.fifo)):
            self._receive(byte)
        self._update_irq()
        return True

    def _receive(self, character: int) -> None:
        if len(self.fifo) >= self.depth:
            self.overrun = 1
            self.RSR |= 8
            self.RIS |= INT_OE
            return
        self.fifo.push(character | (OVERRUN if self.overrun else 0))
        self.overrun = 0
        if len(self.fifo) == 1:
            self.RIS |= INT_RX

    def read_DR(self) -> int:
        if not len(self.fifo) and self.console.ready:
            self.feed()
        if not len(self.fifo):
            return 0
        character = self.fifo.pop()
        self.RSR = character >> 8
        if not len(self.fifo):
            self.RIS &= ~INT_RX
        self._update_irq()
        return character

    def read_FR(self) -> int:
        if not Pl011.fifo.count(self) and self.console.ready:
            self.feed()
        count = Pl011.fifo.count(self)
        if not count and not self.CR & LBE:
            return 0x90
        flags = 0x80 | (0x10 if count == 0 else 0) | (0x40 if count >= self.depth else 0)
        return flags | self._modem()

    # ---- transmitting ----

    def write_DR(self, value: int) -> None:
        if self.CR & LBE:
            self._receive(value & 0xFF)
        else:
            self.console.put(bytes((value & 0xFF,)))
        self.RIS |= INT_TX  # the FIFO has, at once, gone through its trigger level

    # ---- the rest ----

    def write_RSR(self, value: int) -> None:
        self.RSR = 0  # UARTECR: any value clears the errors

    def write_LCR_H(self, value: int) -> None:
        if (self.LCR_H ^ value) & FEN:
            self.fifo.clear()
        self.LCR_H = value & 0xFF

    def _modem(self) -> int:
        """CTS, DSR, DCD and RI of UARTFR; in loop-back they are RTS, DTR, OUT1 and OUT2."""
        if not self.CR & LBE:
            return 0
        cr = self.CR
        return (cr >> 11 & 1) | (cr >> 10 & 1) << 1 | (cr >> 12 & 1) << 2 | (cr >> 13 & 1) << 8

    def write_CR(self, value: int) -> None:
        before = self._modem()
        self.CR = value & 0xFF87
        changed = before ^ self._modem()
        self.RIS |= (changed >> 8 & 1) | (changed & 1) << 1 | (changed >> 2 & 1) << 2 | (changed >> 1 & 1) << 3

    def read_MIS(self) -> int:
        return self.RIS & self.IMSC

    def write_ICR(self, value: int) -> None:
        self.RIS &= ~value
