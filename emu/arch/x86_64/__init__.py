# SPDX-License-Identifier: GPL-2.0-or-later
"""x86-64: registers, system registers and their fields, paging, exceptions, and the system-call ABI."""
