# SPDX-License-Identifier: GPL-2.0-or-later
"""`emu doctor`: what is there, what is missing, what to do about it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

import click

from emu.core import check_library
from emu.errors import TrapdoorError
from emu.image import bundle as bundles
from emu.machine.qemu import ORACLES

__all__ = ["command"]


class Finding(NamedTuple):
    """One line of the report. `needed`: without it `emu run` cannot work."""

    what: str
    ok: bool
    text: str
    advice: str = ""
    needed: bool = False


def _host() -> Finding:
    system, machine = platform.system(), platform.machine()
    libc, version = platform.libc_ver()
    ok = system == "Linux" and machine == "x86_64" and libc == "glibc"
    text = f"{system} {machine} {libc or 'unknown libc'} {version}".strip()
    return Finding("host", ok, text, "" if ok else "supported today: Linux x86-64 with glibc", True)


def _python() -> Finding:
    ok = sys.version_info >= (3, 11)
    return Finding("python", ok, platform.python_version(), "" if ok else "install Python 3.11 or later", True)


def _core() -> Finding:
    try:
        path = check_library()
    except TrapdoorError as error:
        return Finding("core", False, error.message, error.hint or "", True)
    return Finding("core", True, f"loaded, its Unicorn library is {path}", "", True)


def _package(name: str, advice: str, needed: bool = False) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, "not installed", advice, needed)


def _program(what: str, names: tuple[str, ...], advice: str) -> Finding:
    for name in names:
        path = shutil.which(name)
        if path is None:
            continue
        try:
            shown = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False)
            first = (shown.stdout or shown.stderr).splitlines()[:1]
        except (OSError, subprocess.TimeoutExpired):
            first = ["does not run"]
        return Finding(what, True, f"{path}: {' '.join(first)}")
    return Finding(what, False, f"no {' or '.join(names)}", advice)


def _images() -> Finding:
    found = [f"{name} for {arch}" for arch, name, _ in bundles.installed()]
    return Finding("images", bool(found), ", ".join(found) or "none built", "" if found else "emu build")


def _findings() -> list[Finding]:
    checks: list[Callable[[], Finding]] = [_host, _python, _core]
    findings = [check() for check in checks]
    findings.append(_package("ziglang", "to build guests: pip install 'trapdoor[guest]'"))
    findings.append(_program("compiler", ("cc", "gcc", "clang"), "only to build the core: apt install gcc python3-dev"))
    for board, oracle in ORACLES.items():
        advice = f"only to compare with it: apt install {oracle.package}"
        findings.append(_program(f"qemu for {board}", (oracle.base[0],), advice))
    findings.append(_images())
    return findings


@click.command(name="doctor", context_settings={"max_content_width": 100})
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(as_json: bool) -> int:
    """Check this host: what is there, what is missing, what to do.

    The exit status is 0 if `emu run` can work, else 126.

    \b
    Example: emu doctor
    """
    findings = _findings()
    if as_json:
        click.echo(json.dumps([f._asdict() for f in findings], indent=1))
    else:
        for f in findings:
            mark = "ok" if f.ok else "MISSING" if f.needed else "absent"
            click.echo(f"{f.what:<14} {mark:<8} {f.text}" + (f"; {f.advice}" if f.advice else ""))
    return 126 if any(f.needed and not f.ok for f in findings) else 0
