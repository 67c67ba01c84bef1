# SPDX-License-Identifier: GPL-2.0-or-later
"""Instruments that stop a machine and show where it stands."""
