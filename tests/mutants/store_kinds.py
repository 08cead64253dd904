"""What is broken in the store and the services: invariants 7, 13, 15 and 19 have to notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import select, text

from data import event_append, event_store
from data.event_store import EventStore
from data.schema import events
from domain import chain
from domain.errors import NotFound
from services import command_ids, incidents
from services.incident_reading import IncidentReading
from tests.mutants.kinds import Mutant
from tests.services.incident_world import IncidentWorld


def of_the_store() -> Iterator[Mutant]:
    """One promise of the store or of the services each."""
    yield Mutant("an incident is found from any operation", _any_operation, store=True)
    yield Mutant("the database allows change and removal", _no_triggers, store=True)
    yield Mutant("the hash leaves out what was said", _hash_without_body, store=True)
    yield Mutant("numbers of a stream leave a gap", _gaps, store=True)
    yield Mutant("a repeated command is not recognised", _no_repeat, store=True)
    yield Mutant("another command may use the same id", _any_command, store=True)
    yield Mutant("the version that was seen is not compared", _no_version, store=True)


@contextmanager
def _any_operation() -> Iterator[None]:
    def stream(self: EventStore, connection: Any, _operation: str, name: str) -> list[Any]:
        wanted = select(events).where(events.c.stream == name).order_by(events.c.seq)
        return [event_store._event(row) for row in connection.execute(wanted)]

    def history(self: IncidentReading, connection: Any, operation: str, name: str) -> list[Any]:
        found = self._log.stream(connection, operation, name)
        if not found:
            raise NotFound("no such incident")
        return found

    with (
        patch.object(EventStore, "stream", stream),
        patch.object(IncidentReading, "history", history),
    ):
        yield


@contextmanager
def _no_triggers() -> Iterator[None]:
    made = IncidentWorld.__post_init__

    def without(self: IncidentWorld) -> None:
        made(self)
        with self.database.writing() as connection:
            names = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            ).scalars()
            for name in names.all():
                connection.execute(text(f"DROP TRIGGER {name}"))

    with patch.object(IncidentWorld, "__post_init__", without):
        yield


def _hash_without_body() -> AbstractContextManager[Any]:
    kept = tuple(name for name in chain._HASHED if name != "body_text")
    return patch.object(chain, "_HASHED", kept)


@contextmanager
def _gaps() -> Iterator[None]:
    real = event_append._versions

    def ahead(*arguments: Any) -> dict[str, int]:
        return {name: seq + 1 for name, seq in real(*arguments).items()}

    with patch.object(event_append, "_versions", ahead):
        yield


def _no_repeat() -> AbstractContextManager[Any]:
    return patch.object(EventStore, "by_commands", lambda *_arguments: [])


def _any_command() -> AbstractContextManager[Any]:
    return patch.object(command_ids, "_same", lambda *_arguments: True)


def _no_version() -> AbstractContextManager[Any]:
    return patch.object(incidents, "_check_version", lambda *_arguments: None)
