"""How often somebody may try something that fails.

Signing in: five tries in five minutes for one account from one address, and sixty failures from one
address whatever the account. The score lives in this process, or in Redis when several workers
share one.
"""

from __future__ import annotations

import time
from functools import cached_property

from limits import RateLimitItem, WindowStats, parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter, RateLimiter

PER_ACCOUNT = parse("5 per 5 minutes")
PER_ADDRESS = parse("60 per 5 minutes")


class LateLimiter(RateLimiter):
    """A moving window that is made when it is first asked: its storage starts a timer thread.

    ``store`` is ``memory://`` or ``redis://…``.
    """

    def __init__(self, store: str = "memory://") -> None:
        self._store = store

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Count one; False when there were too many."""
        return self._window.hit(item, *identifiers, cost=cost)

    def test(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Whether one more would be counted."""
        return self._window.test(item, *identifiers, cost=cost)

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        """When the window ends, and how many are left in it."""
        return self._window.get_window_stats(item, *identifiers)

    def clear(self, item: RateLimitItem, *identifiers: str) -> None:
        """Forget what was counted."""
        self._window.clear(item, *identifiers)

    @cached_property
    def _window(self) -> MovingWindowRateLimiter:
        return MovingWindowRateLimiter(storage_from_string(self._store))


class SignInAttempts:
    """Satisfies ``services.access.accounts.Attempts``."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    def begin(self, name: str, address: str) -> float:
        """Count one attempt; seconds to wait when there were too many, else 0."""
        if not self._limiter.test(PER_ADDRESS, "address", address):
            return self._wait(PER_ADDRESS, "address", address)
        if not self._limiter.hit(PER_ACCOUNT, "account", name, address):
            return self._wait(PER_ACCOUNT, "account", name, address)
        return 0.0

    def failed(self, address: str) -> None:
        """Count one failure of this address, whatever the account."""
        self._limiter.hit(PER_ADDRESS, "address", address)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the attempts of this account from this address."""
        self._limiter.clear(PER_ACCOUNT, "account", name, address)

    def _wait(self, limit: RateLimitItem, *key: str) -> float:
        ends = self._limiter.get_window_stats(limit, *key).reset_time
        return max(1.0, ends - time.time())
