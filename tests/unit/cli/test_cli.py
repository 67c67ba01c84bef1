# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line without a machine: help, options, errors in one line, what other verbs print."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from emu.cli.main import VERBS, cli, main
from emu.cli.status import exit_status
from emu.core import Stop, StopReason
from emu.machine.options import Options, encode_exec
from tests.unit import samples


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    status = main(list(arguments))
    out, err = capsys.readouterr()
    return status, out, err


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--help")
    assert status == 0
    assert "Example" in out
    assert all(f"  {verb} " in out for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_each_verbs_help_shows_an_example(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    status, out, _ = run(capsys, verb, "--help")
    assert status == 0
    assert "Example" in out
    assert f"emu {verb}" in out


def test_an_option_means_the_same_in_every_verb() -> None:
    seen: dict[str, tuple[object, object]] = {}
    context = click.Context(cli)
    for verb in ("run", "qemu"):
        command = cli.get_command(context, verb)
        assert command is not None
        for option in command.params:
            if isinstance(option, click.Option) and option.name not in ("run_it", "timeout"):
                name = option.opts[0]
                assert seen.setdefault(name, (option.default, option.help)) == (option.default, option.help)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--version")
    assert status == 0
    assert out.startswith("trapdoor ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("frob",),
        ("run", "--frob"),
        ("run", "--arch", "mips"),
        ("run", "--memory", "lots"),
        ("run", "--memory", "1T"),
        ("run", "--smp", "2"),
        ("run", "--smp", "many"),
        ("run", "--seed", "x"),
        ("run", "--rtc", "yesterday"),
        ("run", "--clock", "sundial"),
        ("run", "--max-insns", "0"),
        ("run", "--timeout", "-1"),
        ("run", "--json", "-"),
        ("run", "--input", "/nowhere/at/all"),
        ("run", "/nowhere/at/all"),
        ("run", "no-such-image"),
        ("run", "one", "two"),
        ("qemu", "/nowhere/at/all"),
        ("list", "--board", "toaster"),
    ],
    ids=" ".join,
)
def test_bad_arguments_are_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert out == ""
    assert err.startswith("emu: ")
    assert err.count("\n") == 1


def test_a_command_is_percent_encoded() -> None:
    assert encode_exec("ls /bin; echo 'a b' $?%") == "exec=ls%20/bin%3B%20echo%20%27a%20b%27%20%24%3F%25"
    assert encode_exec("é") == "exec=%C3%A9"
    assert Options(append="quiet", exec="true").command_line("console=x") == "console=x quiet exec=true"
    assert Options().command_line("") == ""


@pytest.mark.parametrize(("text", "size"), [("512", 512 << 20), ("64M", 64 << 20), ("1g", 1 << 30), ("2048K", 2 << 20)])
def test_sizes(text: str, size: int) -> None:
    assert Options.parse_memory(text) == size


@pytest.mark.parametrize(
    ("reason", "code", "output", "command", "status"),
    [
        (StopReason.EXIT, 7, b"", False, 7),
        (StopReason.EXIT, 1, b"x\nexit: 9\n", True, 9),  # the debug exit; the guest's own word counts
        (StopReason.POWEROFF, 0, b"", False, 0),
        (StopReason.POWEROFF, 0, b"hello\r\nexit: 3\r\n", True, 3),
        (StopReason.POWEROFF, 0, b"[    0.5] exit: 125\n", True, 125),
        (StopReason.POWEROFF, 0, b"", True, 125),
        (StopReason.RESET, 0, b"", False, 0),
        (StopReason.IDLE, 0, b"", False, 0),
        (StopReason.IDLE, 0, b"", True, 125),
        (StopReason.REQUEST, 0, b"", False, 0),
        (StopReason.BUDGET, 0, b"exit: 0\n", True, 124),
        (StopReason.TIMEOUT, 0, b"", False, 124),
        (StopReason.TRIPLE_FAULT, 0, b"", False, 125),
        (StopReason.DEVICE_ERROR, 0, b"", False, 126),
        (StopReason.INTERNAL, 0, b"", False, 126),
    ],
)
def test_exit_status(reason: StopReason, code: int, output: bytes, command: bool, status: int) -> None:
    assert exit_status(Stop(reason, code), output, command) == status


def test_stop_reasons_are_those_of_core_h() -> None:
    text = (Path(__file__).resolve().parents[3] / "emu/core/core.h").read_text()
    body = text.split("enum stop_reason {")[1].split("};")[0]
    names = [line.split("STOP_")[1].split()[0].rstrip(",").split("=")[0].strip() for line in body.splitlines()
             if line.strip().startswith("STOP_")]  # fmt: skip
    assert names == [r.name for r in StopReason if r < 64]
    assert [r.value for r in StopReason if r < 64] == list(range(1, len(names) + 1))


def test_list_of_devices(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "list", "--devices", "--json")
    rows = json.loads(out)
    assert status == 0
    assert {"virt", "pc"} == {row["board"] for row in rows}
    status, out, _ = run(capsys, "list", "--devices", "--board", "virt")
    assert "0x09000000" in out
    assert "3f8" not in out


def test_qemus_line_has_our_files_and_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = samples.bundle(tmp_path)
    status, out, _ = run(capsys, "qemu", str(folder), "--exec", "uname -a", "--memory", "64M")
    assert status == 0
    assert out.startswith("qemu-system-")
    assert " -m 64 " in out
    assert "exec=uname%20-a" in out


def test_doctor_says_what_is_missing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    status, out, _ = run(capsys, "doctor", "--json")
    found = {row["what"]: row for row in json.loads(out)}
    assert status in (0, 126)
    assert not found["qemu for virt"]["ok"]
    assert "install" in found["qemu for virt"]["advice"]
    assert found["python"]["ok"]
