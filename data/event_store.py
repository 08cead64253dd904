"""The append-only, hash-chained log of every operation.

``(operation, stream, seq)`` is the key, so a lost race is a constraint error. One hash chain an
operation links its events in order of recording: each hash covers the previous one and every
column of its own event. Triggers of the first migration refuse update and delete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, case, func, insert, select, text, tuple_
from sqlalchemy.exc import IntegrityError

from data.database import Database
from data.identifiers import new_event_id
from data.schema import FIRST_OF_INCIDENT, events
from domain.chain import GENESIS, canonical, digest
from domain.errors import VersionConflict
from domain.events import READ_WITH_BODY, BriefEvent, Command, Event, NewEvent
from domain.time import to_microseconds

SCHEMA_VERSION = 1

_COLUMNS = tuple(column.name for column in events.columns)

_BRIEF = [
    events.c[{"occurred_us": "occurred_at", "recorded_us": "recorded_at"}.get(name, name)]
    for name in BriefEvent._fields[:-1]
]
_make_brief = partial(tuple.__new__, BriefEvent)
_AT_ONCE = 1_000


class EventStore:
    """Reading and appending; every method that writes runs in the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing, alone, durable when it ends."""
        with self._database.writing() as connection:
            yield connection

    @contextmanager
    def view(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._database.reading() as connection:
            yield connection

    def stream(self, connection: Connection, operation: str, stream: str) -> list[Event]:
        """The events of one stream in order."""
        wanted = (
            select(events)
            .where(events.c.operation == operation, events.c.stream == stream)
            .order_by(events.c.seq)
        )
        return [_event(row) for row in connection.execute(wanted)]

    def last_of_each(
        self, connection: Connection, operation: str, streams: Sequence[str]
    ) -> dict[str, Event]:
        """The newest event of each of ``streams`` that has any."""
        newest = (
            select(events.c.operation, events.c.stream, func.max(events.c.seq))
            .where(events.c.operation == operation, events.c.stream.in_(streams))
            .group_by(events.c.operation, events.c.stream)
        )
        key = tuple_(events.c.operation, events.c.stream, events.c.seq)
        found = connection.execute(select(events).where(key.in_(newest)))
        return {row.stream: _event(row) for row in found}

    def last_moving(
        self, connection: Connection, operation: str, stream: str, until: int
    ) -> Event | None:
        """The newest event of a stream up to ``until`` that moved a state."""
        wanted = (
            select(events)
            .where(
                events.c.operation == operation,
                events.c.stream == stream,
                events.c.seq <= until,
                events.c.to_state.is_not(None),
                events.c.corrects.is_(None),
            )
            .order_by(events.c.seq.desc())
            .limit(1)
        )
        row = connection.execute(wanted).first()
        return None if row is None else _event(row)

    def by_command(self, connection: Connection, operation: str, command_id: str) -> list[Event]:
        """The events that a command has led to, empty when it is new."""
        wanted = select(events).where(
            events.c.operation == operation, events.c.command_id == command_id
        )
        # sorted here: asked to sort, SQLite would walk the whole chain instead of the index
        found = [_event(row) for row in connection.execute(wanted)]
        return sorted(found, key=lambda event: event.chain_seq)

    def since(
        self, connection: Connection, operation: str, chain_seq: int, limit: int = 1_000_000
    ) -> list[Event]:
        """The events of an operation after ``chain_seq``, in order of recording."""
        wanted = (
            select(events)
            .where(events.c.operation == operation, events.c.chain_seq > chain_seq)
            .order_by(events.c.chain_seq)
            .limit(limit)
        )
        return [_event(row) for row in connection.execute(wanted)]

    def brief(
        self,
        connection: Connection,
        operation: str,
        chain_seq: int,
        until: int,
        bodies: Sequence[str] = READ_WITH_BODY,
    ) -> Iterator[BriefEvent]:
        """The events after ``chain_seq`` up to number ``until``, in order of recording.

        Those named in ``bodies`` come with their body. Straight from the driver's cursor: a start
        folds the whole log, and making rows of SQLAlchemy would take longer than all the rest.
        """
        wanted = (
            select(*_BRIEF, case((events.c.event.in_(bodies), events.c.body)))
            .where(
                events.c.operation == operation,
                events.c.chain_seq > chain_seq,
                events.c.chain_seq <= until,
            )
            .order_by(events.c.chain_seq)
        )
        with closing(connection.execute(wanted)) as result:
            while rows := result.cursor.fetchmany(_AT_ONCE):
                yield from map(_make_brief, rows)

    def tail(
        self, connection: Connection, operation: str, stream: str, seq: int, until: int
    ) -> list[Event]:
        """The events of one stream after ``seq`` up to the operation's number ``until``."""
        wanted = (
            select(events)
            .where(
                events.c.operation == operation,
                events.c.stream == stream,
                events.c.seq > seq,
                events.c.chain_seq <= until,
            )
            .order_by(events.c.seq)
        )
        return [_event(row) for row in connection.execute(wanted)]

    def head(self, connection: Connection, operation: str) -> int:
        """The number of the newest event of an operation, 0 when there is none."""
        newest = select(func.max(events.c.chain_seq)).where(events.c.operation == operation)
        return connection.execute(newest).scalar() or 0

    def operations(self, connection: Connection) -> list[str]:
        """The operations that have any event, also where nothing else of them is there."""
        return list(connection.scalars(select(events.c.operation).distinct()))

    def newest_incident(self, connection: Connection, operation: str) -> str | None:
        """The incident of an operation that was reported last, None when there is none."""
        wanted = (
            select(events.c.stream)
            .where(events.c.operation == operation, text(FIRST_OF_INCIDENT))
            .order_by(events.c.chain_seq.desc())
            .limit(1)
        )
        return connection.execute(wanted).scalar()

    def append(
        self,
        connection: Connection,
        operation: str,
        new: Sequence[NewEvent],
        command: Command,
        now: datetime,
    ) -> list[Event]:
        """Store ``new`` behind what is there; raises ``VersionConflict`` when a race was lost."""
        head = self._last(connection, operation)
        chain_seq, previous = (head.chain_seq, head.hash) if head else (0, GENESIS)
        recorded = max(to_microseconds(now), head.recorded_at if head else 0)
        seqs = self._versions(connection, operation, sorted({one.stream for one in new}))
        stored: list[Event] = []
        for one in new:
            chain_seq += 1
            seqs[one.stream] = seqs.get(one.stream, 0) + 1
            columns = _columns(operation, one, command)
            columns |= {
                "seq": seqs[one.stream],
                "chain_seq": chain_seq,
                "event_id": new_event_id(now),
                "recorded_at": recorded,
                "prev_hash": previous,
                "hash": "",
            }
            unsealed = Event(*(columns[name] for name in _COLUMNS))
            previous = columns["hash"] = digest(unsealed)
            _insert(connection, columns)
            stored.append(unsealed._replace(hash=previous))
        return stored

    def _last(self, connection: Connection, operation: str) -> Any:
        newest = (
            select(events.c.chain_seq, events.c.hash, events.c.recorded_at)
            .where(events.c.operation == operation)
            .order_by(events.c.chain_seq.desc())
            .limit(1)
        )
        return connection.execute(newest).first()

    def _versions(
        self, connection: Connection, operation: str, streams: Sequence[str]
    ) -> dict[str, int]:
        wanted = (
            select(events.c.stream, func.max(events.c.seq))
            .where(events.c.operation == operation, events.c.stream.in_(streams))
            .group_by(events.c.stream)
        )
        return dict(iter(connection.execute(wanted).all()))


def _columns(operation: str, one: NewEvent, command: Command) -> dict[str, Any]:
    return {
        "operation": operation,
        "stream": one.stream,
        "command_id": command.command_id,
        "region": one.region,
        "event": one.event,
        "from_state": one.from_state,
        "to_state": one.to_state,
        "occurred_at": to_microseconds(command.occurred_at),
        "entered_by": command.actor.name,
        "entered_role": command.actor.role,
        "late_entry": command.late_entry,
        "corrects": command.corrects,
        "purpose": one.purpose,
        "reason": one.reason,
        "receiver": one.receiver,
        "incident": one.incident,
        "platoons": ",".join(one.platoons) or None,
        "body": canonical({**one.body, "schema_version": SCHEMA_VERSION}),
    }


def _insert(connection: Connection, columns: dict[str, Any]) -> None:
    try:
        connection.execute(insert(events).values(columns))
    except IntegrityError as fault:
        raise VersionConflict("another event was recorded at the same moment") from fault


def _event(row: Iterable[Any]) -> Event:
    return Event._make(row)
