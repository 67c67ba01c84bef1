# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's test programs, shell and init on the host's Linux: what holds on Hatch must hold there too."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.guest.user_programs import ARCHES, Runner, parse_tap, plan, programs, run, runner

# Where qemu-user (7.2) is not Linux: program -> test numbers. Each is checked on Hatch and on the host's own kernel.
QEMU_USER_DIFFERS = {
    "badptr": {26, 29},  # nanosleep from a bad pointer is EINVAL, clock_getres to one works
    "brk": {7},  # memory below a break that was lowered stays mapped
    "mprotect": {21},  # of no pages is ENOMEM
    "proc": {2, 6},  # /proc/PID is that of qemu itself
}
# binfmt_misc hands qemu-user what execve should refuse.
QEMU_USER_CANNOT = {"exec"}


@pytest.fixture(params=ARCHES)
def how(request: pytest.FixtureRequest) -> tuple[str, Runner]:
    """(architecture, how its programs run here)."""
    found = runner(request.param)
    if isinstance(found, str):
        pytest.skip(found)
    return request.param, found


@pytest.mark.parametrize("name", sorted(plan()))
def test_program_reaches_its_plan(how: tuple[str, Runner], name: str, tmp_path: Path) -> None:
    arch, runs = how
    if name in QEMU_USER_CANNOT and runs.emulated:
        pytest.skip("qemu-user is not Linux's execve")
    done = run(runs, [programs(arch)[f"/test/{name}"]], env={"TMPDIR": str(tmp_path)})
    tap = parse_tap(done.stdout)
    excused = QEMU_USER_DIFFERS.get(name, set()) if runs.emulated else set()
    assert tap.planned == plan()[name]
    assert list(tap.results) == list(range(1, plan()[name] + 1)), done.stdout
    assert not {number: text for number, text in tap.failed.items() if number not in excused}, done.stdout
    assert done.returncode == (1 if tap.failed else 0)


def test_a_program_that_aborts_is_noticed() -> None:
    tap = parse_tap("1..3\nok 1 - one\nnot ok 2 - two\n# got 1\n")
    assert tap.planned == 3 and len(tap.results) == 2 and tap.failed == {2: "two"}


@pytest.fixture
def shell(how: tuple[str, Runner], tmp_path: Path) -> tuple[Runner, Path, dict[str, str]]:
    """(runner, /bin/sh, an environment whose PATH has Hatch's programs only)."""
    arch, runs = how
    if not runs.can_exec:
        pytest.skip("qemu-user cannot exec without a user namespace that has binfmt_misc")
    folder = tmp_path / "bin"
    folder.mkdir()
    for guest, file in programs(arch).items():
        if guest.startswith("/bin/"):
            shutil.copy(file, folder / Path(guest).name)
    return runs, folder / "sh", {"PATH": str(folder), "HOME": "/"}


ENOENT = "No such file or directory"
SHELL_CASES = {
    "words": ("echo hello \"a  b\" c\\ d 'e f' # comment", "hello a  b c d e f\n", "", 0),
    "lists": ("false; echo $?; true && echo yes || echo no; false && echo x || echo no $?", "1\nyes\nno 1\n", "", 0),
    "variables": ("X='a  b'; echo $X \"$X\" ${X}c '$X' \\$X", "a b a  b a bc $X $X\n", "", 0),
    "environment": ("Y=2 sh -c 'echo $Y'; Y=3; sh -c 'echo [$Y]'; export Y; sh -c 'echo $Y'", "2\n[]\n3\n", "", 0),
    "not found": ("nosuch; echo $?", "127\n", "sh: nosuch: not found\n", 0),
    "not a program": ("/; echo $?", "126\n", "sh: /: Permission denied\n", 0),
    "status": ("exit 42", "", "", 42),
    "status of the last": ("true; false", "", "", 1),
    "signal": ("sh -c 'kill -TERM $$'; echo $?", "143\n", "Terminated\n", 0),
    "redirections": ("echo a > f; echo b >> f; cat < f; cat x 2> e; cat e", f"a\nb\ncat: x: {ENOENT}\n", "", 0),
    "descriptors": ("echo out >&2; cat nosuch 2>&1", f"cat: nosuch: {ENOENT}\n", "out\n", 1),
    "cannot open": ("cat < nosuch; echo $?", "2\n", f"sh: cannot open nosuch: {ENOENT}\n", 0),
    "cd": ("cd /; pwd; cd -; cd /x; echo $?", "/\n{cwd}\n2\n", f"sh: cd: can't cd to /x: {ENOENT}\n", 0),
    "background": ("sleep 0.01 & wait $!; echo $?", "0\n", "", 0),
    "syntax": ("echo a; ; echo b", "", 'sh: Syntax error: ";" unexpected\n', 2),
    "pipe": ("echo a | cat", "", "sh: |: this kernel has no pipes\n", 2),
    "open quote": ("echo 'a", "", "sh: Syntax error: end of file unexpected\n", 2),
    "open list": ("echo a &&", "", "sh: Syntax error: end of file unexpected\n", 2),
    "two lines": ("echo 'a\nb'\\\nc\necho d", "a\nbc\nd\n", "", 0),
    "exec": ("exec echo replaced; echo not", "replaced\n", "", 0),
    "type": ("type cd nosuch", "cd is a shell builtin\nnosuch: not found\n", "", 127),
    "nothing": ("", "", "", 0),
}


