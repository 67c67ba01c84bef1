# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions in words, by capstone without detail (0.2 to 0.5 million a second; ten times slower with)."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

__all__ = ["MODES", "Instruction", "disassemble"]

MODES = {
    "aarch64": ("ARCH_ARM64", "MODE_ARM", 4),
    "arm": ("ARCH_ARM", "MODE_ARM", 4),
    "x86_64": ("ARCH_X86", "MODE_64", 15),
    "x86_32": ("ARCH_X86", "MODE_32", 15),
    "x86_16": ("ARCH_X86", "MODE_16", 15),
}
"""Instruction set -> capstone's architecture and mode, and the longest instruction in bytes."""


class Instruction(NamedTuple):
    """One instruction: its bytes, and `mnemonic operands`; no text where it is none or cannot be read."""

    raw: bytes
    mnemonic: str
    operands: str

    def __str__(self) -> str:
        return f"{self.mnemonic} {self.operands}".rstrip()


@cache
def _engine(mode: str) -> Any:
    import capstone  # 60 ms; only where something is shown

    arch, flags, _ = MODES[mode]
    return capstone.Cs(getattr(capstone, f"CS_{arch}"), getattr(capstone, f"CS_{flags}"))


def disassemble(mode: str, code: bytes, address: int) -> Instruction:
    """The first instruction of some bytes.

    Args:
        mode: a key of `MODES`.
        code: from `address` on, as many as can be read, at most the longest instruction.
        address: for branch targets.
    """
    for _, size, mnemonic, operands in _engine(mode).disasm_lite(code, address, 1):
        return Instruction(code[:size], mnemonic, operands)
    if not code:
        return Instruction(b"", "(not mapped)", "")
    word = code[:4] if MODES[mode][2] == 4 else code[:1]
    directive = ".inst" if len(word) == 4 else ".byte"
    return Instruction(word, directive, f"{int.from_bytes(word, 'little'):#x}")
