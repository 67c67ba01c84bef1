# SPDX-License-Identifier: GPL-2.0-or-later
"""The same image on QEMU, started by the oracle line: the same console text, but for the times of kernel messages."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from emu.machine import Machine
from emu.machine.options import encode_exec
from tests.guest.hatch import CTRL_C, CTRL_D, PROMPT, Guest, finish, without_stamps
from tests.guest.qemu import Qemu
from tests.guest.user_programs import plan

Make = Callable[..., Machine]
OnQemu = Callable[..., Qemu]

# Nothing with a date or a running time in it: the hour and the speed are the machines' own.
COMMANDS = (
    "uname -a; ls -l /; ls -l /bin; ls /test /dev/null; ps; cat /proc/1/status /proc/self/status; "
    "env; pwd; cd /tmp; echo text > a; cat a a > b; cat b; hexdump b; ls -a; nosuch; ls /nosuch; sleep 0.01; "
    "sh -c 'kill -SEGV $$'; echo $?; false"
)


def assert_same(ours: str, theirs: str) -> None:
    """Compare line by line, so that a failure shows the first difference."""
    assert without_stamps(ours).splitlines() == without_stamps(theirs).splitlines()


def test_commands(machine: Make, qemu: OnQemu) -> None:
    other = qemu(encode_exec(COMMANDS))
    m = machine(exec=COMMANDS)
    finish(m)
    assert m.console.text.endswith("\nexit: 1\n")
    assert_same(m.console.text, other.finish())
    assert other.status == 0


def test_all_test_programs(machine: Make, qemu: OnQemu) -> None:
    command = "; ".join(f"echo {name}; /test/{name}; echo status $?" for name in sorted(plan()))
    other = qemu(encode_exec(command))
    m = machine(exec=command)
    finish(m)
    assert m.console.text.count("\nok ") == sum(plan().values())
    assert_same(m.console.text, other.finish())


@pytest.mark.parametrize("append", ["init=/none", "init=/bin/true", "init=/bin/echo quiet"])
def test_panics(machine: Make, qemu: OnQemu, append: str) -> None:
    other = qemu(append)
    m = machine(append=append)
    finish(m)
    assert m.console.text.endswith("exit: 125\n")
    assert_same(m.console.text, other.finish())


CONVERSATION = [
    "echo one two\n",
    "echo abX\x7fc\x1b[D\x1b[D-\n",
    "\x1b[A\n",
    "rubbish" + CTRL_C,
    "garbage\x15ls /bin; echo $?\n",
    "ls /nosuch || echo no\n",
    "'open\n",
    "quote'\n",
    "ps\n",
    CTRL_D,
    "echo $$\n",
]


def test_a_conversation(boot: Guest, qemu: OnQemu) -> None:
    other = qemu()
    at = other.expect(PROMPT)
    for keys in CONVERSATION:
        answer = boot.type(keys)
        other.send(keys)
        # QEMU's guest is done when it has written as much as ours, or says something else.
        at = other.expect(answer[-1:], at + len(answer) - 1)
        assert_same(boot.machine.console.text, other.text)


@pytest.mark.parametrize("command", ["sleep 1000", "hexdump /dev/zero > /dev/null"], ids=["sleeping", "busy"])
def test_an_interrupted_child(boot: Guest, qemu: OnQemu, command: str) -> None:
    other = qemu()
    at = other.expect(PROMPT)
    other.send(command + "\n")
    at = other.expect("\n", at)
    time.sleep(0.5)  # the child is surely running by then
    other.send(CTRL_C)
    at = other.expect(PROMPT, at)
    other.send("echo $?\n")
    other.expect(PROMPT, at)

    boot.machine.console.send(command + "\n")
    boot.wait(0.1)
    boot.press(CTRL_C)
    boot.settle()
    boot.type("echo $?\n")
    assert_same(boot.machine.console.text, other.text)


@pytest.mark.parametrize("command", ["poweroff", "reboot"])
def test_the_end(boot: Guest, qemu: OnQemu, command: str) -> None:
    other = qemu()
    other.expect(PROMPT)
    other.send(command + "\n")
    boot.machine.console.send(command + "\n")
    finish(boot.machine)
    assert_same(boot.machine.console.text, other.finish())
    assert other.status == 0
