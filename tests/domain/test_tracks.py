"""The rules of tracks: endpoints kept, error below the tolerance, never a line over a gap."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from domain.fleet import fleet_of, lengths, plane, simplified
from domain.geodesy import distance_m
from domain.tracks import Freshness, outliers, split

SECOND = 1_000_000

LATITUDES = st.floats(41.8, 43.3)
LONGITUDES = st.floats(20.0, 21.8)
TIMES = st.lists(st.integers(0, 600 * SECOND), max_size=60).map(
    lambda waits: np.cumsum(np.array(waits, dtype=np.int64))
)


@st.composite
def walks(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Positions with every awkwardness: standing still, going back, closed loops."""
    count = draw(st.integers(1, 60))
    floats = arrays.arrays(np.float64, count, elements=LATITUDES)
    latitude = draw(floats)
    longitude = draw(arrays.arrays(np.float64, count, elements=LONGITUDES))
    if draw(st.booleans()):  # small steps instead of jumps
        latitude = 42.5 + (latitude - 42.5) / 1000
        longitude = 20.9 + (longitude - 20.9) / 1000
    if draw(st.booleans()):
        latitude[-1], longitude[-1] = latitude[0], longitude[0]
    return latitude, longitude


@given(TIMES, st.floats(1, 500), st.data())
def test_no_piece_bridges_a_gap_and_nothing_is_lost(
    fix_time: np.ndarray, gap_s: float, data: st.DataObject
) -> None:
    segment = data.draw(
        st.none() | arrays.arrays(np.int64, len(fix_time), elements=st.integers(-1, 2))
    )
    pieces = split(fix_time, gap_s, segment)
    assert [index for piece in pieces for index in range(piece.start, piece.stop)] == list(
        range(len(fix_time))
    )
    for piece in pieces:
        assert (np.diff(fix_time[piece]) <= gap_s * SECOND).all()
        assert segment is None or len(set(segment[piece])) == 1
    for before, after in pairwise(pieces):
        waited = fix_time[after.start] - fix_time[before.stop - 1]
        other = segment is not None and segment[after.start] != segment[before.stop - 1]
        assert waited > gap_s * SECOND or other


@given(walks(), st.floats(0.5, 20_000))
def test_a_simplified_line_keeps_its_ends_and_stays_within_the_tolerance(
    walk: tuple[np.ndarray, np.ndarray], tolerance: float
) -> None:
    kept = simplify(*walk, tolerance)
    assert kept[0] == 0
    assert kept[-1] == len(walk[0]) - 1
    assert (np.diff(kept) > 0).all()
    plane = project(*walk)
    for first, last in pairwise(kept):
        for index in range(first + 1, last):
            error = distance_to_segment(plane[index], plane[first], plane[last])
            assert error <= tolerance * (1 + 1e-9) + 1e-6


@given(walks())
def test_no_tolerance_keeps_every_fix(walk: tuple[np.ndarray, np.ndarray]) -> None:
    assert simplify(*walk, 0).tolist() == list(range(len(walk[0])))


def test_a_straight_drive_needs_two_points() -> None:
    latitude, longitude = np.linspace(42.6, 42.61, 500), np.full(500, 20.9)
    assert simplify(latitude, longitude, 1.0).tolist() == [0, 499]


@given(walks())
def test_the_plane_is_good_to_one_percent(walk: tuple[np.ndarray, np.ndarray]) -> None:
    latitude, longitude = walk
    expected = [
        distance_m(*pair)
        for pair in zip(latitude, longitude, latitude[1:], longitude[1:], strict=False)
    ]
    flat = np.hypot(*np.diff(project(*walk), axis=0).T)
    assert flat == pytest.approx(expected, rel=0.015, abs=0.01)
    one = np.zeros(len(latitude), dtype=np.int64)
    assert lengths(*project(*walk).T, one, 1) == pytest.approx([flat.sum()])


def test_a_track_over_the_date_line_stays_short() -> None:
    plane = project(np.array([0.0, 0.0]), np.array([179.999, -179.999]))
    assert np.hypot(*(plane[1] - plane[0])) == pytest.approx(222.4, abs=0.5)


@given(st.integers(0, 19), st.integers(3, 20))
def test_one_impossible_fix_is_marked_wherever_it_is(index: int, count: int) -> None:
    fix_time, latitude, longitude = drive(count)
    index = min(index, count - 1)
    latitude[index] += 0.5  # 55 km away
    assert np.flatnonzero(outliers(fix_time, latitude, longitude)).tolist() == [index]


def test_a_drive_has_no_outliers() -> None:
    assert not outliers(*drive(20)).any()


def test_two_places_far_apart_are_not_told_apart() -> None:
    """After a jump that lasts nobody can say which half is wrong: nothing is hidden."""
    fix_time, latitude, longitude = drive(20)
    latitude[10:] += 0.5
    assert not outliers(fix_time, latitude, longitude).any()


def test_a_long_way_in_a_long_time_is_possible() -> None:
    fix_time, latitude, longitude = drive(3)
    latitude[1] += 0.5
    assert not outliers(fix_time * 3600, latitude, longitude).any()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_fixes_to_tell(count: int) -> None:
    fix_time, latitude, longitude = drive(count)
    latitude[1:] += 0.5
    assert outliers(fix_time, latitude, longitude).tolist() == [False] * count


@pytest.mark.parametrize(
    ("age", "status"),
    [(0, "fresh"), (59.9, "fresh"), (60, "late"), (299.9, "late"), (300, "silent")],
)
def test_a_position_ages(age: float, status: str) -> None:
    assert Freshness().status(age) == status
    assert Freshness(10, 20).status(15) == "late"


def project(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    none = np.zeros(len(latitude), dtype=np.int64)
    return np.column_stack(plane(fleet_of(none, none, latitude, longitude)[0]))


def simplify(latitude: np.ndarray, longitude: np.ndarray, tolerance: float) -> np.ndarray:
    none = np.zeros(len(latitude), dtype=np.int64)
    return simplified(*project(latitude, longitude).T, none, tolerance)


def drive(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A straight drive north: a fix every ten seconds, 10 m/s."""
    index = np.arange(count)
    return index * 10 * SECOND, 42.6 + index * 0.0009, np.full(count, 20.9)


def distance_to_segment(point: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    along = end - start
    length = float(along @ along)
    share = 0.0 if length == 0 else min(1.0, max(0.0, float((point - start) @ along) / length))
    return float(np.hypot(*(point - start - share * along)))
