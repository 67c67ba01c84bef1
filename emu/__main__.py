# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m emu` is `emu`."""

from __future__ import annotations

import sys

from emu.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
