"""What a feed refuses, told in few words however much comes in."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from services.clock import Clock

SAY_EVERY = timedelta(seconds=30)
NAMED = 5
"""How many of those who sent it a warning names, each with at most ``_LONGEST`` characters."""

_LONGEST = 80


class Refusals:
    """Counts until it is told. ``senders`` is what a warning calls those whom nobody knows."""

    def __init__(self, log: logging.Logger, clock: Clock, senders: str) -> None:
        self._log = log
        self._clock = clock
        self._senders = senders
        self._said_at: datetime | None = None
        self._unsaid: Counter[str] = Counter()
        self._strangers: set[str] = set()

    def add(self, counts: Mapping[str, int], strangers: Collection[str] = ()) -> None:
        """How often what was refused, and of whom nobody knows; some of these are enough."""
        self._unsaid.update(counts)
        if len(self._strangers) < NAMED:
            self._strangers.update(strangers)

    def tell(self) -> None:
        """Warn of what has not been told, at most once in ``SAY_EVERY``."""
        now = self._clock()
        unsaid = +self._unsaid
        if not unsaid or (self._said_at is not None and now - self._said_at < SAY_EVERY):
            return
        self._said_at = now
        told = ", ".join(f"{what}: {number}" for what, number in sorted(unsaid.items()))
        names = ", ".join(ascii(name[:_LONGEST]) for name in sorted(self._strangers)[:NAMED])
        self._log.warning("refused %s%s", told, f" ({self._senders} {names})" if names else "")
        self._unsaid.clear()
        self._strangers.clear()
