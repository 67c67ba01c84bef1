# SPDX-License-Identifier: GPL-2.0-or-later
"""The boards' tables, and what derives from them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from emu import Kind, Machine, OptionError, Options
from emu.image.devicetree import emit, parse
from emu.machine.boards import BOARDS, board_for, models
from emu.machine.boards.virt import Virt
from emu.machine.qemu import ORACLES

ROOT = Path(__file__).resolve().parents[2]
Make = Callable[..., Machine]


@pytest.mark.parametrize("name", BOARDS)
def test_no_two_devices_share_addresses(name: str) -> None:
    windows = [(r.name, w) for r in BOARDS[name].rows for w in r.windows]
    for (a, x), (b, y) in itertools.combinations(windows, 2):
        apart = x.port != y.port or x.base + x.size <= y.base or y.base + y.size <= x.base
        assert apart, f"{a} and {b}"


@pytest.mark.parametrize("name", BOARDS)
def test_every_model_is_known_and_every_board_has_an_oracle(name: str) -> None:
    for row in BOARDS[name].rows:
        assert (row.model in models.CHIPS) != (row.model in models.DEVICES), row.name
    assert len({r.name for r in BOARDS[name].rows}) == len(BOARDS[name].rows)
    assert name in ORACLES


def test_boards_belong_to_an_architecture() -> None:
    assert board_for("aarch64").name == "virt"
    assert board_for("x86_64").name == "pc"
    with pytest.raises(OptionError, match="no board of aarch64"):
        board_for("aarch64", "pc")


def test_the_devicetree_has_the_tables_addresses() -> None:
    tree = parse(emit(Virt(Options()).tree()), "tree")
    names = set(tree.children)
    assert {"pl011@9000000", "pl031@9010000", "door@b000000", "intc@8000000", "memory@40000000"} <= names
    without = parse(emit(Virt(Options(door=False)).tree()), "tree")
    assert "door@b000000" not in without.children


def test_the_kernels_table_of_the_pc_agrees_with_ours() -> None:
    """guest/kernel/arch/x86_64/board.h was written separately, from the same manuals."""
    text = (ROOT / "guest/kernel/arch/x86_64/board.h").read_text()
    theirs = {m[1]: int(m[2], 0) for m in re.finditer(r"#define BOARD_(\w+) (0x[0-9a-f]+|\d+)(?:UL)?\b", text)}
    board = BOARDS["pc"]
    first = {row.name: row.windows for row in board.rows}
    ours = {
        "IOAPIC_BASE": first["ioapic"][0].base,
        "LAPIC_BASE": first["apic"][0].base,
        "DOOR_BUFFER": board.door_buffer.base,
        "DOOR_BUFFER_SIZE": board.door_buffer.size,
        "PORT_PIC_MASTER": first["pic"][0].base,
        "PORT_PIC_SLAVE": first["pic"][1].base,
        "PORT_PIT": first["pit"][0].base,
        "PORT_I8042_STATUS": first["i8042"][1].base,
        "PORT_DEBUG_EXIT": first["exit"][0].base,
        "PORT_COM1": first["uart0"][0].base,
        "PORT_DOOR": first["door"][0].base,
        "PORT_PM1A_CONTROL": first["pm"][0].base + 4,
        "PORT_PM_TIMER": first["pm"][0].base + 8,
    }
    assert {name: theirs[name] for name in ours} == ours


def test_uart_output_is_an_event_with_the_devices_name(machine: Make) -> None:
    m = machine()
    uart = next(r for r in m.board.rows if r.name == "uart0")
    kind = Kind.PORT if uart.windows[0].port else Kind.MMIO
    m.run_until(kind, where=lambda e: m.chip_name(e.code >> 8) == "uart0", max_insns=10**9)
    event = m.last_event
    assert uart.windows[0].base <= event.a < uart.windows[0].base + uart.windows[0].size
    assert m.offset_of(event.code >> 8, event.a) == event.a - uart.windows[0].base


def test_an_access_to_a_reserved_offset_is_an_event(machine: Make) -> None:
    m = machine()
    seen = []
    from emu import Instrument

    class Watch(Instrument):
        wants = frozenset({Kind.DEVICE_FAULT})

        def on_events(self, events: object) -> None:
            assert isinstance(events, list)
            seen.extend(events)

    m.watch(Watch())
    m.run(1000)
    chip = m._wiring.ids["uart0"]
    m._core.chip_write(chip, 0, 0x7 if m.target.arch == "aarch64" else 0x9, 4, 1)
    m.run(1000)
    assert [e.code >> 8 for e in seen] == [chip]
