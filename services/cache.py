"""A place for derived data: bytes under a key that names the version they were derived from.

Nothing is ever invalidated: another head version of the store gives another key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Cache(Protocol):
    """Loses what it likes, whenever it likes."""

    def get(self, key: str) -> bytes | None:
        """What was kept under the key, None when it is not there any more."""

    def set(self, key: str, value: bytes, seconds: int) -> None:
        """Keep bytes for a while."""


def remembered(cache: Cache, key: str, make: Callable[[], bytes], seconds: int = 300) -> bytes:
    """What the cache has under ``key``, otherwise what ``make`` returns, which is then kept."""
    kept = cache.get(key)
    if kept is None:
        kept = make()
        cache.set(key, kept, seconds)
    return kept
