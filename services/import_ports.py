"""What the imports of track files need from the outside; ``data`` and other services satisfy it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from domain.events import Actor
from domain.roster import Operation
from domain.roster_rules import Roster
from domain.stored_fixes import QuarantineEntry
from domain.track_imports import ImportStatus, NewImport, TrackImport
from services.ports import Filing, FixKey, Transaction


class Imports(Protocol):
    """Where files wait and imports are kept; ``data/import_store.py``."""

    def add(self, connection: Transaction, new: NewImport) -> int: ...
    def find(self, connection: Transaction, operation: str, number: int) -> TrackImport: ...
    def data(self, connection: Transaction, number: int) -> bytes: ...
    def listing(
        self, connection: Transaction, operation: str, most: int
    ) -> Sequence[TrackImport]: ...
    def discard(self, connection: Transaction, number: int) -> None: ...
    def claim(self, connection: Transaction, number: int, now: datetime) -> None: ...
    def advance(
        self,
        connection: Transaction,
        number: int,
        step: tuple[int, int],
        counts: Mapping[str, Any],
        keys: Mapping[tuple[str, str, str], Sequence[int]],
        now: datetime,
    ) -> None: ...
    def settle(self, connection: Transaction, number: int, status: ImportStatus) -> None: ...
    def keys(
        self, connection: Transaction, number: int
    ) -> Iterator[tuple[str, str, list[FixKey]]]: ...
    def undone(
        self,
        connection: Transaction,
        number: int,
        by: str,
        reason: str,
        removed: int,
        now: datetime,
    ) -> None: ...


class VisitsAgain(Protocol):
    """Who follows the visits anew when fixes were taken away."""

    def fixes_removed(
        self, connection: Transaction, filing: Filing, start: datetime, end: datetime
    ) -> None:
        """Fixes of the unit between these times were taken away."""


class DrawnAgain(Protocol):
    """Who makes the tracks on the map anew when fixes were taken away."""

    def forget(
        self, connection: Transaction, operation: str, start: datetime, end: datetime
    ) -> None:
        """Fixes between these times were taken away."""


class LogNotes(Protocol):
    """The occurrence log."""

    def note(
        self, connection: Transaction, operation: str, actor: Actor, words: str, now: datetime
    ) -> None:
        """A line about an act of the actor, inside its transaction."""


class QuarantineOfImports(Protocol):
    """The quarantine, as far as an import has put something there."""

    def discard_of_import(
        self,
        connection: Transaction,
        operation: str,
        source: str,
        received_at: datetime,
        actor: Actor,
        reason: str,
        now: datetime,
    ) -> int:
        """Discard what is still open of one import; how many entries."""

    def known(self, entries: Sequence[QuarantineEntry]) -> Sequence[bool]:
        """Of each entry whether the same is kept, or stands before it."""


class Operations(Protocol):
    """The roster."""

    def operation(self, operation_id: str) -> Operation:
        """One operation; raises ``NotFound``."""

    def roster(self) -> Roster:
        """All of it."""
