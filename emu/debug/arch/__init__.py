# SPDX-License-Identifier: GPL-2.0-or-later
"""What an exception entry and a return are on each architecture, in the manual's words: two files with one interface.

What each offers is `emu.debug.cards.Describer`.
"""
