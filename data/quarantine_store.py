"""The quarantine: what devices sent that can be no position, as it was, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select

from data.database import Database
from data.schema import quarantine
from domain.fixes import Rejection
from domain.stored_fixes import ClockTime, QuarantineEntry
from domain.time import from_microseconds, to_microseconds

_FIELD_LENGTH = 40  # of the column
_MOST_CLOCKS = 5000


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An entry under the number it was kept by."""

    id: int
    entry: QuarantineEntry


class QuarantineStore:
    """The quarantine in one database. Reading methods raise ``StoreUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, connection: Connection, entries: Iterable[QuarantineEntry]) -> None:
        """Keep the entries, inside the caller's write transaction."""
        rows = [_row(entry) for entry in entries]
        if rows:
            connection.execute(insert(quarantine), rows)

    def known(self, connection: Connection, entries: Sequence[QuarantineEntry]) -> list[bool]:
        """For each entry whether the same is kept, or stands before it: the same raw bytes of the
        same device, refused for the same reason. Reads what is kept of the devices.
        """
        seen: set[tuple[Any, ...]] = set()
        for operation, device in {(entry.operation, entry.device) for entry in entries}:
            columns = quarantine.c.unit, quarantine.c.reason, quarantine.c.raw
            query = _of(select(*columns).where(quarantine.c.device == device), operation)
            for unit, reason, raw in connection.execute(query):
                seen.add((operation, unit, device, reason, bytes(raw)))
        found = []
        for entry in entries:
            key = entry.operation, entry.unit, entry.device, entry.rejection.reason, entry.raw
            found.append(key in seen)
            seen.add(key)
        return found

    def listing(
        self, operation: str | None, limit: int = 200, before: int | None = None
    ) -> list[Quarantined]:
        """Entries of an operation, newest first; None asks for those outside any operation.

        ``before`` is the id of the last entry of the page before.
        """
        query = _of(select(quarantine), operation).order_by(quarantine.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(quarantine.c.id < before)
        with self._database.reading() as connection:
            return [_quarantined(row) for row in connection.execute(query).mappings()]

    def counts(self, operation: str | None) -> dict[str, int]:
        """How many entries an operation has, by reason."""
        query = _of(select(quarantine.c.reason, func.count()), operation)
        with self._database.reading() as connection:
            rows = connection.execute(query.group_by(quarantine.c.reason)).all()
            return {row[0]: row[1] for row in rows}

    def refused_clocks(self, operation: str, since: datetime) -> list[ClockTime]:
        """What clocks said that were refused since a time, newest last: the last thousands."""
        columns = quarantine.c
        query = (
            select(columns.unit, columns.device, columns.fix_time, columns.received_at)
            .where(
                columns.operation == operation,
                columns.received_at >= to_microseconds(since),
                columns.fix_time.is_not(None),
            )
            .order_by(columns.received_at.desc())
            .limit(_MOST_CLOCKS)
        )
        with self._database.reading() as connection:
            return [ClockTime(*row) for row in connection.execute(query)][::-1]


def _of(query: Select[Any], operation: str | None) -> Select[Any]:
    column = quarantine.c.operation
    return query.where(column.is_(None) if operation is None else column == operation)


def _row(entry: QuarantineEntry) -> dict[str, Any]:
    return {
        "operation": entry.operation,
        "unit": entry.unit,
        "device": entry.device,
        "received_at": to_microseconds(entry.received_at),
        "source": entry.source,
        "reason": entry.rejection.reason,
        "field": _storable(entry.rejection.field)[:_FIELD_LENGTH],
        "detail": _storable(entry.rejection.detail),
        "raw": entry.raw,
        "fix_time": None if entry.fix_time is None else to_microseconds(entry.fix_time),
    }


def _storable(text: str) -> str:
    """PostgreSQL takes no NUL and nobody takes half a surrogate pair; both occur in bad input."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _quarantined(row: RowMapping) -> Quarantined:
    entry = QuarantineEntry(
        operation=row["operation"],
        unit=row["unit"],
        device=row["device"],
        received_at=from_microseconds(row["received_at"]),
        source=row["source"],
        rejection=Rejection(row["reason"], row["field"], row["detail"]),
        raw=bytes(row["raw"]),
        fix_time=None if row["fix_time"] is None else from_microseconds(row["fix_time"]),
    )
    return Quarantined(row["id"], entry)
