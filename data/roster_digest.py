"""What the roster's tables hold, as a number of rows and a digest each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from data.schema import (
    device_units,
    devices,
    operations,
    platoons,
    shift_members,
    shifts,
    unit_operations,
    units,
)
from domain.chain import canonical

ROSTER_TABLES = (
    *(operations, units, devices, device_units, unit_operations, platoons, shifts),
    shift_members,
)


def roster_digest(
    connection: Connection, recorded: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """By table: ``rows``, how many; ``columns``; ``digest``, the SHA-256 of all rows in whatever
    order they are stored.

    With ``recorded``, an earlier answer, over the columns that there were then, as far as they
    still exist: a column that a later version adds changes nothing.
    """
    return {
        table.name: _digest(connection, table, (recorded or {}).get(table.name, {}).get("columns"))
        for table in ROSTER_TABLES
    }


def _digest(connection: Connection, table: Table, columns: Sequence[str] | None) -> dict[str, Any]:
    wanted = [one for one in table.columns if columns is None or one.name in columns]
    rows = connection.execute(select(*wanted)).mappings().all()
    lines = sorted(canonical({name: _plain(row[name]) for name in row}) for row in rows)
    return {
        "rows": len(rows),
        "columns": sorted(one.name for one in wanted),
        "digest": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    }


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value
