"""Packing: fixes that have settled move from rows into chunks.

One step is one short write transaction that writes a chunk and deletes the rows it was made of, so
whatever happens, a fix is in exactly one of the two. A step touches one unit, one hour, at most
``AT_ONCE`` rows and one chunk; late fixes are packed into the chunk of their time in the same way.
What else changes chunks, taking fixes away, is here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, delete, func, insert, select

from data.database import Database
from data.fix_chunks import FULL, ChunkFixes, chunk_fixes, chunk_row, fixes_of, merged, split
from data.fix_chunks_keys import chunks_with
from data.fix_rows import Key, Row
from data.schema import fix_chunks, fixes
from domain.time import to_microseconds

AT_ONCE = 4096
"""Rows that one step packs at most."""

ROOM = 6144
"""A chunk that holds more than this is not filled further from its ends."""

SETTLED = timedelta(minutes=2)
"""Fixes younger than this stay rows: neighbours may still be on their way."""

ENOUGH = 256
"""So many settled fixes of an hour that goes on are packed; fewer wait for the end of the hour."""

HOUR = 3_600_000_000
"""The longest that a chunk spans, microseconds; chunks begin anew with each full hour."""

_CHUNK = fix_chunks.c
_FIX = fixes.c
_DELETE = delete(fixes).where(
    _FIX.operation == bindparam("o"),
    _FIX.unit == bindparam("u"),
    _FIX.fix_time == bindparam("t"),
    _FIX.device == bindparam("d"),
)
VALUES = (
    *(_FIX.fix_time, _FIX.device, _FIX.received_at, _FIX.latitude, _FIX.longitude),
    *(_FIX.speed, _FIX.course, _FIX.altitude, _FIX.accuracy, _FIX.battery, _FIX.attributes),
)
"""What ``fixes_of`` takes, in its order."""


@dataclass(frozen=True, slots=True)
class Due:
    """Rows of one unit and hour that may be packed; times in microseconds, ``end`` excluded."""

    operation: str
    unit: str
    first: int
    end: int


class FixPacking:
    """Packs the fixes of one database. Every method raises ``StoreUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, now: datetime) -> list[Due]:
        """For each unit its oldest hour that is worth packing."""
        with self._database.reading() as connection:
            return [
                due
                for operation, unit in _filed(connection)
                if (due := _oldest(connection, operation, unit, now)) is not None
            ]

    def step(self, due: Due) -> int:
        """Pack some of what is due, in one transaction; how many, 0 when all of it is packed."""
        with self._database.writing() as connection:
            return pack_some(connection, due)

    def settled(self, now: datetime) -> int:
        """How many rows are old enough to be packed."""
        until = to_microseconds(now - SETTLED)
        query = select(func.count()).select_from(fixes).where(_FIX.fix_time < until)
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)


def pack_some(connection: Connection, due: Due) -> int:
    """The next rows of what is due into one chunk; how many they were."""
    its_rows = (_FIX.operation == due.operation, _FIX.unit == due.unit)
    first = connection.scalar(
        select(func.min(_FIX.fix_time)).where(
            *its_rows, _FIX.fix_time >= due.first, _FIX.fix_time < due.end
        )
    )
    if first is None:
        return 0
    chunk, end = _neighbour(connection, due, first)
    query = select(*VALUES).where(*its_rows, _FIX.fix_time >= first, _FIX.fix_time < end)
    in_order = query.order_by(_FIX.fix_time, _FIX.device)
    rows = connection.execute(in_order.limit(AT_ONCE)).all()
    if len(rows) == AT_ONCE:  # what was measured in one moment is not parted
        end = rows[-1].fix_time + 1
        rows = connection.execute(in_order.where(_FIX.fix_time < end)).all()
    write_fixes(connection, due.operation, due.unit, fixes_of(rows), chunk)
    connection.execute(delete(fixes).where(*its_rows, _FIX.fix_time >= first, _FIX.fix_time < end))
    return len(rows)


