"""Clients that do not finish what they begin, many at once, each shape in one thread.

What they have in common: they take a connection and give nothing for it.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Act = Callable[[socket.socket], None]
"""What a client does a moment after another; raises ``OSError`` when it has been let go."""

_PAUSE_S = 0.25
_SMALL = 1024  # bytes of a buffer for answers: the server's own fills at once


def silent(_client: socket.socket) -> None:
    """Connects and says nothing."""


def slow_head(client: socket.socket) -> None:
    """One byte of a header after another."""
    _begin(client, b"GET /healthz HTTP/1.1\r\nHost: slow\r\nX-A: ")
    client.send(b"a")


def slow_body(client: socket.socket) -> None:
    """One byte of a body that has a length."""
    _begin(client, b"POST /sign-in HTTP/1.1\r\nHost: slow\r\nContent-Length: 100000\r\n\r\n")
    client.send(b"a")


def slow_chunks(client: socket.socket) -> None:
    """One small chunk of a body after another."""
    _begin(client, b"POST /sign-in HTTP/1.1\r\nHost: slow\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.send(b"1\r\na\r\n")


def promised_body(client: socket.socket) -> None:
    """Waits to be asked for a body, is asked, and sends none."""
    head = b"POST /sign-in HTTP/1.1\r\nHost: slow\r\nContent-Length: 9\r\n"
    _begin(client, head + b"Expect: 100-continue\r\n\r\n")


def unread_answers(client: socket.socket) -> None:
    """Asks for page after page and reads none of them."""
    client.send(b"GET /sign-in HTTP/1.1\r\nHost: slow\r\n\r\n" * 20)


def unfinished_answers(client: socket.socket) -> None:
    """Asks, hears that the connection ends, and does not close."""
    _begin(client, b"GET /healthz HTTP/1.0\r\n\r\n")


SHAPES: tuple[Act, ...] = (
    silent,
    slow_head,
    slow_body,
    slow_chunks,
    promised_body,
    unread_answers,
    unfinished_answers,
)


def _begin(client: socket.socket, words: bytes) -> None:
    if client.gettimeout() != 0.0:  # the first time
        client.settimeout(0.0)
        client.send(words)


@contextmanager
def clients(
    port: int, count: int, act: Act, *, addresses: int = 1
) -> Iterator[list[socket.socket]]:
    """``count`` connections to ``port`` of the loopback address from so many addresses, each doing
    ``act`` again and again; who is let go comes again at once."""
    opened: list[socket.socket] = []
    ended = threading.Event()

    def come(which: int) -> socket.socket:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
        client.settimeout(5)
        with contextlib.suppress(OSError):
            client.bind((f"127.{1 + which % addresses // 250}.0.{2 + which % 250 % addresses}", 0))
            client.connect(("127.0.0.1", port))
        return client

    def go_on() -> None:
        while not ended.wait(_PAUSE_S):
            for which, client in enumerate(opened):
                try:
                    if act is not unread_answers and _has_ended(client):
                        raise ConnectionResetError
                    act(client)
                except BlockingIOError:
                    continue
                except OSError:
                    client.close()
                    opened[which] = come(which)

    opened.extend(come(which) for which in range(count))
    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        ended.set()
        thread.join()
        for client in opened:
            client.close()


def _has_ended(client: socket.socket) -> bool:
    """Whether the server has closed; an answer is left where it is."""
    with selectors.DefaultSelector() as ready:
        ready.register(client, selectors.EVENT_READ)
        if not ready.select(0):
            return False
    return not client.recv(1, socket.MSG_PEEK)
