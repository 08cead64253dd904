"""Simulated patrols: plausible, on the roads, odd where scripted, and cut anywhere the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.scenarios.reader import ScenarioLibrary
from data.scenarios.roads import read_roads
from domain.errors import InvalidField
from domain.geodesy import distance_m
from domain.scenario import Oddity, Patrol, Stop
from domain.time import to_microseconds
from domain.tracks import outliers
from services.patrol_simulation import PatrolFixes, PatrolSimulation, shift_number, shift_start
from services.road_graph import RoadGraph

LOADED = datetime(2026, 11, 21, 20, 37, 11, tzinfo=UTC)
DEMO = ScenarioLibrary().read("demo")
GRAPH = RoadGraph(read_roads())
PATROLS = {patrol.id: patrol for patrol in DEMO.patrols}
MINUTE = timedelta(minutes=1)


def simulation(seed: int = 7) -> PatrolSimulation:
    return PatrolSimulation(DEMO, GRAPH, seed, LOADED)


@cache
def two_days(unit: str, seed: int = 7) -> PatrolFixes:
    whole = simulation(seed)
    return whole.fixes(PATROLS[unit], LOADED - timedelta(hours=24), LOADED + timedelta(hours=24))


def same(one: PatrolFixes, other: PatrolFixes) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for name in PatrolFixes.__slots__
    )


def without(patrol: Patrol, kind: str) -> Patrol:
    return replace(patrol, oddities=tuple(one for one in patrol.oddities if one.kind != kind))


@pytest.fixture(params=sorted(PATROLS))
def unit(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def steps(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Metres from each fix to the next."""
    each = np.vectorize(distance_m)
    return each(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:])


def test_times_go_on_and_on(unit: str) -> None:
    fixes = two_days(unit)
    assert len(fixes) > 4000
    assert (np.diff(fixes.time) > 0).all()
    assert (fixes.received > fixes.time).all()
    assert (fixes.time % 1_000_000 == 0).all()


def test_a_patrol_never_drives_absurdly_except_at_the_marked_outlier(unit: str) -> None:
    fixes = two_days(unit)
    found = np.flatnonzero(outliers(fixes.time, fixes.latitude, fixes.longitude))
    marked = {"orion-2": 1}.get(unit, 0) * 2  # one a day
    assert len(found) == marked
    kept = fixes.take(np.setdiff1d(np.arange(len(fixes)), found))
    speed = steps(kept.latitude, kept.longitude) / (np.diff(kept.time) / 1e6)
    assert speed.max() < 40.0  # metres per second, noise of the receiver included
    assert fixes.speed.max() < 32.0


def test_the_speed_that_is_said_is_the_speed_that_is_driven(unit: str) -> None:
    fixes = two_days(unit)
    steady = (fixes.speed[:-1] > 10) & (fixes.speed[1:] > 10) & (np.diff(fixes.time) < 20_000_000)
    driven = steps(fixes.latitude, fixes.longitude) / (np.diff(fixes.time) / 1e6)
    ratio = np.median(driven[steady] / fixes.speed[:-1][steady])
    assert ratio == pytest.approx(1.0, abs=0.05)


def test_a_fix_about_every_15_s_driving_and_60_s_standing(unit: str) -> None:
    fixes = two_days(unit)
    apart = np.diff(fixes.time) / 1e6
    driving = ~np.isnan(fixes.course[:-1]) & ~np.isnan(fixes.course[1:])
    standing = np.isnan(fixes.course[:-1]) & np.isnan(fixes.course[1:])
    assert np.median(apart[driving]) == pytest.approx(15, abs=1)
    assert np.median(apart[standing]) == 60
    assert (fixes.speed[np.isnan(fixes.course)] == 0).all()
    assert ((fixes.battery > 0) & (fixes.battery <= 100)).all()


def test_positions_follow_the_schematic_roads(unit: str) -> None:
    points = read_roads()
    pairs = [(a, b) for a, b in pairwise(points) if a.road == b.road]
    fixes = two_days(unit)
    odd = outliers(fixes.time, fixes.latitude, fixes.longitude)
    some = fixes.take(np.flatnonzero(~odd)[::41])
    east = np.cos(np.radians(42.6))
    nearest = np.full(len(some), np.inf)
    for a, b in pairs:
        along = np.array([b.latitude - a.latitude, (b.longitude - a.longitude) * east])
        offset = np.stack([some.latitude - a.latitude, (some.longitude - a.longitude) * east])
        part = np.clip((along @ offset) / max(along @ along, 1e-12), 0, 1)
        away = np.hypot(*(offset - along[:, None] * part)) * 111_195
        nearest = np.minimum(nearest, away)
    assert nearest.max() < 60.0  # metres: the noise of the receiver


