# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs build steps: only those that must run, several at a time, each output written whole or not at all.

A step is up to date when its command line, the content of every file it read last time (inputs and, from the
compiler's depfile, headers) and its output are what they were. Content counts, not time: `touch` rebuilds nothing.
Times and sizes only save hashing.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from toolchain.errors import BuildFailed, ToolchainError

_STATE_FORMAT = 1

Action = Callable[[Path], None]
"""A step done in Python: writes the file at the path that it is given."""


@dataclass(frozen=True)
class Step:
    """Makes `output` from `inputs`, by a command or by a Python action.

    In `command`, "{out}" stands for the output and "{dep}" for the depfile to write. With `action`, `command` is only
    the text that identifies what the action does: it must differ whenever the result may.
    """

    label: str
    output: Path
    inputs: tuple[Path, ...]
    command: tuple[str, ...]
    action: Action | None = None
    transient: tuple[str, ...] = field(default=(), compare=False)
    """Further arguments of the command that cannot change its output (colours)."""


class Reporter(Protocol):
    """Hears how a build goes. Called from the thread that called `Engine.run`."""

    def start(self, total: int) -> None:
        """At most `total` steps will run; not called when there is nothing to do."""

    def done(self, step: Step, text: str | None) -> None:
        """A step ended well and printed `text` (warnings); None: its inputs came out as they were, it did not run."""

    def failed(self, step: Step, text: str) -> None:
        """A step failed; `text` is what it printed."""

    def close(self) -> None:
        """The last call after `start`, also after an interrupt."""


class Engine:
    """Builds in one build folder; `cwd` is where commands run, `jobs` how many at a time.

    `tools` identifies the programs that commands call: all are run again when it changes.
    """

    def __init__(self, folder: Path, cwd: Path, jobs: int, keep_going: bool = False, tools: str = "") -> None:
        self.cwd = cwd
        self.jobs = max(1, jobs)
        self.keep_going = keep_going
        self._tools = tools
        self._state_file = folder / "state.json"
        self._hashes = _Hashes()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopping = False
        self._ran = self._failures = 0
        self._state: dict[str, Any] = self._load()

    def run(self, steps: Iterable[Step], report: Reporter) -> int:
        """Bring all outputs up to date; returns how many steps ran.

        Raises BuildFailed, after `report.failed` for each failure. Ctrl-C passes through once all commands are ended.
        """
        waiting = {step.output: step for step in steps}
        makers = set(waiting)
        before = {output: makers.intersection(step.inputs) for output, step in waiting.items()}
        dirty = {output for output, step in waiting.items() if not self._fresh(step)}
        while more := {output for output in waiting if output not in dirty and before[output] & dirty}:
            dirty |= more
        for output in makers - dirty:
            del waiting[output]
        done = makers - dirty
        if not waiting:
            return 0
        self._ran = self._failures = 0
        report.start(len(waiting))
        active: dict[Future[str], Step] = {}
        with ThreadPoolExecutor(self.jobs) as pool:
            try:
                while waiting or active:
                    # A step whose inputs came out as they were needs no run, and may free others.
                    ready = [step for output, step in waiting.items() if before[output] <= done]
                    fresh = [step for step in ready if self._fresh(step)]
                    for step in fresh:
                        done.add(waiting.pop(step.output).output)
                        report.done(step, None)
                    if fresh:
                        continue
                    for step in ready[: self.jobs - len(active)]:
                        active[pool.submit(self._execute, waiting.pop(step.output))] = step
                    if not active:
                        break
                    finished, _ = wait(active, return_when=FIRST_COMPLETED)
                    for future in finished:
                        step = active.pop(future)
                        if self._settle(future, step, report):
                            done.add(step.output)
                        elif not self.keep_going:
                            waiting.clear()
            except BaseException:
                self._stop()
                raise
            finally:
                for future in active:
                    future.cancel()
                pool.shutdown()
                self._save()
                report.close()
        if self._failures:
            raise BuildFailed(f"{self._failures} step{'s' if self._failures > 1 else ''} failed")
        return self._ran

    def _settle(self, future: Future[str], step: Step, report: Reporter) -> bool:
        try:
            text = future.result()
        except BuildFailed as error:
            self._failures += 1
            report.failed(step, str(error))
            return False
        self._ran += 1
        report.done(step, text)
        return True

    def _fresh(self, step: Step) -> bool:
        old = self._state.get(str(step.output))
        if old is None or old["command"] != self._command_hash(step) or old["output"] != _signature(step.output):
            return False
        return set(map(str, step.inputs)) <= old["inputs"].keys() and all(
            self._hashes.of(path) == digest for path, digest in old["inputs"].items()
        )

    def _execute(self, step: Step) -> str:
        part = step.output.with_name(f".{step.output.name}.{os.getpid()}.part")
        dep = part.with_suffix(".d")
        with self._lock:
            self._state.pop(str(step.output), None)
        try:
            step.output.parent.mkdir(parents=True, exist_ok=True)
            # Hashed before the step reads them: an edit during the step then shows as a change the next time.
            inputs = {str(path): self._hashes.of(str(path)) for path in step.inputs}
            if step.action is not None:
                try:
                    step.action(part)
                except (ValueError, ToolchainError) as error:
                    raise BuildFailed(f"{step.label}: {error}\n") from error
                text = ""
            else:
                text = self._command(step, part, dep)
            if dep.exists():
                for path in _read_depfile(dep.read_text(encoding="utf-8")):
                    name = os.path.normpath(self.cwd / path)
                    inputs.setdefault(name, self._hashes.of(name))
            os.replace(part, step.output)
        except OSError as error:
            raise BuildFailed(f"{step.label}: {error}\n") from error
        finally:
            part.unlink(missing_ok=True)
            dep.unlink(missing_ok=True)
        row = {"command": self._command_hash(step), "inputs": inputs, "output": _signature(step.output)}
        with self._lock:
            self._state[str(step.output)] = row
        return text

    def _command(self, step: Step, part: Path, dep: Path) -> str:
        places = {"{out}": str(part), "{dep}": str(dep)}
        argv = [places.get(word, word) for word in step.command] + list(step.transient)
        with self._lock:
            if self._stopping:
                raise BuildFailed("")
            try:
                process = subprocess.Popen(
                    argv, cwd=self.cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                )
            except OSError as error:
                raise BuildFailed(f"{argv[0]}: {error.strerror}\n") from error
            self._running.add(process)
        output, _ = process.communicate()
        with self._lock:
            self._running.discard(process)
        text = output.decode("utf-8", "replace")
        if process.returncode < 0:
            text += f"{argv[0]}: killed by {signal.Signals(-process.returncode).name}\n"
        if process.returncode:
            raise BuildFailed(text or f"{argv[0]}: exit status {process.returncode}\n")
        return text

    def _command_hash(self, step: Step) -> str:
        words = step.command if step.action is not None else (self._tools, *step.command)
        return hashlib.sha256("\0".join(words).encode()).hexdigest()

    def _stop(self) -> None:
        with self._lock:
            self._stopping = True
            for process in self._running:
                process.kill()

    def _load(self) -> dict[str, Any]:
        try:
            data = json.loads(self._state_file.read_text(encoding="utf-8"))
            if data["format"] != _STATE_FORMAT:
                return {}
            self._hashes.load(dict(data["hashes"]))
            return dict(data["steps"])
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _save(self) -> None:
        rows = {name: row for name, row in self._state.items() if os.path.exists(name)}
        data = {"format": _STATE_FORMAT, "steps": rows, "hashes": self._hashes.dump()}
        write_whole(self._state_file, json.dumps(data).encode())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees half of it; leaves it alone when it already holds `data`."""
    try:
        if path.read_bytes() == data:
            return
    except OSError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


class _Hashes:
    """Content hashes of files, remembered by (time, size, inode); a file that is not there hashes to ""."""

    def __init__(self) -> None:
        self._known: dict[str, list[Any]] = {}

    def of(self, path: str) -> str:
        signature = _signature(path)
        if not signature:
            return ""
        seen = self._known.get(path)
        if seen is not None and seen[0] == signature:
            return str(seen[1])
        try:
            with open(path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""
        self._known[path] = [signature, digest]
        return digest

    def load(self, rows: dict[str, list[Any]]) -> None:
        self._known = dict(rows)

    def dump(self) -> dict[str, list[Any]]:
        return {path: row for path, row in self._known.items() if os.path.exists(path)}


def _signature(path: str | Path) -> list[int]:
    try:
        info = os.stat(path)
    except OSError:
        return []
    return [info.st_mtime_ns, info.st_size, info.st_ino]


def _read_depfile(text: str) -> list[str]:
    """The prerequisites in a depfile as clang writes it: `target: a b \\` with blanks in names escaped."""
    _, _, rest = text.replace("\\\n", " ").partition(": ")
    rest = rest.split("\n", 1)[0].replace("\\ ", "\0").replace("\\#", "#").replace("$$", "$")
    return [word.replace("\0", " ") for word in rest.split()]
