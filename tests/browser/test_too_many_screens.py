"""A screen for which the server has no place: it says so, waits, and costs nothing meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import Script, Stage

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
OF_AN_ACCOUNT: dict[str, Any] = {"account": "wall", "open": 12, "most": 12, "retry_after": 1}
OF_ALL: dict[str, Any] = {"account": "", "open": 40, "most": 40, "retry_after": 1}
SNAPSHOT = ("/positions/latest", "/incidents", "/alerts", "/crossings", "/tracks")


def _snapshots(stage: Stage) -> int:
    return sum(path.endswith(SNAPSHOT) for path in stage.requests)


def _wait_for_attempts(page: Page, stage: Stage, more: int) -> None:
    """Until the screen has asked so many more times for a stream."""
    wanted = stage.requests.count("/live") + more
    while stage.requests.count("/live") < wanted:
        page.wait_for_timeout(50)


def test_a_screen_without_a_place_says_so_and_loads_nothing_until_it_has_one(
    open_monitor: Open, stage: Stage
) -> None:
    page = open_monitor()
    stage.script.crowd = OF_AN_ACCOUNT
    stage.cut_streams()
    banner = page.locator("#banners")
    expect(banner).to_contain_text("Too many screens")
    expect(banner).to_contain_text("The account wall has 12 screens open, 12 at most")
    expect(banner).to_contain_text(" old")
    expect(page.locator("#data-age")).to_contain_text("Heard")
    expect(page.locator("#shell.deaf")).to_have_count(1)
    before = _snapshots(stage)
    _wait_for_attempts(page, stage, 3)
    assert _snapshots(stage) == before
    stage.script.crowd = None
    expect(page.locator(".banner")).to_have_count(0)
    expect(page.locator("#data-age")).to_have_text("Live")
    page.wait_for_function("() => fpu.live.crowd() === null")
    while _snapshots(stage) == before:
        page.wait_for_timeout(50)


def test_it_waits_as_long_as_it_was_told(open_monitor: Open, stage: Stage) -> None:
    page = open_monitor()
    stage.script.crowd = {**OF_AN_ACCOUNT, "retry_after": 60}
    stage.cut_streams()
    page.wait_for_function("() => fpu.live.crowd()?.wait >= 59")
    assert page.evaluate("() => fpu.live.crowd().wait") <= 75


def test_a_full_server_is_not_the_account_and_no_connection_is_no_crowd(
    open_monitor: Open, stage: Stage
) -> None:
    page = open_monitor()
    stage.script.crowd = OF_ALL
    stage.cut_streams()
    banner = page.locator("#banners")
    expect(banner).to_contain_text("All 40 places of the server are taken")
    stage.script.crowd, stage.script.signed_in = None, False
    expect(banner).to_contain_text("no longer signed in")
    expect(banner).not_to_contain_text("Too many screens")


def test_it_says_so_in_polish(script: Script, open_monitor: Open, stage: Stage) -> None:
    page = open_monitor()
    page.context.add_cookies([{"name": "fpu_language", "value": "pl", "url": stage.address}])
    script.language = "pl"
    script.crowd = OF_AN_ACCOUNT
    page.reload()
    expect(page.locator("#banners")).to_contain_text("Zbyt wiele ekranów")
    expect(page.locator("#banners")).to_contain_text("Konto wall ma otwarte ekrany: 12")
