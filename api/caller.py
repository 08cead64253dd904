"""Whether who asked still waits for the answer."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any

_SOCKET = "gunicorn.socket"


def caller_has_left(environ: Mapping[str, Any]) -> Callable[[], bool]:
    """A question to ask while an answer takes long: whether the connection has been closed from the
    other side. Where the server shows no connection nobody has ever left."""
    connection = environ.get(_SOCKET)
    if not isinstance(connection, socket.socket):
        return lambda: False

    def left() -> bool:
        try:
            return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False  # nothing to read: it waits
        except OSError:
            return True

    return left
