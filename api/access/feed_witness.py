"""Notes what the feeds refuse: they are answered in front of everything that knows of requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from domain.access.security import NewSecurityEvent, believed_address
from services.clock import Clock
from services.security.log import SecurityLog

_FEEDS = frozenset({"/feeds/osmand", "/feeds/owntracks", "/feeds/cot"})
_REFUSED = {"401": "refused", "403": "refused", "415": "refused", "429": "throttled"}


class FeedWitness:
    """WSGI: between the feeds and what knows the address behind the proxy. Who sends is unknown, so
    neither the name nor the key that came is noted."""

    def __init__(self, application: WSGIApplication, log: SecurityLog, clock: Clock) -> None:
        self._application = application
        self._log = log
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path not in _FEEDS:
            return self._application(environ, start_response)

        def started(status: str, headers: list[tuple[str, str]], *fault: Any) -> Any:
            outcome = _REFUSED.get(status[:3])
            if outcome is not None:
                self._note(environ, path, outcome, int(status[:3]))
            return start_response(status, headers, *fault)

        return self._application(environ, started)

    def _note(self, environ: WSGIEnvironment, path: str, outcome: str, status: int) -> None:
        event = NewSecurityEvent(
            "feed", outcome, self._clock(), address=believed_address(environ.get("REMOTE_ADDR")),
            method=environ["REQUEST_METHOD"], route=path, status=status, reason="unknown_device",
        )  # fmt: skip
        self._log.note(event)
