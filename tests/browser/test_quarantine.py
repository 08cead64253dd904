"""Many entries of the quarantine decided at once, as a person does it: a real server and browser.

The positions come over the feed, as those of a device do.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.demonstration import demonstration
from tests.conftest import PATIENCE_MS
from tests.serving import Running, serving

pytestmark = pytest.mark.browser

COMMANDER = {"Authorization": "Bearer demo-commander"}
KEYS: dict[str, str] = {}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over the demonstration, with two tablets."""
    path = tmp_path_factory.mktemp("quarantine") / "dashboard.db"
    with demonstration(path) as runner:
        for device, unit in (("tab-1", "lyra-1"), ("tab-2", "vega-1")):
            added = runner.invoke(args=["roster", "devices", "add", device, "--unit", unit])
            assert added.exit_code == 0, added.output
            KEYS[device] = added.output.split()[-1]
    with serving(path) as started:
        yield started


@pytest.fixture
def page(chromium: Browser, running: Running) -> Iterator[Page]:
    """The shift commander; no script may fail."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    home = f"http://127.0.0.1:{running.port}"
    opened.goto(f"{home}/sign-in")
    opened.locator("form:has(input[value='duty']) button.account").first.click()
    opened.wait_for_url(re.compile(f"{re.escape(home)}/(?!sign-in)"))
    yield opened
    context.close()
    assert faults == []


def send(running: Running, device: str, latitude: float, longitude: float, moment: float) -> None:
    """A position of a tablet."""
    said = {"id": device, "key": KEYS[device], "lat": latitude, "lon": longitude}
    query = urlencode({**said, "timestamp": int(moment)})
    with urlopen(f"http://127.0.0.1:{running.port}/feeds/osmand?{query}") as answer:
        assert answer.status == 200


def clear(page: Page, running: Running) -> None:
    """Let nothing be open that another try has left."""
    base = f"http://127.0.0.1:{running.port}/api/v1/operations/demo/quarantine"
    entries = [one["id"] for one in page.request.get(f"{base}?decided=0").json()["items"]]
    if entries:
        sent = {"entries": entries, "reason": "of another try"}
        assert page.request.post(f"{base}/discard", data=sent, headers=COMMANDER).ok


def look(page: Page, running: Running, reason: str) -> None:
    address = f"http://127.0.0.1:{running.port}/quarantine?operation=demo&reason={reason}"
    page.goto(address)
    expect(page.locator("#quarantine-tables .chips a[aria-current]")).to_be_visible()


def test_all_that_are_shown_are_accepted_and_the_others_told(page: Page, running: Running) -> None:
    clear(page, running)
    now = time.time()
    for number in range(6):
        send(running, "tab-1", 52.2, 21.0 + number / 1000, now - 600 + 10 * number)
    send(running, "tab-1", 52.2, 21.0, now - 600)  # the same once more
    look(page, running, "outside_area")
    page.get_by_role("button", name="Accept the 7 shown").click()
    window, told = page.locator("dialog"), page.locator("#quarantine-told")
    window.get_by_role("button", name="Accept 7").click()
    expect(window.locator(".file-notice")).to_contain_text("reason")

    numbers = page.locator("button[data-act=accept]").get_attribute("data-entries") or ""
    first, taken = numbers.split(",")[0], numbers.split(",")[3]
    address = f"http://127.0.0.1:{running.port}/api/v1/operations/demo/quarantine/{taken}/discard"
    assert page.request.post(address, data={"reason": "no"}, headers=COMMANDER).ok

    window.locator("textarea").fill("a course abroad")
    window.get_by_role("button", name="Accept 7").click()
    expect(told.locator("strong")).to_have_text("Accepted: 5. Refused: 2.")
    expect(told.locator("li")).to_have_count(2)
    expect(told).to_contain_text(f"No. {taken}: Somebody has decided it already")
    expect(told).to_contain_text(f"No. {first}: It cannot be stored")
    rows = page.locator("#quarantine-tables tr", has_text="a course abroad")
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text("duty")
    expect(page.get_by_role("button", name="Accept the 1 shown")).to_be_visible()
    told.get_by_role("button", name="Close").click()
    expect(told).to_be_empty()


def test_a_clock_is_shifted_after_a_look_at_the_times(page: Page, running: Running) -> None:
    clear(page, running)
    now = int(time.time())
    for number in range(4):
        send(running, "tab-2", 42.6, 20.9, now + 3 * 3600 - 60 * number)
    send(running, "tab-1", 42.6, 20.9, now + 5 * 3600)
    look(page, running, "future_time")
    page.get_by_role("button", name="Shift the clock").click()
    window = page.locator("dialog")
    shown, go = window.locator(".shift-told dd"), window.locator("button.primary")
    hours, minutes, seconds = (window.locator("input").nth(at) for at in range(3))
    expect(shown).to_have_count(2)
    window.locator("select").first.select_option("tab-2")
    expect(go).to_have_text("Shift 4")
    assert 2 <= int(hours.input_value()) <= 3  # as the clock itself tells

    hours.fill("1.5")
    expect(window.locator(".file-notice")).to_contain_text("Whole numbers")
    expect(go).to_be_disabled()
    hours.fill("2")
    minutes.fill("57")
    seconds.fill("30")
    expect(window.locator(".shift-told strong")).to_contain_text("stay open")
    expect(window.locator(".shift-told li")).to_contain_text("Time still impossible")
    hours.fill("3")
    minutes.fill("0")
    seconds.fill("0")
    expect(go).to_have_text("Shift 4")
    expect(go).to_be_enabled()
    expect(shown.last).to_contain_text(
        time.strftime(" becomes %Y-%m-%d %H:%M:%SZ", time.gmtime(now))
    )
    expect(shown.first).to_contain_text(
        time.strftime(" becomes %Y-%m-%d %H:%M:%SZ", time.gmtime(now - 180))
    )
    window.locator("textarea").fill("the wrong zone")
    go.click()
    expect(page.locator("#quarantine-told strong")).to_have_text("Clock shifted: 4. Refused: 0.")
    rows = page.locator("#quarantine-tables tr", has_text="the wrong zone")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("Corrected")
