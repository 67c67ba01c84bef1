# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the guest (guest/) into bootable images (images/). `python -m toolchain --help`; reading order: README.md."""
