"""``GET /live?operation=``: the server-sent events that keep every screen up to date.

Who is signed in is asked again while the stream runs, since the gate sees only its beginning. A
stream holds one thread of the server, so there are never more streams than threads less a reserve.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from flask import Flask, Response, request

from api.access.audience import Audience
from api.problems import problem
from domain.access.accounts import User
from domain.access.rights import Act, Data, requires
from domain.errors import InvalidField, NotSignedIn, StoreUnavailable
from pages.session import visitor
from services.container import Services
from services.subscription import Message

CHECK_SECONDS = 3.0
"""A beat comes every five seconds, so a signed-out screen hears of it within five."""

RESERVED_THREADS = 8
_RETRY_MILLISECONDS = 2000
_LARGEST_ID = 2**63 - 1


def register(server: Flask, services: Services, threads: int) -> None:
    """Add the address; ``threads`` is how many the server has in one worker."""
    room = threading.BoundedSemaphore(max(1, threads - RESERVED_THREADS))

    @server.get("/live")
    @requires(Act.SEE, Data.OPERATIONS)  # each message is held to its own kind
    def live() -> Response:
        operation = services.roster.operation(request.args.get("operation", ""))
        last_id = _last_id()
        who = visitor()
        if who is None:
            raise NotSignedIn("sign in, or send a bearer token")
        audience = Audience(who.user, operation.kind, who.again)
        if not room.acquire(blocking=False):
            return problem(503, "Too many screens", "every stream of this server is in use")
        try:
            subscription = services.live.subscribe(operation.id, audience.resumes_after(last_id))
        except BaseException:
            room.release()
            raise
        answer = Response(
            _events(audience.hears(subscription), audience.again), mimetype="text/event-stream"
        )
        answer.headers["X-Accel-Buffering"] = "no"
        answer.call_on_close(subscription.close)
        answer.call_on_close(room.release)
        return answer


def _events(messages: Iterable[Message], again: Callable[[], User | None]) -> Iterator[bytes]:
    """The messages as they are sent; ends with ``signed-out`` when ``again`` finds nobody."""
    yield b"retry: %d\n\n" % _RETRY_MILLISECONDS
    checked = time.monotonic()
    for message in messages:
        if time.monotonic() - checked >= CHECK_SECONDS:
            if _is_gone(again):
                yield b"event: signed-out\ndata: {}\n\n"
                return
            checked = time.monotonic()
        yield message.event


def _is_gone(again: Callable[[], User | None]) -> bool:
    try:
        return again() is None
    except StoreUnavailable:
        # Nothing new can come from the same store either; the beats say that it is stale.
        return False


def _last_id() -> int | None:
    sent = request.headers.get("Last-Event-ID") or request.args.get("last_id")
    if not sent:
        return None
    if not (sent.isascii() and sent.isdigit()) or len(sent) > 19 or int(sent) > _LARGEST_ID:
        raise InvalidField("last_id", "must be the number of a message")
    return int(sent)
