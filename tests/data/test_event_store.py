"""The contract of the event log, on every database that the product supports."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from data import event_append
from data.database import Database
from data.event_store import EventStore
from data.schema import operations
from domain.chain import GENESIS, Anchor, broken_links, lost_anchors
from domain.errors import StoreUnavailable, VersionConflict
from domain.events import Actor, Command, NewEvent

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(database: Database) -> EventStore:
    """A log with two open operations."""
    with database.writing() as connection:
        for name in ("drill", "other"):
            connection.execute(
                insert(operations).values(id=name, kind="exercise", title=name, opened_at=0)
            )
    return EventStore(database)


def _command(**changed: object) -> Command:
    command = Command(
        command_id=str(uuid.uuid4()),
        region="INC",
        event="note",
        occurred_at=NOW,
        actor=Actor("duty", "FPU_DUTY", "s"),
        asserted_by={"org": "FPU", "function": "duty"},
    )
    return replace(command, **changed)


def _note(stream: str = "drill-0001", text: str = "żółw ë ç Ћ") -> NewEvent:
    return NewEvent(stream, "INC", "note", None, None, {"record": {"text": text}})


def _line() -> NewEvent:
    return replace(_note("log"), region="LOG", event="entry")


def _append(store: EventStore, *new: NewEvent, operation: str = "drill", **more: object) -> list:
    with store.transaction() as connection:
        return store.append(connection, operation, new, _command(**more), NOW)


def test_what_was_appended_is_read_back_equal(store: EventStore) -> None:
    stored = _append(store, _note(), replace(_note(), platoons=("a", "b"), purpose="other"))
    with store.view() as connection:
        read = store.stream(connection, "drill", "drill-0001")
        assert read == stored
        assert store.head(connection, "drill") == 2
        assert store.by_command(connection, "drill", stored[0].command_id) == stored
        assert store.since(connection, "drill", 1) == stored[1:]
    assert read[0].record == {"text": "żółw ë ç Ћ"}
    assert read[0].occurred_at == NOW


def test_numbers_have_no_gap_and_the_chain_is_one_an_operation(store: EventStore) -> None:
    for number in range(3):
        _append(store, _note(f"drill-000{number % 2 + 1}"), _line())
        _append(store, _note("other-0001"), operation="other")
    with store.view() as connection:
        chain = store.since(connection, "drill", 0)
        other = store.since(connection, "other", 0)
        newest = store.last_of_each(connection, "drill", ["drill-0001", "log", "platoon:x"])
        assert store.newest_incident(connection, "drill") == "drill-0002"
        assert store.newest_incident(connection, "none") is None
    assert [event.chain_seq for event in chain] == [1, 2, 3, 4, 5, 6]
    assert [event.seq for event in chain if event.stream == "log"] == [1, 2, 3]
    assert {name: event.seq for name, event in newest.items()} == {"drill-0001": 2, "log": 3}
    assert chain[0].prev_hash == other[0].prev_hash == GENESIS
    assert broken_links(chain) == broken_links(other) == []


def test_recorded_times_never_go_back(store: EventStore) -> None:
    _append(store, _note())
    with store.transaction() as connection:
        earlier = store.append(
            connection, "drill", [_note()], _command(), NOW - timedelta(hours=1)
        )[0]
    assert earlier.recorded_at == NOW


def test_a_failed_transaction_leaves_nothing(store: EventStore) -> None:
    with pytest.raises(RuntimeError, match="stop"), store.transaction() as connection:
        store.append(connection, "drill", [_note()], _command(), NOW)
        raise RuntimeError("stop")
    with store.view() as connection:
        assert store.head(connection, "drill") == 0


@pytest.mark.parametrize("statement", ["UPDATE events SET reason = 'x'", "DELETE FROM events"])
def test_the_database_itself_refuses_change(
    store: EventStore, database: Database, statement: str
) -> None:
    _append(store, _note())
    with pytest.raises((DBAPIError, StoreUnavailable), match="append-only"):
        with database.writing() as connection:
            connection.execute(text(statement))
    with store.view() as connection:
        assert broken_links(store.since(connection, "drill", 0)) == []


def test_the_same_number_twice_is_a_lost_race(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = _append(store, _note())[0]
    with pytest.raises(VersionConflict), store.transaction() as connection:
        connection.execute(text("SELECT 1"))
        too_little = {"drill-0001": stored.seq - 1}  # a writer that saw too little
        monkeypatch.setattr(event_append, "_versions", lambda *_: too_little)
        store.append(connection, "drill", [_note()], _command(), NOW)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(which=st.integers(0, 5), column=st.sampled_from(["body_text", "entered_by", "occurred_us"]))
def test_a_changed_event_is_found(store: EventStore, which: int, column: str) -> None:
    with store.view() as connection:
        missing = 6 - store.head(connection, "drill")
    for _ in range(missing):
        _append(store, _note())
    with store.view() as connection:
        chain = store.since(connection, "drill", 0)
    changed = {"body_text": '{"record":{}}', "entered_by": "somebody", "occurred_us": 1}
    chain[which] = chain[which]._replace(**{column: changed[column]})
    assert any(str(which + 1) in fault for fault in broken_links(chain))
    del chain[which]
    if which < 5:
        assert f"event {which + 1} is missing" in broken_links(chain)


def test_writers_of_several_processes_leave_no_gap(
    open_database: Callable[[], Database], store: EventStore
) -> None:
    def write(database: Database) -> None:
        own = EventStore(database)
        for _ in range(20):
            with own.transaction() as connection:
                own.append(connection, "drill", [_note()], _command(), NOW)

    threads = [threading.Thread(target=write, args=(open_database(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.view() as connection:
        chain = store.since(connection, "drill", 0)
    assert [event.seq for event in chain] == list(range(1, 81))
    assert broken_links(chain) == []


def test_a_cut_end_and_a_rebuilt_chain_are_found_by_an_anchor(store: EventStore) -> None:
    for _ in range(3):
        _append(store, _note())
    with store.view() as connection:
        chain = store.since(connection, "drill", 0)
    anchor = Anchor("drill", 3, chain[-1].hash)
    assert lost_anchors(chain, [anchor]) == []
    assert broken_links(chain[:2]) == []
    assert lost_anchors(chain[:2], [anchor]) == ["event 3 was anchored and is gone"]
    rebuilt = [*chain[:2], chain[2]._replace(hash="0" * 64)]
    assert lost_anchors(rebuilt, [anchor]) == ["event 3 is not the one that was anchored"]


def test_the_newest_incident_is_the_one_that_was_reported_last(store: EventStore) -> None:
    for name in ("drill-9999", "drill-10000", "drill-9998"):
        _append(store, _note(name), _line(), replace(_note("platoon:x"), region="RES"))
        with store.view() as connection:
            assert store.newest_incident(connection, "drill") == name
    _append(store, _note("drill-9999"))
    with store.view() as connection:
        assert store.newest_incident(connection, "drill") == "drill-9998"
        assert store.newest_incident(connection, "other") is None


def test_a_tail_ends_where_it_was_asked_to(store: EventStore) -> None:
    stored = [_append(store, _line())[0] for _ in range(4)]
    with store.view() as connection:
        assert store.tail(connection, "drill", "log", 1, 3) == stored[1:3]
        assert store.tail(connection, "drill", "log", 4, 4) == []
