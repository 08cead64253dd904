"""What the chains hold digests of; satisfies ``services.log_check.SealedRecords``."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from data.position_seals import PositionSeals
from data.record_seals import decision_digests, import_digests
from domain.seals import Span, Stored


class SealedRecords:
    """Every method runs inside the caller's transaction."""

    def decisions(self, connection: Connection, operation: str) -> dict[int, str]:
        """The digest of each decision about the quarantine, by entry."""
        return decision_digests(connection, operation)

    def imports(self, connection: Connection, operation: str) -> dict[int, tuple[str, str]]:
        """State and digest of each import, by number."""
        return import_digests(connection, operation)

    def positions(self, connection: Connection, operation: str, spans: Sequence[Span]) -> Stored:
        """The positions that there are, by the spans of the chain."""
        return PositionSeals().stored(connection, operation, spans)
