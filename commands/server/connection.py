"""One connection of a client, as the worker's main loop keeps it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from gunicorn.http import get_parser
from gunicorn.http.unreader import Unreader

from commands.server.arriving import Arriving, State
from commands.server.limits import Limits
from commands.server.outlet import Outlet

_PIECE = 64 * 1024


class Place(Enum):
    """Where a connection is."""

    ARRIVING = "a request comes in"
    QUEUED = "a request is there and waits for its turn"
    WORKING = "a thread answers"
    LEAVING = "the rest of an answer goes out"
    LINGERING = "the answer was the last; the client may still be sending"
    CLOSED = "closed"


class Received(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """Gives gunicorn's parser what has been received, and never touches the socket.

    ``starved`` when the parser asked for more than is there: where the next request begins is then
    unknown.
    """

    def __init__(self) -> None:
        super().__init__()
        self._left = memoryview(b"")
        self.starved = False

    def give(self, data: bytes) -> None:
        """The bytes of a whole request, and perhaps of what follows it."""
        self._left = memoryview(data)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next piece; empty at the end."""
        piece = bytes(self._left[: max(size_hint or 0, _PIECE)])
        self._left = self._left[len(piece) :]
        if not piece:
            self.starved = True
        return piece

    def rest(self) -> bytes:
        """What follows the request that has been read."""
        data: bytes = self.take_buffered() + bytes(self._left)
        self._left = memoryview(b"")
        return data


class Connection:
    """A socket, the request that comes in by it, and the answer that goes out."""

    def __init__(
        self,
        cfg: Any,
        sock: socket.socket,
        client: Any,
        server: Any,
        limits: Limits,
        streams: Callable[[Connection], object],
    ) -> None:
        sock.setblocking(False)
        self.line = sock
        self.client = client
        self.server = server
        self.address = client[0] if isinstance(client, tuple) else ""
        self._limits = limits
        self.place = Place.ARRIVING
        self.keeps = False
        self.streams = False
        self.counted = 0
        self.waits_for: tuple[int, Any] | None = None
        self.received = Received()
        self.parser: Any = None
        self._cfg = cfg
        self.outlet = Outlet(sock, limits.stream_s, lambda: streams(self))
        self.arriving = Arriving(limits, time.monotonic(), limits.head_s)
        self.deadline = self.arriving.deadline

    @property
    def sock(self) -> Outlet:
        """What gunicorn takes for the socket when a thread writes an answer."""
        return self.outlet

    def receive(self) -> bool:
        """Take what is there; false when the client has closed or is gone."""
        try:
            data = self.line.recv(_PIECE)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        self.arriving.add(data)
        return bool(data)

    def hand_over(self) -> None:
        """Give the parser the request that has arrived."""
        if self.parser is None:  # many a client never gets so far
            self.parser = get_parser(self._cfg, (), self.client)
            self.parser.unreader = self.received
        self.received.give(bytes(self.arriving.held))
        self.arriving.held = bytearray()
        self.outlet.begin()

    @property
    def in_step(self) -> bool:
        """Whether it is known where the next request begins."""
        return self.arriving.whole and not self.received.starved and not self.outlet.broken

    def next_request(self) -> None:
        """Begin with the request after the one that has been answered."""
        idle = self._limits.idle_s
        self.arriving = Arriving(self._limits, time.monotonic(), idle, self.received.rest())

    @property
    def ready(self) -> bool:
        """Whether a thread can have the request."""
        return self.arriving.state is State.READY
