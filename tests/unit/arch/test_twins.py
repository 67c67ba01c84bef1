# SPDX-License-Identifier: GPL-2.0-or-later
"""The two architectures describe themselves with the same names, and consistently."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest

import emu.arch.aarch64
import emu.arch.x86_64
from emu.bits import Reg

PACKAGES = {"aarch64": emu.arch.aarch64, "x86_64": emu.arch.x86_64}
MODULES = ("abi", "exceptions", "paging", "registers", "sysregs")


def load(arch: str, name: str) -> ModuleType:
    return importlib.import_module(f"emu.arch.{arch}.{name}")


def test_both_have_the_same_modules() -> None:
    found = {a: sorted(m.name for m in pkgutil.iter_modules(p.__path__)) for a, p in PACKAGES.items()}
    assert found == {"aarch64": sorted(MODULES), "x86_64": sorted(MODULES)}


@pytest.mark.parametrize("name", ["abi", "registers"])
def test_data_modules_export_the_same_names(name: str) -> None:
    assert load("aarch64", name).__all__ == load("x86_64", name).__all__


@pytest.mark.parametrize("arch", PACKAGES)
def test_gdb_registers_are_unique_and_contain_the_special_ones(arch: str) -> None:
    registers = load(arch, "registers")
    names = [r.name for r in registers.REGISTERS]
    assert len(set(names)) == len(names)
    special = [registers.PC, registers.SP, registers.STATUS, registers.FRAME_POINTER, *registers.GENERAL]
    assert {s for s in special if s} <= set(names)
    assert all(r.bits in (32, 64, 80, 128) for r in registers.REGISTERS)


@pytest.mark.parametrize("arch", PACKAGES)
def test_system_call_registers_exist_and_differ(arch: str) -> None:
    abi, registers = load(arch, "abi"), load(arch, "registers")
    used = [abi.SYSCALL_NUMBER, *abi.SYSCALL_ARGUMENTS]
    assert len(set(used)) == 7 and set(used) | {abi.SYSCALL_RESULT} <= set(registers.GENERAL)


@pytest.mark.parametrize("arch", PACKAGES)
def test_system_registers_are_found_by_name(arch: str) -> None:
    by_name = load(arch, "sysregs").BY_NAME
    assert all(isinstance(r, Reg) and r.name == name for name, r in by_name.items())
