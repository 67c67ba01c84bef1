# SPDX-License-Identifier: GPL-2.0-or-later
"""Hatch's user programs run on Linux: its ABI is Linux's, so the host (or qemu-user) is the reference for them."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.guest.hatch import ROOT, build

PLAN = ROOT / "guest" / "user" / "test" / "PLAN"
ARCHES = ("aarch64", "x86_64")

# Linux's binfmt_misc belongs to a user namespace since 6.7: in one of our own, exec of an AArch64 program works, and
# nothing outside sees it. Format of the line: Documentation/admin-guide/binfmt-misc.rst.
_BINFMT = r":hatch:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:" + (
    r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:{emulator}:F"
)
_NAMESPACE = ("--user", "--map-root-user", "--mount")
_REGISTER = '{mount} -t binfmt_misc none {where} && printf %s "$0" > {where}/register && exec "$@"'


def plan() -> dict[str, int]:
    """The checked-in list of test programs: name -> number of tests."""
    lines = (line.split("#", 1)[0].split() for line in PLAN.read_text(encoding="utf-8").splitlines())
    return {words[0]: int(words[1]) for words in lines if words}


def programs(arch: str) -> dict[str, Path]:
    """Builds Hatch's image and gives its programs with symbols: path in the guest -> file on the host."""
    bundle = build(arch)
    return {guest: bundle.path(file) for guest, file in bundle.programs.items()}


@dataclass(frozen=True)
class Runner:
    """How programs of one architecture run here."""

    prefix: tuple[str, ...]
    can_exec: bool
    """False: a program cannot start another one."""
    emulated: bool
    """True: by qemu-user, which is not Linux to the last bit."""


@cache
def runner(arch: str) -> Runner | str:
    """How to run programs of `arch` on this machine, or why that is impossible."""
    if sys.platform != "linux":
        return "the host is not Linux"
    if platform.machine() == arch:
        return Runner((), can_exec=True, emulated=False)
    emulator = shutil.which(f"qemu-{arch}-static") or shutil.which(f"qemu-{arch}")
    if emulator is None:
        return f"no qemu-{arch}-static (Debian: qemu-user-static)"
    unshare, mount = shutil.which("unshare"), shutil.which("mount")
    if arch == "aarch64" and unshare and mount:
        register = _REGISTER.format(mount=mount, where="/proc/sys/fs/binfmt_misc")
        inside = (unshare, *_NAMESPACE, "/bin/sh", "-c", register, _BINFMT.format(emulator=emulator))
        if subprocess.run([*inside, "true"], check=False, capture_output=True, timeout=30).returncode == 0:
            return Runner(inside, can_exec=True, emulated=True)
    return Runner((emulator,), can_exec=False, emulated=True)


# Hatch's stack limit, and no core dumps, for the program behind it on the command line.
_LIMITED = ("/bin/sh", "-c", 'ulimit -S -s 8192; ulimit -c 0; exec "$@"', "sh")


def run(
    how: Runner,
    command: Sequence[str | Path],
    *,
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end, at most 60 s."""
    return subprocess.run(
        [*_LIMITED, *how.prefix, *map(str, command)],
        check=False,
        input=stdin,
        env={"PATH": os.environ.get("PATH", ""), **(env or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
    )


@dataclass
class Tap:
    """What a test program printed."""

    planned: int | None = None
    results: dict[int, tuple[bool, str]] = field(default_factory=dict)
    """Number -> (good, sentence)."""

    @property
    def failed(self) -> dict[int, str]:
        return {number: sentence for number, (good, sentence) in self.results.items() if not good}


_LINE = re.compile(r"(not )?ok (\d+) - (.*)")


def parse_tap(text: str) -> Tap:
    """Reads TAP; other lines (diagnoses, the kernel's) are skipped."""
    tap = Tap()
    for line in text.splitlines():
        if line.startswith("1..") and line[3:].isdecimal():
            tap.planned = int(line[3:])
        elif match := _LINE.fullmatch(line):
            tap.results[int(match[2])] = (match[1] is None, match[3])
    return tap
