"""A clock for tests, moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime

START = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)


class SettableClock:
    """Stands at ``now`` until a test sets it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now
