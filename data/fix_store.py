"""Where fixes are kept.

A row is keyed by (operation, unit, fix time, device) and the table is stored in that order, so
"all units at time t" costs one short descent a unit, however long the history is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CTE, Connection, Select, and_, case, func, insert, select, tuple_
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from data.database import Database
from data.fix_rows import (
    Key,
    columns_from,
    fix_row,
    heartbeat_row,
    key_of,
    says_the_same,
    stored_fix,
)
from data.schema import fixes, heartbeats, units
from domain.fixes import Heartbeat
from domain.stored_fixes import SEGMENT, FixColumns, StoredFix, Storing
from domain.time import from_microseconds, to_microseconds

_CHUNK = 500  # keys in one query: far below the limits on bound values
_INSERT_HEARTBEAT = {
    "sqlite": sqlite_insert(heartbeats).on_conflict_do_nothing(),
    "postgresql": postgresql_insert(heartbeats).on_conflict_do_nothing(),
}
_KEY = tuple_(fixes.c.operation, fixes.c.unit, fixes.c.fix_time, fixes.c.device)
_COLUMNS = (
    fixes.c.unit,
    fixes.c.device,
    fixes.c.fix_time,
    fixes.c.received_at,
    fixes.c.latitude,
    fixes.c.longitude,
    fixes.c.speed,
    fixes.c.course,
    fixes.c.altitude,
    fixes.c.accuracy,
    fixes.c.battery,
    case((fixes.c.attributes.contains(f'"{SEGMENT}":', autoescape=True), fixes.c.attributes)),
)


class FixStore:
    """The fixes in one database. Every method raises ``StoreUnavailable``.

    ``known_at`` leaves out what was received later: what was *known* then, not what happened.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- writing, inside the caller's write transaction ----------------------------------------

    def newest(
        self, connection: Connection, units_wanted: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], datetime]:
        """The newest fix time of each (operation, unit) that has one."""
        found = {}
        for operation, unit in units_wanted:
            query = select(func.max(fixes.c.fix_time)).where(
                fixes.c.operation == operation, fixes.c.unit == unit
            )
            fix_time = connection.execute(query).scalar()
            if fix_time is not None:
                found[operation, unit] = from_microseconds(fix_time)
        return found

    def insert(self, connection: Connection, stored: Sequence[StoredFix]) -> list[Storing]:
        """Store what is new; of each fix, in order, what became of it.

        A fix whose key is taken is a duplicate when it says the same and a conflict when not;
        neither changes what is there.
        """
        rows = [fix_row(fix) for fix in stored]
        known = _rows_at(connection, [key_of(row) for row in rows])
        fresh, outcomes = [], []
        for row in rows:
            there = known.setdefault(key_of(row), row)
            if there is row:
                fresh.append(row)
                outcomes.append(Storing.STORED)
            else:
                same = says_the_same(row, there)
                outcomes.append(Storing.DUPLICATE if same else Storing.CONFLICT)
        if fresh:
            connection.execute(insert(fixes), fresh)
        return outcomes

    def insert_heartbeats(
        self, connection: Connection, beats: Sequence[tuple[str, str, Heartbeat]]
    ) -> None:
        """Signs of life (operation, unit, heartbeat); one more at the same moment adds nothing."""
        rows = [heartbeat_row(*beat) for beat in beats]
        if rows:
            connection.execute(_INSERT_HEARTBEAT[self._database.dialect], rows)

    # --- reading -------------------------------------------------------------------------------

    def latest(
        self, operation: str, at: datetime | None = None, known_at: datetime | None = None
    ) -> list[StoredFix]:
        """The newest fix of each unit with fix time up to ``at``, ordered by unit."""
        known = _known(known_at)
        unit = _units_of(operation)
        newest = (
            select(func.max(fixes.c.fix_time))
            .where(fixes.c.operation == operation, fixes.c.unit == unit.c.unit, *known)
            .where(*(() if at is None else (fixes.c.fix_time <= to_microseconds(at),)))
            .scalar_subquery()
            .correlate(unit)
        )
        here = and_(
            fixes.c.operation == operation, fixes.c.unit == unit.c.unit, fixes.c.fix_time == newest
        )
        query = select(fixes).select_from(unit.join(fixes, here)).where(*known)
        ordered = query.order_by(fixes.c.unit, fixes.c.received_at, fixes.c.device)
        with self._database.reading() as connection:
            rows = connection.execute(ordered).mappings().all()
        # two devices of a unit at the same microsecond: what was received last stands
        return list({row["unit"]: stored_fix(row) for row in rows}.values())

    def between(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        known_at: datetime | None = None,
    ) -> FixColumns:
        """All fixes of one unit, or of all, from ``start`` to ``end``, both included."""
        query = _columns_of(operation, unit).where(
            fixes.c.fix_time >= to_microseconds(start),
            fixes.c.fix_time <= to_microseconds(end),
            *_known(known_at),
        )
        ordered = query.order_by(fixes.c.unit, fixes.c.fix_time, fixes.c.device)
        with self._database.reading() as connection:
            return columns_from(connection.execute(ordered).all())

    def trails(
        self,
        operation: str,
        until: datetime,
        seconds: float,
        known_at: datetime | None = None,
    ) -> FixColumns:
        """All fixes of all units in the ``seconds`` up to ``until``."""
        return self.between(operation, None, until - timedelta(seconds=seconds), until, known_at)

    def callsigns(self) -> dict[str, str]:
        """Call sign by unit id, of every unit."""
        with self._database.reading() as connection:
            rows = connection.execute(select(units.c.id, units.c.callsign).order_by(units.c.id))
            return {row.id: row.callsign for row in rows}


def _rows_at(connection: Connection, keys: Sequence[Key]) -> dict[Key, Any]:
    found: dict[Key, Any] = {}
    for chunk in _chunks(keys):
        rows = connection.execute(select(fixes).where(_KEY.in_(chunk))).mappings()
        found.update((key_of(row), row) for row in rows)
    return found


def _chunks(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    for first in range(0, len(keys), _CHUNK):
        yield keys[first : first + _CHUNK]


def _known(known_at: datetime | None) -> tuple[Any, ...]:
    return () if known_at is None else (fixes.c.received_at <= to_microseconds(known_at),)


def _columns_of(operation: str, unit: str | None) -> Select[Any]:
    if unit is not None:
        return select(*_COLUMNS).where(fixes.c.operation == operation, fixes.c.unit == unit)
    every = _units_of(operation)
    here = and_(fixes.c.operation == operation, fixes.c.unit == every.c.unit)
    return select(*_COLUMNS).select_from(every.join(fixes, here))


def _units_of(operation: str) -> CTE:
    """The units that have fixes, by stepping from one to the next instead of reading every row."""
    first = select(func.min(fixes.c.unit).label("unit")).where(fixes.c.operation == operation)
    every = first.cte("every_unit", recursive=True)
    following = (
        select(func.min(fixes.c.unit))
        .where(fixes.c.operation == operation, fixes.c.unit > every.c.unit)
        .scalar_subquery()
        .correlate(every)
    )
    return every.union_all(select(following).where(every.c.unit.is_not(None)))
