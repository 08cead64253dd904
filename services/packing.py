"""Packing of settled positions beside everything else: short transactions with room between them.

How a position is kept changes, what anybody reads of it does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from services.clock import Clock
from services.duties import Duty

EVERY = timedelta(seconds=30)
TURN_S = 5.0
"""A turn ends after about so many seconds; a server that stops waits no longer than that."""


class PackingStore(Protocol):
    """Where positions are packed; both raise ``StoreUnavailable``."""

    def due(self, now: datetime) -> Sequence[Any]:
        """What is worth packing now."""

    def step(self, due: Any) -> int:
        """Pack some of it in one short transaction; how many, 0 when all of it is packed."""


class Packing:
    """A duty of one worker; ``pause`` waits for seconds, ``elapsed`` is a clock of seconds."""

    def __init__(
        self,
        store: PackingStore,
        now: Clock,
        *,
        pause: Callable[[float], object] = time.sleep,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._now = now
        self._pause = pause
        self._elapsed = elapsed

    def duty(self) -> Duty:
        """The turns, for ``Duties``."""
        return Duty("pack settled positions", EVERY, self.turn)

    def turn(self) -> int:
        """Pack until nothing is due or the turn is over; how many positions."""
        over = self._elapsed() + TURN_S
        packed = 0
        while due := self._store.due(self._now()):
            for one in due:
                while count := self._step(one):
                    packed += count
                    if self._elapsed() >= over:
                        return packed
        return packed

    def _step(self, due: Any) -> int:
        begun = self._elapsed()
        count = self._store.step(due)
        # whoever waits for the database gets it for as long again, so a feed never starves
        self._pause(self._elapsed() - begun)
        return count
