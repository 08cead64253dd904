"""Copies of SQLite files: of one moment whatever is written, private, and put back as a whole."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.backup.embedded import EmbeddedBackups
from data.backup.files import BackupRefused
from data.database import Database
from settings import ROOT
from tests.conftest import ONLY_SQLITE

pytestmark = ONLY_SQLITE

AT = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = 6000  # more than SQLite keeps in memory, so that it writes before the end


def silent(_what: str, _done: int, _total: int) -> None:
    """No progress."""


def marks(path: Path) -> set[str]:
    """What ``mark`` has put there; also lets SQLite take back what was not finished."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in connection.execute("SELECT DISTINCT note FROM devices")}


def mark(path: Path, note: str, rows: int = 1) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        known = connection.execute("SELECT count(*) FROM devices").fetchone()[0]
        connection.executemany(
            "INSERT INTO devices (id, key_hash, note) VALUES (?, ?, ?)",
            [(f"{note}-{known + n}", "x" * 600, note) for n in range(rows)],
        )


@pytest.fixture
def path(database_url: str) -> Path:
    return Path(database_url.removeprefix("sqlite:///"))


@pytest.fixture
def backups(path: Path) -> EmbeddedBackups:
    return EmbeddedBackups(path)


def test_it_ends_and_is_of_one_moment_though_something_is_written_at_every_step(
    path: Path, backups: EmbeddedBackups, tmp_path: Path
) -> None:
    mark(path, "before", ROWS)
    steps = []

    def write(what: str, done: int, _total: int) -> None:
        steps.append((what, done))
        assert len(steps) < 1000, "it begins anew and never ends"
        mark(path, "meanwhile")

    backups.backup(tmp_path / "copy", write)
    assert len(steps) >= 2
    assert [done for _, done in steps] == sorted(done for _, done in steps)
    assert marks(tmp_path / "copy") == {"before"}
    assert marks(path) == {"before", "meanwhile"}


def test_a_copy_is_private_and_one_file(
    path: Path, backups: EmbeddedBackups, tmp_path: Path
) -> None:
    folder, seen = tmp_path / "new" / "folder", set()

    def look(_what: str, _done: int, _total: int) -> None:
        seen.update(stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir())

    before = os.umask(0)
    try:
        backups.backup(folder / "copy", look)
    finally:
        os.umask(before)
    assert seen == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [one.name for one in folder.iterdir()] == ["copy"]
    assert stat.S_IMODE((folder / "copy").stat().st_mode) == 0o600
    assert (folder / "copy").read_bytes()[18:20] == b"\x01\x01"  # no write-ahead log is expected


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_is_broken_off_leaves_nothing(
    backups: EmbeddedBackups, tmp_path: Path, failure: BaseException | type[BaseException]
) -> None:
    folder = tmp_path / "copies"

    def stop(_what: str, _done: int, _total: int) -> None:
        raise failure

    with pytest.raises((KeyboardInterrupt, BackupRefused)):
        backups.backup(folder / "copy", stop)
    assert list(folder.iterdir()) == []


def _taken(folder: Path) -> Path:
    (folder / "copy").write_text("something else")
    return folder / "copy"


def _dangling(folder: Path) -> Path:
    (folder / "copy").symlink_to(folder / "nowhere")
    return folder / "copy"


