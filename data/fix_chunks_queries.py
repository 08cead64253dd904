"""The statements that read fixes, made once: making one costs as much as running it.

Each pair asks for the chunks and the rows of a span: bound are ``operation``, ``begin``, ``end``
and ``known`` (microseconds since 1970; what was received later is left out), and ``unit`` where it
is about one. Nothing comes in an order: SQLite would rather read a whole table, which is in it,
than sort a little.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
)

from data.schema import fix_chunks, fixes
from domain.stored_fixes import SEGMENT

FOREVER = (1 << 63) - 1
"""The ``end`` that is after everything, the ``known`` that leaves out nothing."""

_OPERATION = bindparam("operation", type_=String)
_UNIT = bindparam("unit", type_=String)
_BEGIN = bindparam("begin", type_=BigInteger)
_END = bindparam("end", type_=BigInteger)
_KNOWN = bindparam("known", type_=BigInteger)
_CHUNK = fix_chunks.c
_FIX = fixes.c
_SEGMENTED = case((_FIX.attributes.contains(f'"{SEGMENT}":', autoescape=True), _FIX.attributes))
_PLACE = (_FIX.unit, _FIX.device, _FIX.fix_time, _FIX.latitude, _FIX.longitude, _SEGMENTED)
_WHOLE = (
    *(_FIX.unit, _FIX.device, _FIX.fix_time, _FIX.received_at, _FIX.latitude, _FIX.longitude),
    *(_FIX.speed, _FIX.course, _FIX.altitude, _FIX.accuracy, _FIX.battery, _SEGMENTED),
)


def units_in(table: Table) -> CTE:
    """The units of an operation, by stepping from one to the next instead of reading every row."""
    column = table.c
    first = select(func.min(column.unit).label("unit")).where(column.operation == _OPERATION)
    every = first.cte("every_unit", recursive=True)
    following = (
        select(func.min(column.unit))
        .where(column.operation == _OPERATION, column.unit > every.c.unit)
        .scalar_subquery()
        .correlate(every)
    )
    return every.union_all(select(following).where(every.c.unit.is_not(None)))


def _last_start(every: CTE, until: ColumnElement[int]) -> ColumnElement[int]:
    """Where the chunk starts that holds or precedes a moment."""
    query = select(func.max(_CHUNK.start)).where(
        _CHUNK.operation == _OPERATION, _CHUNK.unit == every.c.unit, _CHUNK.start <= until
    )
    return query.scalar_subquery().correlate(every)


def _chunks(every: CTE, *, only_last: bool = False) -> Select[Any]:
    """The chunks from the one at or before ``begin`` up to ``end``, in no order.

    ``only_last``: readings only of the last one of each unit.
    """
    begin = func.coalesce(_last_start(every, _BEGIN), _BEGIN)
    here = and_(
        _CHUNK.operation == _OPERATION,
        _CHUNK.unit == every.c.unit,
        _CHUNK.start >= begin,
        _CHUNK.start <= _END,
    )
    last = case((_CHUNK.start == _last_start(every, _END), _CHUNK.readings))
    readings = last.label("readings") if only_last else _CHUNK.readings
    query = select(_CHUNK.unit, _CHUNK.start, _CHUNK.fixes, _CHUNK.places, readings)
    return query.select_from(every.join(fix_chunks, here)).where(_CHUNK.first_received <= _KNOWN)


def _rows(every: CTE, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """The rows from ``begin`` to ``end``, in no order that may be relied on.

    Asked for an order, SQLite would rather read the whole table, which is in it, than sort.
    """
    here = and_(
        _FIX.operation == _OPERATION,
        _FIX.unit == every.c.unit,
        _FIX.fix_time >= _BEGIN,
        _FIX.fix_time <= _END,
    )
    return select(*columns).select_from(every.join(fixes, here)).where(_FIX.received_at <= _KNOWN)


def _latest_rows() -> Select[Any]:
    every = units_in(fixes)
    newest = (
        select(func.max(_FIX.fix_time))
        .where(
            _FIX.operation == _OPERATION,
            _FIX.unit == every.c.unit,
            _FIX.fix_time <= _END,
            _FIX.received_at <= _KNOWN,
        )
        .scalar_subquery()
        .correlate(every)
    )
    here = and_(_FIX.operation == _OPERATION, _FIX.unit == every.c.unit, _FIX.fix_time == newest)
    query = select(fixes).select_from(every.join(fixes, here))
    return query.where(_FIX.received_at <= _KNOWN)


_ONE = select(cast(_UNIT, String).label("unit")).cte("every_unit")
EVERY_PLACE = _chunks(units_in(fix_chunks), only_last=True), _rows(units_in(fixes), _PLACE)
ITS_PLACES = _chunks(_ONE, only_last=True), _rows(_ONE, _PLACE)
EVERYTHING = _chunks(units_in(fix_chunks)), _rows(units_in(fixes), _WHOLE)
ALL_OF_ONE = _chunks(_ONE), _rows(_ONE, _WHOLE)
EVERY_FIX = _chunks(units_in(fix_chunks)), _rows(units_in(fixes), tuple(_FIX))
EVERY_FIX_OF_ONE = _chunks(_ONE), _rows(_ONE, tuple(_FIX))
POINTS = (
    _chunks(_ONE),
    _rows(_ONE, (_FIX.fix_time, _FIX.latitude, _FIX.longitude, _FIX.accuracy)),
)
LATEST_ROWS = _latest_rows()
PACKED_UNITS = select(units_in(fix_chunks))
CHUNKS_BACKWARDS = (
    select(fix_chunks)
    .where(
        _CHUNK.operation == _OPERATION,
        _CHUNK.unit == _UNIT,
        _CHUNK.start <= _END,
        _CHUNK.first_received <= _KNOWN,
    )
    .order_by(_CHUNK.start.desc())
    .limit(1)
)
