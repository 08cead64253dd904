"""The contract of the quarantine, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from data.database import Database
from data.quarantine_store import QuarantineStore
from domain.fixes import Rejection
from domain.stored_fixes import QuarantineEntry
from domain.time import to_microseconds

NOON = datetime(2026, 11, 21, 12, 0, 0, 5, tzinfo=UTC)
ENTRY = QuarantineEntry(
    operation="demo",
    unit="p1",
    device="phone-1",
    received_at=NOON,
    source="osmand",
    rejection=Rejection("swapped", "latitude", "20.87, 42.89 lies in the area when exchanged"),
    raw=b"\x00\xff lat=20.87",
)
NOWHERE = replace(ENTRY, operation=None, unit=None, rejection=Rejection("no_assignment", "id", "-"))


@pytest.fixture
def store(database: Database) -> QuarantineStore:
    return QuarantineStore(database)


def keep(database: Database, *entries: QuarantineEntry) -> None:
    with database.writing() as connection:
        QuarantineStore(database).insert(connection, entries)


def test_an_entry_comes_back_as_it_was(database: Database, store: QuarantineStore) -> None:
    keep(database)
    timed = replace(ENTRY, fix_time=NOON + timedelta(hours=3))
    keep(database, ENTRY, timed)
    assert [kept.entry for kept in store.listing("demo")] == [timed, ENTRY]


def test_refused_clocks_by_operation_and_time(database: Database, store: QuarantineStore) -> None:
    ahead = NOON + timedelta(hours=3)
    kept = [
        replace(ENTRY, fix_time=ahead, received_at=NOON + timedelta(seconds=n)) for n in (2, 1, 0)
    ]
    elsewhere = [replace(NOWHERE, fix_time=ahead), replace(ENTRY, fix_time=ahead, operation="live")]
    keep(database, *kept, ENTRY, *elsewhere)
    found = store.refused_clocks("demo", NOON + timedelta(seconds=1))
    assert found == [
        ("p1", "phone-1", to_microseconds(ahead), to_microseconds(one.received_at))
        for one in (kept[1], kept[0])
    ]


def test_newest_first_by_page_and_by_operation(database: Database, store: QuarantineStore) -> None:
    entries = [replace(ENTRY, device=f"phone-{number}") for number in range(5)]
    keep(database, *entries, NOWHERE, replace(ENTRY, operation="live"))
    first = store.listing("demo", limit=3)
    rest = store.listing("demo", limit=3, before=first[-1].id)
    assert [kept.entry for kept in [*first, *rest]] == entries[::-1]
    assert [kept.entry for kept in store.listing(None)] == [NOWHERE]


def test_counts_by_reason(database: Database, store: QuarantineStore) -> None:
    keep(database, ENTRY, ENTRY, NOWHERE)
    assert store.counts("demo") == {"swapped": 2}
    assert store.counts(None) == {"no_assignment": 1}
    assert store.counts("live") == {}


def test_bad_text_cannot_stop_what_must_be_kept(database: Database, store: QuarantineStore) -> None:
    bad = Rejection("unreadable", "f" * 200, "half \ud83d and nothing \x00")
    keep(database, replace(ENTRY, rejection=bad))
    kept = store.listing("demo")[0].entry.rejection
    assert kept == Rejection("unreadable", "f" * 40, "half ? and nothing \ufffd")


def test_copies_are_of_the_same_source_device_and_bytes(
    database: Database, store: QuarantineStore
) -> None:
    elsewhere = replace(ENTRY, operation=None, unit=None, received_at=NOON.replace(hour=13))
    judged = replace(ENTRY, rejection=Rejection("out_of_range", "latitude", "-"))
    other = [
        replace(ENTRY, raw=b"else"),
        replace(ENTRY, raw=b""),
        replace(ENTRY, device="phone-2"),
        replace(ENTRY, source="else"),
    ]
    keep(database, ENTRY, elsewhere, judged, other[2])
    many = [replace(ENTRY, raw=b"%d" % number) for number in range(1203)]
    keep(database, *many)
    with database.writing() as connection:
        assert store.copies(connection, []) == []
        assert store.copies(connection, [judged, *other]) == [3, 0, 0, 1, 0]
        assert store.copies(connection, [*many, ENTRY]) == [1] * 1203 + [3]


def test_the_same_entry_is_known_again(database: Database, store: QuarantineStore) -> None:
    other = [
        replace(ENTRY, raw=b"else"),
        replace(ENTRY, device="phone-2"),
        replace(ENTRY, operation="live"),
        replace(ENTRY, rejection=Rejection("out_of_range", "latitude", "-")),
        NOWHERE,
    ]
    later = replace(ENTRY, received_at=NOON.replace(hour=13))
    keep(database, ENTRY)
    with database.writing() as connection:
        assert store.known(connection, []) == []
        assert store.known(connection, [later, *other]) == [True] + [False] * 5
        assert store.known(connection, [*other, *other]) == [False] * 5 + [True] * 5
