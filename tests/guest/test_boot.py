# SPDX-License-Identifier: GPL-2.0-or-later
"""Hatch boots, has a shell that behaves like one, and ends as it is told to."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from emu.cli.status import exit_status
from emu.core import StopReason
from emu.image.bundle import Bundle
from emu.machine import Machine
from tests.guest.hatch import CTRL_C, CTRL_D, PROMPT, ROOT, Guest, finish, without_stamps

TO_PROMPT = 2_500_000
"""Instructions from power-on to the shell's prompt: 2.5 ms of virtual time, two thirds of them unpack the initramfs."""
Make = Callable[..., Machine]


def test_boots_to_a_prompt(machine: Make, arch: str) -> None:
    m = machine()
    stop = m.expect(PROMPT, max_insns=TO_PROMPT)
    assert stop.reason is StopReason.REQUEST, f"{stop}\n{m.console.text}"
    assert re.fullmatch(rf"\[    0\.000000\] Hatch \d+\.\d+\.\d+ \({arch}\)\n# ", m.console.text)
    assert m.run(TO_PROMPT, idle_limit=1).reason is StopReason.IDLE
    assert m.console.text.endswith(PROMPT)


def test_boots_in_the_same_number_of_instructions_every_time(machine: Make) -> None:
    first, second = machine(event_hash=True), machine(event_hash=True)
    stops = [m.run(10_000_000, idle_limit=1) for m in (first, second)]
    assert stops[0] == stops[1]
    assert first.stats()["event_hash"] == second.stats()["event_hash"] and first.state_hash() == second.state_hash()


def test_prints_what_a_unix_prints(machine: Make, arch: str) -> None:
    m = machine(exec="uname -a; ls /bin; ps")
    stop = finish(m)
    lines = without_stamps(m.console.text).splitlines()
    assert re.fullmatch(rf"Hatch hatch \d+\.\d+\.\d+ #\d+ {arch}", lines[1])
    table = lines.index("  PID  PPID S CMD")
    programs = {file.stem for file in (ROOT / "guest" / "user" / "bin").glob("*.c")}
    assert set(" ".join(lines[2:table]).split()) == programs
    processes = [tuple(line.split()) for line in lines[table + 1 : -1]]
    assert [(ppid, command) for _, ppid, _, command in processes] == [("0", "init"), ("1", "sh"), ("2", "ps")]
    assert [state for _, _, state, _ in processes] == ["S", "S", "R"]
    assert lines[-1] == "exit: 0"
    assert (stop.reason, stop.code) == (StopReason.EXIT, 0)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("true", 0),
        ("false", 1),
        ("exit 7", 7),
        ("exit 255", 255),
        ("true && exit 3; exit 4", 3),
        ("nosuch", 127),
        ("/etc", 126),
        ("kill -9 $$", 137),
        ("sh -c 'kill -TERM $$'", 143),
    ],
)
@pytest.mark.parametrize("door", [True, False], ids=["door", "no door"])
def test_the_status_of_a_command_is_that_of_the_run(machine: Make, command: str, status: int, door: bool) -> None:
    m = machine(exec=command, door=door)
    stop = finish(m)
    assert m.console.text.endswith(f"\nexit: {status}\n")
    assert stop.reason is (StopReason.EXIT if door else StopReason.POWEROFF)
    assert exit_status(stop, m.console.output, command=True) == status


def test_the_command_is_passed_byte_by_byte(machine: Make) -> None:
    m = machine(exec="echo 'a  b%41 \"c\" = ü\t;' && echo $?")
    finish(m)
    assert m.console.text.splitlines()[1:] == ["a  b%41 \"c\" = ü\t;", "0", "exit: 0"]


def test_the_shell_answers(boot: Guest, arch: str) -> None:
    assert boot.run("echo hello; uname -m") == f"hello\n{arch}\n"
    assert boot.run("nosuch; echo $?") == "sh: nosuch: not found\n127\n"
    assert boot.run("false; echo $?; true && echo yes") == "1\nyes\n"
    assert boot.run("echo one two > /tmp/file; cat /tmp/file; ls /tmp") == "one two\nfile\n"
    assert boot.run("cd /proc; pwd; cat 1/stat").startswith("/proc\n1 (init) S 0 ")
    assert boot.run("") == ""


def test_the_same_typing_gives_the_same_run_booted_and_restored(boot: Guest) -> None:
    """The hash is compared between the two kinds of `boot`: whichever comes second finds the other's."""
    for command in ("ls -l /bin", "sleep 0.1; ps", "cat /proc/1/status"):
        boot.run(command)
    m = boot.machine
    found = (m.icount, m.ns, m.stats()["event_hash"], m.state_hash(), m.console.text)
    assert _RUNS.setdefault(m.target.arch, found) == found


_RUNS: dict[str, tuple[int, int, int, int, str]] = {}


