"""Few at once, a few more in line, and nobody beyond: what costs much memory goes through here."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import NoRoom

_TRY_AGAIN_S = 5


class Turnstile:
    """``most`` are inside at once. Whoever comes then waits in line, ``patience_s`` at most: the
    known first, so that strangers cannot fill the line in front of them. Of each kind ``room`` may
    wait; every one of them holds a thread of the server.
    """

    def __init__(self, most: int = 2, room: int = 6, patience_s: float = 10.0) -> None:
        self._most = most
        self._room = room
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._inside = 0
        self._known: deque[threading.Event] = deque()
        self._strangers: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, *, known: bool) -> Iterator[None]:
        """Be inside; raises ``NoRoom`` when the line is full or does not move."""
        self._enter(self._known if known else self._strangers)
        try:
            yield
        finally:
            self._leave()

    def _enter(self, line: deque[threading.Event]) -> None:
        with self._lock:
            if self._inside < self._most:
                self._inside += 1
                return
            if len(line) >= self._room:
                raise _busy()
            mine = threading.Event()
            line.append(mine)
        if mine.wait(self._patience_s):
            return
        with self._lock:
            if mine.is_set():  # the place was handed over just now
                return
            line.remove(mine)
        raise _busy()

    def _leave(self) -> None:
        with self._lock:
            line = self._known or self._strangers
            if line:
                line.popleft().set()  # the place is handed on, so nobody else can slip in
            else:
                self._inside -= 1


def _busy() -> NoRoom:
    detail = "too many passwords are being checked just now: try again in a few seconds"
    return NoRoom(detail, retry_after=_TRY_AGAIN_S)
