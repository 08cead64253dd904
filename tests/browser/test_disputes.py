"""A disputed authority in a real browser: seen at once, lifted by two people, no password kept."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from domain.time import to_rfc3339
from tests.browser.demonstration import demonstration
from tests.browser.windows import signed_in_windows
from tests.serving import BEARER, Running, serving

pytestmark = pytest.mark.browser

INCIDENT = "demo-0006"
"""The gathering at the main bridge: the FPU is engaged and holds the line."""
BREAKS = "Kosovo Police say that nobody of theirs asked"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with the demonstration, in which one request is disputed."""
    path: Path = tmp_path_factory.mktemp("disputes") / "dashboard.db"
    with demonstration(path):
        pass
    with serving(path) as server:
        _dispute(server)
        yield server


def _dispute(server: Running) -> None:
    incident = f"/api/v1/operations/demo/incidents/{INCIDENT}"
    status, _, text = server.ask(f"{incident}/events?limit=200", **BEARER)
    assert status == 200
    events = json.loads(text)["items"]
    request = next(one["id"] for one in events if one["event"] == "kp_request")
    sent = {
        "command_id": str(uuid.uuid4()),
        "region": "T2",
        "event": "kp_request",
        "expected_version": len(events),
        "occurred_at": to_rfc3339(datetime.now(UTC)),
        "asserted_by": {"org": "KP", "function": "Duty officer"},
        "channel": "phone",
        "channel_ref": "KP-OPS 2",
        "corrects": request,
        "dispute": {"breaks": BREAKS},
    }
    status, answer = server.send(f"{incident}/events", sent)
    assert status == 201, answer


@pytest.fixture
def open_as(chromium: Browser, running: Running) -> Iterator[Callable[[str, str], Page]]:
    """Opens a page in a window of its own in which an account is signed in."""
    with signed_in_windows(chromium, running) as open_window:

        def opened(account: str, path: str) -> Page:
            page = open_window(account)
            page.goto(f"http://127.0.0.1:{running.port}{path}")
            page.wait_for_function("() => fpu.live.isConnected()")
            return page

        yield opened


def test_the_band_is_seen_without_scrolling(open_as: Callable[[str, str], Page]) -> None:
    page = open_as("wall", f"/incident/{INCIDENT}")
    band = page.locator("#incident-dispute .dispute-band")
    expect(band).to_contain_text("AUTHORITY DISPUTED")
    expect(band).to_contain_text(BREAKS)
    expect(band).to_contain_text("said by Kosovo Police (Duty officer), entered by duty")
    box = band.bounding_box()
    assert box is not None
    assert 0 < box["y"] < 250
    assert box["y"] + box["height"] < 400
    lane = page.locator("#incident-lanes .lane.tier-2")
    expect(lane.locator(".mark.disputed")).to_contain_text("Authority disputed")
    expect(lane.locator(".step.stops")).to_contain_text("Requested")
    expect(lane.locator(".step.next", has_text="Engaged")).to_have_count(0)


def test_the_card_and_the_map_say_so(open_as: Callable[[str, str], Page]) -> None:
    page = open_as("duty", "/?operation=demo")
    first = page.locator(".incident-row").first
    expect(first).to_contain_text("Authority disputed")
    expect(first).to_contain_text("main bridge")
    expect(first.locator(".caution")).to_have_text("!")
    alert = page.locator("#alert-list .of-dispute").first
    expect(alert.locator(".about")).to_have_text(re.compile(r"^0006 .*main bridge.*nobody"))
    assert INCIDENT in str(alert.locator(".about").get_attribute("href"))
    page.wait_for_function(
        "() => window.fpu && fpu.map && fpu.map.isReady && fpu.map.isReady()", timeout=60_000
    )
    alert.locator(".action").click()
    expect(page.locator("#alert-list .of-dispute.open")).to_have_count(0)


def test_two_people_lift_it_and_no_password_stays(open_as: Callable[[str, str], Page]) -> None:
    page = open_as("commander", f"/incident/{INCIDENT}")
    page.locator("#incident-actions .event-reconfirm").click()
    user = page.locator("#act-fields .name-user input")
    password = page.locator("#act-fields .name-password input")
    expect(password).to_have_attribute("type", "password")
    expect(password).to_have_attribute("autocomplete", "new-password")
    user.fill("duty")
    password.fill("not-the-password")
    page.locator("#act-submit").click()
    expect(page.locator("#act-fields .name-password .fault")).to_contain_text("second person")
    expect(password).to_have_value("")
    stores = "() => JSON.stringify([{...localStorage}, {...sessionStorage}])"
    kept = page.evaluate(stores)
    assert "not-the-password" not in kept
    password.fill("duty")
    page.locator("#act-submit").click()
    expect(page.locator("#act-frame")).to_be_hidden()
    expect(page.locator("#incident-dispute .dispute-band")).to_have_count(0)
    expect(page.locator("#incident-dispute .disputes-told")).to_contain_text(BREAKS)
    expect(page.locator("#incident-timeline")).to_contain_text("second person: duty")
