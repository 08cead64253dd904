"""``flask users``: who did it is asked for a password, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from flask import Flask

from app import create_app
from data.database import Database
from data.system_log import SystemLog
from services.container import services_of
from settings import Settings

PASSWORD = "a long enough password"
OTHER = "quite another password"
Run = Callable[..., Result]


@pytest.fixture
def server(database_url: str) -> Iterator[Flask]:
    made = create_app(Settings(database_url=database_url))
    services = services_of(made.extensions)
    services.accounts.add("boss", "ADMIN", PASSWORD)
    services.accounts.add("anna", "FPU_DUTY", PASSWORD)
    yield made
    services.close()


@pytest.fixture
def run(server: Flask) -> Run:
    runner = server.test_cli_runner()
    return lambda *words, input="": runner.invoke(args=["users", *words], input=input)


def _recorded(database: Database) -> list[tuple[str, str, str | None]]:
    with database.reading() as connection:
        chain = SystemLog(database).chain(connection)
    return [(one.event, one.subject, one.by) for one in chain if one.event != "account_found"][2:]


CHANGES = (
    (("add", "bert", "WALL", "--password", OTHER), "account_added", "bert"),
    (("password", "anna", "--password", OTHER), "password_changed", "anna"),
    (("role", "anna", "AUDITOR"), "role_changed", "anna"),
    (("disable", "anna"), "account_disabled", "anna"),
    (("enable", "anna"), "account_enabled", "anna"),
    (("token", "anna", "--for", "the archive"), "token_issued", "anna"),
    (("revoke-tokens", "anna"), "tokens_revoked", "anna"),
)


def test_who_did_it_is_recorded_after_a_password(run: Run, database: Database) -> None:
    for words, event, subject in CHANGES:
        result = run(*words, "--by", "boss", input=f"{PASSWORD}\n")
        assert result.exit_code == 0, result.output
        assert PASSWORD not in result.output
        assert _recorded(database)[-1] == (event, subject, "boss")


@pytest.mark.parametrize(("words", "event", "subject"), CHANGES)
def test_without_a_name_nobody_is_named(
    run: Run, database: Database, words: tuple[str, ...], event: str, subject: str
) -> None:
    assert run(*words).exit_code == 0
    assert _recorded(database) == [(event, subject, None)]


@pytest.mark.parametrize(
    ("by", "password", "why"),
    [
        ("boss", "wrong", "password is not right"),
        ("nobody", PASSWORD, "password is not right"),
        ("anna", PASSWORD, "no administrator"),
    ],
)
def test_who_is_not_proved_or_no_administrator_is_refused(
    run: Run, database: Database, by: str, password: str, why: str
) -> None:
    for words, _, _ in CHANGES:
        result = run(*words, "--by", by, input=f"{password}\n")
        assert result.exit_code == 1
        assert why in result.output or "too many attempts" in result.output
    assert _recorded(database) == []


def test_a_disabled_administrator_is_refused(run: Run, database: Database) -> None:
    run("disable", "boss")
    result = run("role", "anna", "ADMIN", "--by", "boss", input=f"{PASSWORD}\n")
    assert result.exit_code == 1
    assert _recorded(database) == [("account_disabled", "boss", None)]
