"""``flask db`` and ``flask users`` on real files."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from click.testing import Result
from flask import Flask

from app import create_app
from data.database import Database
from data.fix_store import FixStore
from data.migrate import configuration
from domain.fixes import Fix
from domain.stored_fixes import StoredFix
from services.container import services_of
from settings import Settings

PASSWORD = "a long enough password"
Run = Callable[..., Result]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'kept.db'}"))
    yield made
    services_of(made.extensions).close()


@pytest.fixture
def run(server: Flask) -> Run:
    runner = server.test_cli_runner()
    return lambda *words, **more: runner.invoke(args=[str(word) for word in words], **more)


@pytest.fixture
def filled(run: Run) -> Run:
    assert run("db", "upgrade").exit_code == 0
    assert run("users", "add", "anna", "FPU_DUTY", "--password", PASSWORD).exit_code == 0
    return run


def test_upgrade_makes_a_database_and_may_be_repeated(run: Run, server: Flask) -> None:
    assert "revision" in run("db", "upgrade").output
    assert run("db", "upgrade").exit_code == 0
    assert server.test_client().get("/readyz").status_code == 200


def test_a_backup_says_what_it_holds_and_comes_back(
    filled: Run, server: Flask, tmp_path: Path
) -> None:
    copy = tmp_path / "copies" / "first.db"
    accounts = services_of(server.extensions).accounts
    session = accounts.sign_in("anna", PASSWORD, "192.0.2.1").secret
    token = filled("users", "token", "anna", "--note", "a program").output.strip()
    made = filled("db", "backup", copy)
    assert made.exit_code == 0, made.output
    for said in ("checked", "1 account(s)", "the log is consistent"):
        assert said in made.output
    filled("users", "add", "bert", "AUDITOR", "--password", PASSWORD)
    assert "stop the server" in filled("db", "restore", copy, "--yes").output
    services_of(server.extensions).close()  # as a server that has ended

    result = filled("db", "restore", copy, "--yes")
    assert result.exit_code == 0, result.output
    assert "1 session(s) ended, 1 token(s) revoked" in result.output
    assert f"{tmp_path / 'kept.db'}.before-restore-1" in result.output
    assert "anna" in filled("users", "list").output
    assert "bert" not in filled("users", "list").output
    assert accounts.by_session(session) is None
    assert accounts.by_token(token) is None
    assert accounts.sign_in("anna", PASSWORD, "192.0.2.1")
    assert filled("log", "verify").exit_code == 0


def test_a_backup_is_checked_without_being_changed(filled: Run, tmp_path: Path) -> None:
    copy = tmp_path / "first.db"
    filled("db", "backup", copy)
    before = copy.read_bytes(), copy.stat().st_mtime_ns
    copy.chmod(0o400)
    result = filled("db", "check", copy)
    assert result.exit_code == 0, result.output
    assert "the chain of the system ends with event 1" in result.output
    assert (copy.read_bytes(), copy.stat().st_mtime_ns) == before
    assert sorted(path.name for path in tmp_path.glob("first*")) == ["first.db"]


def test_a_backup_whose_log_was_changed_is_made_and_told(filled: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "kept.db")) as connection, connection:
        connection.execute("UPDATE users SET role = 'ADMIN'")
    made = filled("db", "backup", tmp_path / "first.db")
    assert made.exit_code == 0
    assert "recorded last was FPU_DUTY" in made.output
    assert filled("db", "check", tmp_path / "first.db").exit_code == 1


def test_a_backup_that_is_told_to_end_leaves_nothing(filled: Run, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def stop(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("data.backup.embedded.copy_of_moment", stop)
        assert filled("db", "backup", tmp_path / "copies" / "first.db").exit_code != 0
    assert list((tmp_path / "copies").iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) == before


def test_what_is_no_backup_is_refused_in_one_line(
    filled: Run, server: Flask, tmp_path: Path
) -> None:
    other = tmp_path / "text"
    other.write_bytes(b"not a database" * 100)
    services_of(server.extensions).close()
    for words in (("restore", other, "--yes"), ("check", other), ("backup", other)):
        result = filled("db", *words)
        assert result.exit_code == 1
        assert str(other) in result.output
        assert "Traceback" not in result.output
    assert "anna" in filled("users", "list").output


def test_restoring_asks_first(filled: Run, server: Flask, tmp_path: Path) -> None:
    copy = tmp_path / "first.db"
    filled("db", "backup", copy)
    services_of(server.extensions).close()
    before = (tmp_path / "kept.db").read_bytes()
    asked = filled("db", "restore", copy, input="n\n")
    assert (asked.exit_code, "replace the data" in asked.output) == (1, True)
    assert (tmp_path / "kept.db").read_bytes() == before


def test_restoring_asks_nothing_beside_a_server_nor_where_nothing_is(
    filled: Run, server: Flask, tmp_path: Path
) -> None:
    copy = tmp_path / "first.db"
    filled("db", "backup", copy)
    with services_of(server.extensions).roster._transactions.reading():  # somebody has it open
        refused = filled("db", "restore", copy, input="y\n")
    assert (refused.exit_code, "stop the server" in refused.output) == (1, True)
    assert "replace the data" not in refused.output
    services_of(server.extensions).close()
    for left in tmp_path.glob("kept.db*"):
        left.unlink()
    restored = filled("db", "restore", copy)
    assert restored.exit_code == 0, restored.output
    assert "replace the data" not in restored.output


@pytest.mark.parametrize(
    "words",
    [
        ("users", "list"),
        ("users", "add", "anna", "ADMIN", "--password", PASSWORD),
        ("roster", "units", "list"),
        ("log", "verify"),
    ],
)
def test_a_database_without_the_schema_says_what_to_run(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert "flask db upgrade" in result.output
    assert "no such table" not in result.output


def test_an_older_backup_is_brought_to_this_version(
    filled: Run, server: Flask, tmp_path: Path
) -> None:
    services_of(server.extensions).close()
    copy = tmp_path / "first.db"
    with closing(Database(f"sqlite:///{copy}")) as database:
        config = configuration()
        with database.writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0003")
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    assert "schema 0003" in filled("db", "check", copy).output
    services_of(server.extensions).close()  # as a process that has ended
    result = filled("db", "restore", copy, "--yes")
    assert result.exit_code == 0, result.output
    assert server.test_client().get("/readyz").status_code == 200
    assert filled("log", "verify").exit_code == 0


def test_accounts_by_the_command_line(filled: Run, server: Flask) -> None:
    accounts = services_of(server.extensions).accounts
    token = filled("users", "token", "anna", "--note", "a program").output.strip()
    assert accounts.by_token(token) is not None
    assert filled("users", "role", "anna", "AUDITOR").exit_code == 0
    assert "AUDITOR" in filled("users", "list").output
    assert filled("users", "disable", "anna").exit_code == 0
    assert accounts.by_token(token) is None
    assert "disabled" in filled("users", "list").output
    assert filled("users", "enable", "anna").exit_code == 0
    filled("users", "token", "anna", "--for", "another program")
    assert "1" in filled("users", "revoke-tokens", "anna").output
    typed = "another long password\nanother long password\n"
    assert filled("users", "password", "anna", input=typed).exit_code == 0
    assert accounts.sign_in("anna", "another long password", "192.0.2.1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "a b", "AUDITOR", "--password", PASSWORD], "name"),
        (["add", "bert", "AUDITOR", "--password", "short"], "password"),
        (["add", "anna", "AUDITOR", "--password", PASSWORD], "already"),
        (["add", "bert", "SYSTEM", "--password", PASSWORD], "SYSTEM"),
        (["role", "nobody", "AUDITOR"], "nobody"),
        (["disable", "nobody"], "nobody"),
    ],
)
def test_refusals_are_one_line(filled: Run, words: list[str], said: str) -> None:
    result = filled("users", *words)
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output


def test_the_demonstration_accounts(filled: Run) -> None:
    assert filled("users", "demonstration").exit_code == 0
    assert "commander" in filled("users", "list").output


def test_without_a_schema_a_command_says_so(run: Run) -> None:
    result = run("users", "list")
    assert result.exit_code != 0
    assert "Traceback" not in result.output


def test_pack_moves_what_has_settled_and_may_be_repeated(filled: Run, tmp_path: Path) -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    fixes = [
        StoredFix(
            "live",
            "p1",
            Fix("a", moment + timedelta(seconds=second), 42.8, 20.9, *[None] * 5, {}),
            moment,
        )
        for second in range(0, 7200, 10)
    ]
    with closing(Database(f"sqlite:///{tmp_path / 'kept.db'}")) as database:
        store = FixStore(database)
        with database.writing() as connection:
            store.insert(connection, fixes)
        assert "720 positions packed" in filled("db", "pack").output
        assert "0 positions packed" in filled("db", "pack").output
        with closing(sqlite3.connect(tmp_path / "kept.db")) as connection:
            assert connection.execute("SELECT count(*) FROM fixes").fetchone() == (0,)
        assert len(store.trails("live", moment + timedelta(hours=2), 7200)) == 720
