# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine: runs what must run and nothing else, and leaves whole files or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from toolchain.engine import Engine, Step
from toolchain.errors import BuildFailed


class Log:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.skipped: list[str] = []
        self.errors: list[str] = []

    def start(self, total: int) -> None:
        pass

    def done(self, step: Step, text: str | None) -> None:
        (self.skipped if text is None else self.ran).append(step.label)

    def failed(self, step: Step, text: str) -> None:
        self.errors.append(text)

    def close(self) -> None:
        pass


def shell(label: str, folder: Path, inputs: list[str], script: str) -> Step:
    """A step that makes folder/label by a shell script; $0 is the output, $1 the depfile."""
    names = tuple(folder / name for name in inputs)
    return Step(label, folder / label, names, ("sh", "-c", script, "{out}", "{dep}"))


def run(folder: Path, *steps: Step, keep_going: bool = False) -> Log:
    log = Log()
    try:
        Engine(folder / "state", folder, 2, keep_going).run(steps, log)
    except BuildFailed:
        assert log.errors
    return log


@pytest.fixture
def chain(tmp_path: Path) -> tuple[Step, Step]:
    """a.o from a.c, which names a.h in its depfile; out from a.o."""
    (tmp_path / "a.c").write_text("source")
    (tmp_path / "a.h").write_text("header")
    compile_it = shell("a.o", tmp_path, ["a.c"], 'cut -c1-3 a.c a.h > "$0"; echo "a.o: a.c \\\n a.h" > "$1"')
    return compile_it, shell("out", tmp_path, ["a.o"], 'cat a.o > "$0"')


def test_a_second_run_does_nothing(tmp_path: Path, chain: tuple[Step, Step]) -> None:
    assert run(tmp_path, *chain).ran == ["a.o", "out"]
    assert run(tmp_path, *chain).ran == []


def test_content_counts_and_time_does_not(tmp_path: Path, chain: tuple[Step, Step]) -> None:
    run(tmp_path, *chain)
    os.utime(tmp_path / "a.c", (1, 1))
    assert run(tmp_path, *chain).ran == []
    before = (tmp_path / "a.c").stat()
    (tmp_path / "a.c").write_text("Source")
    os.utime(tmp_path / "a.c", ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert run(tmp_path, *chain).ran == ["a.o", "out"]


def test_a_header_of_the_depfile_counts(tmp_path: Path, chain: tuple[Step, Step]) -> None:
    run(tmp_path, *chain)
    (tmp_path / "a.h").write_text("new")
    assert run(tmp_path, *chain).ran == ["a.o", "out"]


def test_an_output_that_came_out_the_same_stops_the_chain(tmp_path: Path, chain: tuple[Step, Step]) -> None:
    run(tmp_path, *chain)
    (tmp_path / "a.h").write_text("hea, only the first three letters count")
    log = run(tmp_path, *chain)
    assert (log.ran, log.skipped) == (["a.o"], ["out"])


def test_a_changed_command_or_a_touched_output_counts(tmp_path: Path, chain: tuple[Step, Step]) -> None:
    run(tmp_path, *chain)
    other = shell("out", tmp_path, ["a.o"], 'cat a.o a.o > "$0"')
    assert run(tmp_path, chain[0], other).ran == ["out"]
    (tmp_path / "out").write_text("somebody else")
    assert run(tmp_path, chain[0], other).ran == ["out"]
    (tmp_path / "a.o").unlink()
    assert run(tmp_path, chain[0], other).ran == ["a.o"]


def test_another_compiler_counts(tmp_path: Path, chain: tuple[Step, Step]) -> None:
    for tools, ran in (("zig 1", ["a.o", "out"]), ("zig 1", []), ("zig 2", ["a.o", "out"])):
        log = Log()
        Engine(tmp_path / "state", tmp_path, 2, tools=tools).run(chain, log)
        assert log.ran + log.skipped == ran


def test_a_failure_shows_what_was_printed_and_leaves_no_file(tmp_path: Path) -> None:
    log = run(tmp_path, shell("x", tmp_path, [], 'echo half > "$0"; echo "x.c:1: error: bad" >&2; exit 3'))
    assert log.errors == ["x.c:1: error: bad\n"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state"]


def test_keep_going_runs_what_does_not_depend_on_the_failure(tmp_path: Path) -> None:
    steps = [
        shell("bad", tmp_path, [], "exit 1"),
        shell("after", tmp_path, ["bad"], ': > "$0"'),
        shell("other", tmp_path, [], 'sleep 0.2; : > "$0"'),
        shell("more", tmp_path, ["other"], ': > "$0"'),
    ]
    assert run(tmp_path, *steps, keep_going=True).ran == ["other", "more"]


def test_a_damaged_state_file_means_a_full_build(tmp_path: Path, chain: tuple[Step, Step]) -> None:
    run(tmp_path, *chain)
    for text in ("{", "[]", '{"format": 1}', '{"format": 1, "hashes": 3, "steps": {}}'):
        (tmp_path / "state" / "state.json").write_text(text)
        assert run(tmp_path, *chain).ran == ["a.o", "out"]


def test_a_tool_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    log = run(tmp_path, Step("x", tmp_path / "x", (), ("/nowhere/clang",)))
    assert log.errors == ["/nowhere/clang: No such file or directory\n"]


def test_an_interrupt_ends_the_commands_and_leaves_whole_files(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from test_engine import Log, shell
        from toolchain.engine import Engine
        folder = Path(sys.argv[1])
        slow = 'echo half > "$0"; : > "' + str(folder) + '/started"; exec sleep 60'
        Engine(folder / "state", folder, 1).run([
            shell("whole", folder, [], 'echo all > "$0"'), shell("slow", folder, ["whole"], slow)], Log())
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)], env=environment, stderr=subprocess.DEVNULL
    )
    for _ in range(500):
        if (tmp_path / "started").exists():
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) != 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"started", "state", "whole"}
    assert (tmp_path / "whole").read_text() == "all\n"
