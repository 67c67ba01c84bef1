# SPDX-License-Identifier: GPL-2.0-or-later
"""One chip per file. A device has registers and lines; it knows neither its address nor its interrupt number."""
