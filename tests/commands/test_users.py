"""``flask users``: who did it is asked for a password, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app import create_app
from data.database import Database
from data.schema import security_events
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


def test_who_does_it_is_asked_first_and_each_prompt_says_whose(run: Run) -> None:
    asked = run("add", "bert", "WALL", "--by", "boss", input=f"{PASSWORD}\n{OTHER}\n{OTHER}\n")
    assert asked.exit_code == 0, asked.output
    first, second, third = (
        asked.output.splitlines()[0].split(": ")[0],
        "New password of bert",
        ("New password of bert, once more"),
    )
    assert first == "Present password of boss, who does it"
    assert asked.output.index(first) < asked.output.index(second) < asked.output.index(third)
    refused = run("add", "carl", "WALL", "--by", "boss", input="wrong\n")
    assert "New password" not in refused.output


def test_whose_password_was_tried_for_a_command_is_recorded(run: Run, database: Database) -> None:
    for password in ("wrong", PASSWORD):
        run("role", "anna", "WALL", "--by", "boss", input=f"{password}\n")
    its = security_events.c
    query = select(its.outcome, its.account, its.reason).where(its.kind == "password")
    with database.reading() as connection:
        found = [tuple(row) for row in connection.execute(query.order_by(its.segment, its.seq))]
    assert found == [("refused", "boss", "command_line"), ("done", "boss", "command_line")]


def test_a_disabled_administrator_is_refused(run: Run, database: Database) -> None:
    run("disable", "boss")
    result = run("role", "anna", "ADMIN", "--by", "boss", input=f"{PASSWORD}\n")
    assert result.exit_code == 1
    assert _recorded(database) == [("account_disabled", "boss", None)]


# --- in production ------------------------------------------------------------------------------


@pytest.fixture
def production(database_url: str) -> Iterator[Run]:
    settings = Settings(
        database_url=database_url, profile="production", secret_key="s", trusted_proxy="::1"
    )
    made = create_app(settings)
    runner = made.test_cli_runner()
    yield lambda *words, input="": runner.invoke(args=["users", *words], input=input)
    services_of(made.extensions).close()


def test_the_first_account_is_an_administrator_and_makes_the_others(
    production: Run, database: Database
) -> None:
    early = production("add", "anna", "FPU_DUTY", "--password", PASSWORD)
    assert early.exit_code == 1
    assert "ADMIN" in early.output
    assert production("add", "boss", "ADMIN", "--password", PASSWORD).exit_code == 0
    for words, _, _ in CHANGES:
        alone = production(*words)
        assert alone.exit_code == 1
        assert "--by" in alone.output
    first = production(*CHANGES[0][0], "--by", "boss", input=f"{PASSWORD}\n")
    assert "changes it first" in first.output, "the initial password is good for one thing"
    own = production("password", "boss", "--password", OTHER, "--by", "boss", input=f"{PASSWORD}\n")
    assert own.exit_code == 0, own.output
    added = production(*CHANGES[0][0], "--by", "boss", input=f"{OTHER}\n")
    assert added.exit_code == 0, added.output
    assert "must change the password" in production("list").output
    with database.reading() as connection:
        chain = SystemLog(database).chain(connection)
    facts = [(one.event, one.subject, one.by, one.body.get("must_change")) for one in chain]
    assert facts == [
        ("account_added", "boss", None, True),
        ("password_changed", "boss", "boss", False),
        ("account_added", "bert", "boss", True),
    ]


def test_a_lost_administrator_is_recovered_on_the_machine_alone(
    production: Run, run: Run, server: Flask
) -> None:
    accounts = services_of(server.extensions).accounts
    accounts.set_enabled("boss", False)
    assert "is FPU_DUTY" in production("recover", "anna", "--password", OTHER).output
    assert "no account" in production("recover", "nobody", "--password", OTHER).output
    assert production("recover", "boss", "--password", "123456789012").exit_code == 1
    assert production("recover", "boss", "--password", OTHER).exit_code == 0
    assert accounts.sign_in("boss", OTHER, "192.0.2.1").user.must_change


def test_tokens_are_listed_and_revoked_one_by_one(run: Run, server: Flask) -> None:
    accounts = services_of(server.extensions).accounts
    assert run("token", "anna").exit_code == 2, "it wants a purpose"
    kept = run("token", "anna", "--for", "the archive").output.strip()
    gone = run("token", "anna", "--for", "a trial", "--days", "3").output.strip()
    listed = run("tokens", "anna").output
    assert "the archive" in listed
    assert "never used" in listed
    identifier = next(line[:16] for line in listed.splitlines() if "a trial" in line)
    assert run("revoke-token", identifier[:8]).exit_code == 1
    assert run("revoke-token", identifier).exit_code == 0
    assert run("revoke-token", identifier).exit_code == 1
    assert accounts.by_token(gone) is None
    assert accounts.by_token(kept) is not None
    assert "REVOKED" in run("tokens").output


def test_sessions_are_ended_of_one_or_of_all(run: Run, server: Flask) -> None:
    accounts = services_of(server.extensions).accounts
    opened = [accounts.sign_in(name, PASSWORD, "192.0.2.1").secret for name in ("anna", "boss")]
    assert run("end-sessions").exit_code == 2
    assert "anna: 1 ended" in run("end-sessions", "anna").output
    assert [accounts.by_session(one) is None for one in opened] == [True, False]
    assert "sessions ended: 1" in run("end-sessions", "--all").output
    assert accounts.by_session(opened[1]) is None
    assert run("end-sessions", "nobody").exit_code == 1
