"""What the quarantine needs from the outside; ``data/quarantine_store.py`` satisfies it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.errors import DashboardError
from domain.fixes import Report
from domain.quarantine import Decision
from domain.stored_fixes import QuarantineEntry
from services.ports import Transaction

ReadEntry = Callable[[QuarantineEntry, str], Report | None]
"""What can be read of an entry by a device with that unit of speed."""


class Kept(Protocol):
    """An entry under the number it was kept by, and what was decided about it."""

    @property
    def id(self) -> int: ...
    @property
    def entry(self) -> QuarantineEntry: ...
    @property
    def decision(self) -> Decision | None: ...


class QuarantineStore(Protocol):
    """Where the entries are; None asks for those outside any operation."""

    def listing(
        self,
        operation: str | None,
        limit: int = 200,
        before: int | None = None,
        decided: bool | None = None,
        refused_for: str | None = None,
    ) -> Sequence[Kept]:
        """Newest first."""

    def counts(self, operation: str | None) -> dict[str, int]:
        """How many are open, by reason."""

    def find(self, connection: Transaction, number: int) -> Kept:
        """One entry; raises ``NotFound``."""

    def known(self, connection: Transaction, entries: Sequence[QuarantineEntry]) -> list[bool]:
        """For each entry whether the same is kept, or stands before it."""

    def decided_by(self, connection: Transaction, command_id: str) -> set[int]:
        """The entries that a command has decided."""

    def decide(self, connection: Transaction, made: Decision) -> None:
        """Keep a decision; raises ``VersionConflict`` where the entry has one already."""

    def decide_several(
        self, connection: Transaction, made: Sequence[Decision]
    ) -> Mapping[int, DashboardError]:
        """Keep the decisions, all made in one operation; of each entry that has one already why it
        was not kept."""

    def decide_open(self, connection: Transaction, made: Sequence[Decision]) -> None:
        """Keep decisions about entries that this transaction has found open."""

    def open_of_import(
        self, connection: Transaction, operation: str, source: str, received_at: datetime
    ) -> list[int]:
        """The entries that one import has put there and nobody has decided."""
