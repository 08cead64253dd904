"""Backups of a file of SQLite, and putting one back into the same file.

A restore is one transaction of the file that is there: it keeps its owner, its rights and its
name, another program that opens it meanwhile waits, and where the restore is killed SQLite takes
back what it did. A file put in its place would leave those who have opened it with the old one, and
its write-ahead log beside the new one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL

from data.backup.at_rest import DatabaseAtRest, opened
from data.backup.contents import Contents, read_contents, revision_of
from data.backup.embedded_copy import (
    MAGIC,
    Progress,
    copy_of_moment,
    one_file,
    refuse_damaged,
    transfer,
)
from data.backup.files import (
    BackupRefused,
    as_refusal,
    companions,
    first_bytes,
    publish,
    refuse_full,
    refuse_taken,
    sha256_of,
    synchronise,
    unfinished,
)
from data.backup.putting_in_service import Restored, put_in_service
from data.database import Database

_STAGED = ".restoring"


class EmbeddedBackups:
    """Of the database in the file ``database``; every method raises ``BackupRefused``."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def backup(self, path: Path, progress: Progress) -> Contents:
        """Write all that is stored when this begins to ``path``; what it holds."""
        with as_refusal(path), _sqlite("the backup"):
            refuse_taken(path)
            if not self._database.is_file():
                raise BackupRefused(f"there is no database in {self._database}")
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with closing(opened(self._database, "mode=rw")) as source, unfinished(path) as copy:
                refuse_full(path.parent, _bytes(source), "the backup")
                copy_of_moment(source, copy, "backing up", progress)
                found = self.check(copy)
                publish(copy, path)
                return found

    def check(self, path: Path) -> Contents:
        """Read every page of a backup and what it holds."""
        with as_refusal(path), _sqlite(str(path)):
            refuse_damaged(path)
            with closing(DatabaseAtRest(path)) as copy, copy.reading() as connection:
                return read_contents(connection, str(path))

    def refuse_used(self) -> bool:
        """Whether there is anything that a restore would replace; refused while it is in use, as
        the restore itself would be."""
        target = self._database.resolve()
        with as_refusal(self._database), _sqlite("the restore"):
            if target.exists() and first_bytes(target) == MAGIC:
                _refuse_in_use(target)
            return target.exists()

    def restore(self, path: Path, at: datetime, progress: Progress) -> Restored:
        """Put the backup into the place of what is there, which is kept beside it."""
        with as_refusal(self._database), _sqlite("the restore"):
            refuse_damaged(path)
            if self._database.exists() and self._database.samefile(path):
                raise BackupRefused(f"{path} is the database itself")
            with closing(DatabaseAtRest(path)) as copy, copy.reading() as connection:
                origin = {"revision": revision_of(connection, str(path))}
            self._database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            target = self._database.resolve()
            refuse_full(target.parent, _needed(target, path), "the restore, what was there kept,")
            with _alone(target) as there, unfinished(target, _STAGED) as staged:
                _remove_left(target, staged)
                with closing(opened(path)) as source:
                    copy_of_moment(source, staged, "reading the backup", progress)
                restored = _prepare(staged, at, {**origin, "sha256": sha256_of(path)})
                return replace(restored, kept=_put(staged, target, there, progress))


def _refuse_in_use(target: Path) -> None:
    """As ``_alone`` does, and nothing is changed: asking for all locks is enough."""
    with closing(sqlite3.connect(target, timeout=0, isolation_level=None)) as there:
        try:
            there.execute("PRAGMA locking_mode=EXCLUSIVE")
            there.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        except sqlite3.OperationalError as fault:
            if "locked" in str(fault):
                raise _in_use(target) from fault
            raise
        except sqlite3.DatabaseError:
            return  # what is there is no database any more


def _in_use(target: Path) -> BackupRefused:
    return BackupRefused(
        f"a process has {target} open: stop the server and everything else that uses it first; "
        "nothing was changed"
    )


@contextmanager
def _alone(target: Path) -> Iterator[sqlite3.Connection | None]:
    """The database locked against everybody else until the end; None where there is no readable
    one. Raises ``BackupRefused`` while any process has it open."""
    if not target.exists() or first_bytes(target) != MAGIC:
        yield None  # nor is SQLite let near: it would take the log beside it for nothing, and away
        return
    with closing(sqlite3.connect(target, timeout=0, isolation_level=None)) as there:
        try:
            there.execute("PRAGMA locking_mode=EXCLUSIVE")
            there.execute("PRAGMA journal_mode=DELETE").fetchone()  # takes in the write-ahead log
            there.execute("BEGIN EXCLUSIVE")
            there.execute("COMMIT")  # the lock stays
        except sqlite3.OperationalError as fault:
            if "locked" not in str(fault):
                raise
            raise _in_use(target) from fault
        except sqlite3.DatabaseError:
            there.close()
            yield None  # what is there is no database any more
            return
        yield there


def _prepare(staged: Path, at: datetime, origin: dict[str, str]) -> Restored:
    url = URL.create("sqlite", database=str(staged)).render_as_string()
    with closing(Database(url)) as database, database.writing() as connection:
        restored = put_in_service(connection, at, origin)
    one_file(staged)
    synchronise(staged)
    return restored


def _put(
    staged: Path, target: Path, there: sqlite3.Connection | None, progress: Progress
) -> str | None:
    """The staged database into the target's place; where the former contents are kept."""
    if there is None:
        return _put_new(staged, target)
    kept = _free_name(target)
    with unfinished(kept) as copy:
        copy_of_moment(there, copy, "keeping what was there", progress)
        publish(copy, kept)
    with closing(opened(staged)) as source:
        transfer(source, there, "restoring", progress)
    return str(kept)


def _put_new(staged: Path, target: Path) -> str | None:
    """Where there is no database, or none that can be read. What is there goes away first, a
    journal above all: it would be taken for one of the new file."""
    kept = _free_name(target) if target.exists() else None
    for part in companions(target):
        if part.exists():
            part.rename(_free_name(part))
    if kept is not None:
        os.link(target, kept)
        kept.chmod(0o600)
    synchronise(target.parent)
    staged.replace(target)
    synchronise(target.parent)
    return None if kept is None else str(kept)


def _remove_left(target: Path, staged: Path) -> None:
    """What a restore left that was killed; none is at work, for the database is locked."""
    for left in target.parent.glob(f"{target.name}.*{_STAGED}*"):
        if not left.name.startswith(staged.name):
            with suppress(OSError):
                left.unlink()


def _bytes(connection: sqlite3.Connection) -> int:
    pages, size = (
        connection.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size")
    )
    return int(pages) * int(size)


def _needed(target: Path, path: Path) -> int:
    """The staged copy, the kept one, and the journal of the transaction, which holds as much as it
    replaces."""
    there = target.stat().st_size if target.exists() else 0
    return path.stat().st_size + 2 * there


def _free_name(database: Path) -> Path:
    number = 1
    while (candidate := database.with_name(f"{database.name}.before-restore-{number}")).exists():
        number += 1
    return candidate


@contextmanager
def _sqlite(what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as fault:
        raise BackupRefused(f"{what} failed: {fault}") from fault
