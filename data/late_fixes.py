"""Which fixes came into a span that was sealed already: what a writer notes beside what it stores.

A seal is about what was there when it was made. By the keys of what came afterwards, a check can
tell it from what somebody put in or moved. Every function runs in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from data.fix_chunks_keys import NEVER
from data.fix_rows import Key, Values
from data.schema import late_fixes, versions

_REMOVALS = "fixes removed"
_LAST = {  # for the driver itself: it is asked with every group that is stored
    dialect: f"SELECT ends_at FROM seal_segments WHERE operation = {mark} "  # noqa: S608 - ours
    "ORDER BY starts_at DESC LIMIT 1"
    for dialect, mark in (("sqlite", "?"), ("postgresql", "%s"))
}
_LATE = late_fixes.c
_NAMES = ("operation", "unit", "fix_time", "device")
_INSERT = {
    "sqlite": sqlite_insert(late_fixes).on_conflict_do_nothing(),
    "postgresql": postgresql_insert(late_fixes).on_conflict_do_nothing(),
}
_DELETE = delete(late_fixes).where(*(_LATE[name] == bindparam(f"_{name}") for name in _NAMES))


def sealed_until(connection: Connection, operation: str) -> int:
    """Up to where positions of the operation are sealed or being sealed, ``NEVER`` for none."""
    found = connection.exec_driver_sql(_LAST[connection.dialect.name], (operation,)).scalar()
    return NEVER if found is None else int(found)


def note_late(connection: Connection, stored: Sequence[Values]) -> None:
    """Note those of the fixes just stored that lie in what is sealed: in a live feed none."""
    until = {name: sealed_until(connection, name) for name in {row[0] for row in stored}}
    late = [row[:4] for row in stored if row[2] < until[row[0]]]
    if late:
        rows = [dict(zip(_NAMES, key, strict=True)) for key in late]
        connection.execute(_INSERT[connection.dialect.name], rows)


def late_keys(
    connection: Connection, operation: str, unit: str, begin: int, end: int
) -> list[tuple[int, str]]:
    """Time and device of those noted, from ``begin`` to before ``end``."""
    query = select(_LATE.fix_time, _LATE.device).where(
        _LATE.operation == operation,
        _LATE.unit == unit,
        _LATE.fix_time >= begin,
        _LATE.fix_time < end,
    )
    return [(row.fix_time, row.device) for row in connection.execute(query)]


def forget_late(connection: Connection, keys: Iterable[Key]) -> None:
    """Those are sealed now, or were taken away."""
    asked = [{f"_{name}": part for name, part in zip(_NAMES, key, strict=True)} for key in keys]
    if asked:
        connection.execute(_DELETE, asked)


def removals(connection: Connection) -> int:
    """A number that is another one after fixes were taken away."""
    query = select(versions.c.value).where(versions.c.name == _REMOVALS)
    return int(connection.scalar(query) or 0)


def count_removal(connection: Connection) -> None:
    """Fixes are being taken away: what is being sealed meanwhile is measured again."""
    number = removals(connection) + 1
    if number == 1:
        connection.execute(insert(versions).values(name=_REMOVALS, value=number))
    else:
        changed = update(versions).where(versions.c.name == _REMOVALS)
        connection.execute(changed.values(value=number))
