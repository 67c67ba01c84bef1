# SPDX-License-Identifier: GPL-2.0-or-later
"""What a CPU is: data and pure functions, one folder per architecture with the same file names."""
