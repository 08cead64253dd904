"""Whose request is next when more are there than threads.

In rounds: every client who waits has one request answered, then each has another one. Somebody who
asks for a page now and then is therefore behind as many requests as clients wait, however many of
them a flooder has sent. Whether a client was seen before makes no difference: a connection that a
proxy keeps is not behind those that it opens anew.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Requests that wait, each of a client."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[Hashable, deque[T]] = OrderedDict()  # the next client first
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, client: Hashable, request: T) -> None:
        """A request of ``client`` is to be answered."""
        self._waiting.setdefault(client, deque()).append(request)
        self._count += 1

    def take(self) -> T:
        """The request whose turn it is; raises ``IndexError`` when none waits."""
        if not self._waiting:
            raise IndexError("nobody waits")
        client, requests = self._waiting.popitem(last=False)
        request = requests.popleft()
        if requests:
            self._waiting[client] = requests  # behind all others
        self._count -= 1
        return request
