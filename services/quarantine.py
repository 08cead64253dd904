"""What could not be believed, for the screen and the interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from domain.stored_fixes import QuarantineEntry
from domain.time import to_rfc3339
from services.event_ports import OperationFacts

_SHOWN_BYTES = 2000


class Kept(Protocol):
    """An entry under the number it was kept by."""

    @property
    def id(self) -> int: ...
    @property
    def entry(self) -> QuarantineEntry: ...


class QuarantineReader(Protocol):
    """Where the entries are; None asks for those outside any operation."""

    def listing(
        self, operation: str | None, limit: int = 200, before: int | None = None
    ) -> Sequence[Kept]:
        """Newest first."""

    def counts(self, operation: str | None) -> dict[str, int]:
        """How many, by reason."""


class Quarantine:
    """Reads the quarantine of an operation, or of devices that were in none."""

    def __init__(self, store: QuarantineReader, roster: OperationFacts) -> None:
        self._store = store
        self._roster = roster

    def listing(
        self,
        operation: str,
        *,
        unassigned: bool = False,
        limit: int = 200,
        before: int | None = None,
    ) -> dict[str, Any]:
        """Entries, newest first, and how many there are by reason. Raises ``NotFound``."""
        self._roster.operation(operation)
        of = None if unassigned else operation
        return {
            "items": [_view(one) for one in self._store.listing(of, limit, before)],
            "counts": self._store.counts(of),
        }


def _view(kept: Kept) -> dict[str, Any]:
    entry = kept.entry
    return {
        "id": kept.id,
        "unit": entry.unit,
        "device": entry.device,
        "received_at": to_rfc3339(entry.received_at),
        "source": entry.source,
        "reason": entry.rejection.reason,
        "field": entry.rejection.field,
        "detail": entry.rejection.detail,
        "raw": entry.raw[:_SHOWN_BYTES].decode("utf-8", "replace"),
        "fix_time": None if entry.fix_time is None else to_rfc3339(entry.fix_time),
        "clock_skew_s": _skew(entry),
    }


def _skew(entry: QuarantineEntry) -> float | None:
    """By how many seconds the clock was ahead (negative: behind) of a device that was refused for
    it; the message took some time, so this is a little less than true."""
    if entry.fix_time is None:
        return None
    return round((entry.fix_time - entry.received_at).total_seconds(), 1)
