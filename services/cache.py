"""A place for derived data: bytes under a key that names the version they were derived from.

Nothing is ever invalidated: another head version of the store gives another key.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from services.clock import Clock
from services.ports import Heads

_A_MOMENT_S = 2


class Cache(Protocol):
    """Loses what it likes, whenever it likes."""

    def get(self, key: str) -> bytes | None:
        """What was kept under the key, None when it is not there any more."""

    def set(self, key: str, value: bytes, seconds: int) -> None:
        """Keep bytes for a while."""


def remembered(
    cache: Cache,
    key: str,
    make: Callable[[], bytes],
    seconds: int = 300,
    turn: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> bytes:
    """What the cache has under ``key``, otherwise what ``make`` returns, which is then kept.

    ``make`` runs within a ``turn``; who had to wait for it may find what another one has made.
    """
    kept = cache.get(key)
    if kept is None:
        with turn():
            kept = cache.get(key)
            if kept is None:
                kept = make()
                cache.set(key, kept, seconds)
    return kept


class OfTheMoment:
    """What every screen of an operation asks for at about the same time, and what is the same for
    all of them: worked out once a second, or as soon as something has changed in the operation."""

    def __init__(self, cache: Cache, heads: Heads, clock: Clock) -> None:
        self._cache = cache
        self._heads = heads
        self._clock = clock

    def __call__(self, what: str, operation: str, make: Callable[[], bytes]) -> bytes:
        """The bytes that ``make`` gives of ``what``; raises ``StoreUnavailable``."""
        second = int(self._clock().timestamp())
        key = f"moment:{what}:{operation}:{self._heads.head_of(operation)}:{second}"
        return remembered(self._cache, key, make, _A_MOMENT_S)
