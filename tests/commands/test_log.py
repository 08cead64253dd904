"""``flask log verify`` finds what somebody with all rights did to the database behind its back."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Connection

from app import create_app
from data.database import Database
from data.event_store import EventStore
from data.schema import events
from domain.chain import GENESIS, digest
from domain.events import Actor, Command, NewEvent
from domain.roster import Operation
from services.container import services_of
from settings import Settings

EVENTS = 5
Run = Callable[..., Result]
Tamper = Callable[[Callable[[Connection], object]], None]


@pytest.fixture
def server(database_url: str) -> Iterator[Flask]:
    made = create_app(Settings(database_url=database_url))
    services = services_of(made.extensions)
    services.roster.add(Operation("drill", "exercise", "Drill", services.clock()))
    yield made
    services.close()


@pytest.fixture
def run(server: Flask, database: Database) -> Run:
    """Runs a command over a log of five events."""
    store, clock = EventStore(database), services_of(server.extensions).clock
    for number in range(EVENTS):
        note = NewEvent("drill-0001", "INC", "note", None, None, {"record": {"text": f"{number}"}})
        sent = Command(
            command_id=str(uuid.uuid4()), region="INC", event="note", occurred_at=clock(),
            actor=Actor("duty", "FPU_DUTY", "s"), asserted_by={"org": "FPU", "function": "x"},
        )  # fmt: skip
        with store.transaction() as connection:
            store.append(connection, "drill", [note], sent, clock())
    runner = server.test_cli_runner()
    return lambda *words: runner.invoke(args=[str(word) for word in words])


@pytest.fixture
def tamper(database: Database) -> Tamper:
    """Does something to the log as the owner of the database, who can take the triggers away."""

    def tampering(act: Callable[[Connection], object]) -> None:
        with database.writing() as connection:
            if database.dialect == "postgresql":
                connection.exec_driver_sql("ALTER TABLE events DISABLE TRIGGER ALL")
            else:
                for name in (
                    connection.exec_driver_sql(
                        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
                    )
                    .scalars()
                    .all()
                ):
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
            act(connection)

    return tampering


@pytest.fixture
def anchors(run: Run, tmp_path: Path) -> Path:
    """Anchors of the whole log, kept elsewhere."""
    path = tmp_path / "anchors.jsonl"
    assert run("log", "anchor", path).exit_code == 0
    return path


def _found(result: Result, *faults: str) -> None:
    assert result.exit_code == 1, result.output
    assert re.search(r"^drill: \d event\(s\), broken$", result.output, re.MULTILINE)
    for fault in faults:
        assert fault in result.output


def test_a_whole_log_is_whole(run: Run, anchors: Path) -> None:
    for words in (("log", "verify"), ("log", "verify", "--anchors", anchors)):
        result = run(*words)
        assert result.exit_code == 0, result.output
        assert f"drill: {EVENTS} event(s), whole" in result.output


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("body", 'replace(body, \'"text":"2"\', \'"text":"3"\')'),
        ("occurred_at", "occurred_at + 1"),
        ("entered_by", "'duti'"),
        ("late_entry", "NOT late_entry"),
        ("corrects", "event_id"),
        ("stream", "'drill-0002'"),
        ("hash", "replace(hash, substr(hash, 1, 1), 'x')"),
    ],
)
def test_a_changed_byte_is_found(run: Run, tamper: Tamper, column: str, change: str) -> None:
    statement = f"UPDATE events SET {column} = {change} WHERE chain_seq = 3"
    tamper(lambda connection: connection.exec_driver_sql(statement))
    _found(run("log", "verify"), "event 3 was changed after it was recorded")


@pytest.mark.parametrize("number", [1, 3])
def test_a_removed_record_is_found(run: Run, tamper: Tamper, number: int) -> None:
    statement = f"DELETE FROM events WHERE chain_seq = {number}"
    tamper(lambda connection: connection.exec_driver_sql(statement))
    _found(run("log", "verify"), f"event {number} is missing")


def test_a_removed_record_whose_followers_moved_up_is_found(run: Run, tamper: Tamper) -> None:
    def act(connection: Connection) -> None:
        connection.exec_driver_sql("DELETE FROM events WHERE chain_seq = 3")
        for number in (4, 5):  # one after the other: the numbers are unique
            connection.exec_driver_sql(
                f"UPDATE events SET chain_seq = {number - 1}, seq = {number - 1} "
                f"WHERE chain_seq = {number}"
            )

    tamper(act)
    _found(run("log", "verify"), "event 3 does not follow the one before it", "event 3 was changed")


def test_a_cut_tail_is_found_by_the_anchor(run: Run, tamper: Tamper, anchors: Path) -> None:
    tamper(lambda connection: connection.exec_driver_sql("DELETE FROM events WHERE chain_seq > 3"))
    assert run("log", "verify").exit_code == 0  # a chain alone cannot tell
    _found(run("log", "verify", "--anchors", anchors), "event 5 was anchored and is gone")


def test_an_emptied_log_is_found_by_the_anchor(run: Run, tamper: Tamper, anchors: Path) -> None:
    tamper(lambda connection: connection.exec_driver_sql("DELETE FROM events"))
    _found(run("log", "verify", "--anchors", anchors), "event 5 was anchored and is gone")


def test_an_operation_that_is_gone_is_found_by_the_anchor(
    run: Run, tamper: Tamper, anchors: Path
) -> None:
    def act(connection: Connection) -> None:
        connection.exec_driver_sql("DELETE FROM events")
        connection.exec_driver_sql("DELETE FROM operations WHERE id = 'drill'")

    tamper(act)
    _found(run("log", "verify", "--anchors", anchors), "event 5 was anchored and is gone")


def test_a_rebuilt_chain_is_found_by_the_anchor(
    run: Run, tamper: Tamper, anchors: Path, database: Database
) -> None:
    def rebuild(connection: Connection) -> None:
        chain = EventStore(database).since(connection, "drill", 0)
        previous = GENESIS
        connection.execute(events.delete())
        for event in chain:
            author = "somebody" if event.chain_seq == 2 else event.entered_by
            made = event._replace(entered_by=author, prev_hash=previous)
            previous = digest(made)
            row = made._replace(hash=previous)
            names = [column.name for column in events.columns]
            connection.execute(events.insert().values(dict(zip(names, row, strict=True))))

    tamper(rebuild)
    assert run("log", "verify").exit_code == 0  # the new chain is whole in itself
    _found(run("log", "verify", "--anchors", anchors), "event 5 is not the one that was anchored")


def test_a_broken_chain_is_not_anchored(run: Run, tamper: Tamper, tmp_path: Path) -> None:
    tamper(lambda connection: connection.exec_driver_sql("DELETE FROM events WHERE chain_seq = 2"))
    result = run("log", "anchor", tmp_path / "none.jsonl")
    assert result.exit_code != 0
    assert "broken chain is not anchored" in result.output
    assert not (tmp_path / "none.jsonl").exists()


def test_an_anchor_file_that_is_none_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "anchors.jsonl"
    path.write_text('{"operation": "drill"}\n')
    result = run("log", "verify", "--anchors", path)
    assert result.exit_code != 0
    assert "line 1" in result.output
