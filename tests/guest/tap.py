# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges what a test program printed: the Test Anything Protocol as guest/user/test/tap.h writes it."""

from __future__ import annotations

import re

_PLAN = re.compile(r"^1\.\.(\d+)$", re.MULTILINE)
_RESULT = re.compile(r"^((not )?ok (\d+) - .*)$", re.MULTILINE)


def verdict(output: str, planned: int, status: int) -> list[str]:
    """What is wrong with a run; nothing if all `planned` tests ran once, in order, and held. Others are skipped."""
    plans = [int(match[1]) for match in _PLAN.finditer(output)]
    results = list(_RESULT.finditer(output))
    numbers = [int(match[3]) for match in results]
    wrong: list[str] = []
    if not plans:
        wrong.append("no plan")
    elif len(plans) > 1:
        wrong.append("more than one plan")
    elif plans[0] != planned:
        wrong.append(f"plans {plans[0]}, PLAN says {planned}")
    if numbers != list(range(1, planned + 1)):
        wrong.append(f"results {numbers}, not 1 to {planned}")
    wrong += [match[1] for match in results if match[2]]
    if status:
        wrong.append(f"status {status}")
    return wrong
