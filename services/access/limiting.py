"""Counting in windows that move: in this process, or in Redis when several workers share one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from limits import RateLimitItem, WindowStats
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter, RateLimiter

IN_PROCESS = "memory://"
KEPT = "kept"
"""Keys with this first part are the last to be forgotten when there is no room."""

_MOST_KEYS = 20_000
_logger = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class BoundedMemory(MemoryStorage):
    """Holds ``most`` keys. Strangers invent names, so what was seen the fewest times goes first:
    the guesses at one account stay counted however many names are made up beside it."""

    STORAGE_SCHEME = ["bounded"]  # noqa: RUF012 - its own, or "memory" would be found here

    def __init__(self, most: int = _MOST_KEYS) -> None:
        super().__init__()
        self._most = most

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count ``amount``; False when that is more than ``limit`` within ``expiry`` seconds."""
        if key not in self.events and len(self.events) >= self._most:
            self._make_room()
        return super().acquire_entry(key, limit, expiry, amount)

    def _make_room(self) -> None:
        known = list(self.events.items())  # the oldest first, and stable below
        known.sort(key=lambda one: (f"/{KEPT}/" in one[0] and bool(one[1]), len(one[1])))
        for key, _ in known[: max(1, self._most // 10)]:
            self.clear(key)


class LateLimiter(RateLimiter):
    """A moving window that is made when it is first asked: its storage starts a timer thread.

    ``store`` is ``memory://`` or ``redis://…``. While Redis does not answer, this process counts
    by itself: nobody is locked out by that, and nobody may guess without being counted.
    """

    def __init__(self, store: str = IN_PROCESS) -> None:
        self._store = store

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Count one; False when there were too many."""
        return self._ask(lambda window: window.hit(item, *identifiers, cost=cost))

    def test(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Whether one more would be counted."""
        return self._ask(lambda window: window.test(item, *identifiers, cost=cost))

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        """When the window ends, and how many are left in it."""
        return self._ask(lambda window: window.get_window_stats(item, *identifiers))

    def clear(self, item: RateLimitItem, *identifiers: str) -> None:
        """Forget what was counted."""
        self._ask(lambda window: window.clear(item, *identifiers))

    def _ask(self, question: Callable[[MovingWindowRateLimiter], _Answer]) -> _Answer:
        if self._store == IN_PROCESS:
            return question(self._own)
        try:
            return question(self._shared)
        except StorageError as fault:
            _logger.warning("attempts are counted in this process alone: %s", fault)
            return question(self._own)

    @cached_property
    def _own(self) -> MovingWindowRateLimiter:
        return MovingWindowRateLimiter(BoundedMemory())

    @cached_property
    def _shared(self) -> MovingWindowRateLimiter:
        return MovingWindowRateLimiter(storage_from_string(self._store, wrap_exceptions=True))
