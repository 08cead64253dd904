"""A call for help that is sent again and again, on the banner and in the list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from domain.time import to_rfc3339
from pages.session import LANGUAGE_COOKIE
from tests.browser.stage import Script, Stage

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
SAID = {"en": ("sent 40 times · last", "Said as: panic, invented"),
        "pl": ("nadano 40× · ostatnio", "Treść: panic, invented")}  # fmt: skip


def _sos(**changes: Any) -> dict[str, Any]:
    first, last = (
        to_rfc3339(datetime.now(UTC) - timedelta(seconds=seconds)) for seconds in (300, 12)
    )
    alert = {
        "id": "a1", "kind": "sos", "unit": "p2", "callsign": "FP 12", "device": "gateway",
        "alarm": "panic", "position": {"lat": 42.4, "lon": 21.2}, "occurred_at": first,
        "recorded_at": first, "times": 40, "last_at": last, "words": ["panic", "invented"],
        "acknowledged_by": None, "acknowledged_at": None,
    }  # fmt: skip
    return alert | changes


@pytest.mark.parametrize("language", ["en", "pl"])
def test_how_often_and_when_last_is_shown_in_both_places(
    open_monitor: Open, stage: Stage, script: Script, language: str
) -> None:
    script.language = language
    script.alerts.append(_sos(times=1, last_at=None))
    page = open_monitor()
    page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": stage.address}])
    page.reload()
    expect(page.locator(".sos")).to_be_visible()
    expect(page.locator(".sos-times")).to_have_count(0)
    stage.tell("alert", _sos())
    words, title = SAID[language]
    for place in (page.locator(".sos .sos-times"), page.locator("#alert-list .alert .times")):
        expect(place).to_contain_text(words)
        expect(place.locator(".last-age")).to_have_text(re.compile(r"\d+ (s|min)"))
        expect(place).to_have_attribute("title", title)
    expect(page.locator(".sos")).to_have_count(1)


def test_two_people_behind_one_gateway_are_told_apart(open_monitor: Open, script: Script) -> None:
    nasty = "<i>two</i>"
    script.alerts += [
        _sos(uid="ANDROID-1", times=1),
        _sos(id="a2", uid=nasty, uids=[nasty, "ANDROID-3", "ANDROID-4"]),
    ]
    page = open_monitor()
    expect(page.locator(".sos")).to_have_count(2)
    expect(page.locator(".sos", has_text="ANDROID-1")).to_have_count(1)
    other = page.locator(".sos .whose", has_text=f"{nasty} +2")
    expect(other).to_have_attribute("title", f"{nasty}, ANDROID-3, ANDROID-4")


def test_on_a_phone_the_call_can_be_taken(open_monitor: Open, script: Script) -> None:
    script.alerts.append(_sos(uid="ANDROID-1"))
    page = open_monitor()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".sos")).to_be_visible()
    reach = "() => Math.max(...[...document.querySelectorAll('.sos > *')].map(%s))"
    page.wait_for_function(f"({reach % 'one => one.getBoundingClientRect().right'})() <= 390")
    assert page.evaluate(reach % "one => -one.getBoundingClientRect().left") <= 0
    expect(page.locator(".sos .action").last).to_contain_text("Acknowledge")


@pytest.mark.parametrize("width", [390, 1366])
def test_a_coordinate_is_whole_or_it_is_said_why_there_is_none(
    open_monitor: Open, script: Script, width: int
) -> None:
    far = {"lat": 42.88997, "lon": 20.86001}
    script.alerts += [
        _sos(position=far),
        _sos(id="a2", unit="p3", callsign="FP 13", position=None, position_withheld=True),
        _sos(id="a3", unit="p4", callsign="FP 14", position=None),
    ]
    page = open_monitor(width=width)
    numbers = page.locator(".sos-place .numbers")
    expect(numbers).to_have_text("42.8900, 20.8600")
    cut = "(one) => [one, one.parentNode].some((each) => each.scrollWidth > each.clientWidth + 1 \
        && getComputedStyle(each).overflowX !== 'visible')"
    assert not numbers.evaluate(cut)
    box, around = numbers.bounding_box(), page.locator(".sos").first.bounding_box()
    assert box is not None
    assert around is not None
    assert around["x"] <= box["x"]
    assert box["x"] + box["width"] <= around["x"] + around["width"]
    expect(page.locator(".sos", has_text="FP 13")).to_contain_text(
        "position not shown to your role"
    )
    expect(page.locator(".sos", has_text="FP 14")).to_contain_text("position not known")
