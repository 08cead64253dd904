"""Backups by PostgreSQL's own tools: the address, the accounts, and all or nothing."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from data.backup.files import BackupRefused
from data.backup.served import ServedBackups
from data.backup.served_tools import Tools
from data.database import Database
from data.grants import grant
from data.guarding_triggers import trigger_faults
from settings import ROOT
from tests.conftest import ONLY_POSTGRESQL

pytestmark = ONLY_POSTGRESQL

AT = datetime(2026, 3, 1, tzinfo=UTC)


def silent(_what: str, _done: int, _total: int) -> None:
    """No progress."""


@pytest.fixture
def backups(database_url: str) -> ServedBackups:
    return ServedBackups(database_url)


@pytest.fixture
def account(database_url: str) -> Iterator[str]:
    """An account that may run the program."""
    name = f"app-{uuid.uuid4().hex[:8]}"  # a name that has to be quoted
    ask(database_url, f'CREATE ROLE "{name}" LOGIN')
    with closing(Database(database_url)) as database:
        grant(database, name)
    yield name
    ask(database_url, f'DROP OWNED BY "{name}"')
    ask(database_url, f'DROP ROLE "{name}"')


def ask(url: str, statement: str) -> list[str]:
    """Run a statement with nobody left connected; the first column of what it gives."""
    with closing(Database(url)) as database, database.engine.begin() as connection:
        found = connection.execute(text(statement))
        return [str(row[0]) for row in found] if found.returns_rows else []


def mark(url: str, name: str) -> None:
    ask(url, f"INSERT INTO devices (id, key_hash) VALUES ('{name}', 'x')")


def marks(url: str) -> set[str]:
    return set(ask(url, "SELECT id FROM devices"))


def test_it_comes_back_into_the_used_database_with_its_accounts(
    database_url: str, backups: ServedBackups, account: str, tmp_path: Path
) -> None:
    mark(database_url, "before")
    copy = tmp_path / "new folder" / "it's a copy"
    backups.backup(copy, silent)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]
    mark(database_url, "after")

    restored = backups.restore(copy, AT, silent)
    assert restored.kept == "the schema before_restore_1"
    assert marks(database_url) == {"before"}
    assert set(ask(database_url, "SELECT id FROM before_restore_1.devices")) == {"before", "after"}
    assert backups.restore(copy, AT, silent).kept == "the schema before_restore_2"

    with closing(Database(database_url)) as database, database.reading() as connection:
        assert trigger_faults(connection) == []
    its = make_url(database_url).set(username=account).render_as_string(hide_password=False)
    mark(its, "by the program")
    with pytest.raises(Exception, match="permission denied"):
        ask(its, "UPDATE events SET body = ''")
    ServedBackups(its).backup(tmp_path / "by the program", silent)


def _truncated(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[: copy.stat().st_size * 2 // 3])


def _damaged(copy: Path) -> None:
    content = bytearray(copy.read_bytes())
    middle = len(content) * 2 // 3
    content[middle : middle + 200] = b"\xff" * 200
    copy.write_bytes(content)


def _text(copy: Path) -> None:
    copy.write_text("-- a script of pg_dump")


def _empty(copy: Path) -> None:
    copy.write_bytes(b"")


def _of_sqlite(copy: Path) -> None:
    copy.write_bytes(b"SQLite format 3\0" * 100)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_truncated, "pg_restore failed"),
        (_damaged, "pg_restore failed"),
        (_text, "no dump"),
        (_empty, "no dump"),
        (_of_sqlite, "SQLite"),
    ],
)
def test_what_is_no_backup_is_refused_and_nothing_changes(
    database_url: str,
    backups: ServedBackups,
    tmp_path: Path,
    spoil: Callable[[Path], None],
    said: str,
) -> None:
    copy = tmp_path / "copy"
    backups.backup(copy, silent)
    mark(database_url, "after")
    spoil(copy)
    for attempt in (backups.check, lambda one: backups.restore(one, AT, silent)):
        with pytest.raises(BackupRefused, match=said):
            attempt(copy)
    assert marks(database_url) == {"after"}


def test_dumps_of_others_are_refused(
    database_url: str, backups: ServedBackups, tmp_path: Path
) -> None:
    newer, other = tmp_path / "newer", tmp_path / "other"
    ask(database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BackupRefused, match="newer"):
        backups.backup(newer, silent)
    assert not newer.exists()
    Tools(make_url(database_url)).run_here("pg_dump", "--format=custom", f"--file={newer}")
    with pytest.raises(BackupRefused, match="newer"):
        backups.check(newer)
    ask(database_url, "CREATE SCHEMA strange")
    ask(database_url, "CREATE TABLE strange.things (id integer)")
    Tools(make_url(database_url)).run_here(
        "pg_dump", "--format=custom", "--schema=strange", f"--file={other}"
    )
    with pytest.raises(BackupRefused, match="no backup of this product"):
        backups.check(other)


def test_it_is_refused_where_others_are_at_work_or_at_home(
    database_url: str, backups: ServedBackups, tmp_path: Path
) -> None:
    backups.backup(tmp_path / "copy", silent)
    with closing(Database(database_url)) as another:
        with another.reading() as connection:
            connection.execute(text("SELECT 1"))
        with pytest.raises(BackupRefused, match="in use by fpu"):
            backups.restore(tmp_path / "copy", AT, silent)
    ask(database_url, "CREATE TABLE things (id integer)")
    with pytest.raises(BackupRefused, match="things"):
        backups.restore(tmp_path / "copy", AT, silent)
    assert ask(database_url, "SELECT count(*) FROM things") == ["0"]


KILL = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from data.backup import served

def kill(what, done, total):
    if done == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

served.ServedBackups(sys.argv[1]).restore(Path(sys.argv[2]), datetime.now(UTC), kill)
"""


