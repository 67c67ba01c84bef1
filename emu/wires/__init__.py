# SPDX-License-Identifier: GPL-2.0-or-later
"""What devices plug into: addresses (bus), interrupt lines (irq), virtual time (clock); and what is seen (events)."""