@pytest.mark.parametrize(
    ("keys", "output"),
    [
        ("echo ab\x7fc", "ac"),  # backspace
        ("echo bc\x1b[D\x1b[Da", "abc"),  # left twice
        ("cho x\x01e\x05y", "xy"),  # start, end
        ("rubbish\x15echo kept", "kept"),  # kill line
        ("echo kept lost\x17\x7f", "kept"),  # kill word
        ("rubbish" + CTRL_C + "echo fresh", "fresh"),
    ],
    ids=["backspace", "left", "start and end", "kill line", "kill word", "interrupt"],
)
def test_line_editing(boot: Guest, keys: str, output: str) -> None:
    assert boot.type(keys + "\n").endswith(f"\n{output}\n{PROMPT}")


def test_history(boot: Guest) -> None:
    boot.run("echo first")
    boot.run("echo second")
    assert boot.type("\x1b[A\x1b[A\n").endswith(f"\nfirst\n{PROMPT}")


def test_interrupt_kills_a_sleeping_child(boot: Guest) -> None:
    boot.machine.console.send("sleep 1000\n")
    assert boot.wait(0.1) == "sleep 1000\n"
    boot.press(CTRL_C)
    assert boot.settle().endswith(f"^C\n{PROMPT}")
    assert boot.machine.ns < 100e9
    assert boot.run("echo $?") == "130\n"
    assert "sleep" not in boot.run("ps")


def test_interrupt_kills_a_busy_child(boot: Guest) -> None:
    boot.machine.console.send("hexdump /dev/zero > /dev/null\n")
    boot.wait(0.1)
    boot.press(CTRL_C)
    assert boot.settle().endswith(f"^C\n{PROMPT}")
    assert boot.run("echo $?") == "130\n"
    assert "hexdump" not in boot.run("ps")


def test_interrupt_spares_the_background(boot: Guest) -> None:
    boot.machine.console.send("sleep 1000 &\n")
    boot.wait(0.1)
    boot.machine.console.send("sleep 2000\n")
    boot.wait(0.1)
    boot.press(CTRL_C)
    boot.wait(0.1)
    boot.machine.console.send("ps; kill $!\n")
    assert boot.wait(0.1).count("sleep") == 1


def test_the_stop_key_does_not_stop_what_nobody_could_continue(machine: Make) -> None:
    """POSIX 2.4.3: in an orphaned process group, as init's child is one, the default action of SIGTSTP is nothing."""
    m = machine(exec="sleep 0.2; echo done")
    Guest(m).wait(0.1)
    m.console.type(b"\x1a", m.ns)
    finish(m)
    assert m.console.text.endswith("done\nexit: 0\n")


def test_end_of_input_at_the_prompt_gives_a_new_shell(boot: Guest) -> None:
    before = boot.run("echo $$")
    assert boot.type(CTRL_D).endswith(PROMPT)
    assert boot.run("echo $$") != before


def test_end_of_input_ends_a_program_that_reads(boot: Guest) -> None:
    boot.machine.console.send("cat\n")
    boot.settle()
    assert boot.type("line\n") == "line\nline\n"
    assert boot.type(CTRL_D).endswith(PROMPT)
    assert boot.run("echo $?") == "0\n"


@pytest.mark.parametrize(("command", "reason"), [("poweroff", StopReason.POWEROFF), ("reboot", StopReason.RESET)])
def test_the_machine_ends_when_told(boot: Guest, command: str, reason: StopReason) -> None:
    boot.machine.console.send(command + "\n")
    stop = finish(boot.machine)
    assert stop.reason is reason
    assert exit_status(stop, boot.machine.console.output, command=False) == 0


PANICS = {
    "no init": ("init=/none", r"Kernel panic: no init: /none \(error 2\)"),
    "init ends": ("init=/bin/true", r"Kernel panic: .*init.*"),
}


@pytest.mark.parametrize("door", [True, False], ids=["door", "no door"])
@pytest.mark.parametrize("name", PANICS)
def test_a_panic_says_why_and_where_and_ends_with_125(machine: Make, bundle: Bundle, name: str, door: bool) -> None:
    append, headline = PANICS[name]
    m = machine(append=append, door=door)
    stop = finish(m)
    lines = without_stamps(m.console.text).splitlines()
    assert re.fullmatch(headline, lines[1]), lines
    assert lines[2] == "CPU 0, process 1 (init)" or re.fullmatch(r"CPU 0, process 1 \(\w+\)", lines[2])
    frames = lines[lines.index("call trace:") + 1 : -1]
    assert frames and all(re.fullmatch(r"  \w+\+0x[0-9a-f]+", frame) for frame in frames), lines
    for frame in frames:  # what the kernel prints is what its ELF says
        name_, offset = frame.strip().split("+")
        assert m.symbols[name_] and int(offset, 16) < 0x10000
    assert lines[-1] == "exit: 125"
    assert exit_status(stop, m.console.output, command=False) == 125
