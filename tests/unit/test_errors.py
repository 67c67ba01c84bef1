# SPDX-License-Identifier: GPL-2.0-or-later
"""Every error is one line with a fixed exit status."""

from __future__ import annotations

import pytest

from emu.errors import (
    BuildError,
    HostError,
    ImageError,
    ImageFault,
    InputError,
    MachineError,
    OptionError,
    TrapdoorError,
)

ERRORS: list[tuple[TrapdoorError, int, str]] = [
    (ImageError("a/Image", "is empty", "build it", ImageFault.EMPTY), 2, "a/Image: is empty; build it"),
    (OptionError("--memory", "'x' is no size", "give 512M"), 2, "--memory: 'x' is no size; give 512M"),
    (OptionError("--memory", "'x' is no size"), 2, "--memory: 'x' is no size"),
    (BuildError("cc failed"), 2, "cc failed"),
    (HostError("no glibc", "use Linux"), 126, "no glibc; use Linux"),
    (MachineError("the machine is closed"), 126, "the machine is closed"),
]


@pytest.mark.parametrize(("error", "status", "text"), ERRORS, ids=[t for _, _, t in ERRORS])
def test_an_error_is_one_line_with_its_status(error: TrapdoorError, status: int, text: str) -> None:
    assert str(error) == text
    assert error.exit_code == status


def test_the_tree_is_the_one_in_the_docstring() -> None:
    assert (
        issubclass(ImageError, InputError)
        and issubclass(OptionError, InputError)
        and issubclass(BuildError, InputError)
    )
    assert all(issubclass(c, TrapdoorError) for c in (InputError, HostError, MachineError))


def test_newlines_and_escapes_in_names_cannot_break_the_line() -> None:
    text = str(ImageError("a\nb\x1b[31m", "is bad", "fix it", ImageFault.BAD_HEADER))
    assert text.isprintable() and text == "a\\nb\\x1b[31m: is bad; fix it"
