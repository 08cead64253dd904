"""The database itself keeps the log: nothing changes or removes an event, by whatever statement."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, make_url, text
from sqlalchemy.exc import DBAPIError

from data.database import Database
from data.event_store import EventStore
from data.grants import FINAL, NotServed, grant
from data.quarantine_store import QuarantineStore
from data.schema import metadata, operations
from data.system_log import SystemLog, append_system_events
from domain.chain import broken_links
from domain.errors import InvalidField, StoreUnavailable
from domain.events import Actor, Command, NewEvent
from domain.fixes import Rejection
from domain.quarantine import Decision
from domain.stored_fixes import QuarantineEntry
from domain.system_log import NewSystemEvent, broken_system_links
from tests.conftest import ONLY_POSTGRESQL, ONLY_SQLITE

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
COLUMNS = ", ".join(column.name for column in metadata.tables["events"].columns)
ANEW = COLUMNS.replace("entered_by", "'somebody'")
EVERYWHERE = (
    "UPDATE events SET entered_by = 'somebody'",
    "DELETE FROM events",
    "DELETE FROM events WHERE seq = 2",
    f"INSERT INTO events ({COLUMNS}) SELECT {ANEW} FROM events WHERE true "
    "ON CONFLICT (operation, stream, seq) DO UPDATE SET entered_by = 'somebody'",
)
SQLITE = (
    f"INSERT OR REPLACE INTO events ({COLUMNS}) SELECT {ANEW} FROM events",
    # in the place of another row, by its number in the chain or by the row's own
    f"INSERT OR REPLACE INTO events ({COLUMNS}) "
    f"SELECT {COLUMNS.replace('stream', 'stream || 1', 1)} FROM events WHERE seq = 2",
    f"INSERT OR REPLACE INTO events (rowid, {COLUMNS}) "
    f"SELECT rowid, {COLUMNS.replace('chain_seq', 'chain_seq + 9').replace(' seq', ' seq + 9', 1)} "
    "FROM events WHERE seq = 2",
    "UPDATE OR REPLACE events SET seq = 1",
)
POSTGRESQL = ("TRUNCATE events", "TRUNCATE operations CASCADE")
BY_ACCOUNT = (
    *POSTGRESQL,
    "UPDATE events SET entered_by = 'somebody'",
    "DELETE FROM events",
    EVERYWHERE[-1],
    "ALTER TABLE events DISABLE TRIGGER events_append_only",
    "ALTER TABLE events DISABLE TRIGGER ALL",
    "ALTER TABLE events ADD COLUMN more text",
    "ALTER TABLE events RENAME TO other_events",
    "DROP TRIGGER events_append_only ON events",
    "DROP FUNCTION refuse_change CASCADE",
    "DROP TABLE events",
    "DROP TABLE operations CASCADE",
    "CREATE RULE silent AS ON INSERT TO events DO INSTEAD NOTHING",
    "CREATE TRIGGER more BEFORE INSERT ON events EXECUTE FUNCTION refuse_change()",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RETURN NULL; END $$",
    "SET session_replication_role = replica",
    "UPDATE alembic_version SET version_num = '0000'",
    "CREATE TABLE own (id int)",
)


@pytest.fixture
def store(database: Database) -> EventStore:
    """A log of three events."""
    with database.writing() as connection:
        connection.execute(
            insert(operations).values(id="drill", kind="exercise", title="d", opened_at=0)
        )
    store = EventStore(database)
    for _ in range(3):
        _append(store)
    return store


def _append(store: EventStore) -> None:
    note = NewEvent("drill-0001", "INC", "note", None, None, {"record": {"text": "x"}})
    sent = Command(
        command_id=str(uuid.uuid4()), region="INC", event="note", occurred_at=NOW,
        actor=Actor("duty", "FPU_DUTY", "s"), asserted_by={"org": "FPU", "function": "x"},
    )  # fmt: skip
    with store.transaction() as connection:
        store.append(connection, "drill", [note], sent, NOW)


def _refused(database: Database, statement: str, because: str) -> None:
    with pytest.raises((DBAPIError, StoreUnavailable), match=because):
        with database.writing() as connection:
            connection.exec_driver_sql(statement)


def _whole(store: EventStore, events: int) -> None:
    with store.view() as connection:
        chain = store.since(connection, "drill", 0)
    assert broken_links(chain) == []
    assert [event.seq for event in chain] == list(range(1, events + 1))


def test_no_statement_changes_or_removes_an_event(database: Database, store: EventStore) -> None:
    more = SQLITE if database.dialect == "sqlite" else POSTGRESQL
    for statement in (*EVERYWHERE, *more):
        _refused(database, statement, "append-only")
    _whole(store, 3)
    _append(store)
    _whole(store, 4)


DECISION = Decision(1, str(uuid.uuid4()), "discarded", "duty", "FPU_DUTY", NOW, "drill", "x")


@pytest.fixture
def decided(database: Database) -> QuarantineStore:
    """A quarantine with one entry and what was decided about it."""
    store = QuarantineStore(database)
    refused = Rejection("unreadable", "body", "is no position")
    with database.writing() as connection:
        connection.execute(
            insert(operations).values(id="drill", kind="exercise", title="d", opened_at=0)
        )
        store.insert(
            connection, [QuarantineEntry("drill", "p", "phone", NOW, "osmand", refused, b"?")]
        )
        store.decide(connection, DECISION)
    return store


def test_no_statement_changes_or_removes_a_decision(
    database: Database, decided: QuarantineStore
) -> None:
    statements = [
        "UPDATE quarantine_decisions SET decided_by = 'somebody'",
        "DELETE FROM quarantine_decisions WHERE entry = 1",
    ]
    if database.dialect == "sqlite":
        statements.append(
            "INSERT OR REPLACE INTO quarantine_decisions SELECT * FROM quarantine_decisions"
        )
    else:
        statements.append("TRUNCATE quarantine_decisions")
        statements.append("TRUNCATE quarantine CASCADE")
    for statement in statements:
        _refused(database, statement, "final")
    with database.reading() as connection:
        assert decided.find(connection, 1).decision == DECISION


def test_no_statement_changes_or_removes_an_event_of_the_system(database: Database) -> None:
    told = NewSystemEvent("account_added", "anna", NOW)
    with database.writing() as connection:
        append_system_events(connection, [told, told])
    statements = [
        "UPDATE system_events SET done_by = 'somebody'",
        "DELETE FROM system_events WHERE seq = 2",
        "INSERT INTO system_events SELECT * FROM system_events WHERE true "
        "ON CONFLICT (seq) DO UPDATE SET done_by = 'somebody'",
    ]
    if database.dialect == "sqlite":
        statements.append("INSERT OR REPLACE INTO system_events SELECT * FROM system_events")
        statements.append("UPDATE OR REPLACE system_events SET seq = 1")
    else:
        statements.append("TRUNCATE system_events")
    for statement in statements:
        _refused(database, statement, "append-only")
    with database.reading() as connection:
        chain = SystemLog(database).chain(connection)
    assert broken_system_links(chain) == []
    assert [one.seq for one in chain] == [1, 2]


@pytest.fixture
def account(database: Database) -> Iterator[str]:
    """An account of the server, without any right."""
    name = f'App "{uuid.uuid4().hex[:8]}'
    quoted = '"' + name.replace('"', '""') + '"'
    with database.writing() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {quoted} LOGIN")
    yield name
    with database.writing() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {quoted}")
        connection.exec_driver_sql(f"DROP ROLE {quoted}")


@ONLY_POSTGRESQL
def test_a_session_that_plays_a_replica_changes_nothing_either(
    database: Database, store: EventStore
) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        with database.writing() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text("DELETE FROM events"))
    _whole(store, 3)


@ONLY_POSTGRESQL
def test_an_account_that_owns_nothing_adds_to_the_log_and_cannot_change_it(
    database: Database,
    store: EventStore,
    account: str,
    open_account: Callable[[str], Database],
) -> None:
    own = open_account(account)
    _refused(own, "SELECT count(*) FROM events", "permission denied|another schema")
    grant(database, account)
    grant(database, account)  # again after an upgrade
    own_store = EventStore(own)
    _append(own_store)
    for statement in BY_ACCOUNT:
        _refused(own, statement, "permission denied|must be owner|append-only")
    _append(own_store)
    _whole(own_store, 5)
    with own.writing() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.select().limit(1))
            if table.name not in FINAL:
                connection.execute(table.delete().where(text("false")))
    with database.writing() as connection:
        connection.exec_driver_sql("GRANT UPDATE ON events TO PUBLIC")
    grant(database, account)
    _refused(own, BY_ACCOUNT[2], "permission denied")


@pytest.fixture
def open_account(database: Database, database_url: str) -> Iterator[Callable[[str], Database]]:
    """Opens the database as another account."""
    opened: list[Database] = []

    def opening(name: str) -> Database:
        url = make_url(database_url).set(username=name)
        opened.append(Database(url.render_as_string(hide_password=False)))
        return opened[-1]

    yield opening
    for one in opened:
        one.close()


@ONLY_POSTGRESQL
def test_accounts_that_can_do_everything_or_are_missing_are_refused(
    database: Database, account: str
) -> None:
    with pytest.raises(InvalidField, match="there is no account"):
        grant(database, "nobody-of-that-name")
    owner = make_url(database.url).username
    with pytest.raises(InvalidField, match="owner's rights"):
        grant(database, str(owner))
    quoted = '"' + account.replace('"', '""') + '"'
    with database.writing() as connection:
        connection.exec_driver_sql(f"GRANT {owner} TO {quoted}")
    with pytest.raises(InvalidField, match="owner's rights"):
        grant(database, account)


@ONLY_SQLITE
def test_a_file_has_no_accounts(database: Database) -> None:
    with pytest.raises(NotServed):
        grant(database, "anybody")
