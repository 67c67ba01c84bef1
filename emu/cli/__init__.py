# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line: `main.py` finds the verbs, each of which is a file of its name."""
