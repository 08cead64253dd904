"""The second address, for phones on the local network: there only the feeds answer."""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class FeedListener:
    """On ``port`` nothing but ``/feeds/…`` and ``/healthz`` exists.

    It looks at the port of the listening socket, which no header can change, and therefore stands
    in front of everything that believes headers.
    """

    def __init__(self, application: WSGIApplication, port: int) -> None:
        self._application = application
        self._port = str(port)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        known = path == "/healthz" or path.startswith("/feeds/")
        if environ.get("SERVER_PORT") != self._port or known:
            return self._application(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return [b""]
