# SPDX-License-Identifier: GPL-2.0-or-later
"""Where sources are read and bundles are written.

A checkout: sources are the checkout itself, bundles land in its images/build (ignored by git).
An installed wheel: sources are the data folder toolchain/share (guest/ and images/ as in a checkout), bundles land in
the user's cache folder. Bundles that a wheel carries ready-built are emu's affair: emu/bundles/<arch>/<name>/.
"""

from __future__ import annotations

import os
from pathlib import Path

from toolchain.errors import ToolchainError

_PACKAGE = Path(__file__).resolve().parent


def source_root() -> Path:
    """The folder that holds guest/ and images/. Raises ToolchainError when there is none."""
    for root in (_PACKAGE / "share", _PACKAGE.parent):
        if (root / "guest").is_dir() and (root / "images").is_dir():
            return root
    raise ToolchainError(f"no guest sources beside {_PACKAGE}: install the package again, or run from a checkout")


def build_root() -> Path:
    """The folder for bundles (<arch>/<name>/) and intermediate files (work/); it need not exist yet."""
    checkout = _PACKAGE.parent / "images"
    if not (_PACKAGE / "share").is_dir() and checkout.is_dir() and os.access(checkout, os.W_OK):
        return checkout / "build"
    cache = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(cache) if os.path.isabs(cache) else Path.home() / ".cache"
    return base / "trapdoor" / "build"
