# SPDX-License-Identifier: GPL-2.0-or-later
"""How a PC is reset and switched off: i8042 keyboard controller, port 92h, port CF9h, ACPI PM1 and timer, debug exit.

``power`` is called with "off" or "reset"; ``leave`` of the debug exit with the exit status.
"""

from __future__ import annotations

from collections.abc import Callable

from ..wires.clock import NEVER, Clock
from ..wires.irq import Line
from .chip import ChipFault, tick_ns, ticks
from .device import Device, Fifo, Register, State

__all__ = ["I8042", "AcpiPm", "DebugExit", "Port92", "ResetControl"]

FaultSink = Callable[[ChipFault, int, int, int], None]
Power = Callable[[str], None]

ACK, RESEND = 0xFA, 0xFE


def _nothing(what: object) -> None:
    """For hooks that nobody wants."""


class I8042(Device):
    """The keyboard controller (IBM PS/2 Technical Reference, "Keyboard and Auxiliary Device Controller"), ports 60h and
    64h at offsets 0 and 4, with a keyboard and a mouse that answer and are never touched.

    ``irq`` is IRQ1, ``aux_irq`` IRQ12. A20 is kept as a bit and gates nothing: every PC has it open.
    """

    SIZES = (1,)

    DATA_OUT = Register(0, "RO", 8)
    """The output buffer: what the controller has for the processor."""
    DATA_IN = Register(0, "WO", 8)
    STATUS = Register(
        4, "RO", 8, reset=0x18,
        fields=("OBF 0", "IBF 1", "SYS 2", "CMD 3", "UNLOCKED 4", "AUX 5", "TIMEOUT 6", "PARITY 7"),
    )  # fmt: skip
    COMMAND = Register(4, "WO", 8)

    mode = State(reset=0x03)
    """The command byte: bit 0 keyboard interrupt, 1 mouse interrupt, 4 and 5 interface off, 6 translate."""
    outport = State(reset=0xCF)
    expects = State()
    """The command whose data byte comes next to port 60h, 0 for the keyboard itself."""
    keyboard_expects = State()
    queue = Fifo(32)
    """Bytes for the processor; bit 8: from the mouse."""
    aux_driven = State()

    def __init__(
        self,
        power: Power = _nothing,
        irq: Line | None = None,
        aux_irq: Line | None = None,
        faults: FaultSink | None = None,
    ) -> None:
        super().__init__(irq, None, faults)
        self.power = power
        self.aux_irq = aux_irq or Line("I8042.aux")

    def interrupt(self) -> bool:
        return bool(len(self.queue) and not self.queue[0] & 0x100 and self.mode & 1)

    def _update_irq(self) -> None:
        super()._update_irq()
        aux = bool(len(self.queue) and self.queue[0] & 0x100 and self.mode & 2)
        if aux != bool(self.aux_driven):
            self.aux_driven = int(aux)
            self.aux_irq.set(aux)

    def _answer(self, *values: int, mouse: bool = False) -> None:
        for value in values:
            if self.queue.space:
                self.queue.push(value | (0x100 if mouse else 0))

    def read_STATUS(self) -> int:
        status = self.STATUS & ~0x21
        if len(self.queue):
            status |= 0x21 if self.queue[0] & 0x100 else 1
        return status

    def read_DATA_OUT(self) -> int:
        if len(self.queue):
            self.DATA_OUT = self.queue.pop() & 0xFF
            self._update_irq()
        return self.DATA_OUT  # read again, an empty buffer gives the last byte

    def write_COMMAND(self, value: int) -> None:
        self.STATUS |= 8
        match value:
            case 0x20:
                self._answer(self.mode)
            case 0x60 | 0xD1 | 0xD2 | 0xD3 | 0xD4:
                self.expects = value
            case 0xA7:
                self.mode |= 0x20
            case 0xA8:
                self.mode &= ~0x20
            case 0xA9 | 0xAB:
                self._answer(0)  # interface test: no fault
            case 0xAA:
                self.STATUS |= 4
                self._answer(0x55)
            case 0xAD:
                self.mode |= 0x10
            case 0xAE:
                self.mode &= ~0x10
            case 0xC0:
                self._answer(0x80)
            case 0xD0:
                self._answer(self.outport)
            case 0xDD:
                self.outport &= ~2
            case 0xDF:
                self.outport |= 2
            case _ if value >= 0xF0 and not value & 1:  # pulse output port bits that are 0; bit 0 is the reset line
                self.power("reset")

    def write_DATA_IN(self, value: int) -> None:
        self.STATUS &= ~8
        command, self.expects = self.expects, 0
        match command:
            case 0x60:
                self.mode = value
            case 0xD1:
                self.outport = value
                if not value & 1:
                    self.power("reset")
            case 0xD2:
                self._answer(value)
            case 0xD3:
                self._answer(value, mouse=True)
            case 0xD4:
                self._mouse(value)
            case _:
                self._keyboard(value)

    def _keyboard(self, value: int) -> None:
        if self.keyboard_expects:
            self.keyboard_expects = 0
            self._answer(ACK)
            return
        match value:
            case 0xFF:
                self._answer(ACK, 0xAA)
            case 0xF2:  # of the identifier's bytes, 83h is one that translation to scan code set 1 changes
                self._answer(ACK, 0xAB, 0x41 if self.mode & 0x40 else 0x83)
            case 0xEE:
                self._answer(0xEE)
            case 0xED | 0xF0 | 0xF3:
                self.keyboard_expects = value
                self._answer(ACK)
            case 0xF4 | 0xF5 | 0xF6 | 0xF7 | 0xF8 | 0xF9 | 0xFA:
                self._answer(ACK)
            case _:
                self._answer(RESEND)

    def _mouse(self, value: int) -> None:
        match value:
            case 0xFF:
                self._answer(ACK, 0xAA, 0x00, mouse=True)
            case 0xF2:
                self._answer(ACK, 0x00, mouse=True)
            case 0xE9:
                self._answer(ACK, 0x00, 0x02, 0x64, mouse=True)
            case _:
                self._answer(ACK, mouse=True)


