# SPDX-License-Identifier: GPL-2.0-or-later
"""`emu run` as a process: exit status, files it writes, pipes, a terminal, Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from emu.image.bundle import Bundle

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def emu(bundle: Bundle) -> list[str]:
    """The command, up to the options of `emu run`."""
    return [sys.executable, "-m", "emu", "run", str(bundle.folder)]


def run(command: list[str], *options: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run it in the checkout, with no terminal."""
    return subprocess.run(
        [*command, *options],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
    )


def test_the_exit_status_is_the_guests(emu: list[str], tmp_path: Path) -> None:
    done = run(emu, "--exec", "uname -a; exit 7", "--json", str(tmp_path / "j"))
    assert done.returncode == 7
    assert done.stderr == ""
    assert "Hatch" in done.stdout
    assert done.stdout.endswith("exit: 7\n")
    assert json.loads((tmp_path / "j").read_text())["status"] == 7


def test_json_on_standard_output_with_the_console_elsewhere(emu: list[str], tmp_path: Path) -> None:
    done = run(emu, "--exec", "true", "--json", "-", "--console", str(tmp_path / "c"))
    assert done.returncode == 0
    assert json.loads(done.stdout)["stop"] == "exit"
    assert (tmp_path / "c").read_text().endswith("exit: 0\n")


def test_it_works_in_a_pipe(emu: list[str]) -> None:
    done = run(emu, stdin="echo from a pipe\n")
    assert done.returncode == 0
    assert "\nfrom a pipe\n" in done.stdout.replace("\r", "")


def test_input_from_a_file(emu: list[str], tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("echo from a file\npoweroff\n")
    done = run(emu, "--input", str(script))
    assert done.returncode == 0
    assert "\nfrom a file\n" in done.stdout.replace("\r", "")


def test_a_budget_ends_with_124(emu: list[str]) -> None:
    done = run(emu, "--max-insns", "1000")
    assert done.returncode == 124
    assert done.stderr.startswith("emu: the instruction budget is used up, at ")
    assert done.stderr.count("\n") == 1


def test_traces_go_to_files(emu: list[str], tmp_path: Path) -> None:
    done = run(emu, "--exec", "true", "--trace", f"syscalls:{tmp_path / 's'}", "--trace", f"irq,mmio:{tmp_path / 'm'}")
    assert done.returncode == 0
    assert "execve(" in (tmp_path / "s").read_text()
    assert "uart0 " in (tmp_path / "m").read_text()


def test_ctrl_c_ends_with_130(emu: list[str]) -> None:
    # Real time passes while the guest waits, so that it is there to be interrupted.
    process = subprocess.Popen(
        [*emu, "--clock", "host", "--exec", "echo here; sleep 100"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    while b"here" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err


class Pty:
    """`emu run` on a terminal of its own."""

    def __init__(self, command: list[str]) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execv(command[0], command)
        self.text = b""

    def until(self, wanted: bytes, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while wanted not in self.text:
            assert time.monotonic() < end, self.text
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.fd, 4096).replace(b"\r", b"")
                except OSError:
                    break
        assert wanted in self.text
        self.text = self.text.split(wanted, 1)[1]

    def type(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def wait(self) -> int:
        while True:
            try:
                if not os.read(self.fd, 4096):
                    break
            except OSError:
                break
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_on_a_terminal_every_key_is_the_guests(emu: list[str]) -> None:
    terminal = Pty(emu)
    terminal.until(b"# ")
    terminal.type(b"echo a; sleep 100\r")
    terminal.until(b"\na\n")
    terminal.type(b"\x03")  # the guest's Ctrl-C, not ours
    terminal.until(b"# ")
    terminal.type(b"\x01h")
    terminal.until(b"Ctrl-A x")
    terminal.type(b"\x01x")
    assert terminal.wait() == 0


def test_a_signal_leaves_the_terminal_as_it_was(emu: list[str]) -> None:
    terminal = Pty(emu)
    terminal.until(b"# ")
    assert not termios.tcgetattr(terminal.fd)[3] & termios.ICANON
    os.kill(terminal.pid, signal.SIGTERM)
    _, status = os.waitpid(terminal.pid, 0)
    assert os.WTERMSIG(status) == signal.SIGTERM
    assert termios.tcgetattr(terminal.fd)[3] & termios.ICANON
    os.close(terminal.fd)
