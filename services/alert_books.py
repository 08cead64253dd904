"""The alerts of each operation, kept in memory for the writers and caught up in their transaction.

An alarm comes in the transaction that stores a position, so it must not read the whole log again.
"""

from __future__ import annotations

import threading

from domain.alerts import AlertBook
from domain.streams import LOG_STREAM
from services.event_ports import EventLog
from services.ports import Transaction


class _Kept:
    def __init__(self) -> None:
        self.seq = 0
        self.hash = ""
        self.book = AlertBook()


class AlertBooks:
    """One book an operation.

    What was read in a transaction that was rolled back afterwards, or from a database that has been
    restored since, is noticed by the hash of the newest event, and the book is made anew.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def current(self, connection: Transaction, operation: str) -> AlertBook:
        """The alerts as this transaction sees them; only to be looked at, and only in it."""
        with self._lock:
            head = self._log.head(connection, operation)
            kept = self._kept.pop(operation, None) or _Kept()
            events = self._log.tail(connection, operation, LOG_STREAM, max(kept.seq - 1, 0), head)
            if kept.seq:
                if not events or events[0].hash != kept.hash:
                    kept = _Kept()
                    events = self._log.tail(connection, operation, LOG_STREAM, 0, head)
                else:
                    events = events[1:]
            for event in events:
                kept.book.absorb(event)
                kept.seq, kept.hash = event.seq, event.hash
            self._kept[operation] = kept
            return kept.book