class Port92(Device):
    """System control port A (PS/2 Technical Reference): bit 0 resets, bit 1 is A20."""

    SIZES = (1,)

    CONTROL = Register(0, width=8, fields=("RESET 0", "A20 1"))

    def __init__(self, power: Power = _nothing, faults: FaultSink | None = None) -> None:
        super().__init__(None, None, faults)
        self.power = power

    def write_CONTROL(self, value: int) -> None:
        risen = value & ~self.CONTROL & 1
        self.CONTROL = value & 0xFE
        if risen:
            self.power("reset")


class ResetControl(Device):
    """Reset control register at CF9h (PIIX3, 290550): RCPU rising resets."""

    SIZES = (1,)

    RC = Register(0, width=8, writable=6, fields=("SRST 1", "RCPU 2"))

    def __init__(self, power: Power = _nothing, faults: FaultSink | None = None) -> None:
        super().__init__(None, None, faults)
        self.power = power

    def write_RC(self, value: int) -> None:
        self.RC = value & 2
        if value & 4:
            self.power("reset")


class AcpiPm(Device):
    """ACPI PM1a event and control blocks and the PM timer (ACPI 6.4, 4.8.3), 16 bytes from port 600h.

    Sleep type 0 is S5, as in QEMU's pc. The timer has 24 bits and 3.579545 MHz. ``irq`` is the SCI.
    """

    SIZES = (2, 4)
    TIMER_HZ = 3579545

    PM1_STS = Register(
        0x0, "W1C", 16, writable=0xFF31, sizes=(2,), fields=("TMR 0", "BM 4", "GBL 5", "PWRBTN 8", "RTC 10", "WAK 15")
    )
    PM1_EN = Register(0x2, width=16, sizes=(2,), fields=("TMR 0", "GBL 5", "PWRBTN 8", "RTC 10"))
    PM1_CNT = Register(
        0x4, width=16, sizes=(2,), writable=0x1C07,
        fields=("SCI_EN 0", "BM_RLD 1", "GBL_RLS 2", "SLP_TYP 12:10", "SLP_EN 13"),
    )  # fmt: skip
    PM_TMR = Register(0x8, "RO", 32, fields=("TMR_VAL 23:0",), sizes=(1, 2, 4))

    seen = State()
    """The half turn of the timer (bit 23 and up) up to which TMR_STS is worked out."""

    def __init__(
        self,
        power: Power = _nothing,
        irq: Line | None = None,
        clock: Clock | None = None,
        faults: FaultSink | None = None,
    ) -> None:
        super().__init__(irq, clock, faults)
        self.power = power
        self._overflow = self.clock.timer(self._on_overflow)

    def on_reset(self) -> None:
        self.seen = self._halves()
        self._overflow.set(NEVER)

    def _halves(self) -> int:
        return ticks(self.clock.now(), self.TIMER_HZ) >> 23

    def _look(self) -> None:
        """TMR_STS goes up whenever the timer's most significant bit changes."""
        halves = self._halves()
        if halves != self.seen:
            self.seen = halves
            self.PM1_STS |= 1

    def _on_overflow(self) -> None:
        self._look()
        self._schedule()
        self._update_irq()

    def _schedule(self) -> None:
        self._overflow.set(tick_ns((self._halves() + 1) << 23, self.TIMER_HZ) if self.PM1_EN & 1 else NEVER)

    def interrupt(self) -> bool:
        return bool(self.PM1_CNT & 1 and self.PM1_STS & self.PM1_EN & 0x521)

    def read_PM1_STS(self) -> int:
        self._look()
        return self.PM1_STS

    def write_PM1_STS(self, value: int) -> None:
        self._look()
        self.PM1_STS &= ~(value & 0xFF31)

    def write_PM1_EN(self, value: int) -> None:
        self._look()
        self.PM1_EN = value & 0x521
        self._schedule()

    def write_PM1_CNT(self, value: int) -> None:
        self.PM1_CNT = value & 0x1C07
        if value & 0x2000 and value >> 10 & 7 == 0:
            self.power("off")

    def read_PM_TMR(self) -> int:
        return ticks(self.clock.now(), self.TIMER_HZ) & 0xFFFFFF


class DebugExit(Device):
    """QEMU's isa-debug-exit: writing n ends the machine with status 2 * n + 1."""

    SIZES = (1, 2, 4)

    STATUS = Register(0, "RW", 32)

    def __init__(self, leave: Callable[[int], None] = _nothing, faults: FaultSink | None = None) -> None:
        super().__init__(None, None, faults)
        self.leave = leave

    def read_STATUS(self) -> int:
        return 0

    def write_STATUS(self, value: int) -> None:
        self.STATUS = value
        self.leave((value << 1 | 1) & 0xFF)
