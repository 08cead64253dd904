"""Several who watch the fixes as they are stored, as one."""

from __future__ import annotations

from collections.abc import Sequence

from domain.fixes import Fix
from services.ports import Transaction, VisitObserver


class Watchers:
    """Satisfies ``VisitObserver``: tells everyone, in order, inside the same transaction."""

    def __init__(self, *watchers: VisitObserver) -> None:
        self._watchers = watchers

    def observe(
        self,
        connection: Transaction,
        operation: str,
        unit: str,
        callsign: str,
        fixes: Sequence[Fix],
    ) -> None:
        """Newly stored fixes of one unit by fix time; late ones are among them."""
        for watcher in self._watchers:
            watcher.observe(connection, operation, unit, callsign, fixes)
