"""``flask log verify`` finds what somebody with all rights did to the database behind its back."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Connection

from app import create_app
from commands.log import go_on
from data.database import Database
from data.event_store import EventStore
from data.guarding_triggers import trigger_faults
from data.schema import events, system_events
from domain.chain import GENESIS, digest
from domain.events import Actor, Command, Event, NewEvent
from domain.roster import Operation
from domain.system_log import SystemEvent
from services.anchoring import Anchoring, BrokenChain
from services.clock import Clock, utc_now
from services.container import services_of
from settings import Settings

EVENTS = 5
ROOT = Path(__file__).resolve().parent.parent.parent
Run = Callable[..., Result]
Act = Callable[[Connection], object]
Tamper = Callable[[Act], None]
GUARDED = {
    "events": "events_append_only",
    "system_events": "system_events_append_only",
    "quarantine_decisions": "quarantine_decisions_final",
}


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
    """Does something as the owner of the database, who takes the triggers away and puts them back;
    tables refer to each other, which is not looked at meanwhile."""
    if database.dialect == "postgresql":
        return partial(_tamper_server, database)
    return partial(_tamper_file, database)


def _tamper_server(database: Database, act: Act) -> None:
    with database.writing() as connection:
        for table in GUARDED:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for table in ("operations", "users"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        act(connection)
        for table, trigger in GUARDED.items():
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
        for table in ("operations", "users"):
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


def _tamper_file(database: Database, act: Act) -> None:
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.rollback()
        with connection.begin():
            triggers = [tuple(row) for row in connection.exec_driver_sql(query)]
            for name, _ in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            act(connection)
            for _, statement in triggers:
                connection.exec_driver_sql(statement)
        connection.invalidate()


def _again(database: Database, change: Callable[[list[Event]], list[Event]]) -> Act:
    """The chain made anew, all hashes right, after ``change``; it is numbered again."""

    def act(connection: Connection) -> None:
        chain = change(EventStore(database).since(connection, "drill", 0))
        previous = GENESIS
        connection.execute(events.delete())
        for number, event in enumerate(chain, start=1):
            made = event._replace(chain_seq=number, prev_hash=previous)
            previous = digest(made)
            row = made._replace(hash=previous)
            names = [column.name for column in events.columns]
            connection.execute(events.insert().values(dict(zip(names, row, strict=True))))

    return act


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
        held = "anchored up to event 5 of 5" if "--anchors" in words else "not anchored"
        assert f"drill: {EVENTS} event(s), consistent, {held}" in result.output
        assert "(database): as it must be" in result.output


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


def _forget_notes(connection: Connection) -> None:
    """The chain of the system made anew, without what it has noted of the others."""
    rows = connection.execute(system_events.select().order_by(system_events.c.seq)).all()
    connection.execute(system_events.delete())
    kept = [SystemEvent._make(row) for row in rows if row.event != "chains_noted"]
    previous = GENESIS
    for number, event in enumerate(kept, start=1):
        made = event._replace(seq=number, prev_hash=previous)
        previous = digest(made)
        connection.execute(system_events.insert().values(made._replace(hash=previous)))


def test_a_cut_tail_is_found_by_what_the_system_noted_and_by_the_anchor(
    run: Run, tamper: Tamper, anchors: Path
) -> None:
    tamper(lambda connection: connection.exec_driver_sql("DELETE FROM events WHERE chain_seq > 3"))
    _found(run("log", "verify"), "event 5, which the chain of the system has noted, is gone")
    tamper(_forget_notes)
    assert run("log", "verify").exit_code == 0  # the chains alone cannot tell
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
    def somebody(chain: list[Event]) -> list[Event]:
        return [chain[0], chain[1]._replace(entered_by="somebody"), *chain[2:]]

    tamper(_again(database, somebody))
    _found(run("log", "verify"), "event 5, which the chain of the system has noted, is another one")
    tamper(_forget_notes)
    assert run("log", "verify").exit_code == 0  # the new chains are whole in themselves
    _found(run("log", "verify", "--anchors", anchors), "event 5 is not the one that was anchored")


def test_a_broken_chain_is_not_anchored(run: Run, tamper: Tamper, tmp_path: Path) -> None:
    tamper(lambda connection: connection.exec_driver_sql("DELETE FROM events WHERE chain_seq = 2"))
    result = run("log", "anchor", tmp_path / "none.jsonl")
    assert result.exit_code != 0
    assert "broken chain is not anchored" in result.output
    assert not (tmp_path / "none.jsonl").exists()


# --- what links cannot show --------------------------------------------------------------------


def _moves(store: EventStore) -> None:
    """An incident that goes on, a platoon, and a second incident."""

    def said(stream: str, region: str, event: str, before: str, after: str | None) -> NewEvent:
        return NewEvent(stream, region, event, before, after, {"record": {}})

    with store.transaction() as connection:
        new = [
            said("drill-0002", "INC", "report", "-", "REPORTED"),
            said("drill-0002", "T2", "prealert", "NONE", "PREALERT"),
            said("drill-0002", "T2", "kp_request", "PREALERT", "REQUESTED"),
            said("platoon:p1", "RES", "reserve", "AVAILABLE", "RESERVED"),
            said("drill-0003", "INC", "report", "-", "REPORTED"),
        ]
        now = utc_now()
        command = Command(
            command_id=str(uuid.uuid4()), region="INC", event="report", occurred_at=now,
            actor=Actor("duty", "FPU_DUTY", "s"), asserted_by={"org": "FPU", "function": "x"},
        )  # fmt: skip
        store.append(connection, "drill", new, command, now)


def _closed_up(chain: list[Event]) -> list[Event]:
    """The streams numbered again, so that no gap is left in them."""
    seqs: dict[str, int] = {}
    found = []
    for event in chain:
        seqs[event.stream] = seqs.get(event.stream, 0) + 1
        found.append(event._replace(seq=seqs[event.stream]))
    return found


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        # a request is taken out: event 8 of 10, number 3 of its stream
        (lambda chain: [*chain[:6], *chain[7:]], "is number 3 of drill-0002, where 2 follows"),
        (
            lambda chain: _closed_up([*chain[:6], *chain[7:]]),
            "drill-0002 goes from PREALERT, where NONE was the state",
        ),
        # a stream that begins above 1
        (lambda chain: chain[1:], "is number 2 of drill-0001, where 1 follows"),
        (
            lambda chain: [event for event in chain if event.stream != "drill-0002"],
            "incident drill-0002 is missing",
        ),
        (
            lambda chain: [*chain[:8], chain[8]._replace(from_state="BOUND"), *chain[9:]],
            "platoon:p1 goes from BOUND, where AVAILABLE was the state",
        ),
        (
            lambda chain: [*chain[:2], chain[2]._replace(corrects=str(uuid.uuid4())), *chain[3:]],
            "corrects an event that is not there",
        ),
        (
            lambda chain: [*chain[:2], chain[2]._replace(event_id=chain[0].event_id), *chain[3:]],
            "has the identity of an earlier one",
        ),
        (
            lambda chain: [*chain[:2], chain[2]._replace(recorded_us=1), *chain[3:]],
            "was recorded before the one it follows",
        ),
    ],
)
def test_a_chain_made_anew_betrays_itself(
    run: Run,
    tamper: Tamper,
    database: Database,
    change: Callable[[list[Event]], list[Event]],
    fault: str,
) -> None:
    _moves(EventStore(database))
    assert run("log", "verify").exit_code == 0
    tamper(_again(database, change))
    result = run("log", "verify")
    assert result.exit_code == 1, result.output
    assert fault in result.output
    assert not re.search("does not follow|was changed after", result.output)


def test_an_operation_deleted_with_its_roster_is_found(run: Run, tamper: Tamper) -> None:
    def act(connection: Connection) -> None:
        for statement in ("DELETE FROM events", "DELETE FROM operations WHERE id = 'drill'"):
            connection.exec_driver_sql(statement)

    tamper(act)
    result = run("log", "verify")
    assert result.exit_code == 1
    assert "operation drill was opened and is gone" in result.output
    assert "the roster's operations: 0 there, 1 recorded last" in result.output


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            "INSERT INTO operations (id, kind, title, opened_at) VALUES ('o', 'live', 't', 0)",
            "operation o is there and was never opened",
        ),
        ("UPDATE operations SET title = 'x'", "the roster's operations are not as they were"),
        (
            "INSERT INTO devices (id, key_hash) VALUES ('d', 'k')",
            "the roster's devices: 1 there, 0 recorded last",
        ),
        ("UPDATE users SET role = 'ADMIN' WHERE name = 'anna'", "account anna: the role is ADMIN"),
        ("UPDATE users SET enabled = true WHERE name = 'bert'", "account bert: it is enabled"),
        ("UPDATE users SET password_hash = '$' WHERE name = 'anna'", "anna: its password is not"),
        ("DELETE FROM users WHERE name = 'bert'", "account bert was added and is gone"),
        (
            "INSERT INTO users (name, role, password_hash, enabled, created_at) "
            "VALUES ('eve', 'ADMIN', '$', true, 0)",
            "account eve is there and was never added",
        ),
        (
            "INSERT INTO tokens (hash, \"user\", note, created_at) VALUES ('t', 'anna', '', 0)",
            "account anna: 1 token(s) open it that were never issued",
        ),
        ("UPDATE tokens SET revoked_at = NULL", "account anna: 1 token(s) open it"),
        ("DELETE FROM system_events WHERE seq = 3", "event 3 is missing"),
        ("UPDATE system_events SET done_by = 'x' WHERE seq = 3", "event 3 was changed after"),
    ],
)
def test_what_somebody_changes_in_the_database_is_found(
    server: Flask, run: Run, tamper: Tamper, statement: str, fault: str
) -> None:
    accounts = services_of(server.extensions).accounts
    for name in ("anna", "bert"):
        accounts.add(name, "FPU_DUTY", "a long enough password")
    accounts.issue_token("anna", "a program")
    accounts.revoke_tokens("anna")
    accounts.set_enabled("bert", False)
    assert run("log", "verify").exit_code == 0
    tamper(lambda connection: connection.exec_driver_sql(statement))
    result = run("log", "verify")
    assert result.exit_code == 1, result.output
    assert fault in result.output


TRIGGERS = {
    "sqlite": [
        *(
            (
                f"DROP TRIGGER {table}_no_{what}",
                f"the trigger {table}_no_{what} is missing",
            )
            for table in GUARDED
            for what in ("update", "delete", "replacement")
        ),
        (
            "DROP TRIGGER events_no_delete; CREATE TRIGGER events_no_delete BEFORE DELETE ON "
            "events BEGIN SELECT 1; END",
            "the trigger events_no_delete is not what was installed",
        ),
        (
            "CREATE TRIGGER quiet BEFORE INSERT ON events BEGIN SELECT RAISE(IGNORE); END",
            "the trigger quiet was not installed by the program",
        ),
    ],
    "postgresql": [
        *(
            (f"DROP TRIGGER {name} ON {table}", f"the trigger {name} is missing")
            for table, name in GUARDED.items()
        ),
        *(
            (
                f"ALTER TABLE {table} {how} TRIGGER {name}",
                f"the trigger {name} is not what was installed",
            )
            for table, name in GUARDED.items()
            for how in ("DISABLE", "ENABLE", "ENABLE REPLICA")
        ),
        (
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RETURN NULL; END $$",
            "the trigger refuse_change is not what was installed",
        ),
        (
            "DROP TRIGGER events_append_only ON events; CREATE TRIGGER events_append_only BEFORE "
            "UPDATE OF body ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(); "
            "ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only",
            "the trigger events_append_only is not what was installed",
        ),
        (
            "CREATE RULE quiet AS ON INSERT TO events DO INSTEAD NOTHING",
            "the trigger rule quiet was not installed by the program",
        ),
    ],
}  # fmt: skip


def test_a_trigger_that_is_missing_off_or_another_is_found(run: Run, database: Database) -> None:
    for statements, fault in TRIGGERS[database.dialect]:
        with database.engine.connect() as connection:
            outer = connection.begin()
            for statement in re.split("; (?=CREATE|ALTER)", statements):
                connection.exec_driver_sql(statement)
            assert any(fault in one for one in trigger_faults(connection)), statements
            outer.rollback()
    assert run("log", "verify").exit_code == 0
    with database.writing() as connection:
        for statement in re.split("; (?=CREATE|ALTER)", TRIGGERS[database.dialect][0][0]):
            connection.exec_driver_sql(statement)
    result = run("log", "verify")
    assert result.exit_code == 1
    assert TRIGGERS[database.dialect][0][1] in result.output


# --- files of anchors ----------------------------------------------------------------------------


def _line(operation: str, number: int, at: str | None = None) -> bytes:
    made = {"operation": operation, "chain_seq": number, "hash": "0" * 64, "at": at}
    return json.dumps(made).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "No such file"),
        (b"", "holds no anchor"),
        (b"\n\n", "holds no anchor"),
        (b'{"operation": "drill"}\n', "line 1 is no anchor"),
        (b"\x00\xff\n", "line 1 is no anchor"),
        (b"[]\n", "line 1 is no anchor"),
        (b'{"operation": "drill", "chain_seq"', "holds no anchor"),
        (_line("drill", True), "line 1 is no anchor"),
        (_line("drill", -1), "line 1 is no anchor"),
        (_line("drill", 5), "another database"),
        # what is left when the lines of one chain are taken out of two times
        (
            _line("drill", 0, "2026-01-01T00:00:00Z") + _line("drill", 0, "2026-01-02T00:00:00Z"),
            "no anchor of the chain of the system",
        ),
        (
            _line("drill", 0, "2026-01-01T00:00:00Z")
            + _line("(system)", 9, "2026-01-02T00:00:00Z"),
            "no anchor of the chain of the system",
        ),
    ],
)
def test_a_file_that_holds_no_anchors_is_a_fault(
    run: Run, tmp_path: Path, content: bytes | None, fault: str
) -> None:
    path = tmp_path / "anchors.jsonl"
    if content is not None:
        path.write_bytes(content)
    result = run("log", "verify", "--anchors", path)
    assert result.exit_code == 1, result.output
    assert fault in result.output
    assert "(anchors): broken" in result.output


def test_anchors_of_an_older_version_are_read(run: Run, database: Database, tmp_path: Path) -> None:
    with EventStore(database).view() as connection:
        last = EventStore(database).since(connection, "drill", 3)[0]
    path = tmp_path / "anchors.jsonl"
    path.write_text(f'{{"chain_seq": 4, "hash": "{last.hash}", "operation": "drill"}}\n')
    result = run("log", "verify", "--anchors", path)
    assert result.exit_code == 0, result.output
    assert "drill: 5 event(s), consistent, anchored up to event 4 of 5" in result.output


def test_a_file_without_one_of_the_chains_is_not_whole(run: Run, anchors: Path) -> None:
    lines = anchors.read_text().splitlines()
    anchors.write_text("".join(line + "\n" for line in lines if '"drill"' not in line))
    result = run("log", "verify", "--anchors", anchors)
    assert result.exit_code == 1
    assert "operation drill was there when these anchors were written and has none" in result.output
    assert "has events from before" in result.output


def test_a_chain_that_had_lost_its_end_shows_in_the_file(run: Run, anchors: Path) -> None:
    lines = anchors.read_text().splitlines()
    shorter = next(line for line in lines if '"drill"' in line).replace(
        '"chain_seq": 5', '"chain_seq": 3'
    )
    anchors.write_text("".join(line + "\n" for line in (*lines, shorter)))
    result = run("log", "verify", "--anchors", anchors)
    assert result.exit_code == 1
    assert "event 3 was anchored after event 5" in result.output


def test_a_line_that_was_broken_off_is_remarked_and_replaced(run: Run, anchors: Path) -> None:
    whole = anchors.read_bytes()
    for cut in range(len(whole) - 1, len(whole) - 40, -7):
        anchors.write_bytes(whole + whole[:30] if cut % 2 else whole[:cut])
        before = run("log", "verify", "--anchors", anchors)
        assert before.exit_code == 0, before.output
        assert run("log", "anchor", anchors).exit_code == 0
        result = run("log", "verify", "--anchors", anchors)
        assert result.exit_code == 0, result.output
        assert "broken off" not in result.output


def test_anchors_are_held_against_the_chain_before_more_are_added(
    run: Run, tamper: Tamper, database: Database, anchors: Path
) -> None:
    kept = anchors.read_bytes()
    tamper(_again(database, lambda chain: chain[:4]))
    result = run("log", "anchor", anchors)
    assert result.exit_code == 1
    assert "event 5 was anchored and is gone" in result.output
    assert anchors.read_bytes() == kept


# --- anchors on a schedule -----------------------------------------------------------------------


class Turns:
    """Stands for the waiting between turns: ``between`` are done, then it is to end."""

    def __init__(self, *between: Callable[[], object]) -> None:
        self._between = list(between)
        self.waited: list[float] = []

    def wait(self, timeout: float) -> bool:
        self.waited.append(timeout)
        if not self._between:
            return True
        self._between.pop(0)()
        return False


def _scheduled(server: Flask, path: Path, turns: Turns, clock: Clock = utc_now) -> None:
    services = services_of(server.extensions)
    anchoring = Anchoring(services.log_check, clock, lambda: None)
    go_on(anchoring, path, timedelta(hours=1), turns)


def test_anchors_come_when_something_changed_and_once_a_day(
    server: Flask, run: Run, tmp_path: Path
) -> None:
    path, sizes, now = tmp_path / "anchors.jsonl", [], [utc_now()]
    accounts = services_of(server.extensions).accounts

    def look(act: Callable[[], object] = lambda: None) -> Callable[[], None]:
        return lambda: (sizes.append(len(path.read_text().splitlines())), act())  # type: ignore[func-returns-value]

    def later() -> None:
        now[0] += timedelta(days=1)

    turns = Turns(
        look(), look(lambda: accounts.add("anna", "WALL", "a long enough password")),
        look(), look(later), look(),
    )  # fmt: skip
    _scheduled(server, path, turns, lambda: now[0])
    assert sizes == [2, 2, 4, 4, 6]
    assert turns.waited == [3600.0] * 6
    assert run("log", "verify", "--anchors", path).exit_code == 0


def test_a_chain_that_breaks_ends_the_schedule_loudly(
    server: Flask, run: Run, tamper: Tamper, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "anchors.jsonl"
    statement = "DELETE FROM events WHERE chain_seq = 2"
    turns = Turns(lambda: tamper(lambda connection: connection.exec_driver_sql(statement)))
    with pytest.raises(BrokenChain):
        _scheduled(server, path, turns)
    assert "event 2 is missing" in capsys.readouterr().out
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_schedule_after_what_is_written(
    database_url: str, run: Run, tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "anchors.jsonl"
    command = [Path(sys.executable).with_name("flask"), "--app", "app:create_app"]
    with subprocess.Popen(
        [*command, "log", "anchor", path, "--every", "1d"],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "FPU_DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        told = iter(process.stdout.readline, "")
        assert any("anchored 2 chain(s)" in line for line in told)
        process.send_signal(number)
        assert "ended" in process.stdout.read()
        assert process.wait(60) == 0
    assert run("log", "verify", "--anchors", path).exit_code == 0


@pytest.mark.parametrize("every", ["0h", "1", "h", "-1h", "1w", "1h30m", ""])
def test_a_length_of_time_that_is_none_is_refused(run: Run, tmp_path: Path, every: str) -> None:
    result = run("log", "anchor", tmp_path / "a", "--every", every)
    assert result.exit_code == 2
    assert "15m, 1h or 1d" in result.output
