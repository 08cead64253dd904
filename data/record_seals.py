"""Digests of decisions about the quarantine and of imports, in the chain of their operation.

They are events of the transaction that decides or changes, so there is no moment at which one of
these rows is not covered. A decision is sealed with the entry it is about; an import with what does
not change in the state it is in: while it is being stored its counts grow.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from data.event_append import append_events
from data.schema import import_parts, imports, quarantine, quarantine_decisions
from domain.chain import canonical
from domain.seals import DECISIONS_MADE, IMPORT_CHANGED
from domain.streams import SEAL_STREAM
from domain.system_entries import system_entry
from domain.track_imports import ImportStatus

_AT_ONCE = 500
_ENTRY = [column for column in quarantine.c if column.name != "id"]
_FACTS = (
    *("id", "operation", "file_name", "source", "device", "unit", "anywhere", "utc", "size"),
    *("sha256", "status", "uploaded_by", "uploaded_role", "uploaded_at", "received_at"),
)
_SETTLED = ("done", "counts")
_UNDONE = ("undone_by", "undone_at", "undone_reason", "removed")
_PART = ("part", "operation", "unit", "device", "fixes", "times")
_WITH_PARTS = (ImportStatus.STORED, ImportStatus.INTERRUPTED)


def append_seal(
    connection: Connection, operation: str, event: str, record: Mapping[str, Any], now: datetime
) -> None:
    """One event of the stream of seals."""
    new, command = system_entry(str(uuid.uuid4()), event, now, record, SEAL_STREAM)
    append_events(connection, operation, [new], command, now)


def seal_decisions(
    connection: Connection, operation: str, entries: Sequence[int], now: datetime
) -> None:
    """The decisions about these entries, all made in one operation, were made in this
    transaction."""
    digests = decision_digests(connection, operation, entries)
    record = {"decisions": [[entry, digests[entry]] for entry in sorted(digests)]}
    append_seal(connection, operation, DECISIONS_MADE, record, now)


def seal_import(connection: Connection, number: int, now: datetime) -> None:
    """The import has come into another state in this transaction."""
    (row,) = connection.execute(select(imports).where(imports.c.id == number)).mappings().all()
    record = {"imports": [[number, row["status"], _import_digest(connection, row)]]}
    append_seal(connection, row["operation"], IMPORT_CHANGED, record, now)


def decision_digests(
    connection: Connection, operation: str, entries: Sequence[int] | None = None
) -> dict[int, str]:
    """By entry, the digest of each decision of an operation, or of some."""
    if entries is not None and len(entries) > _AT_ONCE:
        found = decision_digests(connection, operation, entries[:_AT_ONCE])
        return found | decision_digests(connection, operation, entries[_AT_ONCE:])
    query = (
        select(
            *(column.label(f"d_{column.name}") for column in quarantine_decisions.c),
            *(column.label(f"q_{column.name}") for column in _ENTRY),
        )
        .outerjoin(quarantine, quarantine.c.id == quarantine_decisions.c.entry)
        .where(quarantine_decisions.c.operation == operation)
    )
    if entries is not None:
        query = query.where(quarantine_decisions.c.entry.in_(entries))
    return {row["d_entry"]: _decision(row) for row in connection.execute(query).mappings()}


def import_digests(connection: Connection, operation: str) -> dict[int, tuple[str, str]]:
    """By number, state and digest of each import of an operation that does not only wait."""
    query = select(imports).where(
        imports.c.operation == operation, imports.c.status != ImportStatus.PREVIEWED.value
    )
    rows = connection.execute(query).mappings().all()
    return {row["id"]: (row["status"], _import_digest(connection, row)) for row in rows}


def _decision(row: RowMapping) -> str:
    decision = {column.name: _plain(row[f"d_{column.name}"]) for column in quarantine_decisions.c}
    entry = {column.name: _plain(row[f"q_{column.name}"]) for column in _ENTRY}
    return _sha256(canonical({"decision": decision, "entry": entry}))


def _import_digest(connection: Connection, row: RowMapping) -> str:
    status = ImportStatus(row["status"])
    names = [*_FACTS]
    if status != ImportStatus.STORING:
        names += _SETTLED
    if status == ImportStatus.UNDONE:
        names += _UNDONE
    whole = {name: _plain(row[name]) for name in names}
    if status in _WITH_PARTS:
        query = select(import_parts).where(import_parts.c.import_id == row["id"])
        lines = (
            canonical([_plain(part[name]) for name in _PART])
            for part in connection.execute(query).mappings()
        )
        whole["parts"] = _sha256("\n".join(sorted(lines)))
    return _sha256(canonical(whole))


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, memoryview)):
        return hashlib.sha256(bytes(value)).hexdigest()
    return int(value) if isinstance(value, bool) else value


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
