"""Everything of the fixes of one unit in a span of fix time, from rows and chunks together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, String, bindparam, func, select

from data.fix_chunks import ChunkFixes, chunk_fixes, fixes_of, merged
from data.fix_chunks_packing import HOUR, VALUES
from data.fix_chunks_queries import units_in
from data.schema import fix_chunks, fixes

_CHUNK, _FIX = fix_chunks.c, fixes.c
_ITS_CHUNKS = (
    select(fix_chunks)
    .where(
        _CHUNK.operation == bindparam("operation", type_=String),
        _CHUNK.unit == bindparam("unit", type_=String),
        _CHUNK.start > bindparam("earliest"),  # a chunk spans an hour at most
        _CHUNK.start < bindparam("end"),
        _CHUNK.last_time >= bindparam("begin"),
    )
    .order_by(_CHUNK.start)
)
_ITS_ROWS = (
    select(*VALUES)
    .where(
        _FIX.operation == bindparam("operation", type_=String),
        _FIX.unit == bindparam("unit", type_=String),
        _FIX.fix_time >= bindparam("begin"),
        _FIX.fix_time < bindparam("end"),
    )
    .order_by(_FIX.fix_time, _FIX.device)
)
_UNITS = [select(units_in(table)) for table in (fix_chunks, fixes)]


def units_with_fixes(connection: Connection, operation: str) -> list[str]:
    """The units of an operation that have any fix, by id."""
    found: set[str] = set()
    for query in _UNITS:
        found |= {unit for unit in connection.scalars(query, {"operation": operation}) if unit}
    return sorted(found)


def fixes_in(
    connection: Connection, operation: str, unit: str, begin: int, end: int
) -> ChunkFixes | None:
    """The fixes of a unit from ``begin`` to before ``end``, None where there are none."""
    asked = {"operation": operation, "unit": unit, "begin": begin, "end": end}
    found: list[ChunkFixes] = []
    for row in connection.execute(_ITS_CHUNKS, {**asked, "earliest": begin - HOUR}).mappings():
        every = chunk_fixes(row)
        first, last = np.searchsorted(every.fix_time, [begin, end]).tolist()
        if last > first:
            found.append(every.take(slice(first, last)))
    rows = connection.execute(_ITS_ROWS, asked).all()
    whole = _joined(found)
    if not rows:
        return whole
    recent = fixes_of(rows)
    return recent if whole is None else merged(whole, recent)


def fixes_from(connection: Connection, operation: str, begin: int) -> int:
    """How many fixes of an operation there are from ``begin`` on."""
    count = 0
    for unit in units_with_fixes(connection, operation):
        its_rows = _FIX.operation == operation, _FIX.unit == unit, _FIX.fix_time >= begin
        count += connection.scalar(select(func.count()).select_from(fixes).where(*its_rows)) or 0
        its_chunks = _CHUNK.operation == operation, _CHUNK.unit == unit
        whole = select(func.sum(_CHUNK.fixes)).where(*its_chunks, _CHUNK.start >= begin)
        count += connection.scalar(whole) or 0
        parted = select(fix_chunks).where(
            *its_chunks,
            _CHUNK.start < begin,
            _CHUNK.start > begin - HOUR,
            _CHUNK.last_time >= begin,
        )
        for row in connection.execute(parted).mappings().all():
            times = chunk_fixes(row).fix_time
            count += len(times) - int(np.searchsorted(times, begin))
    return int(count)


def about_fixes_in(
    connection: Connection, operation: str, unit: str | None, begin: int, end: int
) -> int:
    """About how many fixes a unit, or all, have from ``begin`` to ``end``: a chunk that is only
    partly in it counts where it starts."""
    count = 0
    for one in units_with_fixes(connection, operation) if unit is None else [unit]:
        for its, moment, size in (
            (_CHUNK, _CHUNK.start, func.sum(_CHUNK.fixes)),
            (_FIX, _FIX.fix_time, func.count()),
        ):
            query = select(size).where(
                its.operation == operation, its.unit == one, moment >= begin, moment <= end
            )
            count += int(connection.scalar(query) or 0)
    return count


def newest_before(connection: Connection, operation: str, end: int) -> int | None:
    """The newest fix time of an operation before ``end``, None where there is none."""
    newest: list[int] = []
    for unit in units_with_fixes(connection, operation):
        last_row = select(func.max(_FIX.fix_time)).where(
            _FIX.operation == operation, _FIX.unit == unit, _FIX.fix_time < end
        )
        its = _CHUNK.operation == operation, _CHUNK.unit == unit, _CHUNK.start < end
        last_chunk = select(_CHUNK.last_time).where(*its).order_by(_CHUNK.start.desc()).limit(1)
        for query in (last_row, last_chunk):
            if (found := connection.scalar(query)) is not None:
                newest.append(min(found, end - 1))
    return max(newest, default=None)


def hours_with_fixes(
    connection: Connection, operation: str, begin: int, end: int, most: int
) -> list[int]:
    """The beginnings of the hours with fixes from ``begin`` to before ``end``, ascending: those of
    the first ``most`` hours from the first fix on."""
    units = units_with_fixes(connection, operation)
    places = ((_CHUNK, _CHUNK.start), (_FIX, _FIX.fix_time))
    earliest = begin - begin % HOUR  # a chunk that holds it may start before
    firsts = [
        connection.scalar(
            select(func.min(moment)).where(
                its.operation == operation, its.unit == unit, moment >= earliest, moment < end
            )
        )
        for its, moment in places
        for unit in units
    ]
    first = min((one for one in firsts if one is not None), default=None)
    if first is None:
        return []
    span = (first - first % HOUR, min(end, first + most * HOUR))
    hours: set[int] = set()
    for its, moment in places:
        for unit in units:
            query = select((moment - moment % HOUR).label("hour")).where(
                its.operation == operation, its.unit == unit, moment >= span[0], moment < span[1]
            )
            hours |= {int(hour) for hour in connection.scalars(query.distinct())}
    return sorted(hours)


def _joined(several: Sequence[ChunkFixes]) -> ChunkFixes | None:
    if len(several) < 2:
        return several[0] if several else None
    names = ChunkFixes.__dataclass_fields__
    columns: list[Any] = [np.concatenate([getattr(one, name) for one in several]) for name in names]
    return ChunkFixes(*columns)
