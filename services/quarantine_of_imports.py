"""The quarantine, as far as an import of a track file has put something there."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from domain.events import Actor
from domain.quarantine import UNDONE, Decision
from domain.stored_fixes import QuarantineEntry
from services.ports import JournalWriter, Transaction, Transactions
from services.quarantine_ports import QuarantineStore


class QuarantineOfImports:
    """What ``services.import_ports.QuarantineOfImports`` asks for."""

    def __init__(
        self, store: QuarantineStore, transactions: Transactions, journal: JournalWriter
    ) -> None:
        self._store = store
        self._transactions = transactions
        self._journal = journal

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
        """Discard what is still open of one import, inside its transaction; how many entries."""
        numbers = self._store.open_of_import(connection, operation, source, received_at)
        command, who = str(uuid.uuid4()), (actor.name, actor.role)
        self._store.decide_open(
            connection,
            [Decision(one, command, UNDONE, *who, now, operation, reason) for one in numbers],
        )
        if numbers:
            said = {"unit": None, "device": None, "decision": UNDONE, "by": actor.name}
            self._journal.append(connection, operation, "quarantine", said, now)
        return len(numbers)

    def known(self, entries: Sequence[QuarantineEntry]) -> Sequence[bool]:
        """Of each entry whether the same is kept, or stands before it."""
        with self._transactions.reading() as connection:
            return self._store.known(connection, entries)
