"""Clocks that count in the browser, and their alerts beside a call for help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from domain.time import to_rfc3339
from tests.browser.conftest import fall_silent, stop_the_clock
from tests.browser.stage import Script, Stage

pytestmark = pytest.mark.browser
Open = Callable[..., Page]


def _alert(identifier: str, kind: str, ago: timedelta, **details: Any) -> dict[str, Any]:
    at = to_rfc3339(datetime.now(UTC) - ago)
    return {
        "id": identifier, "kind": kind, "unit": None, "occurred_at": at, "recorded_at": at,
        "last_at": at, "times": 1, "acknowledged_by": None, "acknowledged_at": None, **details,
    }  # fmt: skip


def test_a_clock_that_ran_out_asks_in_words_below_a_call_for_help(
    open_monitor: Open, script: Script
) -> None:
    due = to_rfc3339(datetime.now(UTC) - timedelta(minutes=2))
    script.alerts += [
        _alert("a1", "sos", timedelta(hours=1), unit="p2", callsign="FP 12", position=None),
        _alert(
            "a2", "timer", timedelta(minutes=2), timer="decide", incident="demo-0007",
            title="<b>Crowd</b>", region="T2", owner="FPU_CMD", since=due, due=due,
        ),
    ]  # fmt: skip
    page = open_monitor()
    rows = page.locator("#alert-list li")
    expect(rows.nth(0)).to_contain_text("SOS")
    expect(rows.nth(1)).to_contain_text("Overdue")
    expect(rows.nth(1)).to_contain_text("FPU: answer the request · <b>Crowd</b>")
    expect(rows.nth(1)).to_contain_text("FPU commander")
    expect(rows.nth(1).get_by_role("link")).to_have_attribute(
        "href", "/incident/demo-0007?operation=demo"
    )
    expect(page.locator("#sos-banners .sos")).to_have_count(1)
    rows.nth(1).get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#alert-count")).to_have_text("Alerts 1")


def test_a_clock_counts_down_and_then_says_by_how_much_it_is_overdue(
    open_monitor: Open, stage: Stage
) -> None:
    page = open_monitor(clock=True)
    fall_silent(stage, page)  # nothing that is shown depends on hearing from the server
    stop_the_clock(page)
    page.evaluate(
        "() => document.getElementById('incident-rows').append("
        "fpu.element('div', 'countdown', null,"
        " Object.assign(fpu.element('time', 'countdown-left', 'due'), {id: 'left'})))"
    )
    page.evaluate(
        "() => { document.getElementById('left').dataset.due ="
        " new Date(fpu.now() + 90500).toISOString(); fpu.tell('tick'); }"
    )
    left = page.locator("#left")
    expect(left).to_have_text("01:30 left")
    expect(left.locator("..")).not_to_have_class("countdown overdue")
    page.clock.fast_forward(95_000)
    expect(left).to_contain_text("overdue by 00:0")
    expect(left.locator("..")).to_have_class("countdown overdue")
    assert page.evaluate("() => fpu.timers.span(3600 + 61)") == "1:01:01"
