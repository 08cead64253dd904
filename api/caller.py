"""Whether who asked still waits for the answer."""

from __future__ import annotations

import select
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
            asked = select.poll()
            asked.register(connection, select.POLLIN)
            # what can be read is the end of the connection, or its next request
            return bool(asked.poll(0)) and connection.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True

    return left
