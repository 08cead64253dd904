"""``flask db grant``: the program runs with a PostgreSQL account that owns nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from app import create_app
from data.database import Database
from domain.errors import StoreUnavailable
from domain.roster import Operation
from domain.time import to_rfc3339
from services.access.demonstration_accounts import seed_demonstration_accounts
from services.container import services_of
from settings import Settings
from tests.conftest import ONLY_POSTGRESQL


def _command(url: str, *words: str) -> Result:
    server = create_app(Settings(database_url=url))
    try:
        return server.test_cli_runner().invoke(args=words)
    finally:
        services_of(server.extensions).close()


@pytest.fixture
def account(database_url: str) -> Iterator[str]:
    """An account of the server that has been given what the program needs."""
    owner = Database(database_url)
    name = f"fpu_app_{uuid.uuid4().hex[:8]}"
    with owner.writing() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN")
    assert _command(database_url, "db", "upgrade").exit_code == 0
    done = _command(database_url, "db", "grant", name)
    assert done.exit_code == 0, done.output
    assert name in done.output
    yield name
    with owner.writing() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP ROLE {name}")
    owner.close()


@pytest.fixture
def server(database_url: str, account: str) -> Iterator[Flask]:
    """The application as that account."""
    url = make_url(database_url).set(username=account)
    made = create_app(Settings(database_url=url.render_as_string(hide_password=False)))
    services = services_of(made.extensions)
    seed_demonstration_accounts(services.accounts)
    services.roster.ensure_live(services.clock())
    services.roster.add(Operation("demo", "exercise", "Demonstration", services.clock()))
    yield made
    services.close()


@ONLY_POSTGRESQL
def test_an_incident_runs_and_the_log_cannot_be_changed(
    server: Flask, account: str, database_url: str
) -> None:
    browser = server.test_client()
    assert browser.get("/readyz").status_code == 200
    now = to_rfc3339(services_of(server.extensions).clock())
    headers = {"Authorization": "Bearer demo-duty"}
    common = {
        "occurred_at": now, "asserted_by": {"org": "KP", "function": "duty officer"},
        "channel": "radio", "channel_ref": "7", "position": {"lat": 42.8914, "lon": 20.8660},
    }  # fmt: skip
    report = {
        "command_id": str(uuid.uuid4()), **common,
        "record": {"title": "Crowd", "category": "peaceful_gathering", "severity": 2,
                   "source": "patrol", "source_reliability": "B", "info_credibility": 2},
    }  # fmt: skip
    address = "/api/v1/operations/demo/incidents"
    assert browser.post(address, json=report, headers=headers).status_code == 201
    confirm = {
        "command_id": str(uuid.uuid4()), **common, "region": "INC", "event": "confirm",
        "expected_version": 1, "record": {"kp_informed_at": now, "kp_unit": "north"},
    }  # fmt: skip
    done = browser.post(f"{address}/demo-0001/events", json=confirm, headers=headers)
    assert (done.status_code, done.json["state"]["inc"]) == (201, "KP_LEAD")

    own = make_url(database_url).set(username=account).render_as_string(hide_password=False)
    database = Database(own)
    for statement in (
        "UPDATE events SET entered_by = 'x'",
        "DELETE FROM events",
        "TRUNCATE events",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "DROP TABLE events",
    ):
        with pytest.raises(
            (DBAPIError, StoreUnavailable), match=r"permission denied|must be owner"
        ):
            with database.writing() as connection:
                connection.exec_driver_sql(statement)
    database.close()
    verified = _command(own, "log", "verify")
    assert verified.exit_code == 0, verified.output
    assert "demo: 2 event(s), consistent, not anchored" in verified.output


def test_refusals_are_one_line(database_url: str) -> None:
    refused = _command(database_url, "db", "grant", "nobody-of-that-name")
    assert refused.exit_code != 0
    served = database_url.startswith("postgresql")
    assert ("there is no account" if served else "SQLite has no accounts") in refused.output
    assert "Traceback" not in refused.output
