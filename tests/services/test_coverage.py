"""Coverage on a real database: any order of arrival gives the visits that the track shows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.database import Database
from data.journal import Journal
from data.kosovo.places import crossing_points
from data.visit_store import VisitStore
from domain.coverage import Visit, follow
from services.coverage import Coverage
from services.ports import Filing
from tests.services.crossings import MUTIVODE, Place, at, fix


@pytest.fixture
def place(database: Database) -> Place:
    return Place(database).with_units()


def visits(place: Place, unit: str = "p11", crossing: str = "jarinje") -> list[Visit]:
    with place.database.reading() as connection:
        return VisitStore().following(connection, "demo", crossing, unit, at(-9999))


def told(place: Place) -> list[dict[str, Any]]:
    return [json.loads(change.payload) for change in place.journal.since(0, 1000)]


def drive(*points: tuple[float, float]) -> list[Any]:
    return [fix(seconds, metres) for seconds, metres in points]


def test_a_visit_from_arrival_to_departure_one_fix_at_a_time(place: Place) -> None:
    for one in drive((0, 2000), (10, 100), (20, 30), (30, 200), (40, 900), (50, 2000)):
        place.receive([one], coverage=place.restarted())
    assert visits(place) == [Visit(at(10), at(30), at(40))]
    assert [
        (one["last_visit"]["seen_at"], one["last_visit"]["left_at"]) for one in told(place)
    ] == [
        ("2026-11-21T12:00:10Z", None),
        ("2026-11-21T12:00:30Z", "2026-11-21T12:00:40Z"),
    ]
    assert told(place)[1] == {
        "crossing": "jarinje",
        "last_visit": {
            "unit": "p11",
            "callsign": "PAPA 11",
            "entered_at": "2026-11-21T12:00:10Z",
            "seen_at": "2026-11-21T12:00:30Z",
            "left_at": "2026-11-21T12:00:40Z",
            "dwell_s": 20.0,
        },
    }
    assert {change.kind for change in place.journal.since(0, 9)} == {"visit"}


def test_a_long_stay_is_told_once_a_minute(place: Place) -> None:
    for seconds in range(0, 181, 10):
        place.receive([fix(seconds, 10)])
    assert [one["last_visit"]["dwell_s"] for one in told(place)] == [0, 60, 120, 180]


def test_the_same_fixes_again_change_and_tell_nothing(place: Place) -> None:
    track = drive((0, 10), (10, 10), (20, 900), (30, 900))
    place.receive(track)
    before = told(place)
    place.receive(track, coverage=place.restarted())
    assert told(place) == before
    assert visits(place) == [Visit(at(0), at(10), at(20))]


def test_late_fixes_correct_the_past_without_an_announcement(place: Place) -> None:
    place.receive(drive((0, 10), (10, 10), (20, 900), (30, 900), (1000, 10)))
    before = told(place)
    place.receive(drive((25, 20), (-50, 20)))
    assert visits(place) == [Visit(at(-50), at(25), at(30)), Visit(at(1000), at(1000))]
    assert told(place) == before


def test_a_late_fix_that_shows_a_departure_splits_a_visit(place: Place) -> None:
    place.receive(drive((0, 10), (100, 10)))
    place.receive(drive((50, 900)))
    assert visits(place) == [Visit(at(0), at(100))]
    place.receive(drive((60, 900)))
    assert visits(place) == [Visit(at(0), at(0), at(50)), Visit(at(100), at(100))]


def test_an_approximate_coordinate_counts_from_a_kilometre(place: Place) -> None:
    place.receive([fix(0, 900, MUTIVODE)])
    found = {one.crossing.id: one for one in place.coverage.coverage("demo", at(60))}
    assert found["mutivode"].approximate
    assert found["mutivode"].age_s == 60
    assert not found["jarinje"].approximate
    assert found["jarinje"].last_visit is None
    assert found["jarinje"].age_s is None


def test_coverage_tells_who_was_seen_last_and_what_was_known_earlier(place: Place) -> None:
    place.receive(drive((0, 10), (100, 10), (110, 900), (120, 900)), "p11")
    place.receive(drive((50, 10), (60, 10)), "p12")
    jarinje = {
        seconds: place.coverage.coverage("demo", at(seconds))[0] for seconds in (-1, 70, 300)
    }
    assert jarinje[-1].last_visit is None
    earlier, later = jarinje[70].last_visit, jarinje[300].last_visit
    assert earlier is not None
    assert (earlier.callsign, earlier.visit) == ("PAPA 11", Visit(at(0), at(70)))
    assert later is not None
    assert later.visit == Visit(at(0), at(100), at(110))
    assert jarinje[300].age_s == 200
    assert place.coverage.coverage("live", at(300))[0].last_visit is None


def test_an_older_visit_of_another_unit_is_not_announced(place: Place) -> None:
    place.receive(drive((100, 10)), "p11")
    place.receive(drive((50, 10)), "p12")
    assert [one["last_visit"]["unit"] for one in told(place)] == ["p11"]


def test_a_visit_vanishes_with_the_transaction_that_stored_its_fix(place: Place) -> None:
    def fail() -> None:
        with place.database.writing() as connection:
            moved = {Filing("demo", "p11", "PAPA 11"): drive((0, 10))}
            place.coverage.observe_all(connection, moved)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        fail()
    assert visits(place) == []
    assert told(place) == []


metres = st.sampled_from([10.0, 10.0, 200.0, 900.0, 900.0])
tracks = st.dictionaries(st.integers(0, 60), metres, min_size=1, max_size=14)
numbers = iter(range(1_000_000))


@given(track=tracks, data=st.data())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
def test_the_order_of_arrival_does_not_matter(
    place: Place, track: dict[int, float], data: st.DataObject
) -> None:
    unit = f"p{next(numbers)}"  # one database serves every example
    arriving = data.draw(st.permutations([fix(30 * step, far) for step, far in track.items()]))
    while arriving:
        size = data.draw(st.integers(1, 4))
        place.receive(arriving[:size], unit, place.restarted())
        arriving = arriving[size:]
    ordered = sorted(track.items())
    zone = [0 if far == 10 else 1 if far == 200 else 2 for _, far in ordered]
    assert visits(place, unit) == follow([at(30 * step) for step, _ in ordered], zone)


def test_the_reference_crossing_points_are_all_covered(database: Database) -> None:
    coverage = Coverage(database, VisitStore(), Journal(database), crossing_points, lambda: at(0))
    found = coverage.coverage("demo", at(0))
    assert len(found) == 19
    approximate = {one.crossing.id for one in found if one.approximate}
    assert approximate == {
        "mutivode", "dheu-i-bardhe", "mucibabe", "borje", "krusheve", "orqushe",
    }  # fmt: skip
