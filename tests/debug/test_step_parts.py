# SPDX-License-Identifier: GPL-2.0-or-later
"""Pieces of `emu step` without a machine: line tables and their cache, disassembly, bits."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.arch.aarch64 import sysregs
from emu.debug.cards import bit_changes
from emu.debug.disasm import MODES, disassemble
from emu.debug.source import LineTable
from emu.image.bundle import Bundle


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "trapdoor" / "lines"


def elf(bundle: Bundle) -> Path:
    path = bundle.program("/bin/true")
    assert path is not None
    return path


def test_a_line_table_is_kept_and_read_again(bundle: Bundle, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = LineTable.load(elf(bundle))
    (kept,) = cache.iterdir()
    monkeypatch.setattr("emu.debug.source._read", lambda path: pytest.fail("not from the cache"))
    second = LineTable.load(elf(bundle))
    assert len(second) == len(first) > 100
    for address in range(0x200000, 0x208000, 4):
        assert first.at(address) == second.at(address)
    assert kept.suffix == ".lines"


@pytest.mark.parametrize("damage", [b"", b"TDLINES1", b"TDLINES1" + bytes(200), b"garbage" * 50])
def test_a_damaged_cache_is_made_again(bundle: Bundle, cache: Path, damage: bytes) -> None:
    LineTable.load(elf(bundle))
    (kept,) = cache.iterdir()
    good = kept.read_bytes()
    kept.write_bytes(damage or good[:-5])
    assert len(LineTable.load(elf(bundle))) > 100
    assert kept.read_bytes() == good


def test_a_cache_that_cannot_be_written_is_done_without(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(LineTable.load(elf(bundle))) > 100


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"\x7fELF" + bytes(60), b"no ELF at all"])
def test_files_without_lines_have_an_empty_table(cache: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert len(LineTable.load(path)) == 0
    assert LineTable.load(path).at(0x1000) is None
    assert len(LineTable.load(tmp_path / "nosuch")) == 0


def test_instructions(cache: Path) -> None:
    assert str(disassemble("aarch64", bytes.fromhex("010000d4"), 0)) == "svc #0"
    assert str(disassemble("aarch64", bytes.fromhex("ffffffff"), 0)) == ".inst 0xffffffff"
    assert str(disassemble("x86_64", bytes.fromhex("0f05") + bytes(13), 0)) == "syscall"
    assert disassemble("x86_64", bytes.fromhex("0f05") + bytes(13), 0).raw == b"\x0f\x05"
    assert str(disassemble("x86_64", b"\x06", 0)) == ".byte 0x6"
    assert str(disassemble("x86_32", b"\x06", 0)) == "push es"
    assert {str(disassemble(mode, b"", 0)) for mode in MODES} == {"(not mapped)"}


def test_bits_that_changed_are_named_highest_first() -> None:
    assert bit_changes(sysregs.PSTATE, 0x8000_0000, 0x3C5) == [
        "N 1->0",
        "D 0->1",
        "A 0->1",
        "I 0->1",
        "F 0->1",
        "M EL0t->EL1h",
    ]
    assert bit_changes(sysregs.PSTATE, 5, 5) == []
