"""The engine, and the two kinds of transaction: reading, and writing alone.

A writing transaction takes the write lock before it reads (SQLite ``BEGIN IMMEDIATE``; PostgreSQL
an advisory lock), so what a rule was checked against is still true when its event is stored, and
journal numbers appear in the order of their commits.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from data.private_files import make_folder, make_private
from domain.errors import OtherSchema, StoreUnavailable

BUSY_MILLISECONDS = 10_000
_LACKING = ("42P01", "42703")  # of PostgreSQL: undefined table, undefined column
_NO_SUCH = ("no such table", "no such column")
_WRITE_LOCK = 0x46505531  # any constant of this application


class Database:
    """One database, embedded or served. ``dialect`` is ``sqlite`` or ``postgresql``."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        self._turn = threading.Lock()
        self.engine = _engine(str(self.url.render_as_string(hide_password=False)), self.dialect)
        self._snapshots = self.engine
        if self.dialect == "postgresql":  # whose transactions otherwise see each commit at once
            self._snapshots = self.engine.execution_options(isolation_level="REPEATABLE READ")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the data. Raises ``StoreUnavailable``."""
        with _as_unavailable(), self._snapshots.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, lock: int | None = None) -> Iterator[Connection]:
        """All or nothing, and alone. When the block has ended, what it wrote is durable.

        On PostgreSQL ``lock`` may be another one, for a log that shares nothing with what the
        usual one protects. Raises ``StoreUnavailable`` when the disk is full or read-only or the
        lock is not to be had.
        """
        with _as_unavailable(), self._my_turn():
            connection = self.engine.connect().execution_options(fpu_write=True)
            with connection, connection.begin():
                if self.dialect == "postgresql":
                    connection.execute(text(f"SET LOCAL lock_timeout = {BUSY_MILLISECONDS}"))
                    connection.execute(
                        text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock or _WRITE_LOCK}
                    )
                yield connection

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        """SQLite polls for its lock, and of many threads one may find it taken until its patience
        ends: the threads of a process wait here, and only processes poll."""
        if self.dialect != "sqlite":
            yield
            return
        if not self._turn.acquire(timeout=BUSY_MILLISECONDS / 1000):
            raise StoreUnavailable("the database is too busy to write: send it again")
        try:
            yield
        finally:
            self._turn.release()

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def _engine(url: str, dialect: str) -> Engine:
    if dialect != "sqlite":
        return create_engine(
            url, pool_size=8, max_overflow=40, pool_pre_ping=True, hide_parameters=True
        )
    path = make_url(url).database
    if path and path != ":memory:":
        make_folder(Path(path).parent)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=56,
        hide_parameters=True,  # a fault that is logged tells no position and no digest
        connect_args={"check_same_thread": False, "timeout": BUSY_MILLISECONDS / 1000},
    )
    if path and path != ":memory:" and not path.startswith("file:"):
        event.listen(engine, "do_connect", _closed_to_others(Path(path)))
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _closed_to_others(path: Path) -> Callable[..., None]:
    """Before the first connection of a process the file is made, or closed, to this account."""
    seen = threading.Event()

    def before(*_: object) -> None:
        if not seen.is_set():
            make_private(path)
            seen.set()

    return before


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("fpu_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InternalError, ProgrammingError) as fault:
        # PostgreSQL calls read-only internal
        if _lacks_something(fault):
            raise OtherSchema(
                "the database has another schema than this version: run flask db upgrade"
            ) from fault
        if isinstance(fault, ProgrammingError):
            raise
        raise StoreUnavailable(f"the database refused: {_first_line(fault)}") from fault
    except PoolTimeout as fault:
        raise StoreUnavailable("every connection to the database is in use") from fault
    except sqlite3.OperationalError as fault:
        raise StoreUnavailable(f"the database refused: {fault}") from fault


def _lacks_something(fault: DBAPIError) -> bool:
    """Whether a table or a column is missing."""
    state = getattr(fault.orig, "sqlstate", None)
    return state in _LACKING if state else str(fault.orig).startswith(_NO_SUCH)


def _first_line(fault: DBAPIError) -> str:
    return str(fault.orig).splitlines()[0] if str(fault.orig) else "no answer"
