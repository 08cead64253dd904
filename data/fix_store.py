"""Where fixes are kept: recent and late ones as rows, settled ones in chunks of columns.

A row is keyed by (operation, unit, fix time, device) and the table is stored in that order, so
"all units at time t" costs one short descent a unit, however long the history is. What has settled
is packed (``data.fix_chunks_packing``): half an hour of a unit is then one or two rows. Both are
read together, and nobody outside this package can tell in which of them a fix is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from data import fix_chunks_reading as reading
from data.database import Database
from data.fix_chunks_keys import NEVER, fixes_at, newest_of
from data.fix_chunks_queries import FOREVER
from data.fix_rows import NAMES, Key, Values, fix_values, heartbeat_row, says_the_same, stored_fix
from data.fix_spans import about_fixes_in
from data.late_fixes import note_late
from data.lost_contacts import with_lost_contacts
from data.schema import fixes, heartbeats, units
from data.sealed_removal import remove_sealed
from domain.fixes import Heartbeat
from domain.stored_fixes import DeviceTrack, FixColumns, StoredFix, Storing
from domain.time import from_microseconds, to_microseconds

_INSERT_HEARTBEAT = {
    "sqlite": sqlite_insert(heartbeats).on_conflict_do_nothing(),
    "postgresql": postgresql_insert(heartbeats).on_conflict_do_nothing(),
}


def _insert_sql(mark: str) -> str:
    marks = ", ".join([mark] * len(NAMES))
    return f"INSERT INTO fixes ({', '.join(NAMES)}) VALUES ({marks})"  # noqa: S608


# for the driver itself: naming thirteen values a fix would cost as much as storing them
_INSERT = {"sqlite": _insert_sql("?"), "postgresql": _insert_sql("%s")}


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
        return _newest(connection, units_wanted)

    def insert(
        self,
        connection: Connection,
        stored: Sequence[StoredFix],
        newest: Mapping[tuple[str, str], datetime] | None = None,
    ) -> list[Storing]:
        """Store what is new; of each fix, in order, what became of it.

        A fix whose key is taken is a duplicate when it says the same and a conflict when not;
        neither changes what is there. ``newest`` is the answer of that method for all their units
        in the same transaction, for a caller who has it; else it is asked for here.
        """
        fresh, outcomes = _sorted_out(connection, stored, newest)
        if fresh:
            connection.exec_driver_sql(_INSERT[self._database.dialect], fresh)
            note_late(connection, fresh)
        return outcomes

    def has_told(
        self,
        connection: Connection,
        operation: str,
        unit: str,
        device: str,
        *,
        after: datetime,
        received_before: datetime,
    ) -> bool:
        """Whether a device has a fix later than ``after`` that came before ``received_before``;
        among the recent ones, which are not yet packed."""
        its = fixes.c
        query = select(its.fix_time).where(
            its.operation == operation,
            its.unit == unit,
            its.fix_time > to_microseconds(after),
            its.device == device,
            its.received_at < to_microseconds(received_before),
        )
        return connection.execute(query.limit(1)).first() is not None

    def find(self, connection: Connection, wanted: StoredFix) -> StoredFix | None:
        """The fix that is stored for the operation, unit, time and device of ``wanted``."""
        (values,) = fix_values([wanted])
        key = values[:4]
        there = fixes_at(connection, [key]).get(key)
        return None if there is None else stored_fix(dict(zip(NAMES, there, strict=True)))

    def compare(self, connection: Connection, stored: Sequence[StoredFix]) -> list[Storing]:
        """What ``insert`` would tell, without storing anything."""
        return _sorted_out(connection, stored, None)[1]

    def remove(self, connection: Connection, keys: Sequence[Key]) -> int:
        """Take fixes away for good, as when an import is undone; how many of them were there."""
        return remove_sealed(connection, keys, datetime.now(UTC))

    def insert_heartbeats(
        self, connection: Connection, beats: Sequence[tuple[str, str, Heartbeat]]
    ) -> None:
        """Signs of life (operation, unit, heartbeat); one more at the same moment adds nothing."""
        rows = [heartbeat_row(*beat) for beat in beats]
        if rows:
            connection.execute(_INSERT_HEARTBEAT[self._database.dialect], rows)

    def insert_besides(
        self, connection: Connection, beats: Sequence[tuple[str, str, Heartbeat]]
    ) -> None:
        """Signs of life that must not be lost: where the device has said something else at the
        same microsecond, at the last one before it that is free."""
        for beat in beats:
            row = heartbeat_row(*beat)
            while (there := _heard(connection, row)) is not None and there != row:
                row["received_at"] -= 1
            if there is None:
                connection.execute(heartbeats.insert(), [row])

    # --- reading -------------------------------------------------------------------------------

    def latest(
        self, operation: str, at: datetime | None = None, known_at: datetime | None = None
    ) -> list[StoredFix]:
        """The newest fix of each unit with fix time up to ``at``, ordered by unit.

        Of two devices of a unit at the same microsecond, what was received last stands. Each tells
        when its device was lost afterwards.
        """
        moment = FOREVER if at is None else to_microseconds(at)
        with self._database.reading() as connection:
            newest, _ = reading.state(connection, operation, moment, moment, _known(known_at))
            fixes = [stored_fix(row) for row in newest]
            return with_lost_contacts(connection, fixes, min(moment, _known(known_at)))

    def state(
        self,
        operation: str,
        at: datetime,
        seconds: float,
        known_at: datetime | None = None,
    ) -> tuple[list[StoredFix], list[DeviceTrack]]:
        """``latest`` at a time, and the tracks of all units in the ``seconds`` up to it."""
        begin, end = to_microseconds(at - timedelta(seconds=seconds)), to_microseconds(at)
        with self._database.reading() as connection:
            newest, tracks = reading.state(connection, operation, begin, end, _known(known_at))
            fixes = [stored_fix(row) for row in newest]
            return with_lost_contacts(connection, fixes, min(end, _known(known_at))), tracks

    def tracks(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        known_at: datetime | None = None,
    ) -> list[DeviceTrack]:
        """Where one unit, or each, was from ``start`` to ``end``: by unit and device."""
        span = to_microseconds(start), to_microseconds(end)
        with self._database.reading() as connection:
            return reading.tracks(connection, operation, unit, *span, _known(known_at))

    def between(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        known_at: datetime | None = None,
    ) -> FixColumns:
        """All fixes of one unit, or of all, from ``start`` to ``end``, both included."""
        span = to_microseconds(start), to_microseconds(end)
        with self._database.reading() as connection:
            return reading.columns(connection, operation, unit, *span, _known(known_at))

    def whole(
        self, operation: str, unit: str | None, start: datetime, end: datetime, most: int
    ) -> list[StoredFix]:
        """As ``between``, but everything that is known of each fix; at most ``most`` of them."""
        span = to_microseconds(start), to_microseconds(end)
        with self._database.reading() as connection:
            found = reading.whole(connection, operation, unit, *span, most)
        return [stored_fix(row) for row in found]

    def places(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        known_at: datetime | None = None,
    ) -> FixColumns:
        """As ``between``, for whom times, places and accuracy are enough: what else was measured
        may be NaN."""
        span = to_microseconds(start), to_microseconds(end)
        with self._database.reading() as connection:
            return reading.columns(
                connection, operation, unit, *span, _known(known_at), only_places=True
            )

    def trails(
        self,
        operation: str,
        until: datetime,
        seconds: float,
        known_at: datetime | None = None,
    ) -> FixColumns:
        """All fixes of all units in the ``seconds`` up to ``until``."""
        return self.between(operation, None, until - timedelta(seconds=seconds), until, known_at)

    def about(self, operation: str, unit: str | None, start: datetime, end: datetime) -> int:
        """About how many fixes of one unit, or of all, there are from ``start`` to ``end``."""
        span = to_microseconds(start), to_microseconds(end)
        with self._database.reading() as connection:
            return about_fixes_in(connection, operation, unit, *span)

    def callsigns(self) -> dict[str, str]:
        """Call sign by unit id, of every unit."""
        with self._database.reading() as connection:
            rows = connection.execute(select(units.c.id, units.c.callsign).order_by(units.c.id))
            return {row.id: row.callsign for row in rows}


def _sorted_out(
    connection: Connection,
    stored: Sequence[StoredFix],
    newest: Mapping[tuple[str, str], datetime] | None,
) -> tuple[list[Values], list[Storing]]:
    """The rows that are new, and of each fix what becomes of it."""
    rows = fix_values(stored)
    if newest is None:
        newest = _newest(connection, list({(row[0], row[1]): None for row in rows}))
    known = _known_keys(connection, rows, newest)
    fresh, outcomes = [], []
    for row in rows:
        there = known.setdefault(row[:4], row)
        if there is row:
            fresh.append(row)
            outcomes.append(Storing.STORED)
        else:
            same = says_the_same(row, there)
            outcomes.append(Storing.DUPLICATE if same else Storing.CONFLICT)
    return fresh, outcomes


def _newest(
    connection: Connection, units_wanted: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], datetime]:
    found = newest_of(connection, units_wanted)
    return {unit: from_microseconds(newest) for unit, newest in found.items() if newest != NEVER}


def _known_keys(
    connection: Connection, rows: Sequence[Values], newest: Mapping[tuple[str, str], datetime]
) -> dict[Key, Values]:
    """What is there at the keys of the rows; looked up only for those not newer than all others
    of their unit, which in a live feed are few."""
    last = {unit: to_microseconds(moment) for unit, moment in newest.items()}
    older = [row[:4] for row in rows if row[2] <= last.get((row[0], row[1]), NEVER)]
    return fixes_at(connection, older) if older else {}


def _heard(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any] | None:
    its = heartbeats.c
    query = select(heartbeats).where(
        its.device == row["device"], its.received_at == row["received_at"]
    )
    found = connection.execute(query).mappings().first()
    return None if found is None else dict(found)


def _known(known_at: datetime | None) -> int:
    return FOREVER if known_at is None else to_microseconds(known_at)
