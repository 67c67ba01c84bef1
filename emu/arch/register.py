# SPDX-License-Identifier: GPL-2.0-or-later
"""What any architecture's register list is made of. Names only: the C core maps them to its engine."""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["Kind", "Register"]


class Kind(enum.StrEnum):
    """What a register is for; decides which view shows it."""

    GENERAL = "general"
    PC = "pc"
    SP = "sp"
    FLAGS = "flags"
    SEGMENT = "segment"
    FLOAT = "float"
    VECTOR = "vector"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Register:
    """One register.

    Attributes:
        name: as gdb and our API spell it.
        bits: width as gdb transfers it.
        kind: what it is for.
        gdb_type: its type in gdb's target description (gdb manual, "Predefined Target Types").
        gdb_feature: the standard feature that holds it (gdb manual, "Standard Target Features").
    """

    name: str
    bits: int
    kind: Kind
    gdb_type: str
    gdb_feature: str
