# SPDX-License-Identifier: GPL-2.0-or-later
"""Bytes in: kernels, initrds, devicetrees and bundles, turned into a `LoadPlan` that a board carries out."""
