"""The contract of the fix store, on every database."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert, text

from data.database import Database
from data.fix_store import FixStore
from data.schema import heartbeats, units
from domain.fixes import Fix, Heartbeat
from domain.stored_fixes import NO_SEGMENT, StoredFix, Storing
from domain.time import to_microseconds

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
STORED, DUPLICATE, CONFLICT = Storing.STORED, Storing.DUPLICATE, Storing.CONFLICT


def fix_at(
    seconds: float,
    *,
    unit: str = "p1",
    device: str = "phone-1",
    operation: str = "demo",
    received: float | None = None,
    latitude: float = 42.89,
    **attributes: object,
) -> StoredFix:
    fix = Fix(
        device=device,
        fix_time=NOON + timedelta(seconds=seconds),
        latitude=latitude,
        longitude=20.87,
        speed=12.5,
        course=None,
        altitude=511.0,
        accuracy=4.0,
        battery=80.0,
        attributes=dict(attributes),
    )
    received_at = NOON + timedelta(seconds=seconds + 1 if received is None else received)
    return StoredFix(operation, unit, fix, received_at)


@pytest.fixture
def store(database: Database) -> FixStore:
    return FixStore(database)


def keep(database: Database, *fixes: StoredFix) -> list[Storing]:
    with database.writing() as connection:
        return FixStore(database).insert(connection, fixes)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_fix_comes_back_as_it_was(database: Database, store: FixStore) -> None:
    fix = fix_at(0.123456, event="motion", nested={"a": [1, None, "ë"]})
    assert keep(database, fix) == [STORED]
    assert store.latest("demo") == [fix]


@pytest.mark.parametrize(
    "said", [{"word": "ë Ж"}, {"number": 10**30}, {"list": [1.5, None, True, {"deep": "x"}]}, {}]
)
def test_attributes_are_one_text_of_ascii_in_the_order_of_their_names(
    said: dict[str, Any], database: Database, store: FixStore
) -> None:
    fix = fix_at(0, zulu=1, alpha="2", **said)
    assert keep(database, fix, fix_at(0, **said, alpha="2", zulu=1)) == [STORED, DUPLICATE]
    assert store.latest("demo") == [fix]
    with database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT attributes FROM fixes").scalar_one()
    assert kept == json.dumps(fix.fix.attributes, sort_keys=True, separators=(",", ":"))


def test_the_same_fix_again_is_a_duplicate_whenever_it_arrives(database: Database) -> None:
    fix = fix_at(0)
    keep(database, fix)
    again = replace(fix, received_at=at(900))
    assert keep(database, again, fix_at(5), fix_at(5)) == [DUPLICATE, STORED, DUPLICATE]


@pytest.mark.parametrize("change", [{"latitude": 42.9}, {"speed": None}, {"attributes": {"a": 1}}])
def test_another_value_under_the_same_key_is_a_conflict_and_changes_nothing(
    database: Database, store: FixStore, change: dict[str, object]
) -> None:
    fix = fix_at(0)
    keep(database, fix)
    other = replace(fix, fix=replace(fix.fix, **change))
    assert keep(database, other) == [CONFLICT]
    assert store.latest("demo") == [fix]


def test_a_fix_is_found_by_its_key_alone(database: Database, store: FixStore) -> None:
    fix = fix_at(0, event="motion")
    keep(database, fix, fix_at(5))
    other = fix_at(0, latitude=42.9, received=77)
    with database.reading() as connection:
        assert store.find(connection, other) == fix
        for stranger in (fix_at(1), fix_at(0, unit="p2"), fix_at(0, device="phone-2")):
            assert store.find(connection, stranger) is None


def test_what_is_said_besides_never_takes_the_place_of_a_sign_of_life(
    database: Database, store: FixStore
) -> None:
    def beat(microseconds: int, word: str, device: str = "phone-1") -> tuple[str, str, Heartbeat]:
        moment = NOON + timedelta(microseconds=microseconds)
        return "demo", "p1", Heartbeat(device, None, {"word": word}, moment)

    with database.writing() as connection:
        store.insert_heartbeats(connection, [beat(9, "a"), beat(8, "b")])
        store.insert_besides(connection, [beat(9, "c"), beat(9, "d"), beat(9, "e", "phone-2")])
        store.insert_besides(connection, [beat(9, "a")])  # is there, and adds nothing
    with database.reading() as connection:
        rows = connection.execute(heartbeats.select()).mappings().all()
    found = {(row["device"], row["received_at"] % 1_000, row["attributes"][9]) for row in rows}
    assert found == {
        *(("phone-1", 9, "a"), ("phone-1", 8, "b"), ("phone-1", 7, "c"), ("phone-1", 6, "d")),
        ("phone-2", 9, "e"),
    }


def test_two_devices_of_a_unit_never_overwrite_each_other(
    database: Database, store: FixStore
) -> None:
    outcomes = keep(database, fix_at(0), fix_at(0, device="phone-2", latitude=42.9, received=9))
    assert outcomes == [STORED, STORED]
    assert len(store.between("demo", "p1", NOON, NOON)) == 2
    assert [fix.fix.device for fix in store.latest("demo")] == ["phone-2"]


def test_more_fixes_than_fit_one_query(database: Database, store: FixStore) -> None:
    many = [fix_at(second) for second in range(1203)]
    assert keep(database, *many) == [STORED] * 1203
    assert keep(database, *many, fix_at(1203)) == [DUPLICATE] * 1203 + [STORED]
    assert len(store.trails("demo", at(1203), 3600)) == 1204


def test_latest_is_the_newest_by_fix_time_of_each_unit_of_the_operation(
    database: Database, store: FixStore
) -> None:
    keep(
        database,
        fix_at(10),
        fix_at(5, received=60),
        fix_at(7, unit="p2"),
        fix_at(90, unit="p2"),
        fix_at(50, operation="live", unit="p3"),
    )
    assert store.latest("demo") == [fix_at(10), fix_at(90, unit="p2")]
    assert store.latest("demo", at=at(20)) == [fix_at(10), fix_at(7, unit="p2")]
    assert store.latest("demo", at=at(6)) == [fix_at(5, received=60)]
    assert store.latest("live") == [fix_at(50, operation="live", unit="p3")]
    assert store.latest("history") == []


def test_what_was_not_known_yet_is_left_out(database: Database, store: FixStore) -> None:
    keep(database, fix_at(0), fix_at(30, received=600), fix_at(60, unit="p2", received=900))
    assert store.latest("demo", at=at(100), known_at=at(120)) == [fix_at(0)]
    assert store.between("demo", None, NOON, at(100), at(700)).unit.tolist() == ["p1", "p1"]
    assert len(store.trails("demo", at(100), 45, known_at=at(700))) == 0
    assert len(store.trails("demo", at(100), 80, known_at=at(700))) == 1


def test_columns_are_ordered_and_typed(database: Database, store: FixStore) -> None:
    keep(
        database,
        fix_at(9, unit="p2"),
        fix_at(3, device="import:walk.gpx", file_segment=2),
        fix_at(1, segment=7, file="segment"),
        fix_at(2, device="import:walk.gpx"),
    )
    columns = store.between("demo", None, NOON, at(9))
    assert columns.unit.tolist() == ["p1", "p1", "p1", "p2"]
    assert columns.fix_time.tolist() == [to_microseconds(at(second)) for second in (1, 2, 3, 9)]
    assert columns.received_at.dtype == np.int64
    assert columns.latitude.tolist() == [42.89] * 4
    assert np.isnan(columns.course).all()
    assert columns.battery.tolist() == [80.0] * 4
    assert columns.take(slice(0, 1)).fixes() == [fix_at(1).fix]
    assert columns.segment.tolist() == [NO_SEGMENT, NO_SEGMENT, 2, NO_SEGMENT]
    assert store.between("demo", "p2", NOON, at(9)).device.tolist() == ["phone-1"]
    assert len(store.between("demo", "p1", at(4), at(9))) == 0


def test_newest_knows_only_units_with_fixes(database: Database, store: FixStore) -> None:
    keep(database, fix_at(4), fix_at(2, received=80))
    with database.writing() as connection:
        newest = store.newest(connection, [("demo", "p1"), ("demo", "p2"), ("live", "p1")])
    assert newest == {("demo", "p1"): at(4)}


def test_heartbeats_are_kept_once(database: Database, store: FixStore) -> None:
    beat = Heartbeat("phone-1", 55.0, {"event": "ping"}, NOON)
    with database.writing() as connection:
        store.insert_heartbeats(connection, [("demo", "p1", beat), ("demo", "p1", beat)])
    with database.reading() as connection:
        row = connection.execute(heartbeats.select()).mappings().one()
    assert (row["battery"], row["attributes"]) == (55.0, '{"event":"ping"}')


def test_a_device_that_was_lost_after_its_position_is_told_with_it(
    database: Database, store: FixStore
) -> None:
    keep(database, fix_at(0), fix_at(10), fix_at(5, unit="p2", device="phone-2"))
    with database.writing() as connection:
        lost = [
            Heartbeat(device, None, {"connection_lost": said}, at(second))
            for device, said, second in (
                ("phone-1", True, 8),  # a newer position has come since
                ("phone-1", True, 20),
                ("phone-1", True, 90),
                ("phone-1", "true", 99),  # a text is no last will
                ("phone-2", True, 4),
                ("phone-3", True, 20),
            )
        ]
        store.insert_heartbeats(connection, [("demo", "p1", beat) for beat in lost])

    def told(*moments: float | None) -> list[datetime | None]:
        asked = (None if moment is None else at(moment) for moment in moments)
        return [one.contact_lost for one in store.latest("demo", *asked)]

    assert told() == [at(90), None]
    assert told(30) == [at(20), None]
    assert told(15) == [None, None]
    assert told(9) == [at(8), None]  # of the position before
    assert told(None, 30) == [at(20), None]
    newest, _ = store.state("demo", at(30), 60)
    assert [one.contact_lost for one in newest] == [at(20), None]
    keep(database, fix_at(12, received=95))  # it had kept a position, and has sent it now
    assert told() == [None, None]


def test_callsigns(database: Database, store: FixStore) -> None:
    with database.writing() as connection:
        connection.execute(insert(units), [{"id": "p1", "callsign": "PAPA 11", "kind": "patrol"}])
    assert store.callsigns() == {"p1": "PAPA 11"}


def test_all_units_at_a_time_are_found_by_descents_and_not_by_reading_everything(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """Counted by SQLite itself: the steps must not grow with the length of the history."""
    database = Database(f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'long.db')}")
    store = FixStore(database)
    for unit in ("p1", "p2", "p3"):
        keep(database, *(fix_at(second, unit=unit) for second in range(2000)))
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_progress_handler(count, 1)
    assert len(store.latest("demo", at=at(1000))) == 3
    assert 0 < steps < 500
    steps = 0
    assert len(store.state("demo", at(1000), 9)[1]) == 3
    assert len(store.tracks("demo", None, at(991), at(1000))) == 3
    assert len(store.between("demo", None, at(991), at(1000))) == 30
    assert 0 < steps < 4000
    with database.reading() as connection:
        connection.execute(text("SELECT sum(latitude) FROM fixes")).scalar()
    assert steps > 6000  # the counter does count
    database.close()