def _below_a_file(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file" / "copy"


def _folder(folder: Path) -> Path:
    (folder / "copy").mkdir()
    return folder / "copy"


def _long(folder: Path) -> Path:
    return folder / ("x" * 300)


@pytest.mark.parametrize("make", [_taken, _dangling, _below_a_file, _folder, _long])
def test_a_place_that_will_not_do_is_named(
    backups: EmbeddedBackups, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    wanted = make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BackupRefused, match=str(tmp_path)):
        backups.backup(wanted, silent)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_is_noticed_before_anything_is_written(
    backups: EmbeddedBackups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: os.terminal_size((0, 0)) and _Usage)
    with pytest.raises(BackupRefused, match="bytes free"):
        backups.backup(tmp_path / "copy", silent)
    assert not list(tmp_path.glob("copy*"))


class _Usage:
    free = 1000


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(path: Path, tmp_path: Path) -> None:
    mark(path, "before", ROWS)
    code = (
        "import resource, sys; from pathlib import Path; "
        "from data.backup.embedded import EmbeddedBackups; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)); "
        "EmbeddedBackups(Path(sys.argv[1])).backup(Path(sys.argv[2]), lambda *_: None)"
    )
    folder = tmp_path / "copies"
    done = subprocess.run(
        [sys.executable, "-c", code, path, folder / "copy"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "BackupRefused" in done.stderr
    assert list(folder.iterdir()) == []


# --- putting one back -------------------------------------------------------------------------


def _text(copy: Path) -> None:
    copy.write_bytes(b"not a database" * 100)


def _empty(copy: Path) -> None:
    copy.write_bytes(b"")


def _truncated(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[:-4096])


def _damaged(copy: Path) -> None:
    content = bytearray(copy.read_bytes())
    content[4096 * 3 : 4096 * 5] = b"\xff" * 8192
    copy.write_bytes(content)


def _encrypted(copy: Path) -> None:
    copy.write_bytes(os.urandom(copy.stat().st_size))


def _foreign(copy: Path) -> None:
    copy.unlink()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")


def _newer(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def _with_a_log_beside(copy: Path) -> None:
    copy.with_name(copy.name + "-wal").write_bytes(b"x" * 100)


def _missing(copy: Path) -> None:
    copy.unlink()


def _a_dump(copy: Path) -> None:
    copy.write_bytes(b"PGDMP\x01\x0e")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_text, "no backup of this product"),
        (_empty, "no backup of this product"),
        (_truncated, "damaged"),
        (_damaged, "damaged"),
        (_encrypted, "no backup of this product"),
        (_foreign, "no backup of this product"),
        (_newer, "newer"),
        (_with_a_log_beside, "in use"),
        (_missing, "no file"),
        (_a_dump, "PostgreSQL"),
    ],
)
def test_what_is_no_backup_is_refused_and_nothing_changes(
    path: Path, backups: EmbeddedBackups, tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    copy = tmp_path / "copy"
    backups.backup(copy, silent)
    mark(path, "after")
    spoil(copy)
    before = sorted(tmp_path.iterdir())
    for attempt in (backups.check, lambda one: backups.restore(one, AT, silent)):
        with pytest.raises(BackupRefused, match=said):
            attempt(copy)
    assert sorted(tmp_path.iterdir()) == before
    assert marks(path) == {"after"}


def test_it_is_refused_while_anybody_has_the_database_open(
    path: Path, backups: EmbeddedBackups, tmp_path: Path
) -> None:
    backups.backup(tmp_path / "copy", silent)
    mark(path, "after")
    with closing(Database(f"sqlite:///{path}")) as idle:
        with idle.reading() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM devices")
        with pytest.raises(BackupRefused, match="stop the server"):
            backups.restore(tmp_path / "copy", AT, silent)
    with pytest.raises(BackupRefused, match="the database itself"):
        backups.restore(path, AT, silent)
    assert marks(path) == {"after"}


def test_what_was_there_is_kept_and_the_file_stays_the_same_one(
    path: Path, backups: EmbeddedBackups, tmp_path: Path
) -> None:
    mark(path, "before")
    backups.backup(tmp_path / "copy", silent)
    mark(path, "after")
    path.chmod(0o640)  # a group of this machine may read it
    known = path.stat()
    restored = backups.restore(tmp_path / "copy", AT, silent)
    assert restored.kept == f"{path}.before-restore-1"
    assert marks(Path(restored.kept)) == {"before", "after"}
    assert stat.S_IMODE(Path(restored.kept).stat().st_mode) == 0o600
    assert marks(path) == {"before"}
    assert (path.stat().st_ino, path.stat().st_mode) == (known.st_ino, known.st_mode)
    assert backups.restore(tmp_path / "copy", AT, silent).kept == f"{path}.before-restore-2"


def test_a_link_to_the_database_stays_one(
    path: Path, backups: EmbeddedBackups, tmp_path: Path
) -> None:
    backups.backup(tmp_path / "copy", silent)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    mark(path, "after")
    EmbeddedBackups(link).restore(tmp_path / "copy", AT, silent)
    assert link.is_symlink()
    assert marks(path) == set()


@pytest.mark.parametrize("ruin", [_text, _empty, _encrypted, _missing])
def test_a_database_that_cannot_be_read_any_more_is_replaced(
    path: Path, backups: EmbeddedBackups, tmp_path: Path, ruin: Callable[[Path], None]
) -> None:
    mark(path, "before")
    backups.backup(tmp_path / "copy", silent)
    mark(path, "after")
    ruin(path)
    log = path.with_name(path.name + "-wal")
    log.write_bytes(b"of another database")
    restored = backups.restore(tmp_path / "copy", AT, silent)
    assert marks(path) == {"before"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = path.with_name(f"{log.name}.before-restore-1")
    assert kept.read_bytes() == b"of another database"
    if ruin is _missing:
        assert restored.kept is None
    else:
        assert Path(restored.kept or "").is_file()


KILL = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from data.backup.embedded import EmbeddedBackups

def kill(what, done, total):
    if what == sys.argv[3] and done * 2 >= total:
        os.kill(os.getpid(), signal.SIGKILL)

EmbeddedBackups(Path(sys.argv[1])).restore(Path(sys.argv[2]), datetime.now(UTC), kill)
"""


@pytest.mark.parametrize("step", ["reading the backup", "keeping what was there", "restoring"])
def test_killed_it_leaves_the_old_data_whole_and_can_be_repeated(
    path: Path, backups: EmbeddedBackups, tmp_path: Path, step: str
) -> None:
    mark(path, "before", ROWS)
    backups.backup(tmp_path / "copy", silent)
    mark(path, "after", ROWS)
    done = subprocess.run(
        [sys.executable, "-c", KILL, path, tmp_path / "copy", step], cwd=ROOT, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert list(path.parent.glob("*.restoring"))
    assert marks(path) == {"before", "after"}
    backups.restore(tmp_path / "copy", AT, silent)
    assert marks(path) == {"before"}
    assert not list(path.parent.glob("*.restoring*"))
