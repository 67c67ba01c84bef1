# SPDX-License-Identifier: GPL-2.0-or-later
"""`emu step` as a process: what it prints, its JSON, wrong arguments, a pipe that closes."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emu.image.bundle import Bundle

ROOT = Path(__file__).resolve().parents[2]
HEX = re.compile(r"0x[0-9a-f]+")


@pytest.fixture
def emu(bundle: Bundle) -> list[str]:
    """The command, up to the options of `emu step`."""
    return [sys.executable, "-m", "emu", "step", str(bundle.folder)]


def run(command: list[str], *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *options], capture_output=True, text=True, timeout=120, cwd=ROOT, check=False,
        stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **env},
    )  # fmt: skip


def test_text_fits_a_hundred_columns(emu: list[str]) -> None:
    done = run(emu, "--program", "true", "--until", "fault", "--count", "300")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in done.stdout
    assert sum("ENTRY" in line for line in lines) >= 1
    assert any(line.startswith("│ walk ") for line in lines)


@pytest.mark.parametrize("columns", ["40", "60", "200"])
def test_narrow_terminals_wrap(emu: list[str], columns: str) -> None:
    done = run(emu, "--program", "true", "--until", "syscall", "--count", "3", COLUMNS=columns)
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= int(columns)


def test_output_that_is_not_unicode_gets_ascii(emu: list[str]) -> None:
    done = run(emu, "--program", "true", "--until", "syscall", "--count", "2", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.isascii() and "+- ENTRY" in done.stdout


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_only_on_a_terminal(emu: list[str], environment: dict[str, str], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*emu, "--program", "true", "--until", "syscall", "--count", "2"],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE, cwd=ROOT, env=env | environment,
    )  # fmt: skip
    os.close(theirs)
    text = b""
    while True:
        try:
            data = os.read(ours, 4096)
        except OSError:
            break
        text += data
        if not data:
            break
    os.close(ours)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert (b"\x1b[" in text) is coloured


def _numbers(value: Any) -> None:
    """Numbers of the guest are hexadecimal text."""
    for key in ("pc", "sp", "flags", "old", "new", "table"):
        if key in value:
            assert HEX.fullmatch(value[key]), (key, value[key])


def check_card(card: dict[str, Any]) -> None:
    assert set(card) == {
        "kind", "name", "title", "icount", "cause", "walk", "from", "to", "changes", "vector", "why", "saved",
        "hardware", "software",
    }  # fmt: skip
    assert card["kind"] in ("entry", "return")
    for fact in (*card["cause"], *card["vector"], *card["saved"]):
        assert set(fact) == {"name", "value", "text"}
        assert fact["value"] is None or HEX.fullmatch(fact["value"])
    for state in (card["from"], card["to"]):
        assert set(state) == {"privilege", "pc", "place", "sp", "sp_name", "flags_name", "flags", "flags_text"}
        _numbers(state)
    if card["walk"] is not None:
        assert set(card["walk"]) == {"question", "levels", "answer"}
        for level in card["walk"]["levels"]:
            assert set(level) == {"level", "table", "index", "descriptor", "text"}
            _numbers(level)
    assert card["hardware"] and card["software"] and card["why"]


def test_json_is_an_object_a_step(emu: list[str], tmp_path: Path) -> None:
    done = run(emu, "--program", "/test/cow", "--until", "fault", "--count", "3000", "--json", str(tmp_path / "j"))
    assert (done.returncode, done.stderr) == (0, "")
    steps = [json.loads(line) for line in (tmp_path / "j").read_text().splitlines()]
    assert [s["step"] for s in steps] == list(range(1, 3001))
    for step in steps:
        assert set(step) == {
            "step", "cpu", "icount", "retired", "privilege", "pc", "symbol", "program", "bytes", "instruction",
            "source", "source_text", "interrupted", "changes", "cards",
        }  # fmt: skip
        _numbers(step)
        for change in step["changes"]:
            assert set(change) == {"register", "old", "new"}
            _numbers(change)
        for card in step["cards"]:
            check_card(card)
    assert done.stdout.count("ENTRY ") == sum(c["kind"] == "entry" for s in steps for c in s["cards"])


def test_json_on_standard_output_replaces_the_text(emu: list[str]) -> None:
    done = run(emu, "--program", "true", "--until", "syscall", "--count", "3", "--json", "-")
    assert done.returncode == 0
    assert [json.loads(line)["step"] for line in done.stdout.splitlines()] == [1, 2, 3]


def test_html_is_written(emu: list[str], tmp_path: Path) -> None:
    done = run(emu, "--program", "true", "--until", "syscall", "--count", "3", "--html", str(tmp_path / "h"))
    assert done.returncode == 0
    assert (tmp_path / "h").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    "options",
    [
        ["--until", "nosuch"],
        ["--until", "0xzz"],
        ["--until", "icount=x"],
        ["--count", "0"],
        ["--count", "x"],
        ["--program", "nosuch"],
        ["--program", ""],
        ["--program", "true", "--exec", "true"],
        ["--program", "true", "--until", "irq"],
        ["--clock", "host"],
        ["--json", "/nosuch/file"],
        ["--html", "/nosuch/file"],
        ["--json", "-", "--html", "-"],
        ["--html", "x", "--count", "20001"],
        ["--arch", "vax"],
        ["--nosuch"],
    ],
)
def test_wrong_arguments_are_one_line_and_status_2(emu: list[str], options: list[str]) -> None:
    done = run(emu, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("emu: ")


def test_a_limit_ends_with_124(emu: list[str]) -> None:
    done = run(emu, "--until", "irq", "--max-insns", "1000")
    assert (done.returncode, done.stdout) == (124, "")
    assert done.stderr.count("\n") == 1


def test_a_pipe_that_closes_early_is_quiet(emu: list[str]) -> None:
    process = subprocess.Popen(
        [*emu, "--program", "true", "--until", "fault", "--count", "3000"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) in (1, 141)
    assert err == b""
