# SPDX-License-Identifier: GPL-2.0-or-later
"""Output that cannot be written: whoever read it has gone, or the disk is full."""

from __future__ import annotations

import os
from typing import IO, Any

__all__ = ["EXIT_BROKEN_PIPE", "discard"]

EXIT_BROKEN_PIPE = 128 + 13  # as a shell says of SIGPIPE


def discard(output: IO[Any]) -> None:
    """Send what `output` still holds to nowhere: it could not be written, and must not fail again at our end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, output.fileno())
    os.close(null)
