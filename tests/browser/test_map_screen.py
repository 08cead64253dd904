"""The screen around the map: what it says of itself, alarms, and that it fits."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from domain.time import to_rfc3339
from tests.browser.conftest import fall_silent, page_requests, position, stop_the_clock
from tests.browser.stage import Script, Stage

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
_PANELS = ["#patrol-panel", "#map-panel", "#incident-panel", "#coverage-panel", ".foot",
           ".shell-head", ".frame", ".footnote"]  # fmt: skip


def _sos(**changes: Any) -> dict[str, Any]:
    now = to_rfc3339(datetime.now(UTC) - timedelta(seconds=30))
    alert = {
        "id": "a1",
        "kind": "sos",
        "unit": "p2",
        "callsign": "FP 12",
        "position": {"lat": 42.4, "lon": 21.2},
        "occurred_at": now,
        "recorded_at": now,
        "times": 1,
        "acknowledged_by": None,
        "acknowledged_at": None,
    }
    return alert | changes


def test_a_stopped_server_is_told_while_ages_count_on(open_monitor: Open, stage: Stage) -> None:
    page = open_monitor()
    expect(page.locator("#data-age")).to_have_text("Live")
    age = page.locator(".patrol .age").first
    before = age.text_content()
    stage.stop()
    expect(page.locator("#banners")).to_contain_text("stopped hearing from the server")
    expect(page.locator("#banners")).to_contain_text(" s old")
    expect(page.locator("#data-age")).to_contain_text("Heard")
    assert age.text_content() != before


def test_a_silent_stream_is_told_after_twelve_seconds_and_forgotten_when_it_speaks(
    open_monitor: Open, stage: Stage
) -> None:
    page = open_monitor(clock=True)
    stop_the_clock(page)
    fall_silent(stage, page)
    page.clock.fast_forward(10_000)
    expect(page.locator(".banner")).to_have_count(0)
    page.clock.fast_forward(4_000)
    expect(page.locator(".banner")).to_be_visible()
    stage.speak_again()
    page.clock.resume()
    expect(page.locator(".banner")).to_have_count(0)


def test_a_patrol_becomes_late_and_then_silent_without_the_server(
    open_monitor: Open, stage: Stage
) -> None:
    page = open_monitor(clock=True)
    row = page.locator(".patrol", has_text="FP 11")
    expect(row).to_have_attribute("data-look", "moving")
    stage.fall_silent()
    page.clock.fast_forward(70_000)
    expect(row).to_have_attribute("data-look", "late")
    page.clock.fast_forward(300_000)
    expect(row).to_have_attribute("data-look", "silent")
    expect(row).to_contain_text("silent")
    expect(page.locator("#patrol-panel .panel-aside")).to_have_text("2 · 2 silent")


def test_a_server_that_cannot_store_is_told_at_once_and_forgotten_when_it_can(
    open_monitor: Open, stage: Stage
) -> None:
    page = open_monitor()
    stage.script.refusing = True
    expect(page.locator("#banners")).to_contain_text("NOT RECEIVING POSITIONS")
    expect(page.locator("#data-age")).to_have_text("NOT RECEIVING")
    stage.script.refusing = False
    expect(page.locator(".banner")).to_have_count(0)
    expect(page.locator("#data-age")).to_have_text("Live")


def test_the_end_of_the_session_is_told_with_the_way_back(open_monitor: Open, stage: Stage) -> None:
    page = open_monitor()
    stage.script.signed_in = False
    stage.tell("signed-out", {})
    expect(page.locator("#banners")).to_contain_text("no longer signed in")
    link = page.get_by_role("link", name="Sign in")
    assert (link.get_attribute("href") or "").startswith("/sign-in?next=")


def test_a_stream_that_is_refused_is_asked_why(open_monitor: Open, stage: Stage) -> None:
    page = open_monitor()
    stage.script.signed_in = False
    stage.cut_streams()
    expect(page.locator("#banners")).to_contain_text("no longer signed in")


def test_an_alarm_lights_the_screen_until_somebody_takes_it_by_name(
    open_monitor: Open, stage: Stage
) -> None:
    page, other = open_monitor(), open_monitor()
    stage.script.alerts.append(_sos())
    stage.tell("alert", stage.script.alerts[0])
    for screen in (page, other):
        banner = screen.locator(".sos")
        expect(banner).to_contain_text("FP 12")
        expect(banner).to_contain_text("42.4000, 21.2000")
        expect(banner).to_contain_text(" km from ")
        expect(screen.locator("#alert-count")).to_have_text("Alerts 1")
        screen.wait_for_function("() => fpu.map.contents('alarms').features.length === 1")
        assert screen.title().startswith("SOS FP 12")
    page.locator(".sos").get_by_role("button", name="Acknowledge as duty").click()
    for screen in (page, other):
        expect(screen.locator(".sos")).to_contain_text("Acknowledged by duty")
        expect(screen.locator("#alert-count")).to_have_text("Alerts 0")
        screen.wait_for_function("() => fpu.map.contents('alarms').features.length === 0")
        assert not screen.title().startswith("SOS")


def test_a_wall_screen_shows_an_alarm_and_takes_none(open_monitor: Open, script: Script) -> None:
    script.role = "WALL"
    script.alerts.append(_sos())
    page = open_monitor()
    expect(page.locator(".sos")).to_contain_text("Acknowledge at a desk")
    expect(page.locator(".sos").get_by_role("button", name="Acknowledge")).to_have_count(0)


def test_words_of_others_are_text_and_never_markup(open_monitor: Open, stage: Stage) -> None:
    page = open_monitor()
    nasty = "<img src=x onerror=window.hit=1>"
    stage.tell("fix", position("p9", nasty, 20.9, 42.6, datetime.now(UTC)))
    stage.tell("alert", _sos(id="a9", callsign=nasty))
    expect(page.locator(".patrol", has_text=nasty)).to_be_visible()
    expect(page.locator(".sos")).to_contain_text(nasty)
    assert page.locator("#shell img").count() == 0
    assert page.evaluate("() => window.hit") is None


def test_a_visit_is_shown_at_its_crossing_point(open_monitor: Open, stage: Stage) -> None:
    page = open_monitor()
    cell = page.locator(".crossing", has_text="Jarinjë")
    expect(cell).to_contain_text("no visit")
    seen = to_rfc3339(datetime.now(UTC) - timedelta(minutes=3))
    visit = {"unit": "p1", "callsign": "FP 11", "entered_at": seen, "seen_at": seen,
             "left_at": seen, "dwell_s": 60}  # fmt: skip
    stage.tell("visit", {"crossing": "jarinje", "last_visit": visit})
    expect(cell).to_contain_text("3 min")
    expect(cell).to_contain_text("FP 11")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)])
@pytest.mark.parametrize("language", ["en", "pl"])
def test_it_fits_without_scrolling_or_overlap(
    open_monitor: Open, script: Script, width: int, height: int, language: str
) -> None:
    script.language = language
    page = open_monitor(width, height)
    assert page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    ) == [width, height]
    boxes = {name: page.locator(name).bounding_box() for name in _PANELS}
    for (one, a), (other, b) in itertools.combinations(boxes.items(), 2):
        assert a is not None
        assert b is not None
        apart = (
            a["x"] + a["width"] <= b["x"] + 1
            or b["x"] + b["width"] <= a["x"] + 1
            or a["y"] + a["height"] <= b["y"] + 1
            or b["y"] + b["height"] <= a["y"] + 1
        )
        assert apart, f"{one} lies over {other}"


def test_everything_is_reached_by_keyboard_and_shows_it(open_monitor: Open) -> None:
    page = open_monitor()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return [e.id || e.className || e.tagName, s.outlineStyle, s.outlineWidth]; }"
        )
        reached.add(found[0])
        if found[0] in ("theme-switch", "choose", "follow", "crossing"):
            assert found[1] == "solid"
            assert found[2] == "3px"
    assert {"theme-switch", "choose", "follow", "crossing"} <= reached


def test_a_spot_report_is_dismissed_with_a_reason_or_reported(
    open_monitor: Open, stage: Stage
) -> None:
    page = open_monitor()
    spot = _sos(kind="spot", title="Roadblock", remarks="<b>two</b> trucks", uid="marker")
    stage.script.alerts.append(spot)
    stage.tell("alert", spot)
    row = page.locator("#alert-list .alert", has_text="Spot report")
    expect(row).to_contain_text("Roadblock · <b>two</b> trucks")
    expect(page.locator(".sos")).to_have_count(0)
    row.get_by_role("button", name="Dismiss").click()
    reason = row.get_by_label("Why it is no incident")
    expect(reason).to_be_focused()
    reason.fill("a wedding")
    stage.tell("alert", _sos(id="a2"))  # a new list leaves what was typed
    expect(page.locator(".sos")).to_have_count(1)
    expect(row.get_by_label("Why it is no incident")).to_have_value("a wedding")
    spot["reason"] = "a wedding"
    row.get_by_role("button", name="Dismiss").click()
    expect(row).to_contain_text("Dismissed: a wedding")


def test_the_row_tells_what_a_patrol_did_and_that_its_clock_is_wrong(
    open_monitor: Open, script: Script
) -> None:
    ahead = {"unit": "p1", "device": "d", "skew_s": 10_805.0, "wrong": True, "refused": True}
    script.clocks = [ahead, {**ahead, "device": "e", "skew_s": 125.0, "refused": False}]
    stop = {"dwell_s": 1500.0}
    work = {"distance_m": 36_040, "on_task_s": 3540.0, "stops": [stop], "gaps": [{"seconds": 200}]}
    lie = {"at": "2026-11-21T20:31:07Z", "latitude": 42.9, "longitude": 21.1}
    work["impossible"] = [lie]
    script.work = {"p1": [work]}
    page = open_monitor()
    row = page.locator(".patrol").filter(has_text="FP 11")
    row.get_by_text("clock 3 h 00 min ahead: its positions are in quarantine").wait_for()
    row.locator(".choose").click()
    row.get_by_text(
        "36.0 km · 59 min on task · stops: 1 (25 min) · gaps: 1 · impossible positions: 1"
    ).wait_for()
    [marked] = page.evaluate("() => fpu.map.contents('impossible').features")
    assert marked["geometry"]["coordinates"] == [21.1, 42.9]
    assert marked["properties"] == {"time": "2031Z"}
    page.locator(".patrol").filter(has_text="FP 12").locator(".choose").click()
    page.wait_for_function("() => document.querySelector('.patrol .work').textContent === ''")
    page.wait_for_function("() => fpu.map.contents('impossible').features.length === 0")


def test_a_map_that_shows_more_asks_for_more_points(open_monitor: Open) -> None:
    page = open_monitor()
    asked = "/tracks?"

    def zooms() -> list[int]:
        return [
            int(address.split("zoom=")[1].split("&")[0])
            for address in page_requests(page)
            if asked in address
        ]

    first = max(zooms())
    with page.expect_request(lambda request: f"zoom={first + 4}" in request.url):
        page.evaluate(f"() => fpu.map.goTo([20.8, 42.6], {first + 3.5})")
    assert max(zooms()) == first + 4


def test_a_long_trail_is_asked_for_from_a_whole_hour(open_monitor: Open) -> None:
    """The server has whole hours ready; the trail is cut to its length on the map."""
    page = open_monitor()
    with page.expect_request(lambda request: "/tracks?" in request.url) as asked:
        page.evaluate("() => fpu.patrols.setTrail(4 * 3600)")
    assert ":00:00.000Z" in asked.value.url
    with page.expect_request(lambda request: "/tracks?" in request.url) as asked:
        page.evaluate("() => fpu.patrols.setTrail(900)")
    start = datetime.fromisoformat(asked.value.url.split("from=")[1].split("&")[0])
    assert timedelta(minutes=14) < datetime.now(UTC) - start < timedelta(minutes=20)
