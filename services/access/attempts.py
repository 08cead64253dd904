"""How often somebody may try something that fails: docs/adr/0015.

An account has its own count in every place where it was proved before, so nothing that strangers
do makes its owner wait there. All strangers together share one count of the account.
"""

from __future__ import annotations

import time

from limits import RateLimitItem, parse
from limits.strategies import RateLimiter

from domain.access.sources import Source
from services.access.limiting import KEPT, LateLimiter

__all__ = ["LateLimiter", "SignInAttempts"]

PER_PLACE = parse("5 per 5 minutes")
"""At one account from one browser or address."""

PER_KNOWN_PLACE = parse("20 per 1 hour")
"""At one account from one browser or address in which it was proved before."""

STRANGERS = parse("8 per 1 hour")
"""At one account from everywhere else, together."""

PER_ADDRESS = parse("60 per 5 minutes")
"""Failures of one address, whatever the accounts. Beyond, it may try each account once an hour:
a colleague who signs in for the first time from there still can, and a list of names gains
nothing."""

KNOWN = parse("1 per 30 days")
"""How long an address remains one of the account's own."""


class SignInAttempts:
    """Satisfies ``services.access.proving.Attempts``."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    def knows(self, name: str, source: Source) -> bool:
        """Whether the account was proved from there, or it is no place for strangers."""
        if source.browser or source.inside:
            return True
        return not self._limiter.test(KNOWN, KEPT, name, source.counted_as)

    def wait(self, name: str, source: Source) -> float:
        """Seconds until one more may be made, 0 for now. Counts nothing."""
        if self.knows(name, source):
            place = _place(name, source)
            return self._wait(PER_PLACE, *place) or self._wait(PER_KNOWN_PLACE, "known", *place)
        return self._wait_of_stranger(name, source)

    def begin(self, name: str, source: Source) -> float:
        """Count one attempt; seconds to wait when there were too many, else 0."""
        place = _place(name, source)
        known = self.knows(name, source)
        further = (PER_KNOWN_PLACE, "known", *place) if known else (STRANGERS, "strangers", name)
        wait = self.wait(name, source)
        if wait:
            return wait
        # The two are counted one after the other: of several at once each needs both.
        for limit, *key in ((PER_PLACE, *place), further):
            if not self._limiter.hit(limit, *key):
                return max(1.0, self._wait(limit, *key))
        return 0.0

    def failed(self, name: str, source: Source) -> None:
        """Counts for the address of a stranger."""
        if not self.knows(name, source):
            self._limiter.hit(PER_ADDRESS, "address", source.counted_as)

    def succeeded(self, name: str, source: Source) -> None:
        """Forget the failures from there, and remember the place."""
        place = _place(name, source)
        self._limiter.clear(PER_PLACE, *place)
        self._limiter.clear(PER_KNOWN_PLACE, "known", *place)
        if source.address and not source.inside:
            self._limiter.clear(KNOWN, KEPT, name, source.counted_as)
            self._limiter.hit(KNOWN, KEPT, name, source.counted_as)

    def _wait_of_stranger(self, name: str, source: Source) -> float:
        wait = self._wait(PER_PLACE, *_place(name, source))
        wait = wait or self._wait(STRANGERS, "strangers", name)
        if wait:
            return wait
        burning = self._wait(PER_ADDRESS, "address", source.counted_as)
        if burning and self._guessed(name):
            return burning
        return 0.0

    def _guessed(self, name: str) -> bool:
        left = self._limiter.get_window_stats(STRANGERS, "strangers", name).remaining
        return left < STRANGERS.amount

    def _wait(self, limit: RateLimitItem, *key: str) -> float:
        if self._limiter.test(limit, *key):
            return 0.0
        ends = self._limiter.get_window_stats(limit, *key).reset_time
        return max(1.0, ends - time.time())


def _place(name: str, source: Source) -> tuple[str, str, str]:
    if source.browser:
        return ("browser", name, source.browser)
    return ("account", name, source.counted_as)
