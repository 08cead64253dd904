"""What the use cases around the event log need from the outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from domain.access.accounts import User
from domain.events import BriefEvent, Command, Event, NewEvent
from domain.repeats import Repeats
from domain.roster import Operation, Platoon
from services.ports import Transaction


class EventLog(Protocol):
    """The append-only log; ``data/event_store.py`` keeps it."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """All or nothing, alone, durable when it ends."""

    def view(self) -> AbstractContextManager[Transaction]:
        """One consistent view."""

    def stream(self, connection: Transaction, operation: str, stream: str) -> list[Event]:
        """The events of one stream in order."""

    def last_of_each(
        self, connection: Transaction, operation: str, streams: Sequence[str]
    ) -> dict[str, Event]:
        """The newest event of each of ``streams`` that has any."""

    def last_moving(
        self, connection: Transaction, operation: str, stream: str, until: int
    ) -> Event | None:
        """The newest event of a stream up to number ``until`` that moved a state."""

    def by_command(self, connection: Transaction, operation: str, command_id: str) -> list[Event]:
        """The events that a command has led to, empty when it is new."""

    def by_commands(self, connection: Transaction, command_ids: Sequence[str]) -> list[Event]:
        """The events of any operation that one of these commands has led to, in order."""

    def since(
        self, connection: Transaction, operation: str, chain_seq: int, limit: int = ...
    ) -> list[Event]:
        """The events of an operation after ``chain_seq``, in order of recording."""

    def brief(
        self,
        connection: Transaction,
        operation: str,
        chain_seq: int,
        until: int,
        bodies: Sequence[str] = ...,
    ) -> Iterator[BriefEvent]:
        """The events after ``chain_seq`` up to number ``until``, in order of recording.

        Those named in ``bodies`` come with their body.
        """

    def tail(
        self, connection: Transaction, operation: str, stream: str, seq: int, until: int
    ) -> list[Event]:
        """The events of one stream after ``seq`` up to the operation's number ``until``."""

    def head(self, connection: Transaction, operation: str) -> int:
        """The number of the newest event of an operation, 0 when there is none."""

    def newest_incident(self, connection: Transaction, operation: str) -> str | None:
        """The incident of an operation that was reported last, None when there is none."""

    def append(
        self,
        connection: Transaction,
        operation: str,
        new: Sequence[NewEvent],
        command: Command,
        now: datetime,
    ) -> list[Event]:
        """Store ``new``; raises ``VersionConflict`` when a race was lost."""

    def repeats(self, connection: Transaction, operation: str) -> dict[str, Repeats]:
        """How often each open alert was raised that was raised again."""

    def keep_repeats(
        self, connection: Transaction, operation: str, alert: str, repeats: Repeats | None
    ) -> None:
        """Put these in the place of those before; None when the log has all of them."""


class OperationFacts(Protocol):
    """What the roster says of operations and platoons."""

    def operations(self) -> Sequence[Operation]:
        """Every operation."""

    def operation(self, operation_id: str) -> Operation:
        """One operation; raises ``NotFound``."""

    def platoons_of(self, operation_id: str) -> Sequence[Platoon]:
        """The platoons of an operation."""

    def platoons_on_shift(self, operation_id: str, at: datetime) -> set[str]:
        """Ids of the platoons that are on shift."""


class Persons(Protocol):
    """Who may sign in, as it is now."""

    def current(self, name: str) -> User | None:
        """The account with the role that it holds now, None where it is unknown or disabled."""

    def hands_on(self, name: str) -> frozenset[str]:
        """The accounts that ``name`` has created or reset."""

    def confirm_password(self, name: str, password: str, address: str) -> User:
        """Who has given the own password; raises ``NotSignedIn``, ``TooManyRequests``."""


class Places(Protocol):
    """The gazetteer."""

    def position_of(self, place_ref: str) -> tuple[float, float] | None:
        """(latitude, longitude) of a place, None when there is no such place."""
