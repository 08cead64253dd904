"""Levels of detail: never a pixel off, at any zoom and for any span of time."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.generated_tracks import BEGIN, SECOND, drive, fleet
from data.level_coding import decode, encode
from domain.analysis_settings import AnalysisSettings
from domain.drawn import MARGIN_S, Drawn, draw, joined
from domain.levels import COARSEST, FINEST, STEPS, degrees, on_grid, pixels, world
from domain.stored_fixes import NO_SEGMENT, FixColumns
from services.told_tracks import told

SETTINGS = AnalysisSettings()
HOUR = 3600 * SECOND


def columns(drives: list, step: int = 1) -> FixColumns:  # type: ignore[type-arg]
    count = [len(one.fix_time[::step]) for one in drives]
    names = [f"unit-{number:02}" for number in range(len(drives))]
    total = sum(count)

    def every(name: str) -> np.ndarray:
        return np.concatenate([getattr(one, name)[::step] for one in drives])

    unknown = np.full(total, np.nan)
    return FixColumns(
        unit=np.repeat(np.array(names, dtype=object), count),
        device=np.repeat(np.array(names, dtype=object), count),
        fix_time=every("fix_time"),
        received_at=every("fix_time"),
        latitude=every("latitude"),
        longitude=every("longitude"),
        speed=unknown,
        course=unknown,
        altitude=unknown,
        accuracy=every("accuracy"),
        battery=unknown,
        segment=np.full(total, NO_SEGMENT, dtype=np.int64),
    )


def by_hours(its: FixColumns, hours: int) -> list[Drawn]:
    """As the service keeps them: encoded and decoded, each hour for itself."""
    made, margin = [], int(MARGIN_S * SECOND)
    for hour in range(hours):
        begin = BEGIN + hour * HOUR
        near = (its.fix_time >= begin - margin) & (its.fix_time <= begin + HOUR + margin)
        drawn = draw(its.take(near), begin, begin + HOUR, SETTINGS)
        made.append(decode(encode(drawn)))
    return made


def furthest(drawn: Drawn, believed: Drawn, zoom: int) -> float:
    """How many pixels the fix that lies worst is from the line as it is sent."""
    width = pixels(zoom)
    worst = 0.0
    ends, size = np.cumsum(drawn.points), drawn.points
    fix_ends, fix_size = np.cumsum(believed.points), believed.points
    assert drawn.start.tolist() == believed.start.tolist()
    assert drawn.end.tolist() == believed.end.tolist()
    for piece in range(len(size)):
        line = slice(int(ends[piece] - size[piece]), int(ends[piece]))
        fixes = slice(int(fix_ends[piece] - fix_size[piece]), int(fix_ends[piece]))
        a = np.column_stack([on_grid(drawn.x[line], zoom), on_grid(drawn.y[line], zoom)]) / STEPS
        p = np.column_stack([believed.x[fixes], believed.y[fixes]]) * width
        # each fix belongs to the step of the line that is made in its time
        which = np.searchsorted(drawn.time[line], believed.time[fixes], side="right") - 1
        which = np.clip(which, 0, max(0, len(a) - 2))
        start, along = a[which], a[np.minimum(which + 1, len(a) - 1)] - a[which]
        square = (along**2).sum(axis=1)
        share = np.clip(((p - start) * along).sum(axis=1) / np.maximum(square, 1e-12), 0, 1)
        off = np.hypot(*(p - start - along * share[:, None]).T)
        worst = max(worst, float(off.max()))
    return worst


@pytest.fixture(scope="module")
def two_hours() -> FixColumns:
    return columns([drive(3, hours=3.0), drive(4, hours=3.0)])


@pytest.mark.parametrize("zoom", range(COARSEST, FINEST + 1))
def test_no_fix_is_a_pixel_from_the_line(two_hours: FixColumns, zoom: int) -> None:
    kept = joined([one.at_zoom(zoom) for one in by_hours(two_hours, 3)], SETTINGS.gap_s)
    begin, end = BEGIN, BEGIN + 3 * HOUR
    every = joined([draw(two_hours, begin, end, SETTINGS, 40)], SETTINGS.gap_s)
    assert (
        every.points.sum() == every.fixes.sum() > 10_000
    )  # nothing is left out at a zoom that no screen has
    assert furthest(kept, every, zoom) < 1.0


@pytest.mark.parametrize("zoom", [7, 12, 16, 18])
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3_000))
def test_any_span_is_as_true(two_hours: FixColumns, zoom: int, begin: int, seconds: int) -> None:
    start = BEGIN + begin * SECOND
    end = start + seconds * SECOND
    drawn = joined([draw(two_hours, start, end, SETTINGS, zoom)], SETTINGS.gap_s)
    every = joined([draw(two_hours, start, end, SETTINGS, 40)], SETTINGS.gap_s)
    assert furthest(drawn, every, zoom) < 1.0
    assert all(start <= moment < end for moment in drawn.time.tolist())


def test_hours_side_by_side_are_one_track(two_hours: FixColumns) -> None:
    whole = joined([draw(two_hours, BEGIN, BEGIN + 3 * HOUR, SETTINGS, 12)], SETTINGS.gap_s)
    parts = joined([one.at_zoom(12) for one in by_hours(two_hours, 3)], SETTINGS.gap_s)
    for name in ("unit", "device", "segment", "start", "end", "fixes", "outliers"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist(), name


def test_a_day_of_twelve_vehicles_fits_into_sixty_kilobytes() -> None:
    """One fix a second from twelve vehicles, with times as the monitor asks for them, at the zoom
    with which it opens on a screen of 1920 by 1080 pixels."""
    its = columns(fleet(8, 12, hours=24.0))
    assert len(its) > 900_000
    drawn = joined([one.at_zoom(9) for one in by_hours(its, 24)], SETTINGS.gap_s)
    sent = json.dumps(told(drawn, 9, {}, times=True), separators=(",", ":")).encode()
    assert len(gzip.compress(sent, 6)) < 60_000


def test_what_is_kept_is_what_was_made() -> None:
    drawn = draw(columns([drive(9, hours=1.0)]), BEGIN, BEGIN + HOUR, SETTINGS)
    again = decode(encode(drawn))
    for name in ("unit", "device", "start", "end", "fixes", "outliers", "points", "time", "zooms"):
        assert getattr(again, name).tolist() == getattr(drawn, name).tolist()
    assert np.abs(again.x - drawn.x).max() * pixels(FINEST) < 1 / 30
    nothing = draw(columns([drive(9, hours=1.0)]), 0, 1, SETTINGS)
    assert len(decode(encode(nothing)).unit) == 0
    assert len(joined([nothing, nothing], 1.0).unit) == 0


@given(st.floats(-85, 85), st.floats(-180, 180))
def test_the_world_is_the_one_that_maps_use(latitude: float, longitude: float) -> None:
    x, y = world(np.array([latitude]), np.array([longitude]))
    assert 0 <= x[0] <= 1
    assert -1e-9 <= y[0] <= 1
    back, east = degrees(x, y)
    assert back[0] == pytest.approx(latitude, abs=1e-9)
    assert east[0] == pytest.approx(longitude, abs=1e-9)
