# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps as one HTML page that needs nothing else: a timeline to click through, cards, the record itself as JSON."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

__all__ = ["page"]


def page(title: str, steps: Sequence[dict[str, Any]]) -> str:
    """The page.

    Args:
        title: what was run.
        steps: `Step.to_json()` of each.
    """
    # In a script element nothing is escaped but the end tag and comments, which both begin with `<`.
    data = json.dumps(steps, separators=(",", ":")).replace("<", "\\u003c")
    template = files("emu.debug").joinpath("step.html").read_text(encoding="utf-8")
    return template.replace("@TITLE@", html.escape(title)).replace("@STEPS@", data)
