"""Visits of a whole fleet are the visits that following each unit would tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.coverage import Place, TrackPoint, Visit, follow, telling, zones
from domain.fleet import fleet_of
from domain.time import to_microseconds
from domain.visits import STILL_THERE, visits

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLACES = [Place("jarinje", 43.2186, 20.6917), Place("brnjak", 43.2200, 20.6930, 90.0)]

# unit, seconds, metres north of the first place, accuracy: near the radii (150 and 225) and far
ROWS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 900),
        st.sampled_from([0, 80, 140, 160, 200, 230, 260, 330, 5000]),
        st.sampled_from([None, 5.0, 60.0, 300.0, 800.0]),
    ),
    max_size=60,
)


@given(ROWS)
def test_the_fleet_is_each_unit_followed(rows: list[tuple[int, int, int, float | None]]) -> None:
    latitude = [PLACES[0].latitude + metres / 111_195 for _, _, metres, _ in rows]
    points = [
        TrackPoint(NOON + timedelta(seconds=second), north, PLACES[0].longitude, accuracy)
        for (_, second, _, accuracy), north in zip(rows, latitude, strict=True)
    ]
    fleet, _ = fleet_of(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([to_microseconds(point.at) for point in points], dtype=np.int64),
        np.array(latitude, dtype=np.float64),
        np.full(len(rows), PLACES[0].longitude),
        np.array([np.nan if row[3] is None else row[3] for row in rows], dtype=np.float64),
    )
    found = visits(fleet, PLACES)
    told = list(
        zip(
            found.place.tolist(),
            found.track.tolist(),
            found.entered.tolist(),
            found.last_inside.tolist(),
            found.left.tolist(),
            strict=True,
        )
    )
    followed = []
    for number, place in enumerate(PLACES):
        for track, unit in enumerate(sorted({row[0] for row in rows})):
            its = telling(p for p, row in zip(points, rows, strict=True) if row[0] == unit)
            zone = zones(its, [place])[:, 0].tolist()
            for visit in follow([point.at for point in its], zone):
                followed.append((number, track, *_times(visit)))
    assert told == followed


def _times(visit: Visit) -> tuple[int, int, int]:
    left = STILL_THERE if visit.left_at is None else to_microseconds(visit.left_at)
    return to_microseconds(visit.entered_at), to_microseconds(visit.last_inside_at), left


def test_no_places_and_no_fixes_are_no_visits() -> None:
    nothing = np.zeros(0)
    empty, _ = fleet_of(nothing, np.zeros(0, dtype=np.int64), nothing, nothing)
    assert len(visits(empty, PLACES)) == 0
    assert len(visits(empty, [])) == 0
