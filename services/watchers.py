"""Several who watch the fixes as they are stored, as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.fixes import Fix
from services.ports import Filing, Transaction, VisitObserver


class Watchers:
    """Satisfies ``VisitObserver``: tells everyone, in order, inside the same transaction."""

    def __init__(self, *watchers: VisitObserver) -> None:
        self._watchers = watchers

    def observe_all(self, connection: Transaction, moved: Mapping[Filing, Sequence[Fix]]) -> None:
        """Newly stored fixes of each unit by fix time; late ones are among them."""
        for watcher in self._watchers:
            watcher.observe_all(connection, moved)
