"""What the chains hold digests of; satisfies ``services.log_check.SealedRecords``."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from sqlalchemy import Connection

from data.position_seals import PositionSeals
from data.record_seals import decision_digests, import_digests
from domain.errors import InvalidField
from domain.seals import Span, Stored

_DAMAGED = (zlib.error, struct.error, ValueError, IndexError, OverflowError, EOFError)
"""What unpacking raises where the bytes were changed."""


class SealedRecords:
    """Every method runs inside the caller's transaction."""

    def decisions(self, connection: Connection, operation: str) -> dict[int, str]:
        """The digest of each decision about the quarantine, by entry."""
        return decision_digests(connection, operation)

    def imports(self, connection: Connection, operation: str) -> dict[int, tuple[str, str]]:
        """State and digest of each import, by number."""
        return import_digests(connection, operation)

    def positions(self, connection: Connection, operation: str, spans: Sequence[Span]) -> Stored:
        """The positions that there are, by the spans of the chain.

        Raises ``InvalidField`` where they cannot be read.
        """
        try:
            return PositionSeals().stored(connection, operation, spans)
        except _DAMAGED as fault:
            detail = "a packed piece of the positions is damaged and cannot be read"
            raise InvalidField("positions", detail) from fault
