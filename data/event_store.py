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

from sqlalchemy import Connection, case, func, select, text, tuple_

from data.alert_repeats import forget_repeats, keep_repeats, repeats_of
from data.database import Database
from data.event_append import append_events
from data.schema import FIRST_OF_INCIDENT, events, operations
from domain.events import READ_WITH_BODY, BriefEvent, Command, Event, NewEvent
from domain.repeats import Repeats

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

    def by_commands(self, connection: Connection, command_ids: Sequence[str]) -> list[Event]:
        """The events of any operation that one of these commands has led to, in order."""
        wanted = select(events).where(
            events.c.operation.in_(select(operations.c.id)),  # the index begins with it
            events.c.command_id.in_(command_ids),
        )
        found = [_event(row) for row in connection.execute(wanted)]
        return sorted(found, key=lambda event: (event.operation, event.chain_seq))

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

    def end(self, connection: Connection, operation: str) -> tuple[int, str] | None:
        """Number and hash of the newest event of an operation, None where there is none."""
        wanted = (
            select(events.c.chain_seq, events.c.hash)
            .where(events.c.operation == operation)
            .order_by(events.c.chain_seq.desc())
            .limit(1)
        )
        row = connection.execute(wanted).first()
        return None if row is None else (row.chain_seq, row.hash)

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
        return append_events(connection, operation, new, command, now)

    def repeats(self, connection: Connection, operation: str) -> dict[str, Repeats]:
        """How often each open alert was raised that was raised again."""
        return repeats_of(connection, operation)

    def keep_repeats(
        self, connection: Connection, operation: str, alert: str, repeats: Repeats | None
    ) -> None:
        """Put these in the place of those before; None when the log has all of them."""
        if repeats is None:
            forget_repeats(connection, operation, alert)
        else:
            keep_repeats(connection, operation, alert, repeats)


def _event(row: Iterable[Any]) -> Event:
    return Event._make(row)
