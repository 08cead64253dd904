"""Which fixes are there already, in rows or in chunks: what a writer asks before it stores.

Every function runs inside the caller's write transaction.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, TextClause, func, select, text

from data.fix_chunks import Places, chunk_fixes
from data.fix_rows import Key, Row, Values
from data.schema import fix_chunks, fixes

NEVER = -(1 << 63)
"""Before every fix time."""

_CHUNK = fix_chunks.c
_WANTED = {
    "sqlite": "SELECT value ->> 0 AS operation, value ->> 1 AS unit FROM json_each(:wanted)",
    "postgresql": "SELECT value ->> 0 AS operation, value ->> 1 AS unit"
    " FROM json_array_elements(CAST(:wanted AS json))",
}


def _newest(wanted: str) -> TextClause:
    return text(
        f"""SELECT wanted.operation, wanted.unit,
        (SELECT max(fix_time) FROM fixes
            WHERE fixes.operation = wanted.operation AND fixes.unit = wanted.unit),
        (SELECT last_time FROM fix_chunks
            WHERE fix_chunks.operation = wanted.operation AND fix_chunks.unit = wanted.unit
            ORDER BY start DESC LIMIT 1)
        FROM ({wanted}) AS wanted"""  # noqa: S608 - both texts are ours
    )


def _rows_at(keys: str, fix_time: str) -> TextClause:
    columns = ", ".join(f"fixes.{column.name}" for column in fixes.columns)
    return text(  # CROSS JOIN, as it lets SQLite's planner begin with nothing but the keys
        f"""SELECT {columns} FROM {keys} AS wanted CROSS JOIN fixes
        WHERE operation = wanted.value ->> 0 AND unit = wanted.value ->> 1
        AND fix_time = {fix_time} AND device = wanted.value ->> 3"""  # noqa: S608 - all ours
    )


_ROWS_AT = {
    "sqlite": _rows_at("json_each(:keys)", "wanted.value ->> 2"),
    "postgresql": _rows_at(
        "json_array_elements(CAST(:keys AS json))", "CAST(wanted.value ->> 2 AS bigint)"
    ),
}
_NEWEST = {dialect: _newest(wanted) for dialect, wanted in _WANTED.items()}


def newest_of(
    connection: Connection, units: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """The newest fix time of each (operation, unit), ``NEVER`` without one; one query for all."""
    found = {}
    query = _NEWEST[connection.dialect.name]
    for operation, unit, *newest in connection.execute(query, {"wanted": json.dumps(units)}):
        found[operation, unit] = max((time for time in newest if time is not None), default=NEVER)
    return found


def fixes_at(connection: Connection, keys: Sequence[Key]) -> dict[Key, Values]:
    """The fixes at those keys that are there."""
    rows = connection.execute(_ROWS_AT[connection.dialect.name], {"keys": json.dumps(keys)})
    found: dict[Key, Values] = {(row[0], row[1], row[2], row[3]): tuple(row) for row in rows}
    by_unit: dict[tuple[str, str], set[tuple[int, str]]] = {}
    for operation, unit, fix_time, device in keys:
        by_unit.setdefault((operation, unit), set()).add((fix_time, device))
    for (operation, unit), its in by_unit.items():
        for chunk, indexes in chunks_with(connection, operation, unit, its):
            for one in chunk_fixes(chunk).take(indexes).values(operation, unit):
                found[one[0], one[1], one[2], one[3]] = one
    return found


def chunks_with(
    connection: Connection, operation: str, unit: str, keys: Collection[tuple[int, str]]
) -> Iterator[tuple[Row, NDArray[np.int64]]]:
    """The chunks of one unit that have any of (fix time, device), and where in them these are."""
    its = (_CHUNK.operation == operation, _CHUNK.unit == unit)
    earliest, latest = min(keys)[0], max(keys)[0]
    first = select(func.max(_CHUNK.start)).where(*its, _CHUNK.start <= earliest).scalar_subquery()
    reach = select(_CHUNK.start, _CHUNK.last_time).where(
        *its, _CHUNK.start >= func.coalesce(first, earliest), _CHUNK.start <= latest
    )
    for start, last_time in connection.execute(reach.order_by(_CHUNK.start)).all():
        inside = [key for key in keys if start <= key[0] <= last_time]
        if inside:
            query = select(fix_chunks).where(*its, _CHUNK.start == start)
            chunk = connection.execute(query).mappings().one()
            indexes = sorted(_indexes(Places(chunk["places"], chunk["fixes"]), inside))
            if indexes:
                yield chunk, np.array(indexes, dtype=np.int64)


def _indexes(places: Places, keys: Sequence[tuple[int, str]]) -> Iterator[int]:
    names, which = places.devices, places.which
    firsts = np.searchsorted(places.fix_time, [fix_time for fix_time, _ in keys])
    for (fix_time, device), first in zip(keys, firsts.tolist(), strict=True):
        index = first
        while index < places.count and places.fix_time[index] == fix_time:
            if names[which[index]] == device:
                yield index
            index += 1
