"""How tracks are sent: what the browser reads is what was drawn, and a day of it is small."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from benchmarks.generated_tracks import BEGIN, SECOND, drive
from benchmarks.monitor_tracks import SETTINGS, as_columns
from domain.drawn import Drawn, draw, joined
from domain.levels import STEPS, on_grid, pixels
from services.number_text import folded, number_text
from services.told_tracks import seconds_of, told
from settings import ROOT
from tests.services.told import numbers, pieces, unfolded

NAMES = {"unit-00": "FP 11", "unit-01": "FP 12"}
FURTHEST = 2**32


@given(st.lists(st.integers(0, FURTHEST)))
def test_numbers_are_read_back(values: list[int]) -> None:
    text = number_text(np.array(values, dtype=np.int64))
    assert numbers(text) == values
    assert json.dumps(text) == f'"{text}"'  # nothing in it needs an escape
    if values and max(values) < 79:
        assert len(text) == len(values)


@given(st.lists(st.integers(-FURTHEST, FURTHEST)))
def test_signed_numbers_are_folded(values: list[int]) -> None:
    assert unfolded(folded(np.array(values, dtype=np.int64)).tolist()) == values


@pytest.fixture(scope="module")
def two() -> Drawn:
    its = as_columns([drive(3, hours=2.0), drive(4, hours=2.0)])
    return joined([draw(its, BEGIN, BEGIN + 7200 * SECOND, SETTINGS, 12)], SETTINGS.gap_s)


@pytest.mark.parametrize("level", [4, 8, 9, 11, 14, 20])
def test_an_answer_leads_back_to_places_and_times(two: Drawn, level: int) -> None:
    found = pieces(json.loads(json.dumps(told(two, level, NAMES, times=True))))
    assert [one["unit"] for one in found] == two.unit.tolist()
    assert {one["callsign"] for one in found} == {"FP 11", "FP 12"}
    assert [one["start"] for one in found] == (two.start // 1000).tolist()
    assert [one["end"] for one in found] == (two.end // 1000).tolist()
    assert [one["fixes"] for one in found] == two.fixes.tolist()
    assert [one["outliers"] for one in found] == two.outliers.tolist()
    width = pixels(level) * STEPS
    for name, column in (("x", two.x), ("y", two.y)):
        there = np.concatenate([one[name] for one in found])
        assert np.rint(there * width).astype(np.int64).tolist() == on_grid(column, level).tolist()
    times = np.concatenate([one["t"] for one in found])
    assert np.abs(times - two.time / 1e6).max() <= seconds_of(level) / 2


def test_without_times_there_are_none(two: Drawn) -> None:
    assert not {"t", "seconds"} & set(told(two, 9, NAMES, times=False))


@pytest.mark.parametrize("level", range(4, 21))
def test_a_time_is_told_to_half_a_pixel_of_the_way(level: int) -> None:
    """A patrol at 100 km/h, at the latitude of Kosovo*."""
    metres = 40_075_017 * np.cos(np.radians(42.6)) / pixels(level)
    seconds = seconds_of(level)
    assert seconds == 1 or 100 / 3.6 * seconds / 2 <= metres / 2
    assert float(seconds).is_integer()


@pytest.mark.browser
def test_the_browser_reads_what_was_told(two: Drawn, chromium: Browser) -> None:
    """The script of the monitor on every piece, its points and their times."""
    answer = told(two, 9, NAMES, times=True)
    page = chromium.new_page()
    try:
        page.add_script_tag(path=str(ROOT / "assets" / "fpu-tracks.js"))
        trails: dict[str, Any] = page.evaluate(
            """(answer) => {
              const tracks = new fpu.Tracks({late: 60, silent: 300});
              tracks.draw(answer);
              return Object.fromEntries(tracks.trails);
            }""",
            json.loads(json.dumps(answer)),
        )
    finally:
        page.close()
    for unit in two.unit.tolist():
        its = two.of_unit(unit)
        trail = trails[f"{unit}|{unit}"]
        assert len(trail) == len(its.time)
        longitude = np.array([point["at"][0] for point in trail])
        assert np.abs((longitude / 360 + 0.5) - its.x).max() * pixels(9) * STEPS <= 0.5 + 1e-6
        apart = np.array([point["t"] for point in trail]) - its.time / 1000
        assert np.abs(apart).max() <= seconds_of(9) * 1000 / 2
        last = np.cumsum(its.points) - 1
        assert [trail[one]["t"] for one in last] == (its.end // 1000).tolist()
        assert [one for one, point in enumerate(trail) if point["start"]] == [
            0, *(last[:-1] + 1).tolist(),
        ]  # fmt: skip
