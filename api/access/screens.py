"""Notices that the other side of an open stream is gone, and makes its place free at once.

A stream writes a beat every few seconds; only then its thread would learn that nobody listens, and
with a client that does not read any more it would wait in that write for ever. So one thread of the
process watches the sockets of all streams:

- the client, or the proxy for it, closed its end: the place is free within milliseconds;
- the client is there but has taken nothing for ``STUCK_SECONDS``: its connection is cut;
- the client vanished without a word (a cable): the kernel gives up after ``SILENT_MILLISECONDS``
  in which nothing was acknowledged.

Half a close counts as gone (``api.caller``).
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from api.caller import Connection, is_closed

STUCK_SECONDS = 20.0
SILENT_MILLISECONDS = 30_000
_LOOK_SECONDS = 1.0
_KEPT_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_MILLISECONDS),
)


class Screen:
    """One open stream. ``writing_since`` is monotonic seconds, None while nothing is written.

    It has a descriptor of its own, so that no number is taken for another connection's.
    """

    def __init__(self, connection: Connection, end: Callable[[], None]) -> None:
        self.sock = socket.socket(fileno=os.dup(connection.fileno()))
        self.fd = self.sock.fileno()
        self.end = end
        self.writing_since: float | None = None

    def is_gone(self) -> bool:
        """Whether the other side has closed, or the connection has failed."""
        return is_closed(self.sock)

    def cut(self) -> None:
        """End the connection, also under a thread that waits for the other side to read."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class Screens:
    """All open streams of a process whose sockets are known."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._screens: dict[int, Screen] = {}
        self._poll: select.epoll | None = None

    def watch(self, connection: Connection, end: Callable[[], None]) -> Screen:
        """Call ``end``, which must not wait, once the other side is gone."""
        screen = Screen(connection, end)
        for level, option, value in _KEPT_ALIVE:
            with suppress(OSError):  # not over TCP
                screen.sock.setsockopt(level, option, value)
        with self._lock:
            self._screens[screen.fd] = screen
            if self._poll is None:
                self._poll = select.epoll()
                run = threading.Thread(target=self._run, args=(self._poll,), daemon=True)
                run.name = "screens"
                run.start()
            self._poll.register(screen.fd, select.EPOLLRDHUP)
        return screen

    def forget(self, screen: Screen) -> None:
        """The stream has ended."""
        with self._lock:
            if self._screens.get(screen.fd) is not screen:
                return
            del self._screens[screen.fd]
            if self._poll is not None:
                with suppress(OSError, ValueError):
                    self._poll.unregister(screen.fd)
            screen.sock.close()

    def reap(self) -> None:
        """End every stream whose other side is gone at this moment."""
        with self._lock:
            screens = list(self._screens.values())
        for screen in screens:
            if screen.is_gone():
                self._end(screen)

    def watched(self) -> int:
        """How many streams are watched."""
        with self._lock:
            return len(self._screens)

    def _run(self, poll: select.epoll) -> None:
        """Until there is nothing to watch any more."""
        while True:
            poll.poll(_LOOK_SECONDS)
            self.reap()
            with self._lock:
                if not self._screens:
                    self._poll = None
                    poll.close()
                    return
                screens = list(self._screens.values())
            self._cut_stuck(screens)

    def _cut_stuck(self, screens: list[Screen]) -> None:
        now = time.monotonic()
        for screen in screens:
            since = screen.writing_since
            if since is not None and now - since > STUCK_SECONDS:
                screen.cut()

    def _end(self, screen: Screen) -> None:
        with suppress(OSError):
            # taken from the socket, so that the write in progress ends as for any closed pipe
            screen.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        screen.end()
        self.forget(screen)
