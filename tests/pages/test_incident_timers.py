"""The clocks as layouts: words in every language, true times without a script."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from domain.timers import NAMES
from pages.incident_timers import clock_words, next_clock, row_clock, timers_part
from pages.strings import LANGUAGES
from tests.pages.test_lanes import classes, nodes

NOW = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)


def clock(name: str = "acknowledge", overdue: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "region": "T2", "since": "2026-11-21T20:20:00Z",
        "due": "2026-11-21T20:25:00Z" if overdue else "2026-11-22T01:10:00Z",
        "stopped_at": None, "overdue": overdue, "owner": "FPU_DUTY", "event_id": "e", **more,
    }  # fmt: skip


def strip(*running: dict[str, Any], language: str = "en") -> Any:
    view: Any = SimpleNamespace(summary={"timers": running}, now=NOW)
    return timers_part(view, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_clock_has_words(name: str, language: str) -> None:
    assert clock_words(clock(name), language).startswith("FPU: ")
    assert "KFOR" in clock_words(clock(name, region="T3"), language)


def test_nothing_runs_nothing_is_drawn() -> None:
    assert strip() is None
    assert next_clock({"timers": []}) is None


def test_the_strip_says_what_when_and_who() -> None:
    drawn = strip(clock(overdue=True), clock("decide"))
    words = [one.get("children") for one in nodes(drawn)]
    for needed in ("FPU: acknowledge the request", "due 2025Z", "due 22 0110Z", "Shift commander"):
        assert needed in words
    assert [one["data-due"] for one in nodes(drawn) if "data-due" in one] == [
        "2026-11-22T01:10:00Z", "2026-11-21T20:25:00Z",
    ]  # fmt: skip
    assert sum({"countdown", "overdue"} <= one for one in classes(drawn)) == 1


def test_no_clock_wears_the_colour_of_a_tier() -> None:
    drawn = strip(clock(overdue=True), clock("sitrep", region="T3"))
    assert not [one for one in classes(drawn) for name in one if name.startswith("tier")]


def test_a_row_of_the_list_has_the_first_clock_and_no_paper() -> None:
    paper = clock("written_confirmation", overdue=True)
    first = next_clock({"timers": [clock(), clock("decide"), paper]})
    assert first is not None
    row = row_clock(first, "en")
    assert "FPU: acknowledge the request" in [one.get("children") for one in nodes(row)]
    assert next_clock({"timers": [paper]}) is None
