"""The quarantine: what devices sent that can be no position, as it was, with the reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select

from data.database import Database
from data.record_seals import seal_decisions
from data.schema import quarantine, quarantine_decisions
from domain.errors import NotFound, VersionConflict
from domain.fixes import Rejection
from domain.quarantine import UNDONE, Decision
from domain.stored_fixes import ClockTime, QuarantineEntry
from domain.time import from_microseconds, to_microseconds

_FIELD_LENGTH = 40  # of the column
_MOST_CLOCKS = 5000
_AT_ONCE = 500  # entries that one query asks for


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An entry under the number it was kept by, and what was decided about it."""

    id: int
    entry: QuarantineEntry
    decision: Decision | None = None


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
            gone = select(quarantine_decisions.c.entry).where(
                quarantine_decisions.c.decision == UNDONE
            )
            its = quarantine.c.device == device, quarantine.c.id.not_in(gone)
            query = _of(select(*columns).where(*its), operation)
            for unit, reason, raw in connection.execute(query):
                seen.add((operation, unit, device, reason, bytes(raw)))
        found = []
        for entry in entries:
            key = entry.operation, entry.unit, entry.device, entry.rejection.reason, entry.raw
            found.append(key in seen)
            seen.add(key)
        return found

    def copies(self, connection: Connection, entries: Sequence[QuarantineEntry]) -> list[int]:
        """For each entry how many are kept of its source and device with the same bytes. Reads the
        whole quarantine.
        """
        columns = quarantine.c.source, quarantine.c.device, quarantine.c.raw
        kept: dict[tuple[str, str, bytes], int] = {}
        for start in range(0, len(entries), _AT_ONCE):
            some = entries[start : start + _AT_ONCE]
            query = select(*columns, func.count()).where(
                quarantine.c.device.in_({entry.device for entry in some}),
                quarantine.c.raw.in_({entry.raw for entry in some}),
            )
            for source, device, raw, number in connection.execute(query.group_by(*columns)):
                kept[source, device, bytes(raw)] = number
        return [kept.get((entry.source, entry.device, entry.raw), 0) for entry in entries]

    def listing(
        self,
        operation: str | None,
        limit: int = 200,
        before: int | None = None,
        decided: bool | None = None,
        refused_for: str | None = None,
    ) -> list[Quarantined]:
        """Entries of an operation, newest first; None asks for those outside any operation.

        ``before`` is the id of the last entry of the page before; ``decided`` False asks for the
        open ones, True for the others, None for all; ``refused_for`` is a reason.
        """
        query = _of(_WITH_DECISION, operation).order_by(quarantine.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(quarantine.c.id < before)
        if refused_for is not None:
            query = query.where(quarantine.c.reason == refused_for)
        if decided is not None:
            found = quarantine_decisions.c.entry
            query = query.where(found.is_not(None) if decided else found.is_(None))
        with self._database.reading() as connection:
            return [_quarantined(row) for row in connection.execute(query).mappings()]

    def find(self, connection: Connection, number: int) -> Quarantined:
        """One entry; raises ``NotFound``."""
        query = _WITH_DECISION.where(quarantine.c.id == number)
        row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound("there is no such entry in the quarantine")
        return _quarantined(row)

    def decided_by(self, connection: Connection, command_id: str) -> set[int]:
        """The entries that a command has decided."""
        query = select(quarantine_decisions.c.entry).where(
            quarantine_decisions.c.command_id == command_id
        )
        return set(connection.execute(query).scalars())

    def decide(self, connection: Connection, made: Decision) -> None:
        """Keep a decision; raises ``VersionConflict`` where the entry has one already."""
        late = self.decide_several(connection, [made])
        if late:
            raise late[made.entry]

    def decide_several(
        self, connection: Connection, made: Sequence[Decision]
    ) -> dict[int, VersionConflict]:
        """Keep the decisions, all made in one operation; of each entry that has one already why it
        was not kept."""
        late: dict[int, VersionConflict] = {}
        for start in range(0, len(made), _AT_ONCE):
            some = made[start : start + _AT_ONCE]
            there = select(quarantine_decisions).where(
                quarantine_decisions.c.entry.in_([one.entry for one in some])
            )
            for row in connection.execute(there).mappings():
                said = f"{row['decided_by']} has decided it already: {row['decision']}"
                late[row["entry"]] = VersionConflict(said)
        self.decide_open(connection, [one for one in made if one.entry not in late])
        return late

    def decide_open(self, connection: Connection, made: Sequence[Decision]) -> None:
        """Keep decisions, all made in one operation, about entries that this transaction has found
        open; the operation's chain gets their digests."""
        if made:
            connection.execute(insert(quarantine_decisions), [_decision_row(one) for one in made])
            entries = [one.entry for one in made]
            seal_decisions(connection, made[0].operation, entries, made[0].decided_at)

    def open_of_import(
        self, connection: Connection, operation: str, source: str, received_at: datetime
    ) -> list[int]:
        """The entries that one import has put there and nobody has decided."""
        query = (
            select(quarantine.c.id)
            .outerjoin(quarantine_decisions, quarantine_decisions.c.entry == quarantine.c.id)
            .where(
                quarantine.c.operation == operation,
                quarantine.c.received_at == to_microseconds(received_at),
                quarantine.c.source == source,
                quarantine_decisions.c.entry.is_(None),
            )
        )
        return list(connection.scalars(query))

    def counts(self, operation: str | None) -> dict[str, int]:
        """How many entries of an operation are open, by reason."""
        query = _of(select(quarantine.c.reason, func.count()), operation).where(
            quarantine.c.id.not_in(select(quarantine_decisions.c.entry))
        )
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


_WITH_DECISION = select(
    quarantine,
    *(column.label(f"its_{column.name}") for column in quarantine_decisions.c),
).outerjoin(quarantine_decisions, quarantine_decisions.c.entry == quarantine.c.id)


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
    return Quarantined(row["id"], entry, _decision(row))


def _decision(row: RowMapping) -> Decision | None:
    if row["its_entry"] is None:
        return None
    return Decision(
        entry=row["its_entry"],
        command_id=row["its_command_id"],
        decision=row["its_decision"],
        decided_by=row["its_decided_by"],
        decided_role=row["its_decided_role"],
        decided_at=from_microseconds(row["its_decided_at"]),
        operation=row["its_operation"],
        reason=row["its_reason"],
        said=json.loads(row["its_said"]),
    )


def _decision_row(made: Decision) -> dict[str, Any]:
    return {
        "entry": made.entry,
        "command_id": made.command_id,
        "decision": made.decision,
        "decided_by": made.decided_by,
        "decided_role": made.decided_role,
        "decided_at": to_microseconds(made.decided_at),
        "operation": made.operation,
        "reason": made.reason,
        "said": json.dumps(made.said),
    }
