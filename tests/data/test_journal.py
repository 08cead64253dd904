"""The contract of the journal, on every database."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from data.database import Database
from data.journal import Journal
from data.schema import changes

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database)


def write(database: Database, *numbers: int, at: datetime = NOON) -> None:
    with database.writing() as connection:
        for number in numbers:
            Journal(database).append(connection, "demo", "log", {"n": number}, at)


def numbers(journal: Journal, seq: int = 0, limit: int = 100) -> list[int]:
    return [json.loads(change.payload)["n"] for change in journal.since(seq, limit)]


def test_an_empty_journal(journal: Journal) -> None:
    assert journal.since(0, 10) == []
    assert (journal.head(), journal.oldest()) == (0, None)


def test_messages_come_in_the_order_they_were_written(database: Database, journal: Journal) -> None:
    write(database, 1, 2)
    with database.writing() as connection:
        journal.append_many(
            connection, [("demo", "fix", {"n": 3}), ("live", "fix", {"n": 4})], NOON
        )
        journal.append_many(connection, [], NOON)
    assert numbers(journal) == [1, 2, 3, 4]
    first, second, *_ = journal.since(0, 100)
    assert numbers(journal, seq=second.seq, limit=1) == [3]
    assert journal.oldest() == first.seq
    assert journal.head() == journal.since(0, 100)[-1].seq
    assert [change.operation for change in journal.since(0, 100)] == ["demo"] * 3 + ["live"]


def test_a_payload_is_short_json_with_its_letters(database: Database, journal: Journal) -> None:
    with database.writing() as connection:
        journal.append(connection, "demo", "log", {"place": "Zvečan/Zveçan"}, NOON)
    assert journal.since(0, 1)[0].payload == '{"place":"Zvečan/Zveçan"}'


def test_not_a_number_never_reaches_a_browser(database: Database, journal: Journal) -> None:
    with pytest.raises(ValueError, match="JSON"), database.writing() as connection:
        journal.append(connection, "demo", "fix", {"speed": float("nan")}, NOON)
    assert journal.head() == 0


def test_what_is_rolled_back_was_never_said(database: Database, journal: Journal) -> None:
    with suppress(RuntimeError), database.writing() as connection:
        journal.append(connection, "demo", "log", {"n": 1}, NOON)
        raise RuntimeError
    write(database, 2)
    assert numbers(journal) == [2]


def test_pruning_drops_the_old_and_keeps_the_newest(database: Database, journal: Journal) -> None:
    write(database, 1, 2, at=NOON - timedelta(hours=30))
    assert journal.prune(NOON, hours=24) == 1
    assert numbers(journal) == [2]
    write(database, 3)
    head = journal.head()
    assert journal.prune(NOON, hours=24) == 1
    assert numbers(journal) == [3]
    assert journal.head() == journal.oldest() == head


def test_numbers_are_never_given_twice(database: Database, journal: Journal) -> None:
    write(database, 1)
    head = journal.head()
    with database.writing() as connection:
        connection.execute(delete(changes))
    write(database, 2)
    assert journal.head() > head
