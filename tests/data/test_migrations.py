"""Migrations: what is stored comes through, and their end is the schema that the code expects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert

from data.access.account_store import SqlAccountStore
from data.database import Database
from data.migrate import configuration, upgrade
from data.roster_digest import roster_digest
from data.roster_store import RosterStore
from data.schema import devices, metadata, operations, tokens, users
from data.system_log import SystemLog, append_system_events
from domain.access.sessions import digest_of
from domain.roster import Platoon, Unit
from domain.system_contents import changed_behind, recorded_facts
from domain.system_log import NewSystemEvent, broken_system_links, secret_digest


def _downgrade(database: Database, revision: str) -> None:
    config = configuration()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def test_the_migrations_lead_to_the_schema(database: Database) -> None:
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_reserve_that_nobody_set_becomes_the_unit_s(database: Database) -> None:
    _downgrade(database, "0001")
    with database.writing() as connection:
        for name, reserve in (("live", 1), ("none", 0), ("two", 2)):
            connection.exec_driver_sql(
                "INSERT INTO operations (id, kind, title, opened_at, reserve_minimum) "
                f"VALUES ('{name}', 'exercise', 't', 0, {reserve})"
            )
        connection.exec_driver_sql(
            "INSERT INTO platoons (id, operation, callsign, kind, strength) "
            "VALUES ('p1', 'two', 'P', 'support', 30)"
        )
    upgrade(database)
    with database.writing() as connection:
        found = connection.exec_driver_sql("SELECT id, reserve_minimum FROM operations ORDER BY id")
        assert [tuple(row) for row in found] == [("live", None), ("none", 0), ("two", 2)]
        connection.exec_driver_sql(
            "INSERT INTO operations (id, kind, title, opened_at) VALUES ('new', 'exercise', 't', 0)"
        )


def test_what_is_there_already_is_found_by_the_chain_of_the_system(database: Database) -> None:
    store, roster, now = SqlAccountStore(database), RosterStore(), datetime(2026, 3, 1, tzinfo=UTC)
    _downgrade(database, "0007")
    with database.writing() as connection:
        connection.execute(
            insert(users).values(
                name="anna", role="ADMIN", password_hash="$h", enabled=False, created_at=0
            )
        )
        connection.execute(insert(tokens).values(hash="t", user="anna", note="n", created_at=0))
        connection.execute(insert(devices).values(id="d", key_hash="k", enabled=True))
        connection.execute(
            insert(operations).values(id="live", kind="live", title="ž", opened_at=1)
        )
    upgrade(database)
    log = SystemLog(database)
    with database.writing() as connection:
        found = log.chain(connection)
        assert roster_digest(connection) == next(
            one.body for one in found if one.event == "roster_found"
        )
        recorded, _ = recorded_facts(found)
        assert changed_behind(recorded.accounts, log.there(connection, recorded).accounts) == []
        roster.save(connection, [Platoon("p1", "live", "P", "support", 30)])
    told = NewSystemEvent("role_changed", "anna", now, "anna", {"role": "WALL"})
    assert store.change_account(told, {"role": "WALL"})
    with database.reading() as connection:
        chain = log.chain(connection)
    assert broken_system_links(chain) == []
    assert [(one.event, one.subject) for one in chain] == [
        ("account_found", "anna"),
        ("token_found", "anna"),
        ("operation_found", "live"),
        ("roster_found", "roster"),
        ("token_limited", "anna"),
        ("roster_changed", "roster"),
        ("role_changed", "anna"),
    ]
    assert chain[0].body == {"enabled": False, "password": secret_digest("$h"), "role": "ADMIN"}
    assert chain[1].body == {"note": "n", "token": secret_digest("t")}


def test_a_chain_that_holds_more_than_what_was_found_is_not_let_go(database: Database) -> None:
    with database.writing() as connection:
        RosterStore().save(connection, [Unit("u", "PAPA 1", "patrol")])
    with pytest.raises(RuntimeError, match="no other table"):
        _downgrade(database, "0007")


def test_tokens_that_are_there_end_but_for_those_of_the_demonstration(database: Database) -> None:
    store, now = SqlAccountStore(database), datetime.now(UTC)
    _downgrade(database, "0009")
    issued = digest_of("an old token")
    notes = {issued: "archive", digest_of("demo-duty"): "demonstration", "r" * 64: "revoked"}
    with database.writing() as connection:
        for name in ("duty", "anna"):
            connection.exec_driver_sql(
                "INSERT INTO users (name, role, password_hash, enabled, created_at) "
                f"VALUES ('{name}', 'FPU_DUTY', '$h', TRUE, 0)"
            )
        for digest, note in notes.items():
            user = "duty" if note == "demonstration" else "anna"
            revoked = "1" if note == "revoked" else "NULL"
            connection.exec_driver_sql(
                'INSERT INTO tokens (hash, "user", note, created_at, revoked_at) '
                f"VALUES ('{digest}', '{user}', '{note}', 0, {revoked})"
            )
        append_system_events(
            connection,
            [NewSystemEvent("token_issued", "anna", now, "boss", {"token": secret_digest(issued)})],
        )
    upgrade(database)
    kept = {one.purpose: one for one in store.tokens()}
    assert kept["demonstration"].expires_at is None
    assert kept["archive"].issued_by == "boss"
    assert kept["archive"].expires_at is not None
    assert timedelta(days=89) < kept["archive"].expires_at - now < timedelta(days=91)
    assert kept["archive"].good(now)
    assert not kept["revoked"].good(now)
