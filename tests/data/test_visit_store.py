"""Visits in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from data.database import Database
from data.visit_store import VisitStore
from domain.coverage import Visit

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


FIRST = Visit(at(0), at(10), at(20))
SECOND = Visit(at(100), at(100))


def stored(database: Database) -> VisitStore:
    store = VisitStore()
    with database.writing() as connection:
        store.replace(connection, ("demo", "jarinje", "p11"), [], [FIRST, SECOND])
        store.replace(connection, ("demo", "brnjak", "p11"), [], [FIRST])
        store.replace(connection, ("demo", "jarinje", "p12"), [], [Visit(at(50), at(60))])
        store.replace(connection, ("live", "jarinje", "p11"), [], [Visit(at(500), at(500))])
    return store


def test_visits_are_found_by_the_time_when_they_began(database: Database) -> None:
    store = stored(database)
    key = ("demo", "jarinje", "p11")
    with database.reading() as connection:
        assert store.before(connection, *key, at(-1)) is None
        assert store.before(connection, *key, at(0)) == FIRST
        assert store.before(connection, *key, at(999)) == SECOND
        assert store.following(connection, *key, at(0)) == [FIRST, SECOND]
        assert store.following(connection, *key, at(1)) == [SECOND]


def test_open_and_recent_visits_concern_a_unit(database: Database) -> None:
    store = stored(database)
    with database.reading() as connection:
        assert store.touched(connection, "demo", "p11", at(20)) == {"jarinje", "brnjak"}
        assert store.touched(connection, "demo", "p11", at(21)) == {"jarinje"}
        assert store.touched(connection, "demo", "p13", at(0)) == set()


def test_only_what_differs_is_replaced(database: Database) -> None:
    store = stored(database)
    key = ("demo", "jarinje", "p11")
    longer = Visit(at(100), at(130), at(140))
    with database.writing() as connection:
        store.replace(connection, key, [FIRST, SECOND], [FIRST, longer])
    with database.reading() as connection:
        assert store.following(connection, *key, at(0)) == [FIRST, longer]
        assert len(store.following(connection, "demo", "jarinje", "p12", at(0))) == 1


def test_the_last_visit_of_each_crossing_at_a_time(database: Database) -> None:
    store = stored(database)
    with database.reading() as connection:
        last = store.last(connection, "demo", at(70))
        alone = store.last(connection, "demo", at(200), "jarinje")
    assert {crossing: (one.unit, one.visit) for crossing, one in last.items()} == {
        "jarinje": ("p12", Visit(at(50), at(60))),
        "brnjak": ("p11", FIRST),
    }
    assert alone["jarinje"].visit == SECOND
    assert list(alone) == ["jarinje"]
    assert alone["jarinje"].callsign == "p11"  # the roster does not know this unit
