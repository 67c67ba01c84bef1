# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts machines together: boards, devices, console, memory, snapshots."""

from __future__ import annotations

from emu.machine.machine import Machine
from emu.machine.options import Options
from emu.machine.snapshot import Snapshot

__all__ = ["Machine", "Options", "Snapshot"]
