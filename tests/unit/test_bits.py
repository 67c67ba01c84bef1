# SPDX-License-Identifier: GPL-2.0-or-later
"""Registers as data, and address arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu import bits
from emu.bits import Field, Reg

CTRL = Reg("CTRL", 32, "EN 0", "MODE 3:1", "LIMIT 31:16", names={"MODE": {2: "fast"}})


def test_a_register_prints_names_before_numbers() -> None:
    assert CTRL.text(0x12340005) == "CTRL=0x12340005 (EN=1 MODE=2 fast LIMIT=0x1234)"
    assert CTRL.text(0) == "CTRL=0x0"
    assert CTRL.text(0, every=True) == "CTRL=0x0 (EN=0 MODE=0 LIMIT=0)"
    assert CTRL.text(0x10) == "CTRL=0x10 (other=0x10)"


def test_fields_are_read_and_replaced_by_name() -> None:
    assert CTRL.get(0x12340005, "LIMIT") == 0x1234
    assert CTRL.make(EN=1, MODE=2) == 5
    assert CTRL.put(0xFFFFFFFF, LIMIT=0) == 0xFFFF
    assert "EN" in CTRL and "X" not in CTRL and CTRL["MODE"].mask == 0xE
    assert [f.name for f in CTRL] == ["EN", "MODE", "LIMIT"]


@pytest.mark.parametrize("fields", [("A 3:0", "B 3"), ("A 32",), ("A 1", "A 2"), ("A 1:2",)])
def test_a_register_refuses_fields_that_cannot_be(fields: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        Reg("R", 32, *fields)


def test_a_value_that_does_not_fit_its_field_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit 3 bits"):
        CTRL.make(MODE=8)


@given(st.integers(0, 2**32 - 1))
def test_named_and_other_bits_together_are_the_value(value: int) -> None:
    rebuilt = CTRL.put(0, **{f.name: f.of(value) for f in CTRL})
    assert rebuilt == value & sum(f.mask for f in CTRL)


@given(st.integers(0, 2**64), st.sampled_from([1, 2, 4096, 1 << 21]))
def test_alignment_is_the_nearest_multiple(value: int, alignment: int) -> None:
    down, up = bits.align_down(value, alignment), bits.align_up(value, alignment)
    assert down % alignment == up % alignment == 0
    assert down <= value <= up and up - down in (0, alignment)
    assert bits.is_aligned(value, alignment) == (down == value)


def test_small_helpers() -> None:
    assert bits.mask(3, 1) == 0b1110
    assert bits.extract(0xABCD, 11, 4) == 0xBC
    assert bits.sign_extend(0x80, 8) == 0xFFFF_FFFF_FFFF_FF80
    assert bits.sign_extend(0x7F, 8) == 0x7F
    assert [bits.size_text(n) for n in (512 << 20, 4096, 4097, 3 << 30)] == ["512 MiB", "4 KiB", "4097 bytes", "3 GiB"]
    assert Field("F", 0, 0).text(1) == "F=1"
