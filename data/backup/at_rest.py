"""A file of SQLite that nobody writes: a copy, read where it lies and never changed."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.pool import StaticPool

from data.database import Database


class DatabaseAtRest(Database):
    """Reads ``path``; neither a journal nor any other file is made beside it."""

    def __init__(self, path: Path) -> None:
        self.url = make_url("sqlite://")
        self.dialect = "sqlite"
        self._turn = threading.Lock()
        self.engine = create_engine("sqlite://", poolclass=StaticPool, creator=lambda: opened(path))
        event.listen(self.engine, "begin", lambda one: one.exec_driver_sql("BEGIN"))
        self._snapshots = self.engine


def opened(path: Path, how: str = "immutable=1") -> sqlite3.Connection:
    """A connection without transactions of the driver's; ``mode=rw`` opens what is there and makes
    nothing new."""
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?{how}", uri=True, isolation_level=None, check_same_thread=False
    )
