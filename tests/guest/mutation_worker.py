# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a slice of the mutated inputs through the command line, in one process: see test_mutations.py.

    python -m tests.guest.mutation_worker BASES SCRATCH SEED COUNT FIRST LAST

BASES is a folder with a valid file of each format. One JSON line goes to standard output before each boot and one after
it, so that a process that dies says at which one.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emu.errors import ImageError
from tests.unit.mutate import FORMATS, Mutation, mutations

ARCH = {"virt": "aarch64", "pc": "x86_64"}
MAX_INSNS = 3_000_000  # Hatch gets to its first programs
BARE_INSNS = 250_000  # the bare guest prints all the time, which is slow and tells nothing new
MEMORY = "64M"
TIMEOUT = 5  # s for one guest: some make each of their instructions cost a translation
SECONDS = 60  # s for one boot; the process ends with the stack of what hung
kinds: list[str] = []


def record_kinds() -> None:
    """Notes the kind of each ImageError, which the line on stderr does not say."""
    original = ImageError.__init__

    def noted(self: ImageError, *words: Any) -> None:
        original(self, *words)
        kinds.append(self.kind.value)

    ImageError.__init__ = noted  # type: ignore[method-assign]


def peak_kib() -> int:
    """The most memory that this process has had; rusage would count what its parent had at the fork."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def boot(words: list[str], scratch: Path) -> dict[str, Any]:
    """One `emu run`: exit status, lines on stderr, kinds of errors, the stop's name."""
    from emu.cli.main import main

    summary = scratch / "run.json"
    summary.unlink(missing_ok=True)
    kinds.clear()
    errors = io.StringIO()
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    with contextlib.redirect_stderr(errors):
        status = main(["run", *words, "--json", str(summary), "--console", os.devnull])
    faulthandler.cancel_dump_traceback_later()
    return {
        "status": status,
        "stderr": errors.getvalue(),
        "kinds": list(kinds),
        "stop": json.loads(summary.read_text())["stop"] if summary.exists() else None,
        "rss_mib": peak_kib() >> 10,
    }


def arguments(m: Mutation, scratch: Path) -> list[str]:
    """The command line of a mutation, its files written."""
    bare = m.name.startswith(("elf", "pvh"))
    words = ["--arch", ARCH[m.board], "--memory", MEMORY, "--max-insns", str(BARE_INSNS if bare else MAX_INSNS)]
    words += ["--timeout", str(TIMEOUT)]
    for option, data in (("", m.kernel), ("--initrd", m.initrd), ("--dtb", m.dtb)):
        if data is not None:
            path = scratch / (option.lstrip("-") or "kernel")
            path.write_bytes(data)
            words += [option, str(path)] if option else [str(path)]
    return words


def sliced(bases: Path, seed: int, count: int, first: int, last: int) -> Iterator[Mutation]:
    """Mutations number `first` to `last - 1` of `count`."""
    base = {format: (bases / format).read_bytes() for format in FORMATS}
    for number, mutation in enumerate(mutations(seed, count, base)):
        if first <= number < last:
            yield mutation


def main() -> None:
    bases, scratch = Path(sys.argv[1]), Path(sys.argv[2])
    seed, count, first, last = map(int, sys.argv[3:])
    record_kinds()
    for m in sliced(bases, seed, count, first, last):
        print(json.dumps({"start": m.name}), flush=True)
        print(json.dumps({"name": m.name, "header": m.header, **boot(arguments(m, scratch), scratch)}), flush=True)


if __name__ == "__main__":
    main()
