"""Whether who asked still waits for the answer."""

from __future__ import annotations

import select
from collections.abc import Callable, Mapping
from typing import Any, Protocol

_SOCKET = "gunicorn.socket"
_CLOSED = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class Connection(Protocol):
    """The socket of a caller, or what stands for it."""

    def fileno(self) -> int:
        """Its descriptor; below 0 once it is closed on this side."""


def is_closed(connection: Connection) -> bool:
    """Whether the other side has closed it, at least the direction in which it speaks, or it has
    failed. No browser listens on after it has said that it will not speak."""
    look = select.poll()
    try:
        look.register(connection, select.POLLRDHUP)
        return any(found & _CLOSED for _, found in look.poll(0))
    except (OSError, ValueError):  # it is closed on this side
        return True


def caller_has_left(environ: Mapping[str, Any]) -> Callable[[], bool]:
    """A question to ask while an answer takes long: whether the connection has been closed from the
    other side. Where the server shows no connection nobody has ever left."""
    connection = environ.get(_SOCKET)
    if connection is None:
        return lambda: False
    return lambda: is_closed(connection)
