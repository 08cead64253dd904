"""Adding to the chain of an operation, inside whoever's write transaction it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from data.identifiers import new_event_id
from data.schema import events
from domain.chain import GENESIS, canonical, digest
from domain.errors import VersionConflict
from domain.events import Command, Event, NewEvent
from domain.time import to_microseconds

SCHEMA_VERSION = 1

_COLUMNS = tuple(column.name for column in events.columns)


def append_events(
    connection: Connection,
    operation: str,
    new: Sequence[NewEvent],
    command: Command,
    now: datetime,
) -> list[Event]:
    """Store ``new`` behind what is there; raises ``VersionConflict`` when a race was lost."""
    head = _last(connection, operation)
    chain_seq, previous = (head.chain_seq, head.hash) if head else (0, GENESIS)
    recorded = max(to_microseconds(now), head.recorded_at if head else 0)
    seqs = _versions(connection, operation, sorted({one.stream for one in new}))
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


def _last(connection: Connection, operation: str) -> Any:
    newest = (
        select(events.c.chain_seq, events.c.hash, events.c.recorded_at)
        .where(events.c.operation == operation)
        .order_by(events.c.chain_seq.desc())
        .limit(1)
    )
    return connection.execute(newest).first()


def _versions(connection: Connection, operation: str, streams: Sequence[str]) -> dict[str, int]:
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
        "corrects": one.corrects,
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
