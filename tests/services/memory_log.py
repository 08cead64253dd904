"""The event log in a list, for a search that drives the services far more often than a database
could bear. No stand-in for the store's own tests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from domain.chain import canonical
from domain.events import BriefEvent, Command, Event, NewEvent
from domain.streams import PLATOON
from domain.time import to_microseconds


class MemoryLog:
    """``services/event_ports.py::EventLog`` over ``events``, of one operation."""

    def __init__(self, events: Sequence[Event] = ()) -> None:
        self.events = list(events)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        before = len(self.events)
        try:
            yield
        except BaseException:
            del self.events[before:]
            raise

    @contextmanager
    def view(self) -> Iterator[None]:
        yield

    def stream(self, _connection: Any, _operation: str, stream: str) -> list[Event]:
        return [one for one in self.events if one.stream == stream]

    def last_of_each(
        self, _connection: Any, _operation: str, streams: Sequence[str]
    ) -> dict[str, Event]:
        return {one.stream: one for one in self.events if one.stream in streams}

    def last_moving(self, connection: Any, operation: str, stream: str, until: int) -> Event | None:
        found = [
            one
            for one in self.stream(connection, operation, stream)
            if one.seq <= until and one.to_state is not None and one.corrects is None
        ]
        return found[-1] if found else None

    def by_command(self, _connection: Any, _operation: str, command_id: str) -> list[Event]:
        return [one for one in self.events if one.command_id == command_id]

    def by_commands(self, _connection: Any, command_ids: Sequence[str]) -> list[Event]:
        return [one for one in self.events if one.command_id in command_ids]

    def since(
        self, _connection: Any, _operation: str, chain_seq: int, limit: int = 10_000
    ) -> list[Event]:
        return self.events[chain_seq : chain_seq + limit]

    def brief(
        self, _connection: Any, _operation: str, chain_seq: int, until: int, bodies: Any = ()
    ) -> Iterator[BriefEvent]:
        for one in self.events[chain_seq:until]:
            yield BriefEvent(*(getattr(one, name) for name in BriefEvent._fields))

    def tail(
        self, connection: Any, operation: str, stream: str, seq: int, until: int
    ) -> list[Event]:
        return [
            one
            for one in self.stream(connection, operation, stream)
            if one.seq > seq and one.chain_seq <= until
        ]

    def head(self, _connection: Any, _operation: str) -> int:
        return len(self.events)

    def newest_incident(self, _connection: Any, _operation: str) -> str | None:
        found = [one.stream for one in self.events if not one.stream.startswith((PLATOON, "log"))]
        return found[-1] if found else None

    def append(
        self,
        _connection: Any,
        operation: str,
        new: Sequence[NewEvent],
        command: Command,
        now: datetime,
    ) -> list[Event]:
        stored = []
        for one in new:
            number = len(self.events) + 1
            seq = 1 + sum(other.stream == one.stream for other in self.events)
            event = Event(
                operation, one.stream, seq, number, str(uuid.UUID(int=number)), command.command_id,
                one.region, one.event, one.from_state, one.to_state,
                to_microseconds(command.occurred_at), to_microseconds(now), command.actor.name,
                command.actor.role, command.late_entry, one.corrects,
                one.purpose, one.reason, one.receiver, one.incident,
                ",".join(one.platoons) or None, canonical(dict(one.body)), "", "",
            )  # fmt: skip
            self.events.append(event)
            stored.append(event)
        return stored


class NoJournal:
    """Nobody listens."""

    def append(self, *_arguments: Any) -> None:
        return None

    def append_many(self, *_arguments: Any) -> None:
        return None

    def try_out(self, _connection: Any) -> None:
        return None