@pytest.mark.parametrize("name", SHELL_CASES)
def test_shell_command(shell: tuple[Runner, Path, dict[str, str]], name: str, tmp_path: Path) -> None:
    runs, sh, env = shell
    command, stdout, stderr, status = SHELL_CASES[name]
    done = run(runs, [sh, "-c", command], env=env, cwd=tmp_path)
    errors = "".join(line for line in done.stderr.splitlines(True) if not line.startswith("qemu: "))
    assert (done.stdout, errors, done.returncode) == (stdout.replace("{cwd}", str(tmp_path)), stderr, status)


def test_shell_leaves_the_rest_of_stdin_to_commands(shell: tuple[Runner, Path, dict[str, str]]) -> None:
    runs, sh, env = shell
    assert run(runs, [sh], stdin="cat\nfor cat\n", env=env).stdout == "for cat\n"


def test_shell_runs_a_script(shell: tuple[Runner, Path, dict[str, str]], tmp_path: Path) -> None:
    runs, sh, env = shell
    script = tmp_path / "script"
    script.write_text('echo $1 $# "$@"\nexit 3\n', encoding="utf-8")
    done = run(runs, [sh, script, "one", "two"], env=env)
    assert (done.stdout, done.returncode) == ("one 2 one two\n", 3)


# Makes standard input the controlling terminal of a new session, as a login does.
_LOGIN = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def _converse(command: list[str], env: dict[str, str], keys: list[tuple[str, str]]) -> str:
    """Runs a command on a pseudo-terminal; waits for each text before it types. Returns all that was shown."""
    fd, slave = pty.openpty()
    login = [sys.executable, "-c", _LOGIN, *command]
    process = subprocess.Popen(login, env=env, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = ""

    def read_until(text: str | None, start: int) -> int:
        """Where `text` ends in what is shown from `start` on; None: reads to the end."""
        nonlocal shown
        end = time.monotonic() + 10
        while text is None or text not in shown[start:]:
            if not select.select([fd], [], [], max(0.0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {text!r} in {shown[start:]!r}")
            try:
                shown += os.read(fd, 4096).decode(errors="replace")
            except OSError:  # the terminal's other side is closed
                if text is None:
                    return len(shown)
                raise AssertionError(f"it ended without {text!r}: {shown[start:]!r}") from None
        return shown.index(text, start) + len(text)

    try:
        seen = 0
        for wait_for, typed in keys:
            seen = read_until(wait_for, seen)
            os.write(fd, typed.encode())
        read_until(None, seen)
    finally:
        os.close(fd)
        process.kill()
        process.wait()
    return shown


EDITING = {
    "plain": ("echo one\r", "one"),
    "left and insert": ("echo ab\x1b[D\x1b[DX\r", "Xab"),
    "home, delete, end": ("xecho ab\x1b[H\x1b[3~\x1b[Fc\r", "abc"),
    "backspace": ("echo abX\x7fc\r", "abc"),
    "kill line": ("garbage\x15echo good\r", "good"),
    "kill to end": ("echo good bad\x02\x02\x02\x02\x0b\r", "good"),
    "kill word": ("echo good bad\x17end\r", "good end"),
    "interrupt": ("garbage\x03echo good\r", "good"),
    "start and end": ("cho x\x01e\x05y\r", "xy"),
    "utf-8": ("echo äöü\x7f\x1b[D\x1b[3~\r", "ä"),
}


@pytest.fixture
def terminal(shell: tuple[Runner, Path, dict[str, str]]) -> tuple[Runner, list[str], dict[str, str], str]:
    """(runner, command of an interactive shell, its environment, its prompt)."""
    runs, sh, env = shell
    return runs, [*runs.prefix, str(sh)], env, "# " if os.geteuid() == 0 or runs.prefix else "$ "


@pytest.mark.parametrize("name", EDITING)
def test_line_editing(terminal: tuple[Runner, list[str], dict[str, str], str], name: str) -> None:
    _, command, env, prompt = terminal
    typed, echoed = EDITING[name]
    _converse(command, env, [(prompt, typed), (f"\n{echoed}\r\n", ""), (prompt, "\x04")])


def test_history(terminal: tuple[Runner, list[str], dict[str, str], str]) -> None:
    _, command, env, prompt = terminal
    keys = [(prompt, "echo first\r"), ("\nfirst\r\n", ""), (prompt, "echo second\r"), ("\nsecond\r\n", "")]
    keys += [(prompt, "\x1b[A\x1b[A\r"), ("\nfirst\r\n", "")]
    keys += [(prompt, "echo kept\x1b[A\x1b[B-text\r"), ("\nkept-text\r\n", ""), (prompt, "\x04")]
    _converse(command, env, keys)


def test_control_c_ends_the_command_and_not_the_shell(
    terminal: tuple[Runner, list[str], dict[str, str], str],
) -> None:
    _, command, env, prompt = terminal
    # sh -c makes sure that the sleeping starts after the terminal is its own.
    keys = [(prompt, "sh -c 'echo ready; sleep 20'\r"), ("\nready\r\n", "\x03"), (prompt, "echo $?\r")]
    shown = _converse(command, env, [*keys, ("\n130\r\n", ""), (prompt, "\x04")])
    assert "Interrupt" not in shown


@pytest.mark.parametrize(
    ("command", "output"),
    [("echo%20hi%3B%20exit%205", "hi\nexit: 5\n"), ("true", "exit: 0\n"), ("kill%20-9%20%24%24", "exit: 137\n")],
)
def test_init_runs_a_command_and_ends_its_machine(
    shell: tuple[Runner, Path, dict[str, str]], command: str, output: str
) -> None:
    """In namespaces of its own init is process 1, and reboot(2) ends only these."""
    runs, sh, _ = shell
    if runs.emulated:
        pytest.skip("the emulator is not inside the changed root")
    inside = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "chroot", str(sh.parent.parent), "/bin/init"]
    probe = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "true"]
    if subprocess.run(probe, check=False, capture_output=True).returncode:
        pytest.skip("no user namespaces here")
    done = run(Runner((), True, False), inside, env={**os.environ, "exec": command})
    assert done.stdout == output


def test_init_refuses_to_be_anything_but_process_1(shell: tuple[Runner, Path, dict[str, str]]) -> None:
    runs, sh, env = shell
    done = run(runs, [sh.parent / "init"], env=env)
    assert (done.returncode, done.stderr) == (1, "init: must run as process 1\n")


def test_ls_long_form(shell: tuple[Runner, Path, dict[str, str]], tmp_path: Path) -> None:
    runs, sh, env = shell
    folder = tmp_path / "listed"
    folder.mkdir()
    (folder / "file").write_text("12345")
    (folder / "file").chmod(0o640)
    os.utime(folder / "file", (951782400, 951782400))  # 2000-02-29
    (folder / ".hidden").mkdir()
    plain = run(runs, [sh.parent / "ls", folder], env=env).stdout
    everything = run(runs, [sh.parent / "ls", "-a", folder], env=env).stdout
    line = run(runs, [sh.parent / "ls", "-l", folder / "file"], env=env).stdout.split()
    assert plain == "file\n"
    assert everything == ".\n..\n.hidden\nfile\n"
    assert (line[0], line[1], line[4:8]) == ("-rw-r-----", "1", ["5", "Feb", "29", "2000"])


@pytest.mark.parametrize(
    ("command", "status", "stderr"),
    [
        (["ls", "/nosuch"], 2, "ls: cannot access '/nosuch': No such file or directory\n"),
        (["cat", "/nosuch"], 1, "cat: /nosuch: No such file or directory\n"),
        (["sleep", "x"], 1, "sleep: invalid time interval 'x' (try 'sleep --help')\n"),
        (["kill", "-NONE", "1"], 1, "kill: unknown signal 'NONE' (try 'kill --help')\n"),
        (["uname", "-x"], 1, None),
        (["env", "nosuch"], 127, "env: nosuch: No such file or directory\n"),
    ],
)
def test_programs_say_what_is_wrong(
    shell: tuple[Runner, Path, dict[str, str]], command: list[str], status: int, stderr: str | None
) -> None:
    runs, sh, env = shell
    done = run(runs, [sh.parent / command[0], *command[1:]], env=env)
    assert done.returncode == status
    assert done.stderr.count("\n") == 1 and (stderr is None or done.stderr == stderr)


@pytest.mark.parametrize("name", ["cat", "echo", "env", "false", "hexdump", "kill", "ls", "ps", "pwd", "sh", "sleep"])
def test_help_is_one_line(shell: tuple[Runner, Path, dict[str, str]], name: str) -> None:
    runs, sh, env = shell
    done = run(runs, [sh.parent / name, "--help"], env=env)
    assert done.returncode == 0 and done.stdout.startswith(f"Usage: {name}") and done.stdout.count("\n") == 1
