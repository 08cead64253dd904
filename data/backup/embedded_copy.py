"""Copies of a file of SQLite: of one moment, however much is written meanwhile.

SQLite's backup begins anew whenever another connection has written between two of its steps, so at
a hundred positions a second it never ends. While the reading connection keeps its transaction open
it sees one moment only, and the steps go on where they were: writers go on as well, and what they
write stays in the write-ahead log until the copy is made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from data.backup.at_rest import opened
from data.backup.files import BackupRefused, companions, first_bytes

Progress = Callable[[str, int, int], None]
"""Called with what is done, how many pages are and how many there are."""

MAGIC = b"SQLite format 3\0"
"""How every database of SQLite begins."""

_PAGES_AT_ONCE = 1024


def copy_of_moment(source: sqlite3.Connection, target: Path, what: str, progress: Progress) -> None:
    """Fill the empty file ``target`` with what ``source`` sees now."""
    with closing(opened(target, "mode=rw")) as written:
        # an unfinished copy is thrown away, so nothing has to be undone, and one sync at the end
        written.execute("PRAGMA journal_mode=OFF")
        written.execute("PRAGMA synchronous=OFF")
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment is this one
        try:
            transfer(source, written, what, progress)
        finally:
            source.execute("ROLLBACK")
    one_file(target)


def transfer(
    source: sqlite3.Connection, target: sqlite3.Connection, what: str, progress: Progress
) -> None:
    """All pages of ``source`` into ``target``, as one transaction of the target."""

    def show(_status: int, remaining: int, total: int) -> None:
        progress(what, total - remaining, total)

    source.backup(target, pages=_PAGES_AT_ONCE, progress=show, sleep=0.01)


def one_file(path: Path) -> None:
    """Make a copy readable by itself, also on a disk that cannot be written."""
    with closing(opened(path, "mode=rw")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()


def refuse_damaged(path: Path) -> None:
    """Raise ``BackupRefused`` for a file that is no whole database of SQLite, or not all of one."""
    if not path.is_file():
        raise BackupRefused(f"there is no file {path}")
    begin = first_bytes(path)
    if begin.startswith(b"PGDMP"):
        raise BackupRefused(f"{path} is a dump of PostgreSQL, and this database is of SQLite")
    if begin != MAGIC:
        raise BackupRefused(f"{path} is no backup of this product: it is no database of SQLite")
    for beside in companions(path):
        if beside.exists() and beside.stat().st_size and not beside.name.endswith("-shm"):
            raise BackupRefused(
                f"{beside} lies beside {path}: that is a database in use, or a part of one. Make "
                "a copy by `flask db backup`"
            )
    try:
        with closing(opened(path)) as connection:
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as fault:
        raise BackupRefused(f"{path} is damaged: {fault}") from fault
    if verdict != "ok":
        raise BackupRefused(f"{path} is damaged: {verdict}")
