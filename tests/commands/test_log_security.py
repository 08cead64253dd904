"""``flask log security`` and commands in the security log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app import create_app
from data.database import Database
from data.schema import security_events
from domain.access.security import NewSecurityEvent
from services.clock import utc_now
from services.container import services_of
from settings import Settings


@pytest.fixture
def server(database_url: str) -> Iterator[Flask]:
    made = create_app(Settings(database_url=database_url))
    yield made
    services_of(made.extensions).close()


def run(server: Flask, *words: str) -> Result:
    return server.test_cli_runner().invoke(args=words)


def _commands(database: Database) -> list[tuple[str, str | None, str]]:
    its = security_events.c
    query = select(its.kind, its.route, its.outcome).where(its.route.is_not(None))
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(its.segment, its.seq))]


def test_commands_that_change_something_are_recorded_without_what_was_typed(
    server: Flask, database: Database
) -> None:
    password = "Tr0ub4dor-and-3"
    assert run(server, "users", "add", "anna", "ADMIN", "--password", password).exit_code == 0
    assert run(server, "users", "list").exit_code == 0
    assert run(server, "users", "add", "--help").exit_code == 0
    assert run(server, "users", "role", "Tr0ub4dor", "WALL").exit_code == 1
    assert run(server, "roster", "units", "add", "p1", "PAPA-1").exit_code == 0
    assert _commands(database) == [
        ("command", "flask users add", "done"),
        ("command", "flask users role", "refused"),
        ("command", "flask roster units add", "done"),
    ]
    with database.reading() as connection:
        assert "Tr0ub4dor" not in repr(connection.execute(select(security_events)).all())


def test_segments_are_shown_closed_and_dropped_and_verify_says_so(
    server: Flask, database: Database
) -> None:
    services = services_of(server.extensions)
    old = utc_now() - timedelta(days=500)
    services.security.record(NewSecurityEvent("sign_in", "done", old, account="anna"))
    services.security_keeping.keep()  # a day has passed since it began, and 400 since its end
    assert [number for number, *_ in services.security_keeping.segments()] == [2]
    assert run(server, "log", "security", "close").output == "closed segment 2\n"
    shown = run(server, "log", "security", "list").output.splitlines()
    assert [line.split()[0] for line in shown] == ["2", "3"]
    result = run(server, "log", "security", "drop", "--older-than", "1", "--yes")
    assert result.output == "dropped 0 segment(s) with 0 entries\n"
    assert run(server, "log", "security", "drop", "--older-than", "0", "--yes").exit_code == 1
    whole = run(server, "log", "verify")
    assert (whole.exit_code, "(security): as it must be" in whole.output) == (0, True)
    with database.writing() as connection:
        for trigger in ("no_delete", "append_only"):
            if database.dialect == "sqlite":
                name = f"security_events_{trigger}"
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
            else:
                connection.exec_driver_sql("ALTER TABLE security_events DISABLE TRIGGER ALL")
        connection.exec_driver_sql("DELETE FROM security_events WHERE segment = 2")
    broken = run(server, "log", "verify")
    assert broken.exit_code == 1
    assert "segment 2 is gone" in broken.output


def test_an_anchor_holds_the_end_of_the_open_segment(
    server: Flask, database: Database, tmp_path: object
) -> None:
    services = services_of(server.extensions)
    services.security.record(NewSecurityEvent("sign_in", "done", utc_now(), account="anna"))
    path = f"{tmp_path}/anchors"
    assert run(server, "log", "anchor", path).exit_code == 0
    output = run(server, "log", "verify", "--anchors", path).output
    assert "1 entries in 1 segment(s)\n" in output
