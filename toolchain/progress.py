# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows how a build goes, on standard error: a bar on a terminal, plain lines in a pipe."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from toolchain.engine import Step

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def reporter(verbose: bool) -> Lines | Bar:
    """The reporter that suits standard error."""
    return Bar() if sys.stderr.isatty() and not verbose else Lines(verbose)


class Lines:
    """One line for each step that ran; with `verbose`, its command."""

    def __init__(self, verbose: bool) -> None:
        self.verbose = verbose
        self.total = self.count = 0

    def start(self, total: int) -> None:
        """See `engine.Reporter`."""
        self.total = total

    def done(self, step: Step, text: str | None) -> None:
        """See `engine.Reporter`."""
        self.count += 1
        if text is not None:
            self._line(step)
            sys.stderr.write(text)

    def failed(self, step: Step, text: str) -> None:
        """See `engine.Reporter`."""
        self.count += 1
        self._line(step)
        sys.stderr.write(text)
        sys.stderr.flush()

    def close(self) -> None:
        """See `engine.Reporter`."""
        sys.stderr.flush()

    def _line(self, step: Step) -> None:
        width = len(str(self.total))
        text = shlex.join(step.command) if self.verbose and step.action is None else step.label
        sys.stderr.write(f"[{self.count:{width}}/{self.total}] {text}\n")


class Bar:
    """A progress bar; what compilers print appears above it, as it stands."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        self.task: TaskID | None = None

    def start(self, total: int) -> None:
        """See `engine.Reporter`."""
        # rich takes 0.1 s to import: only a build that has something to do pays for it.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        label = TextColumn("{task.description}", markup=False)
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), label)
        self.progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self.task = self.progress.add_task("", total=total)
        self.progress.start()

    def done(self, step: Step, text: str | None) -> None:
        """See `engine.Reporter`."""
        if text:
            self._print(text)
        self._advance(step)

    def failed(self, step: Step, text: str) -> None:
        """See `engine.Reporter`."""
        self._print(text)
        self._advance(step)

    def close(self) -> None:
        """See `engine.Reporter`."""
        if self.progress is not None:
            self.progress.stop()

    def _print(self, text: str) -> None:
        if self.progress is not None:
            self.progress.console.out(text, end="", highlight=False)

    def _advance(self, step: Step) -> None:
        if self.progress is not None and self.task is not None:
            self.progress.update(self.task, advance=1, description=step.label)
