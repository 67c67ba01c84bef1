# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of `emu step --html`: needs nothing else, and shows in a real browser what the JSON says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emu.debug.html import page
from emu.machine import Machine
from tests.debug.browser import Browser, find
from tests.debug.stepping import at

Make = Callable[..., Machine]


@pytest.fixture
def steps(machine: Make) -> list[dict[str, Any]]:
    """A page fault in and out, and what comes after it."""
    return [s.to_json() for s in at(machine(exec="/test/cow"), "fault", "/test/cow").steps(6000)]


@pytest.fixture
def browser(steps: list[dict[str, Any]], tmp_path: Path) -> Iterator[Browser]:
    """The page in a browser."""
    program = find()
    if program is None:
        pytest.skip("no Chromium is installed")
    (tmp_path / "step.html").write_text(page("a test", steps), encoding="utf-8")
    one = Browser(program, tmp_path / "profile", (tmp_path / "step.html").as_uri())
    yield one
    one.close()


def test_the_page_refers_to_nothing_outside() -> None:
    text = page("x", [])
    assert not re.search(r"https?:|//[a-z]|@import|url\(|\bsrc=|\bhref=", text)
    assert "default-src 'none'" in text


def test_hostile_text_stays_text() -> None:
    evil = "</script><script>alert(1)</script><!--"
    text = page(evil, [{"symbol": evil}])
    assert text.count("<script") == 2  # the data and the program
    assert "&lt;/script&gt;" in text
    data = re.search(r'id="steps">(.*?)</script>', text, re.DOTALL)
    assert data is not None and json.loads(data[1]) == [{"symbol": evil}]


def test_a_click_on_each_card_shows_its_record(
    steps: list[dict[str, Any]], browser: Browser, tmp_path: Path, arch: str
) -> None:
    with_cards = [i for i, s in enumerate(steps) if s["cards"]]
    assert len(with_cards) >= 3
    assert browser.run("document.querySelectorAll('#list > div').length") == len(steps)
    for i in with_cards:
        browser.run(f"document.querySelectorAll('#timeline i')[{i}].click()")
        (record,) = steps[i]["cards"]
        shown = browser.run("document.querySelector('.card').innerText")
        assert record["title"].removeprefix(record["name"]) in shown
        for fact in (*record["cause"], *record["vector"], *record["saved"]):
            assert fact["name"] in shown and fact["text"] in shown
            assert fact["value"] is None or f"{fact['name']} = {fact['value']}" in shown
        for state in (record["from"], record["to"]):
            assert state["privilege"] in shown and state["place"] in shown
            assert f"{state['sp_name']} = {state['sp']}" in shown
            assert f"{state['flags_name']} = {state['flags']}" in shown
        if record["walk"]:
            assert record["walk"]["answer"] in shown
            for level in record["walk"]["levels"]:
                assert f"level {level['level']}: {level['table']}[{level['index']}] = {level['descriptor']}" in shown
    browser.run("document.querySelector('#list > div').click()")
    browser.screenshot(tmp_path / f"step-{arch}.png")
    assert (tmp_path / f"step-{arch}.png").read_bytes()[:4] == b"\x89PNG"


def test_keys_move_through_the_steps(steps: list[dict[str, Any]], browser: Browser) -> None:
    now = "[...document.querySelectorAll('#list > div')].findIndex(e => e.classList.contains('now'))"
    assert browser.run(now) == 0
    browser.key("ArrowRight")
    browser.key("ArrowRight")
    browser.key("ArrowLeft")
    assert browser.run(now) == 1
    browser.key("n")
    assert browser.run(now) == next(i for i, s in enumerate(steps) if s["cards"] and i > 1)
    browser.key("p")
    assert browser.run(now) == 0
    browser.key("ArrowLeft")
    assert browser.run(now) == 0
    browser.key("End")
    assert browser.run(now) == len(steps) - 1
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
