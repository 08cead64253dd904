"""Visits to crossing points in the database, and the positions that they follow from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, Select, case, delete, func, insert, or_, select, text

from data.fix_chunks_reading import fixes_since
from data.schema import units, visits
from domain.coverage import TrackPoint, UnitVisit, Visit
from domain.time import from_microseconds, to_microseconds

_UNITS = {
    "sqlite": "SELECT value AS unit FROM json_each(:units)",
    "postgresql": "SELECT value AS unit FROM json_array_elements_text(CAST(:units AS json))",
}
# CROSS JOIN, so that SQLite's planner begins with the units and descends the index for each
_TOUCHED_BY = {
    dialect: text(
        f"""SELECT visits.unit, max(CASE WHEN left_at IS NULL THEN 1 ELSE 0 END), max(left_at)
        FROM ({wanted}) AS wanted CROSS JOIN visits
        WHERE operation = :operation AND visits.unit = wanted.unit
        AND (left_at IS NULL OR left_at >= :since) GROUP BY visits.unit"""  # noqa: S608 - ours
    )
    for dialect, wanted in _UNITS.items()
}
_COLUMNS = (visits.c.entered_at, visits.c.last_inside_at, visits.c.left_at)


class VisitStore:
    """Keeps visits by operation, crossing point, unit and the time when they began."""

    def touched(
        self, connection: Connection, operation: str, unit: str, since: datetime
    ) -> set[str]:
        """Crossing points where a visit of the unit is open or ended at or after ``since``."""
        ended = visits.c.left_at
        query = select(visits.c.crossing).where(
            visits.c.operation == operation,
            visits.c.unit == unit,
            or_(ended.is_(None), ended >= to_microseconds(since)),
        )
        return set(connection.scalars(query))

    def touched_by(
        self, connection: Connection, operation: str, units_asked: Sequence[str], since: datetime
    ) -> dict[str, datetime | None]:
        """By unit, of those with a visit that is open or ended at or after ``since``: the last
        time a visit ended, None while one is open."""
        known = {
            "operation": operation,
            "units": json.dumps(units_asked),
            "since": to_microseconds(since),
        }
        rows = connection.execute(_TOUCHED_BY[connection.dialect.name], known)
        return {unit: None if open_ else from_microseconds(left) for unit, open_, left in rows}

    def before(
        self, connection: Connection, operation: str, crossing: str, unit: str, moment: datetime
    ) -> Visit | None:
        """The last visit that began at or before ``moment``."""
        query = _of(operation, crossing, unit).where(visits.c.entered_at <= to_microseconds(moment))
        newest_first = query.order_by(visits.c.entered_at.desc()).limit(1)
        row = connection.execute(newest_first).mappings().first()
        return None if row is None else _visit(row)

    def following(
        self, connection: Connection, operation: str, crossing: str, unit: str, start: datetime
    ) -> list[Visit]:
        """The visits that began at or after ``start``, in order."""
        query = _of(operation, crossing, unit).where(visits.c.entered_at >= to_microseconds(start))
        rows = connection.execute(query.order_by(visits.c.entered_at)).mappings()
        return [_visit(row) for row in rows]

    def track(
        self, connection: Connection, operation: str, unit: str, start: datetime
    ) -> list[TrackPoint]:
        """The stored positions of the unit from ``start`` on, in order of fix time."""
        points = fixes_since(connection, operation, unit, to_microseconds(start))
        return [TrackPoint(from_microseconds(at), lat, lon, acc) for at, lat, lon, acc in points]

    def replace(
        self,
        connection: Connection,
        key: tuple[str, str, str],
        old: Sequence[Visit],
        new: Sequence[Visit],
    ) -> None:
        """Put ``new`` in the place of ``old`` for (operation, crossing, unit)."""
        operation, crossing, unit = key
        gone = [to_microseconds(visit.entered_at) for visit in old if visit not in new]
        if gone:
            connection.execute(
                delete(visits).where(
                    visits.c.operation == operation,
                    visits.c.crossing == crossing,
                    visits.c.unit == unit,
                    visits.c.entered_at.in_(gone),
                )
            )
        rows = [
            {"operation": operation, "crossing": crossing, "unit": unit, **_values(visit)}
            for visit in new
            if visit not in old
        ]
        if rows:
            connection.execute(insert(visits), rows)

    def last(
        self, connection: Connection, operation: str, at: datetime, crossing: str | None = None
    ) -> dict[str, UnitVisit]:
        """By crossing point, the visit of any unit that was seen last, as known from fixes
        up to ``at``."""
        moment = to_microseconds(at)
        seen = case((visits.c.last_inside_at > moment, moment), else_=visits.c.last_inside_at)
        newest_first = (seen.desc(), visits.c.entered_at.desc(), visits.c.unit)
        place = func.row_number().over(partition_by=visits.c.crossing, order_by=newest_first)
        ranked = select(visits, place.label("place")).where(
            visits.c.operation == operation, visits.c.entered_at <= moment
        )
        if crossing is not None:
            ranked = ranked.where(visits.c.crossing == crossing)
        rows = ranked.subquery()
        query = (
            select(rows, units.c.callsign)
            .outerjoin(units, units.c.id == rows.c.unit)
            .where(rows.c.place == 1)
        )
        return {
            row["crossing"]: UnitVisit(
                row["unit"], row["callsign"] or row["unit"], _visit(row).as_known_at(at)
            )
            for row in connection.execute(query).mappings()
        }


def _of(operation: str, crossing: str, unit: str) -> Select[tuple[int, int, int | None]]:
    return select(*_COLUMNS).where(
        visits.c.operation == operation, visits.c.crossing == crossing, visits.c.unit == unit
    )


def _visit(row: RowMapping) -> Visit:
    left = row["left_at"]
    return Visit(
        from_microseconds(row["entered_at"]),
        from_microseconds(row["last_inside_at"]),
        None if left is None else from_microseconds(left),
    )


def _values(visit: Visit) -> dict[str, int | None]:
    return {
        "entered_at": to_microseconds(visit.entered_at),
        "last_inside_at": to_microseconds(visit.last_inside_at),
        "left_at": None if visit.left_at is None else to_microseconds(visit.left_at),
    }
