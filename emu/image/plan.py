# SPDX-License-Identifier: GPL-2.0-or-later
"""Which module plans the boot of which board."""

from __future__ import annotations

from emu.errors import OptionError
from emu.image import boot_pc, boot_virt
from emu.image.boot_virt import BoardTree
from emu.image.load import LoadPlan, Path, Ram

__all__ = ["plan"]


def plan(
    board: str,
    kernel: Path,
    ram: Ram,
    *,
    high: Ram | None = None,
    tree: BoardTree | None = None,
    initrd: Path | None = None,
    append: str = "",
    dtb: Path | None = None,
) -> LoadPlan:
    """Plan a boot of `board` (`virt`, `pc`, `microvm`): see `boot_virt.plan` and `boot_pc.plan`.

    Args:
        tree: makes the board's devicetree; needed for boards that hand one over.
        high: RAM above 4 GiB, on boards whose low RAM ends below it.

    Raises:
        ImageError: a file that cannot be loaded.
        OptionError: a board that is not known, or too little RAM.
    """
    if board == "virt" and tree is not None:
        return boot_virt.plan(kernel, ram, tree, initrd=initrd, append=append, dtb=dtb)
    if board in ("pc", "microvm"):
        return boot_pc.plan(kernel, ram, high, initrd=initrd, append=append, dtb=dtb)
    raise OptionError("board", f"{board!r} is not known", "choose virt, pc or microvm")
