"""Where an answer goes: to the client as fast as he takes it, the rest into memory.

A thread that answers never waits for a client who does not read. What the socket does not take at
once is kept, and the worker's main loop sends it. Only a live stream waits, which has a thread of
its own anyway, and not for long.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Callable

_STREAM = b"text/event-stream"


class Outlet:
    """Stands for the socket of one connection while a thread writes its answer.

    ``streams`` is called once an answer turns out to be a stream.
    ``broken`` once the client is gone or a stream's reader did not read for ``stream_s`` seconds;
    a write then raises ``OSError``.
    """

    def __init__(self, sock: socket.socket, stream_s: float, streams: Callable[[], object]) -> None:
        self._sock = sock
        self._streams = streams
        self._stream_s = stream_s
        self._kept: deque[memoryview] = deque()
        self._waits: bool | None = None
        self.kept = 0
        self.broken = False

    def begin(self) -> None:
        """Another answer begins."""
        self._waits = None

    def sendall(self, data: bytes) -> None:
        """Send ``data``, or keep what cannot be sent yet."""
        if self._waits is None:
            # The head of an answer is written first and in one piece.
            self._waits = _STREAM in data
            if self._waits:
                self._streams()
        if self.broken:
            raise BrokenPipeError("the connection has ended")
        if data:
            self._kept.append(memoryview(data))
            self.kept += len(data)
        self.flush()
        if self._waits and self.kept:
            self._wait()

    def send(self, data: bytes) -> int:
        """As a socket's; all of it is taken."""
        self.sendall(data)
        return len(data)

    def flush(self) -> None:
        """Send what the socket takes at once; raises ``OSError`` when the client is gone."""
        try:
            while self._kept:
                sent = self._sock.send(self._kept[0])
                self.kept -= sent
                if sent == len(self._kept[0]):
                    self._kept.popleft()
                else:
                    self._kept[0] = self._kept[0][sent:]
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.broken = True
            raise

    def _wait(self) -> None:
        until = time.monotonic() + self._stream_s
        ready = select.poll()
        ready.register(self._sock, select.POLLOUT)
        while self.kept:
            left = until - time.monotonic()
            if left <= 0 or not ready.poll(left * 1000):
                self.broken = True
                raise BrokenPipeError("nobody reads the stream")
            self.flush()

    # What gunicorn also asks of a socket. It is never blocking, and the main loop closes it.

    def fileno(self) -> int:
        """The descriptor of the socket."""
        return self._sock.fileno()

    def gettimeout(self) -> float:
        """Never blocking."""
        return 0.0

    def setblocking(self, flag: bool) -> None:
        """Stays as it is."""

    def shutdown(self, how: int) -> None:
        """An answer broke off: nothing more goes out."""
        self.broken = True
        raise OSError("left to the main loop")

    def close(self) -> None:
        """Left to the main loop."""
