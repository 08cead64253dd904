"""How many debts each incident of a list has, counted once for each version of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from domain.debts import debts_of
from domain.policy import Policy
from services.incidents import Incidents


class DebtCounts:
    """Reads an incident again only when it has changed; what it knows is lost with the process."""

    def __init__(self, incidents: Incidents, policy: Policy) -> None:
        self._incidents = incidents
        self._policy = policy
        self._known: dict[tuple[str, str], tuple[int, int]] = {}

    def added_to(
        self, operation: str, summaries: Iterable[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """The summaries, each with the number of its ``debts``."""
        return [{**one, "debts": self._count(operation, one)} for one in summaries]

    def _count(self, operation: str, summary: Mapping[str, Any]) -> int:
        key, version = (operation, str(summary["id"])), int(summary["version"])
        counted = self._known.get(key)
        if counted is None or counted[0] != version:
            history = self._incidents.history(*key)
            counted = (history[-1].seq, len(debts_of(history, self._policy)))
            self._known[key] = counted
        return counted[1]
