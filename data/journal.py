"""The journal of changes: what the live stream sends, numbered in the order of the commits.

It is no record of anything: every row can be made again from the other tables, so it is pruned
after some hours. Write transactions run one at a time (``data/database.py``), so a reader that has
seen number n has seen everything before it; numbers may have holes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, delete, func, insert, select

from data.database import Database
from data.schema import changes
from domain.time import to_microseconds

_TRIED_BYTES = 8192
_NO_NUMBER = -1  # no message has it, so the numbering is not touched


@dataclass(frozen=True, slots=True)
class Change:
    """One message; ``payload`` is the JSON text that the stream sends."""

    seq: int
    operation: str
    kind: str
    payload: str


class Journal:
    """The journal in one database. Reading methods raise ``StoreUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(
        self,
        connection: Connection,
        operation: str,
        kind: str,
        payload: Mapping[str, Any],
        recorded_at: datetime,
    ) -> None:
        """One message, inside the caller's write transaction."""
        self.append_many(connection, [(operation, kind, payload)], recorded_at)

    def append_many(
        self,
        connection: Connection,
        messages: Sequence[tuple[str, str, Mapping[str, Any]]],
        recorded_at: datetime,
    ) -> None:
        """Messages (operation, kind, payload) in their order; NaN in a payload is an error."""
        moment = to_microseconds(recorded_at)
        rows = [
            {"operation": operation, "kind": kind, "recorded_at": moment, "payload": _json(payload)}
            for operation, kind, payload in messages
        ]
        if rows:
            connection.execute(insert(changes), rows)

    def try_out(self, connection: Connection) -> None:
        """Write as much as a message takes and remove it again, inside the caller's transaction:
        whether the database takes anything shows only when something is written."""
        room = {"operation": "", "kind": "check", "recorded_at": 0, "payload": " " * _TRIED_BYTES}
        connection.execute(insert(changes), {"seq": _NO_NUMBER, **room})
        connection.execute(delete(changes).where(changes.c.seq == _NO_NUMBER))

    def since(self, seq: int, limit: int) -> list[Change]:
        """What came after number ``seq``, oldest first, at most ``limit``."""
        query = (
            select(changes.c.seq, changes.c.operation, changes.c.kind, changes.c.payload)
            .where(changes.c.seq > seq)
            .order_by(changes.c.seq)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [Change(*row) for row in connection.execute(query)]

    def head(self) -> int:
        """The newest number, 0 for an empty journal."""
        with self._database.reading() as connection:
            return connection.execute(select(func.max(changes.c.seq))).scalar() or 0

    def head_of(self, operation: str) -> int:
        """The newest number of an operation that is kept: another one after every change of it."""
        query = select(func.max(changes.c.seq)).where(changes.c.operation == operation)
        with self._database.reading() as connection:
            return connection.execute(query).scalar() or 0

    def oldest(self) -> int | None:
        """The oldest number still kept, None for an empty journal."""
        with self._database.reading() as connection:
            return connection.execute(select(func.min(changes.c.seq))).scalar()

    def prune(self, now: datetime, hours: float) -> int:
        """Drop what is older than ``hours``; returns how many. The newest one always stays.

        The newest keeps the numbering visible: a screen that asks for what came after it must not
        be told to start again.
        """
        horizon = to_microseconds(now - timedelta(hours=hours))
        newest = select(func.max(changes.c.seq)).scalar_subquery()
        old = delete(changes).where(changes.c.recorded_at < horizon, changes.c.seq < newest)
        with self._database.writing() as connection:
            return connection.execute(old).rowcount


def _json(payload: Mapping[str, Any]) -> str:
    text = orjson.dumps(payload)
    if b"null" in text:  # which may stand for a NaN
        json.dumps(payload, allow_nan=False)
    return text.decode()
