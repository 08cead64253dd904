"""The database and what is made of it are for one account alone, also where the umask is open."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from sqlalchemy import text

from commands.group import Group
from data import private_files
from data.database import Database
from data.migrate import upgrade
from domain.errors import StoreUnavailable
from settings import ROOT


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """As in a service that somebody has set up without thinking of it."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _in_use(path: Path) -> dict[str, int]:
    """The modes of the database and of what lies beside it while it is written."""
    with closing(Database(f"sqlite:///{path}")) as database:
        with database.writing() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS t (x INTEGER)"))
            connection.execute(text("INSERT INTO t VALUES (1)"))
        return {one.name: mode(one) for one in path.parent.iterdir() if one.is_file()}


def test_a_new_database_and_its_folders_are_closed(tmp_path: Path) -> None:
    path = tmp_path / "of" / "ours" / "dashboard.db"
    assert _in_use(path) == dict.fromkeys(
        ("dashboard.db", "dashboard.db-wal", "dashboard.db-shm"), 0o600
    )
    assert (mode(path.parent), mode(path.parent.parent)) == (0o700, 0o700)
    assert mode(tmp_path) & 0o700 == 0o700  # the folder of somebody else stays as it was


def test_it_is_made_closed_and_not_closed_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise PermissionError(1, "not ours")

    monkeypatch.setattr(Path, "chmod", never)
    monkeypatch.setattr(os, "chmod", never)
    assert set(_in_use(tmp_path / "dashboard.db").values()) == {0o600}


def test_one_that_stands_open_is_closed_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    path = tmp_path / "dash[b]oard.db"
    path.touch(0o644)
    copy, other = tmp_path / "dash[b]oard.db.before-restore-1", tmp_path / "dashboard.db"
    copy.touch(0o666)
    other.touch(0o644)
    names = _in_use(path)
    assert names.pop("dashboard.db") == 0o644  # what is not ours
    assert len(names) == 4
    assert set(names.values()) == {0o600}


def test_what_cannot_be_closed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "dashboard.db"
    path.touch(0o644)

    def never(*_: object, **__: object) -> None:
        raise PermissionError(1, "not ours")

    monkeypatch.setattr(Path, "chmod", never)
    with caplog.at_level(logging.WARNING):
        private_files.make_private(path)
    assert f"{path} can be read by other accounts: not ours" in caplog.text


def test_what_is_no_file_is_still_refused_as_before(tmp_path: Path) -> None:
    with (
        closing(Database(f"sqlite:///{tmp_path}")) as database,
        pytest.raises(StoreUnavailable),
        database.reading(),
    ):
        pass


def test_a_database_in_memory_makes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(Database("sqlite:///:memory:")) as database, database.reading() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    assert not list(tmp_path.iterdir())


def test_what_a_command_makes_is_closed_and_the_umask_comes_back(tmp_path: Path) -> None:
    group = Group("x")

    @group.command()
    def make() -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "file").write_text("positions")

    @group.command()
    def fail() -> None:
        raise click.ClickException("no")

    group.main(["make"], standalone_mode=False)
    assert os.umask(0) == 0
    with pytest.raises(click.ClickException):
        group.main(["fail"], standalone_mode=False)
    assert os.umask(0) == 0
    assert mode(tmp_path / "folder") == 0o700
    assert mode(tmp_path / "folder" / "file") == 0o600


def test_the_command_line_itself_leaves_nothing_open(tmp_path: Path) -> None:
    """Real processes: the schema, the demonstration's accounts, anchors and a backup."""
    folder = tmp_path / "var"
    environment = {**os.environ, "FPU_DATABASE_URL": f"sqlite:///{folder / 'dashboard.db'}"}
    for command in (
        ["db", "upgrade"],
        ["users", "demonstration"],
        ["log", "anchor", str(tmp_path / "anchors.jsonl")],
        ["db", "backup", str(tmp_path / "kept" / "backup.db")],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app:create_app", *command],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    for path in [tmp_path / "anchors.jsonl", *folder.iterdir(), tmp_path / "kept" / "backup.db"]:
        assert mode(path) == 0o600, path
    assert (mode(folder), mode(tmp_path / "kept")) == (0o700, 0o700)


def test_the_schema_comes_into_a_closed_file(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'dashboard.db'}")) as database:
        upgrade(database)
        assert mode(tmp_path / "dashboard.db") == 0o600
