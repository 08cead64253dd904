"""The security log in the database: one chain in segments.

Several processes write to it. Each append takes the lock of this log alone on PostgreSQL, not the
one that the writers of incidents wait for; on SQLite, which has one lock for the file, it is one
short transaction for everything that waited. What also writes into the chain of the system takes
the usual lock first and this one second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text

from data.database import Database
from data.schema import security_events
from data.system_log import SystemLog, append_system_events
from domain.access.security import NewSecurityEvent, SecurityEvent, short
from domain.access.security_segments import CLOSED, DROPPED, NOTED
from domain.chain import GENESIS, canonical, digest
from domain.errors import StoreUnavailable
from domain.system_log import NewSystemEvent
from domain.time import from_microseconds, to_microseconds

LOCK = 0x46505532
"""On PostgreSQL the lock of this log."""

SEGMENT_OPENED = "segment_opened"
_ITS = security_events.c
_NEWEST_FIRST = (_ITS.segment.desc(), _ITS.seq.desc())


class SqlSecurityStore:
    """All methods raise ``StoreUnavailable`` when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, new: Sequence[NewSecurityEvent]) -> None:
        """Record behind what is there; durable on return."""
        self._there()
        with self._database.writing(LOCK) as connection:
            _append(connection, new)

    def last_body(self, kind: str) -> dict[str, Any] | None:
        """The body of the newest entry of a kind, None where there is none."""
        query = select(security_events).where(_ITS.kind == kind).order_by(_ITS.recorded_at.desc())
        with self._database.reading() as connection:
            row = connection.execute(query.limit(1)).first()
        return None if row is None else SecurityEvent._make(row).body

    def entries(self, connection: Connection) -> Iterator[SecurityEvent]:
        """All of it in order, read bit by bit."""
        query = select(security_events).order_by(_ITS.segment, _ITS.seq)
        rows = connection.execution_options(yield_per=1000).execute(query)
        return map(SecurityEvent._make, rows)

    def segments(self) -> list[tuple[int, int, datetime, datetime]]:
        """Of each segment its number, how many entries, and the first and last time."""
        span = func.count(), func.min(_ITS.recorded_at), func.max(_ITS.recorded_at)
        query = select(_ITS.segment, *span).group_by(_ITS.segment).order_by(_ITS.segment)
        with self._database.reading() as connection:
            return [
                (number, count, from_microseconds(first), from_microseconds(last))
                for number, count, first, last in connection.execute(query)
            ]

    # --- what the chain of the system says of it ----------------------------------------------

    def close_segment(self, now: datetime) -> int | None:
        """End the open segment and begin the next; the number of the ended one, None where there
        is none."""
        with self._both() as connection:
            last = _last(connection)
            if last is None:
                return None
            first_us = connection.scalar(
                select(func.min(_ITS.recorded_at)).where(_ITS.segment == last.segment)
            )
            facts = _facts(last) | {"first_us": first_us, "last_us": last.recorded_us}
            _tell(connection, CLOSED, last.segment, now, facts)
            opened = NewSecurityEvent("log", "done", now, reason=SEGMENT_OPENED)
            _append(connection, [opened], segment=last.segment + 1)
            return last.segment

    def note_end(self, now: datetime) -> bool:
        """Write into the chain of the system how far the open segment has come; False where that
        is noted already."""
        with self._both() as connection:
            last = _last(connection)
            if last is None:
                return False
            noted = SystemLog(self._database).last(connection, NOTED)
            facts = _facts(last)
            if noted is not None and noted.subject == str(last.segment) and noted.body == facts:
                return False
            _tell(connection, NOTED, last.segment, now, facts)
            return True

    def drop(self, before: datetime, now: datetime, by: str | None = None) -> tuple[int, int]:
        """Take away every whole segment whose newest entry is older than ``before``, and say so in
        the chain of the system: how many segments and entries went. The open one stays."""
        limit = to_microseconds(before)
        ended = select(_ITS.segment, func.count(), func.max(_ITS.recorded_at).label("last"))
        with self._both() as connection:
            last = _last(connection)
            rows = connection.execute(ended.group_by(_ITS.segment).order_by(_ITS.segment)).all()
            going = []
            for number, count, newest in rows:  # whole ones from the beginning, without a gap
                if newest >= limit or last is None or number >= last.segment:
                    break
                going.append((number, count))
            if not going:
                return 0, 0
            through, entries = going[-1][0], sum(count for _, count in going)
            facts = {"segments": len(going), "entries": entries, "before_us": limit}
            _tell(connection, DROPPED, through, now, facts, by)
            connection.execute(delete(security_events).where(_ITS.segment <= through))
            return len(going), entries

    @contextmanager
    def _both(self) -> Iterator[Connection]:
        """A transaction that writes here and into the chain of the system."""
        self._there()
        with self._database.writing() as connection:
            if self._database.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            yield connection

    def _there(self) -> None:
        """A command may be about a file that is missing: it must not appear by being recorded."""
        path = self._database.url.database
        if self._database.dialect == "sqlite" and path and not Path(path).exists():
            raise StoreUnavailable("there is no database")


def _append(
    connection: Connection, new: Sequence[NewSecurityEvent], segment: int | None = None
) -> None:
    last = _last(connection)
    number = segment or (last.segment if last else 1)
    seq = last.seq if last and last.segment == number else 0
    recorded, previous = (last.recorded_us, last.hash) if last else (0, GENESIS)
    rows = []
    for one in new:
        seq, recorded = seq + 1, max(recorded + 1, to_microseconds(one.at))
        event = SecurityEvent(
            number,
            seq,
            recorded,
            one.kind,
            one.outcome,
            short(one.account, 40),
            short(one.role, 20),
            short(one.session, 40),
            short(one.address, 50),
            short(one.method, 10),
            short(one.route),
            one.status,
            short(one.reason, 40),
            one.count,
            canonical(dict(one.body)),
            previous,
            "",
        )
        previous = digest(event)
        rows.append(dict(zip(_ITS.keys(), event._replace(hash=previous), strict=True)))
    if rows:
        connection.execute(insert(security_events), rows)


def _last(connection: Connection) -> SecurityEvent | None:
    row = connection.execute(select(security_events).order_by(*_NEWEST_FIRST).limit(1)).first()
    return None if row is None else SecurityEvent._make(row)


def _facts(last: SecurityEvent) -> dict[str, Any]:
    return {"entries": last.seq, "head": last.hash}


def _tell(
    connection: Connection,
    event: str,
    segment: int,
    now: datetime,
    facts: dict[str, Any],
    by: str | None = None,
) -> None:
    append_system_events(connection, [NewSystemEvent(event, str(segment), now, by, facts)])
