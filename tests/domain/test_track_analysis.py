"""The analysis of tracks against the truth that they were made from, and its awkward ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.generated_tracks import SECOND, Drive, Span, fleet
from domain.analysis_settings import AnalysisSettings
from domain.fleet import Fleet, fleet_of, pieces
from domain.track_analysis import TrackAnalysis, analyse

SETTINGS = AnalysisSettings()
SEEDS = range(24)
LEAST = 0.98


def as_fleet(drives: Sequence[Drive]) -> Fleet:
    track = np.repeat(np.arange(len(drives)), [len(one.fix_time) for one in drives])
    names = ("fix_time", "latitude", "longitude", "accuracy")
    return fleet_of(track, *(np.concatenate([getattr(d, n) for d in drives]) for n in names))[0]


@pytest.fixture(scope="module")
def driven() -> list[tuple[list[Drive], TrackAnalysis]]:
    """A fleet of two for each seed: most with a fix a second, some with one in five."""
    made = [fleet(seed, 2, hours=4.0, every_s=5 if seed % 4 == 3 else 1) for seed in SEEDS]
    return [(drives, analyse(as_fleet(drives), SETTINGS)) for drives in made]


def of_track(number: int, track: np.ndarray, *times: np.ndarray) -> list[Span]:
    its = track == number
    return list(zip(*(column[its].tolist() for column in times), strict=True))


def matched(some: Sequence[Span], others: Sequence[Span]) -> int:
    """How many of ``some`` are covered to more than half by one of ``others``."""
    return sum(
        any(min(end, until) - max(start, begin) > (end - start) / 2 for begin, until in others)
        for start, end in some
    )


def assert_found(pairs: Iterator[tuple[Sequence[Span], Sequence[Span]]]) -> None:
    truth_hit = truth = found_hit = found = 0
    for true, told in pairs:
        truth_hit, truth = truth_hit + matched(true, told), truth + len(true)
        found_hit, found = found_hit + matched(told, true), found + len(told)
    assert truth > 100
    assert truth_hit / truth >= LEAST, f"{truth_hit} of {truth} found"
    assert found_hit / found >= LEAST, f"{found_hit} of {found} are true"


def test_the_outliers_are_found(driven: list[tuple[list[Drive], TrackAnalysis]]) -> None:
    truth = np.concatenate([one.outliers for drives, _ in driven for one in drives])
    found = np.concatenate([analysis.cleaned.outliers for _, analysis in driven])
    both = int((truth & found).sum())
    assert truth.sum() > 500
    assert both / truth.sum() >= LEAST
    assert both / found.sum() >= LEAST


def test_the_stops_are_found(driven: list[tuple[list[Drive], TrackAnalysis]]) -> None:
    assert_found(
        (drive.stops, of_track(number, its.stops.track, its.stops.start, its.stops.end))
        for drives, its in driven
        for number, drive in enumerate(drives)
    )


def test_the_gaps_are_found(driven: list[tuple[list[Drive], TrackAnalysis]]) -> None:
    assert_found(
        (drive.gaps, of_track(number, its.gaps.track, its.gaps.start, its.gaps.end))
        for drives, its in driven
        for number, drive in enumerate(drives)
    )


def test_a_dwell_is_right_to_some_seconds(
    driven: list[tuple[list[Drive], TrackAnalysis]],
) -> None:
    errors = []
    for drives, its in driven:
        for number, drive in enumerate(drives):
            for begin, until in of_track(number, its.stops.track, its.stops.start, its.stops.end):
                for start, end in drive.stops:
                    if min(end, until) > max(start, begin):
                        errors.append(((until - begin) - (end - start)) / SECOND)
    assert abs(float(np.median(errors))) < 12
    assert float(np.quantile(np.abs(errors), 0.95)) < 30


def test_the_way_and_the_time_on_task_are_right(
    driven: list[tuple[list[Drive], TrackAnalysis]],
) -> None:
    for drives, its in driven:
        for drive, metres, seconds in zip(drives, its.distance_m, its.heard_s, strict=True):
            assert metres == pytest.approx(drive.moved_m, rel=0.03)
            assert seconds == pytest.approx(drive.heard_s, rel=0.005)
        assert (its.standing_s <= its.heard_s).all()


def test_a_fleet_at_once_is_each_vehicle_alone() -> None:
    drives = fleet(77, 3, hours=2.0)
    together = analyse(as_fleet(drives), SETTINGS)
    for number, drive in enumerate(drives):
        alone = analyse(as_fleet([drive]), SETTINGS)
        assert together.distance_m[number] == pytest.approx(alone.distance_m[0])
        its = together.stops.track == number
        assert together.stops.start[its].tolist() == alone.stops.start.tolist()
        assert together.cleaned.outliers.sum() >= alone.cleaned.outliers.sum()


def test_two_devices_interleaved_are_told_apart() -> None:
    first, second = fleet(5, 2, hours=1.0)
    both = as_fleet([first, second])
    shuffled = np.random.default_rng(1).permutation(len(both))
    names = np.array(["a", "b"], dtype=object)[both.track]
    again, order = fleet_of(
        names[shuffled],
        both.fix_time[shuffled],
        both.latitude[shuffled],
        both.longitude[shuffled],
        both.accuracy[shuffled],
    )
    assert again.fix_time.tolist() == both.fix_time.tolist()
    assert shuffled[order].tolist() == list(range(len(both)))
    one, other = analyse(both, SETTINGS), analyse(again, SETTINGS)
    assert one.distance_m.tolist() == other.distance_m.tolist()


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2), st.integers(0, 20), st.floats(42.59, 42.61), st.floats(20.9, 20.91)
        ),
        max_size=40,
    ),
    st.sampled_from([1, 30, 400]),
)
def test_nothing_breaks_on_awkward_tracks(
    rows: list[tuple[int, int, float, float]], every_s: int
) -> None:
    """Empty, one fix, identical times, many tracks, nowhere to go."""
    track = np.array([row[0] for row in rows], dtype=np.int64)
    time = np.array([row[1] * every_s * SECOND for row in rows], dtype=np.int64)
    latitude = np.array([row[2] for row in rows])
    longitude = np.array([row[3] for row in rows])
    its, _ = fleet_of(track, time, latitude, longitude)
    found = analyse(its, SETTINGS)
    assert len(found.cleaned.outliers) == len(rows)
    assert len(found.distance_m) == len(set(track.tolist()))
    assert np.isfinite(found.distance_m).all()
    assert (found.stops.dwell_s >= SETTINGS.stop_shortest_s).all()
    assert (found.gaps.end - found.gaps.start > SETTINGS.gap_s * SECOND).all()
    believed, piece = found.cleaned.believed, found.cleaned.piece
    assert pieces(believed, SETTINGS.gap_s).tolist() == piece.tolist()
    for first, last in zip(found.stops.first, found.stops.last, strict=True):
        assert believed.track[first] == believed.track[last]


def test_a_fix_that_may_be_anywhere_is_marked_and_not_used() -> None:
    time = np.arange(10) * SECOND
    accuracy = np.full(10, 5.0)
    accuracy[4] = 2000.0
    its, _ = fleet_of(np.zeros(10), time, np.full(10, 42.6), np.full(10, 20.9), accuracy)
    found = analyse(its, SETTINGS)
    assert np.flatnonzero(found.cleaned.useless).tolist() == [4]
    assert len(found.cleaned.believed) == 9


def test_a_queue_is_no_stop_and_a_light_is_none_either() -> None:
    creeping = np.concatenate([np.full(300, 1.5), np.zeros(45), np.full(300, 12.0)])
    north = np.cumsum(creeping) / 111_195
    count = len(north)
    its, _ = fleet_of(np.zeros(count), np.arange(count) * SECOND, 42.6 + north, np.full(count, 21))
    assert len(analyse(its, SETTINGS).stops) == 0
