"""Keeps the segments of the security log: closes a full one, drops an old one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from services.clock import Clock
from services.duties import Duty

MOST_ENTRIES = 50_000
"""A segment is closed when a day has passed since it began, or when it holds so many."""

_EVERY = timedelta(minutes=10)


class SegmentStore(Protocol):
    """The segments; ``data/access/security_store.py``. All raise ``StoreUnavailable``."""

    def segments(self) -> Sequence[tuple[int, int, datetime, datetime]]:
        """Of each its number, how many entries, and the first and last time."""

    def close_segment(self, now: datetime) -> int | None:
        """End the open segment and begin the next."""

    def note_end(self, now: datetime) -> bool:
        """Note in the chain of the system how far the open segment has come."""

    def drop(self, before: datetime, now: datetime, by: str | None = None) -> tuple[int, int]:
        """Take away whole segments that are older; how many segments and entries went."""


class SecurityKeeping:
    """``days``: entries are kept at least so long."""

    def __init__(self, store: SegmentStore, clock: Clock, days: int) -> None:
        self._store = store
        self._clock = clock
        self.days = days

    def duty(self) -> Duty:
        """Done by one worker at a time."""
        return Duty("keep the security log", _EVERY, self.keep)

    def keep(self) -> None:
        """Close what is due, drop what is old."""
        now = self._clock()
        found = self._store.segments()
        if found:
            _, entries, first, _ = found[-1]
            if now.date() > first.date() or entries >= MOST_ENTRIES:
                self._store.close_segment(now)
            if found[0][3] < now - timedelta(days=self.days):
                self.drop()

    def segments(self) -> Sequence[tuple[int, int, datetime, datetime]]:
        """Of each segment its number, how many entries, and the first and last time."""
        return self._store.segments()

    def close(self) -> int | None:
        """End the open segment now."""
        return self._store.close_segment(self._clock())

    def note(self) -> bool:
        """Note the end of the open segment, so that an anchor holds it."""
        return self._store.note_end(self._clock())

    def drop(self, days: int | None = None, by: str | None = None) -> tuple[int, int]:
        """Drop what is older than ``days``, otherwise than is kept; segments and entries."""
        now = self._clock()
        return self._store.drop(now - timedelta(days=days or self.days), now, by)
