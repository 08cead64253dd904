"""Whether the security log is whole, for ``flask log verify``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from domain.access.security import SecurityEvent
from domain.access.security_segments import check_segments, recorded_segments, remarks_on
from domain.system_log import SystemEvent
from services.ports import Transaction


class SecurityEntries(Protocol):
    """The entries; ``data/access/security_store.py``."""

    def entries(self, connection: Transaction) -> Iterator[SecurityEvent]:
        """All of them in order."""


class SecurityCheck:
    """Satisfies ``services.log_check.SecurityFaults``."""

    def __init__(self, store: SecurityEntries) -> None:
        self._store = store

    def check(
        self, connection: Transaction, system: Sequence[SystemEvent]
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Faults and remarks, held against the chain of the system."""
        found = check_segments(recorded_segments(system), self._store.entries(connection))
        return found.faults, remarks_on(found)