def write_fixes(
    connection: Connection, operation: str, unit: str, new: ChunkFixes, chunk: Row | None = None
) -> None:
    """Write fixes of one hour, and with them those of ``chunk``, a row that is replaced."""
    if chunk is not None:
        new = merged(chunk_fixes(chunk), new)
        _delete(connection, chunk)
    rows = [chunk_row(operation, unit, piece) for piece in split(new, FULL)]
    connection.execute(insert(fix_chunks), rows)


def remove(connection: Connection, keys: Sequence[Key]) -> int:
    """Take fixes away for good, from rows and chunks; how many there were of those asked for."""
    by_unit: dict[tuple[str, str], set[tuple[int, str]]] = {}
    for operation, unit, fix_time, device in keys:
        by_unit.setdefault((operation, unit), set()).add((fix_time, device))
    asked = [dict(zip("outd", key, strict=True)) for key in keys]
    removed = connection.execute(_DELETE, asked).rowcount if asked else 0
    for (operation, unit), its in by_unit.items():
        for chunk, indexes in chunks_with(connection, operation, unit, its):
            every = chunk_fixes(chunk)
            kept = np.ones(len(every), dtype=np.bool_)
            kept[indexes] = False
            _delete(connection, chunk)
            if kept.any():
                write_fixes(connection, operation, unit, every.take(kept))
            removed += len(indexes)
    return removed


def _delete(connection: Connection, chunk: Row) -> None:
    connection.execute(
        delete(fix_chunks).where(
            _CHUNK.operation == chunk["operation"],
            _CHUNK.unit == chunk["unit"],
            _CHUNK.start == chunk["start"],
        )
    )


def _filed(connection: Connection) -> Sequence[tuple[str, str]]:
    """Operation and unit of every row, by stepping from one to the next."""
    found: list[tuple[str, str]] = []
    following = select(_FIX.operation, _FIX.unit).order_by(_FIX.operation, _FIX.unit).limit(1)
    row = connection.execute(following).first()
    while row is not None:
        operation, unit = row
        found.append((operation, unit))
        same = following.where(_FIX.operation == operation, _FIX.unit > unit)
        row = (
            connection.execute(same).first()
            or connection.execute(following.where(_FIX.operation > operation)).first()
        )
    return found


def _oldest(connection: Connection, operation: str, unit: str, now: datetime) -> Due | None:
    until = to_microseconds(now - SETTLED)
    its_rows = (_FIX.operation == operation, _FIX.unit == unit, _FIX.fix_time < until)
    first = connection.scalar(select(func.min(_FIX.fix_time)).where(*its_rows))
    if first is None:
        return None
    hour = first - first % HOUR
    if hour + HOUR > until:
        some = select(_FIX.fix_time).where(*its_rows).limit(ENOUGH).subquery()
        if (connection.scalar(select(func.count()).select_from(some)) or 0) < ENOUGH:
            return None
    return Due(operation, unit, hour, min(hour + HOUR, until))


def _neighbour(connection: Connection, due: Due, first: int) -> tuple[Any, int]:
    """The chunk that rows from ``first`` on belong to, if there is one, and where they end.

    It is the one that holds or precedes ``first``, otherwise the one that follows, unless a chunk
    beside them is full: then they begin another one.
    """
    hour = first - first % HOUR
    its = select(fix_chunks).where(
        _CHUNK.operation == due.operation,
        _CHUNK.unit == due.unit,
        _CHUNK.start >= hour,
        _CHUNK.start < hour + HOUR,
    )
    before = its.where(_CHUNK.start <= first).order_by(_CHUNK.start.desc()).limit(1)
    after = its.where(_CHUNK.start > first).order_by(_CHUNK.start).limit(2)
    chunk = connection.execute(before).mappings().first()
    following = connection.execute(after.with_only_columns(_CHUNK.start, _CHUNK.fixes)).all()
    if chunk is not None and chunk["last_time"] < first and chunk["fixes"] > ROOM:
        chunk = None
    elif chunk is None and following and following[0].fixes <= ROOM:
        chunk = connection.execute(its.where(_CHUNK.start == following[0].start)).mappings().one()
        following = following[1:]
    return chunk, min([due.end, *(row.start for row in following[:1])])
