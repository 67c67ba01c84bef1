# SPDX-License-Identifier: GPL-2.0-or-later
"""The boards, one file and one table each."""

from __future__ import annotations

from emu.errors import OptionError
from emu.machine.boards.board import Board
from emu.machine.boards.pc import Pc
from emu.machine.boards.virt import Virt

__all__ = ["BOARDS", "Board", "board_for"]

BOARDS: dict[str, type[Board]] = {board.name: board for board in (Virt, Pc)}


def board_for(arch: str, name: str | None = None) -> type[Board]:
    """The board of that name, or the first of an architecture.

    Raises:
        OptionError: no such board, or it is another architecture's.
    """
    ours = [b for b in BOARDS.values() if b.arch == arch]
    if name is None:
        return ours[0]
    if BOARDS.get(name) not in ours:
        raise OptionError("board", f"{name!r} is no board of {arch}", f"choose {', '.join(b.name for b in ours)}")
    return BOARDS[name]