@pytest.mark.parametrize("step", [0, 1])
def test_killed_it_leaves_the_old_data_and_can_be_repeated(
    database_url: str, backups: ServedBackups, tmp_path: Path, step: int
) -> None:
    mark(database_url, "before")
    backups.backup(tmp_path / "copy", silent)
    mark(database_url, "after")
    done = subprocess.run(
        [sys.executable, "-c", KILL, database_url, tmp_path / "copy", str(step)],
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == -9
    assert marks(database_url) == {"before", "after"}
    backups.restore(tmp_path / "copy", AT, silent)
    assert marks(database_url) == {"before"}
    assert "restoring" not in ask(database_url, "SELECT nspname FROM pg_namespace")


def test_a_giver_that_is_ended_half_way_leaves_nothing(database_url: str) -> None:
    half = "print('CREATE TABLE half (id integer);', flush=True); raise SystemExit(3)"
    with pytest.raises(BackupRefused, match="failed"):
        Tools(make_url(database_url)).feed(
            "BEGIN;\n", (sys.executable, "-c", half), "COMMIT;\n", "psql", "--no-psqlrc", "--file=-"
        )
    assert ask(database_url, "SELECT to_regclass('half')") == ["None"]


def test_a_password_is_no_argument(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    tool = tmp_path / "pg_dump"
    tool.write_text(f'#!/bin/sh\necho "$@" "and $PGPASSWORD" > {seen}\n')
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    url = make_url("postgresql+psycopg://an%20owner:se%27cret@db.example:6543/name?sslmode=require")
    Tools(url).run_here("pg_dump", "--format=custom")
    arguments, _, environment = seen.read_text().strip().partition(" and ")
    assert environment == "se'cret"
    assert "cret" not in arguments
    for words in ("host=db.example", "port=6543", "dbname=name", "sslmode=require", "an owner"):
        assert words in arguments
    assert "psycopg" not in arguments


def test_without_the_tools_it_says_what_works_elsewhere(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    full = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupRefused, match="not installed") as refused:
        ServedBackups(database_url).backup(tmp_path / "it's here", silent)
    printed = refused.value.detail.splitlines()[1]
    done = subprocess.run(
        ["sh", "-c", printed], env={**os.environ, "PATH": full}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv("PATH", full)
    ServedBackups(database_url).check(tmp_path / "it's here")
