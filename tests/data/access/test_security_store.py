"""The security log: whole however many write, append-only, dropped by segments and on purpose."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from data.access.security_reading import SecurityRecords
from data.access.security_store import SqlSecurityStore
from data.database import Database
from data.guarding_triggers import trigger_faults
from data.system_log import SystemLog, append_system_events
from domain.access.security import NewSecurityEvent, SecurityEvent
from domain.access.security_segments import SegmentCheck, check_segments, recorded_segments
from domain.access.security_view import Place, Wanted
from domain.chain import digest
from domain.errors import StoreUnavailable
from domain.system_log import NewSystemEvent

NOW = datetime(2026, 12, 1, 2, 41, tzinfo=UTC)
SIGN_IN = NewSecurityEvent(
    "sign_in", "done", NOW, account="anna", role="ADMIN", address="192.0.2.7"
)


def checked(database: Database) -> SegmentCheck:
    with database.reading() as connection:
        recorded = recorded_segments(SystemLog(database).chain(connection))
        return check_segments(recorded, SqlSecurityStore(database).entries(connection))


def _store(database: Database, segments: int = 3, each: int = 2) -> SqlSecurityStore:
    """Closed segments of so many entries, each an hour after the other, and an open one."""
    store = SqlSecurityStore(database)
    for number in range(segments):
        at = NOW + timedelta(hours=number)
        store.append([replace(SIGN_IN, at=at)] * each)
        store.close_segment(at)
    store.append([replace(SIGN_IN, at=NOW + timedelta(hours=segments))])
    return store


def test_several_writers_make_one_chain(open_database: Callable[[], Database]) -> None:
    databases = [open_database() for _ in range(3)]
    faults: list[Exception] = []

    def write(database: Database) -> None:
        store = SqlSecurityStore(database)
        try:
            for number in range(20):
                store.append([replace(SIGN_IN, count=number + 1)] * 2)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(one,)) for one in (*databases, *databases)]
    for thread in threads:
        thread.start()
    SqlSecurityStore(databases[0]).note_end(NOW)
    for thread in threads:
        thread.join()
    assert faults == []
    found = checked(databases[0])
    assert found.faults == []
    assert found.entries == 6 * 20 * 2


def test_segments_are_closed_noted_and_whole(database: Database) -> None:
    store = _store(database)
    assert not checked(database).faults
    assert store.note_end(NOW)
    assert not store.note_end(NOW)
    found = checked(database)
    assert (found.faults, found.segments, found.unnoted) == ([], 4, 0)
    assert [count for _, count, _, _ in store.segments()] == [2, 3, 3, 2]
    with database.reading() as connection:
        assert trigger_faults(connection) == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE security_events SET account = 'other' WHERE segment = 2", "was changed"),
        ("DELETE FROM security_events WHERE segment = 2 AND seq = 2", "is missing"),
        ("DELETE FROM security_events WHERE segment = 2 AND seq = 3", "cut off after entry 2"),
        ("DELETE FROM security_events WHERE segment = 2", "segment 2 is gone"),
        ("DELETE FROM security_events WHERE segment = 4", "segment 4 is gone"),
        ("DELETE FROM security_events", "segment 1 is gone"),
        ("UPDATE security_events SET segment = 9 WHERE segment = 4", "segment 5 is gone"),
    ],
)
def test_what_is_changed_behind_the_program_is_noticed(
    database: Database, statement: str, fault: str
) -> None:
    _store(database)
    with pytest.raises((DBAPIError, StoreUnavailable), match="append-only"):
        with database.writing() as connection:
            connection.exec_driver_sql(statement)
    with database.writing() as connection:
        for name in ("no_update", "no_delete", "append_only"):
            if database.dialect == "sqlite":
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS security_events_{name}")
            elif name != "no_update":
                connection.exec_driver_sql(
                    f"ALTER TABLE security_events DISABLE TRIGGER security_events_{name}"
                )
        connection.exec_driver_sql(statement)
        assert trigger_faults(connection)
    assert any(fault in one for one in checked(database).faults), checked(database).faults


def test_no_statement_replaces_or_empties_it(database: Database) -> None:
    _store(database)
    if database.dialect == "sqlite":
        statement = "INSERT OR REPLACE INTO security_events SELECT * FROM security_events"
    else:
        statement = "TRUNCATE security_events"
    with pytest.raises((DBAPIError, StoreUnavailable), match="append-only"):
        with database.writing() as connection:
            connection.exec_driver_sql(statement)
    assert not checked(database).faults


def test_an_old_segment_is_dropped_and_the_system_says_so(database: Database) -> None:
    store = _store(database)
    assert store.drop(NOW - timedelta(days=1), NOW) == (0, 0)
    assert store.drop(NOW + timedelta(minutes=90), NOW, by="anna") == (2, 5)
    assert [number for number, *_ in store.segments()] == [3, 4]
    assert checked(database).faults == []
    with database.reading() as connection:
        last = SystemLog(database).chain(connection)[-1]
    assert (last.event, last.subject, last.by) == ("security_dropped", "2", "anna")
    assert last.body["entries"] == 5
    assert store.drop(NOW + timedelta(days=9), NOW) == (1, 3)  # the open one stays
    assert [number for number, *_ in store.segments()] == [4]
    assert checked(database).faults == []


def test_what_was_dropped_says_nothing_for_other_segments(database: Database) -> None:
    _store(database)
    with pytest.raises((DBAPIError, StoreUnavailable), match="append-only"):
        with database.writing() as connection:
            append_system_events(connection, [NewSystemEvent("security_dropped", "1", NOW)])
            connection.exec_driver_sql("DELETE FROM security_events WHERE segment <= 2")
    with pytest.raises((DBAPIError, StoreUnavailable), match="append-only"):
        with database.writing() as connection:  # not long ago, but now
            append_system_events(connection, [NewSystemEvent("security_dropped", "1", NOW)])
            append_system_events(connection, [NewSystemEvent("role_changed", "x", NOW)])
            connection.exec_driver_sql("DELETE FROM security_events WHERE segment = 1")
    assert checked(database).faults == []


def test_both_logs_are_one_list_that_is_read_page_by_page(database: Database) -> None:
    store = SqlSecurityStore(database)
    for number in range(7):
        at = NOW + timedelta(seconds=number)
        store.append([replace(SIGN_IN, at=at, address=f"192.0.2.{number}")])
        told = NewSystemEvent("role_changed", "adam", at, "anna", {"role": "WALL"})
        with database.writing() as connection:
            append_system_events(connection, [told, told])
    records = SecurityRecords(database)
    read, place = [], None
    while page := records.newest(Wanted(), place, 4):
        read += page
        place = Place.read(str(page[-1].place))
    assert len(read) == len({one.id for one in read}) == 21 == records.count(Wanted(), 100)
    assert [one.at for one in read] == sorted((one.at for one in read), reverse=True)
    assert records.count(Wanted(kind="account"), 100) == 14
    assert records.count(Wanted(kind="sign_in"), 5) == 5
    assert records.count(Wanted(account="adam"), 100) == 14
    assert records.count(Wanted(account="anna"), 100) == 21
    assert [one.address for one in records.newest(Wanted(address="192.0.2.3"), None, 9)] == [
        "192.0.2.3"
    ]
    assert records.count(Wanted(start=NOW + timedelta(seconds=5)), 99) == 6


def test_a_digest_is_over_every_field() -> None:
    texts = ("k", "o", "a", "r", "s", "x", "m", "t")
    event = SecurityEvent(1, 1, 1, *texts, 1, "y", 1, "{}", "0", "")
    digests = {digest(event)}
    for name, value in event._asdict().items():
        other = 2 if isinstance(value, int) else f"{value}!"
        digests.add(digest(event._replace(**{name: other})))
    assert len(digests) == len(event._fields)  # the hash alone is not hashed
