"""Turns at something that costs much: so many at once, one a person, and few who wait."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from domain.errors import NoRoom, TooManyRequests

RETRY_S = 10
_LOOKS_EVERY_S = 0.5


class Turns:
    """``at_once`` in one process, and ``waiting`` more that wait up to ``patience_s`` seconds. Of
    one person one has its turn and one waits."""

    def __init__(self, at_once: int, *, waiting: int = 4, patience_s: float = 20.0) -> None:
        self._at_once = at_once
        self._most = at_once + waiting
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._taken: set[str] = set()
        self._here: Counter[str] = Counter()

    def check(self, who: str) -> None:
        """Raise what ``taken`` would raise at once."""
        with self._changed:
            self._refuse(who)

    @contextmanager
    def taken(self, who: str, gone: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """A turn of this person, from when there is one to the end of the block.

        Raises ``TooManyRequests`` where the person has one and waits already, ``NoRoom`` where
        others take them all for too long, or ``gone`` says that the person does not wait.
        """
        with self._changed:
            self._refuse(who)
            self._here[who] += 1
        try:
            self._wait(who, gone)
            try:
                yield
            finally:
                with self._changed:
                    self._taken.discard(who)
        finally:
            with self._changed:
                self._here[who] -= 1
                if not self._here[who]:
                    del self._here[who]
                self._changed.notify_all()

    def _refuse(self, who: str) -> None:
        if self._here[who] >= 2:
            raise TooManyRequests(
                "a file of yours is being read and another one waits: try again when they are done",
                retry_after=RETRY_S,
            )
        if self._here.total() >= self._most:
            raise _no_room()

    def _wait(self, who: str, gone: Callable[[], bool]) -> None:
        left = self._patience_s
        with self._changed:
            while not self._free(who):
                if left <= 0 or gone():
                    raise _no_room()
                step = min(left, _LOOKS_EVERY_S)
                self._changed.wait_for(lambda: self._free(who), step)
                left -= step
            self._taken.add(who)

    def _free(self, who: str) -> bool:
        return who not in self._taken and len(self._taken) < self._at_once


def _no_room() -> NoRoom:
    return NoRoom("other files are being read: try again in a moment", retry_after=RETRY_S)
