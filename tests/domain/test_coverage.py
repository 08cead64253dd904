"""Visits read from tracks of which the truth is known."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.coverage import (
    ACCURACY_ALLOWED_M,
    INSIDE,
    LEAVE_AFTER,
    LEAVE_FACTOR,
    NEAR,
    OUTSIDE,
    Anchor,
    Place,
    TrackPoint,
    Visit,
    anchor,
    follow,
    radius_of,
    telling,
    zones,
)
from domain.geodesy import EARTH_RADIUS_M, distance_m

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
GATE = Place("jarinje", 43.2186, 20.6917)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def away(metres: float, bearing: float, seconds: float = 0, accuracy: float | None = None):  # type: ignore[no-untyped-def]
    north = metres * math.cos(bearing) / EARTH_RADIUS_M
    east = metres * math.sin(bearing) / EARTH_RADIUS_M / math.cos(math.radians(GATE.latitude))
    latitude = GATE.latitude + math.degrees(north)
    return TrackPoint(at(seconds), latitude, GATE.longitude + math.degrees(east), accuracy)


@given(
    metres=st.floats(0, 30_000),
    bearing=st.floats(0, 2 * math.pi),
    accuracy=st.none() | st.floats(0, 499),
    radius=st.sampled_from([150.0, 1000.0]),
)
def test_the_zone_of_a_fix_at_a_known_distance(
    metres: float, bearing: float, accuracy: float | None, radius: float
) -> None:
    point = away(metres, bearing, accuracy=accuracy)
    place = Place("gate", GATE.latitude, GATE.longitude, radius)
    allowed = min(accuracy or 0.0, ACCURACY_ALLOWED_M)
    true = distance_m(point.latitude, point.longitude, place.latitude, place.longitude)
    inner, outer = radius + allowed, LEAVE_FACTOR * radius + allowed
    assume(abs(true - inner) > 2 and abs(true - outer) > 2)
    expected = INSIDE if true < inner else NEAR if true < outer else OUTSIDE
    assert zones([point], [place]).tolist() == [[expected]]


def test_zones_of_many_points_and_places_have_their_shape() -> None:
    places = [GATE, Place("brnjak", 42.9619, 20.5483)]
    points = [away(10, 0), away(200, 1), away(5000, 2)]
    assert zones(points, places).tolist() == [[0, 2], [1, 2], [2, 2]]
    assert zones([], places).shape == (0, 2)
    assert zones(points, []).shape == (3, 0)


def test_a_coordinate_of_low_confidence_has_a_wide_radius() -> None:
    assert (radius_of("high"), radius_of("medium"), radius_of("low")) == (150, 150, 1000)


def test_a_fix_that_may_be_half_a_kilometre_off_tells_nothing() -> None:
    good, bad = away(0, 0, 10, 60.0), away(0, 0, 5, 1500.0)
    assert telling([good, bad, away(0, 0, 3)]) == [away(0, 0, 3), good]


# A truth: stays at the place with times away between them. Inside a stay the unit may be seen in
# the margin, and one fix in a row may be far off, as long as the next comes within two minutes.
stays = st.lists(
    st.lists(st.sampled_from([INSIDE, INSIDE, INSIDE, NEAR, OUTSIDE]), max_size=12), max_size=5
)


@given(stays, st.integers(1, 119), st.integers(2, 6), st.integers(0, 6))
def test_the_visits_are_the_stays_that_the_track_was_made_from(
    made: list[list[int]], step: int, away_fixes: int, near_before: int
) -> None:
    track: list[int] = []
    truth: list[tuple[int, int, int]] = []
    for stay in made:
        seen = [INSIDE]
        for zone in stay:
            seen.append(zone if zone != OUTSIDE or seen[-1] != OUTSIDE else INSIDE)
        if seen[-1] == OUTSIDE:
            seen.append(NEAR)
        track += [OUTSIDE] * away_fixes + [NEAR] * near_before
        truth.append((len(track), len(track) + len(seen) - 1, len(track) + len(seen)))
        track += seen
    track += [OUTSIDE] * away_fixes
    found = follow([at(step * index) for index in range(len(track))], track)
    assert found == [
        Visit(at(step * enter), at(step * last), at(step * left)) for enter, last, left in truth
    ]


def test_one_stray_fix_does_not_end_a_visit_but_two_do() -> None:
    moments = [at(10 * index) for index in range(5)]
    stray = follow(moments, [INSIDE, OUTSIDE, INSIDE, NEAR, OUTSIDE])
    assert stray == [Visit(at(0), at(30))]
    left = follow(moments, [INSIDE, INSIDE, OUTSIDE, OUTSIDE, INSIDE])
    assert left == [Visit(at(0), at(10), at(20)), Visit(at(40), at(40))]


def test_one_far_fix_ends_a_visit_when_nothing_else_is_heard_for_two_minutes() -> None:
    assert follow([at(0), at(60), at(180)], [INSIDE, OUTSIDE, INSIDE]) == [
        Visit(at(0), at(0), at(60)),
        Visit(at(180), at(180)),
    ]
    assert follow([at(0), at(60), at(179)], [INSIDE, OUTSIDE, INSIDE]) == [Visit(at(0), at(179))]


def test_of_two_devices_at_one_moment_the_nearer_counts() -> None:
    moments = [at(0), at(0), at(10), at(10), at(20), at(20)]
    levels = [OUTSIDE, INSIDE, INSIDE, OUTSIDE, OUTSIDE, NEAR]
    assert follow(moments, levels) == [Visit(at(0), at(20))]


def test_the_margin_alone_begins_no_visit() -> None:
    assert follow([at(0), at(10)], [NEAR, NEAR]) == []


def test_what_was_known_of_a_visit_earlier() -> None:
    visit = Visit(at(0), at(100), at(130))
    assert visit.as_known_at(at(50)) == Visit(at(0), at(50))
    assert visit.as_known_at(at(130)) == visit
    assert visit.dwell_s == 100


tracks = st.lists(
    st.tuples(st.integers(0, 900), st.sampled_from([INSIDE, NEAR, OUTSIDE])),
    max_size=25,
    unique_by=lambda pair: pair[0],
)


@given(tracks, st.data())
def test_following_again_from_the_anchor_gives_what_the_whole_track_gives(
    track: list[tuple[int, int]], data: st.DataObject
) -> None:
    whole = sorted(track)
    assume(whole)
    late = data.draw(st.lists(st.sampled_from(whole), min_size=1, max_size=3))
    known = [pair for pair in whole if pair not in late]
    first = at(min(late)[0])
    stored = follow([at(when) for when, _ in known], [zone for _, zone in known])
    begun = [visit for visit in stored if visit.entered_at <= first]
    begin = anchor(begun[-1] if begun else None, first)
    again = [pair for pair in whole if at(pair[0]) >= begin.start]
    renewed = follow([at(when) for when, _ in again], [zone for _, zone in again], begin.carried)
    kept = [visit for visit in stored if visit.entered_at < begin.replaces_from]
    assert kept + renewed == follow([at(when) for when, _ in whole], [zone for _, zone in whole])


@pytest.mark.parametrize(
    ("before", "first", "expected"),
    [
        (None, 50, Anchor(at(50), at(50))),
        (Visit(at(0), at(10), at(20)), 140, Anchor(at(140), at(140))),
        (Visit(at(0), at(10), at(20)), 139, Anchor(at(10), at(0), Visit(at(0), at(10)))),
        (Visit(at(0), at(10)), 5, Anchor(at(0), at(0))),
    ],
)
def test_where_a_track_is_followed_again(
    before: Visit | None, first: int, expected: Anchor
) -> None:
    assert timedelta(seconds=120) == LEAVE_AFTER
    assert anchor(before, at(first)) == expected
