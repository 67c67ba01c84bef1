# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps and cards as text for a terminal of 100 columns; narrower ones wrap."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from emu.debug.cards import Card, Fact
from emu.debug.steps import Step

__all__ = ["TextWriter"]

WIDTH, NARROWEST, WIDEST = 100, 30, 160
LABEL = 10
HARD = "\u00a0"
_COLOURS = {"dim": "2", "entry": "1;33", "return": "1;32", "instruction": "1", "place": "36", "change": "35"}


class TextWriter:
    """Makes lines of steps.

    Args:
        width: columns.
        colour: whether escape sequences may be used.
        unicode: whether the output can have box characters and arrows.
    """

    def __init__(self, width: int = WIDTH, colour: bool = False, unicode: bool = True) -> None:
        self._width = min(max(width, NARROWEST), WIDEST)
        self._colour = colour
        self._corner, self._bar, self._end, self._dash = ("┌", "│", "└", "─") if unicode else ("+", "|", "+", "-")
        self._arrow = "→" if unicode else "->"

    def _paint(self, style: str, text: str) -> str:
        return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if self._colour and text else text

    def _wrap(self, text: str, first: str, rest: str) -> list[str]:
        return textwrap.wrap(
            text, self._width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
        ) or [first.rstrip()]  # fmt: skip

    def steps(self, steps: Iterable[Step]) -> Iterator[str]:
        """All of them; the repetitions of a string instruction are folded into one line."""
        last: Step | None = None
        folded = 0
        for step in steps:
            again = last is not None and not step.cards and not last.cards and step.place == last.place
            if again and step.instruction.mnemonic.startswith("rep"):
                folded += 1
            else:
                yield from self._folded(folded)
                yield self.step(step)
                folded = 0
            last = step
        yield from self._folded(folded)

    @staticmethod
    def _folded(count: int) -> Iterator[str]:
        if count:
            yield f"{'':>11}... and {count} more repetitions\n"

    def step(self, step: Step) -> str:
        """One step with its cards."""
        what = "(an interrupt comes first)" if step.interrupted else ""
        symbol = step.place.symbol or ""
        if step.place.program and step.place.program != "kernel":
            symbol = f"{symbol} in {step.place.program}".lstrip()
        head = f"{step.icount:>10} {step.state.privilege} {step.place.address:016x}"
        lines = []
        if len(head) + 2 + len(symbol) <= self._width:
            lines.append(f"{self._paint('dim', head)}  {self._paint('place', symbol)}".rstrip())
        else:
            lines.append(self._paint("dim", head))
            lines += [self._paint("place", line) for line in self._wrap(symbol, "    ", "    ")]
        source = f"{step.source}  {step.source_text}".rstrip() if step.source else ""
        name, operands = step.instruction.mnemonic, step.instruction.operands
        instruction = f"{name:<7} {operands}".rstrip() + (f" {what}" if what else "")
        indent = " " * min(11, self._width // 8)
        room = self._width - len(indent) - 36
        if source and room >= 20 and len(instruction) <= 34:
            shown = source if len(source) <= room else source[: room - 3] + "..."
            padding = " " * (36 - len(instruction))
            lines.append(f"{indent}{self._paint('instruction', instruction)}{padding}{self._paint('dim', shown)}")
        else:
            lines += [self._paint("instruction", line) for line in self._wrap(instruction, indent, indent)]
            lines += [self._paint("dim", line) for line in self._wrap(source, indent, indent) if source]
        if step.changes:
            # A register stays with its values: only the space between two registers may become a new line.
            text = "   ".join(f"{name}{HARD}{old:#x}{self._arrow}{new:#x}" for name, old, new in step.changes)
            parts = self._wrap(text, indent + "  ", indent + "  ")
            lines += [self._paint("change", line.replace(HARD, " ")) for line in parts]
        for card in step.cards:
            lines += self.card(card)
        return "\n".join(lines) + "\n"

    def card(self, card: Card) -> list[str]:
        """One card, in a box that is open to the right."""
        style = "entry" if card.kind == "entry" else "return"
        word = "ENTRY" if card.kind == "entry" else "RETURN"
        head = f"{self._corner}{self._dash} {word}  {card.title} "
        first, *more = self._wrap(head, "", f"{self._bar}          ")
        body: list[tuple[str, str]] = [("cause", self._fact(f)) for f in card.cause]
        if card.walk:
            body.append(("walk", card.walk.question))
            for level, table, index, descriptor, text in card.walk.levels:
                raw = "no memory" if descriptor is None else f"{descriptor:#018x}"
                body.append(("", f"level {level}: {table:#x}[{index}] = {raw}  {text}"))
            body.append(("", f"{self._arrow} {card.walk.answer}"))
        for label, state in (("from", card.before), ("to", card.after)):
            body.append((label, f"{state.privilege}  {state.place}  {state.sp_name}={state.sp:#x}"))
            body.append(("", f"{state.flags_name}={state.flags:#x} ({state.flags_text})"))
        if card.changes:
            body.append(("bits", ", ".join(c.replace("->", self._arrow) for c in card.changes)))
        body += [("vector", self._fact(f)) for f in card.vector]
        if card.why:
            body.append(("why", card.why))
        body += [("saved" if card.kind == "entry" else "restored", self._fact(f)) for f in card.saved]
        body += [("hardware", line) for line in card.hardware]
        body += [("software", line) for line in card.software]
        rule = " " + self._dash * (self._width - len(first) - 1) if len(first) < self._width - 1 else ""
        lines = [self._paint(style, line) for line in (first + rule, *more)]
        bar = self._paint(style, self._bar)
        last = ""
        for label, text in body:
            shown = "" if label == last else label
            last = label or last
            for i, line in enumerate(self._plain(text)):
                lines.append(f"{bar} {shown if i == 0 else '':<{LABEL}}{line}")
        lines.append(self._paint(style, self._end + self._dash * (self._width - 1)))
        return lines

    def _plain(self, text: str) -> Iterable[str]:
        return textwrap.wrap(text, self._width - LABEL - 2, subsequent_indent="  ", break_on_hyphens=False) or [""]

    @staticmethod
    def _fact(fact: Fact) -> str:
        name = fact.name if fact.value is None else f"{fact.name}={fact.value:#x}"
        return f"{name}  {fact.text}".rstrip()