@given(st.integers(0, 24 * 3600), st.integers(1, 6 * 3600), st.integers(1, 3600))
@settings(max_examples=40, deadline=None)
def test_a_window_does_not_depend_on_where_it_is_cut(start: int, length: int, cut: int) -> None:
    patrol = PATROLS["lyra-2"]
    begin = LOADED + timedelta(seconds=start)
    middle = begin + timedelta(seconds=min(cut, length))
    end = begin + timedelta(seconds=length)
    whole = two_days("lyra-2")
    inside = (whole.time >= to_microseconds(begin)) & (whole.time < to_microseconds(end))
    fresh = simulation()
    parts = [fresh.fixes(patrol, begin, middle), fresh.fixes(patrol, middle, end)]
    joined = np.concatenate([part.time for part in parts])
    expected = whole.take(inside & (whole.time < to_microseconds(LOADED) + 24 * 3600 * 10**6))
    wanted = joined < to_microseconds(LOADED) + 24 * 3600 * 10**6
    assert np.array_equal(joined[wanted], expected.time)
    latitude = np.concatenate([part.latitude for part in parts])
    assert np.array_equal(latitude[wanted], expected.latitude)


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_what_arrives_arrives_once_however_often_one_asks(pauses: list[int]) -> None:
    patrol, fresh = PATROLS["lyra-2"], simulation()
    begin = LOADED - timedelta(hours=2)
    moment, got = begin, []
    for pause in pauses:
        got.append(fresh.received(patrol, moment, moment + timedelta(seconds=pause)))
        moment += timedelta(seconds=pause)
    whole = simulation().received(patrol, begin, moment)
    assert np.array_equal(np.concatenate([part.time for part in got]), whole.time)


def test_the_same_seed_gives_the_same_fixes_and_another_one_others() -> None:
    window = (LOADED - timedelta(hours=3), LOADED)
    one, again, other = (simulation(seed).fixes(PATROLS["vega-1"], *window) for seed in (3, 3, 4))
    assert same(one, again)
    assert not same(one, other)


def test_the_silent_patrol_is_silent_and_speaks_again() -> None:
    times = two_days("vega-2").time
    begin = to_microseconds(LOADED - 24 * MINUTE)
    end = begin + 5 * 3600 * 10**6
    assert not ((times >= begin) & (times < end)).any()
    assert (times < begin).any()
    assert (times >= end).any()


def test_the_gap_is_where_it_is_scripted() -> None:
    times = two_days("vega-1").time
    begin = to_microseconds(LOADED - timedelta(hours=9, minutes=20))
    assert not ((times >= begin) & (times < begin + 35 * 60 * 10**6)).any()
    assert np.diff(times).max() >= 35 * 60 * 10**6


def test_the_late_phone_is_ten_minutes_late_and_only_then() -> None:
    fixes = two_days("lyra-2")
    delay = (fixes.received - fixes.time) / 60e6
    late = delay > 5
    assert (delay[late] > 10).all()
    begin = to_microseconds(LOADED - 110 * MINUTE)
    day = 24 * 3600 * 10**6
    since = (fixes.time - begin) % day
    assert ((since < 45 * 60 * 10**6) & (fixes.time >= begin) == late).all()


def test_the_outlier_is_one_fix_a_long_way_off() -> None:
    patrol = PATROLS["orion-2"]
    window = (LOADED - 60 * MINUTE, LOADED - 30 * MINUTE)
    odd = simulation().fixes(patrol, *window)
    true = simulation().fixes(without(patrol, "outlier"), *window)
    [at] = np.flatnonzero(odd.latitude != true.latitude)
    here, there = ((f.latitude[at], f.longitude[at]) for f in (true, odd))
    assert distance_m(*here, *there) > 10_000


def test_no_positions_from_before_the_day_that_is_shown() -> None:
    early = simulation().fixes(
        PATROLS["lyra-1"], LOADED - timedelta(days=9), LOADED - timedelta(hours=23)
    )
    assert early.time.min() >= to_microseconds(LOADED - timedelta(hours=24))


def test_shifts_follow_each_other_from_whole_hours() -> None:
    plan = DEMO.shifts
    assert plan is not None
    start = shift_start(plan, LOADED, 0)
    assert (start.minute, start.second) == (0, 0)
    for number in range(5):
        begin = shift_start(plan, LOADED, number)
        assert shift_number(plan, LOADED, begin) == number
        assert shift_number(plan, LOADED, begin + plan.length - MINUTE) == number
    assert shift_number(plan, LOADED, LOADED) == 3


def test_a_round_that_is_too_long_for_the_shift_is_refused() -> None:
    patrol = PATROLS["lyra-1"]
    stops = (Stop("jarinje", timedelta(hours=9)),)
    duties = tuple(replace(duty, stops=stops) for duty in patrol.duties)
    with pytest.raises(InvalidField, match="LYRA-1"):
        simulation().fixes(replace(patrol, duties=duties), LOADED, LOADED + MINUTE)


@pytest.mark.parametrize("place", ["Atlantis", "jarinje "])
def test_a_place_that_is_on_no_road_is_refused(place: str) -> None:
    with pytest.raises(InvalidField, match="no place"):
        GRAPH.way("Mitrovicë", place)


def test_the_way_is_the_fastest_one() -> None:
    way = GRAPH.way("Mitrovicë", "jarinje")
    assert (way.latitude[0], way.longitude[0]) == GRAPH.position("Mitrovicë")
    assert (way.latitude[-1], way.longitude[-1]) == GRAPH.position("jarinje")
    assert len(way.speed) == len(way.latitude) - 1
    back = GRAPH.way("jarinje", "Mitrovicë")
    assert np.array_equal(back.latitude, way.latitude[::-1])


def test_an_oddity_does_not_reach_back_before_it_begins() -> None:
    patrol = replace(
        PATROLS["lyra-1"],
        oddities=(Oddity("silent", timedelta(minutes=-24), timedelta(hours=5)),),
    )
    before = simulation().fixes(
        patrol, LOADED - timedelta(hours=24, minutes=24), LOADED - timedelta(hours=20)
    )
    assert len(before) > 100
