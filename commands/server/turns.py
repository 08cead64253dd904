"""Whose request is next when more are there than threads.

Start-time fair queueing: every client has a turn after each other one, however many requests he
sends. Somebody who asks for a page now and then is therefore before all who flood the server, of
whom each waits for his turn among the others.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")

_REMEMBERED = 10_000


class Turns(Generic[T]):
    """Requests that wait, each of a client."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, T]] = []
        self._numbers = count()
        self._now = 0.0
        self._next: dict[Hashable, float] = {}  # the turn of a client's next request

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, client: Hashable, request: T) -> None:
        """A request of ``client`` is to be answered."""
        turn = max(self._now, self._next.get(client, 0.0))
        self._next[client] = turn + 1
        heapq.heappush(self._waiting, (turn, next(self._numbers), request))
        if len(self._next) > _REMEMBERED:
            self._next = {who: turn for who, turn in self._next.items() if turn > self._now}

    def take(self) -> T:
        """The request whose turn it is; raises ``IndexError`` when none waits."""
        self._now, _, request = heapq.heappop(self._waiting)
        return request
