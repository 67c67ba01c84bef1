# SPDX-License-Identifier: GPL-2.0-or-later
"""What `--until` may say: a kind of event, an instruction count, a symbol or an address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emu.errors import OptionError
from emu.image.symbols import Symbols

__all__ = ["EVENTS", "Until"]

EVENTS = ("exception", "syscall", "irq", "fault", "return")


@dataclass(frozen=True, slots=True)
class Until:
    """A place to stop before; exactly one of the fields is set.

    Attributes:
        event: one of `EVENTS`.
        icount: so many instructions retired since power-on.
        address: the next instruction's.
    """

    event: str | None = None
    icount: int | None = None
    address: int | None = None

    @classmethod
    def parse(cls, text: str, symbols: Sequence[Symbols]) -> Until:
        """What a user wrote.

        Args:
            text: an event, `icount=N`, an address with 0x, or a symbol.
            symbols: where a symbol is looked for, in this order.

        Raises:
            OptionError: it is none of these.
        """
        if text in EVENTS:
            return cls(event=text)
        name, equals, number = text.partition("=")
        if equals and name == "icount":
            if not number.isascii() or not number.isdigit() or int(number) >= 1 << 63:
                raise OptionError("--until", f"icount={number} is no count", "give one like icount=1000000")
            return cls(icount=int(number))
        if text[:2] in ("0x", "0X"):
            try:
                address = int(text, 16)
            except ValueError:
                raise OptionError("--until", f"{text!r} is no address", "give one like 0x200000") from None
            if address >> 64:
                raise OptionError("--until", f"{text} has more than 64 bits", "give one like 0x200000")
            return cls(address=address)
        for table in symbols:
            symbol = table.get(text)
            if symbol is not None:
                return cls(address=symbol.address)
        raise OptionError(
            "--until", f"{text!r} is no event and no symbol of the kernel or the program",
            f"choose from {', '.join(EVENTS)}, icount=N, a symbol or 0xADDRESS",
        )  # fmt: skip
