"""A server with the real workers, little patience, and an application of a few lines.

``python -m tests.commands.server.small PORT``
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from gunicorn.app.base import BaseApplication

from commands.server.limits import Limits
from commands.server.master import Master
from commands.server.worker import Worker

LIMITS = Limits(
    head_s=1.0,
    body_s=1.0,
    idle_s=1.0,
    send_s=1.0,
    stream_s=1.0,
    linger_s=1.0,
    rate=1_000_000,
    head_bytes=8 * 1024,
    body_bytes=100_000,
    connections=50,
    of_one_address=20,
)
THREADS = 4
LARGE = 8 * 1024 * 1024


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """``/large``, ``/stream``, ``/unread`` (leaves the body where it is); otherwise the body."""
    path = environ["PATH_INFO"]
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return _events()
    if path == "/unread":
        answer = b"unread"
    elif path == "/large":
        answer = b"l" * LARGE
    else:
        answer = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


def _events() -> Iterable[bytes]:
    while True:
        yield b"data: " + b"e" * 65536 + b"\n\n"
        time.sleep(0.001)


class Small(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """What ``commands.serve.Server`` is to the dashboard."""

    feeds_apart = False
    now_for_feeds = False
    exempt = ""

    def __init__(self, port: int) -> None:
        self._port = port
        super().__init__()

    def load_config(self) -> None:
        """One worker, few threads."""
        for name, value in {
            "bind": f"127.0.0.1:{self._port}",
            "worker_class": Worker,
            "threads": THREADS,
            "loglevel": "error",
            "graceful_timeout": 2,
            "control_socket_disable": True,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application above."""
        return application

    def limits(self) -> Limits:
        """Little patience."""
        return LIMITS


if __name__ == "__main__":
    Master(Small(int(sys.argv[1]))).run()
