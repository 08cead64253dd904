"""``flask db`` and ``flask users`` on real files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app import create_app
from data.database import Database
from data.fix_store import FixStore
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


def test_a_backup_is_whole_and_comes_back(filled: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copies" / "first.db"
    assert "checked" in filled("db", "backup", copy).output
    filled("users", "add", "bert", "AUDITOR", "--password", PASSWORD)
    assert "bert" in filled("users", "list").output
    result = filled("db", "restore", copy, "--yes")
    assert result.exit_code == 0, result.output
    assert "anna" in filled("users", "list").output
    assert "bert" not in filled("users", "list").output
    kept = tmp_path / "kept.db.before-restore-1"
    with closing(sqlite3.connect(kept)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM users")]
    assert names == ["anna", "bert"]


def test_a_backup_never_replaces_a_file(filled: Run, tmp_path: Path) -> None:
    copy = tmp_path / "first.db"
    copy.write_text("something else")
    assert filled("db", "backup", copy).exit_code != 0
    assert copy.read_text() == "something else"


def test_what_is_no_backup_is_refused_and_nothing_changes(filled: Run, tmp_path: Path) -> None:
    for name, content in (("text", b"not a database" * 100), ("empty", b"")):
        other = tmp_path / name
        other.write_bytes(content)
        assert "no backup of this product" in filled("db", "restore", other, "--yes").output
    assert filled("db", "restore", tmp_path / "missing", "--yes").exit_code != 0
    damaged = tmp_path / "damaged.db"
    filled("db", "backup", damaged)
    content = bytearray(damaged.read_bytes())
    content[4096 * 3 : 4096 * 5] = b"\xff" * 8192
    damaged.write_bytes(content)
    assert filled("db", "restore", damaged, "--yes").exit_code != 0
    assert "anna" in filled("users", "list").output


def test_restoring_asks_first(filled: Run, tmp_path: Path) -> None:
    copy = tmp_path / "first.db"
    filled("db", "backup", copy)
    assert filled("db", "restore", copy, input="n\n").exit_code != 0


def test_a_served_database_is_left_to_its_own_tool(tmp_path: Path) -> None:
    url = "postgresql+psycopg://fpu:hidden@database.example/fpu"
    server = create_app(Settings(database_url=url))
    result = server.test_cli_runner().invoke(args=["db", "backup", str(tmp_path / "x")])
    assert result.exit_code != 0
    assert "pg_dump" in result.output
    assert "hidden" not in result.output


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
