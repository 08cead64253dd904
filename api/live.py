"""``GET /live?operation=``: the server-sent events that keep every screen up to date.

Who is signed in is asked again while the stream runs, since the gate sees only its beginning. A
stream holds one thread of the server: an account has so many places (``services.access.places``),
all accounts together as many as there are threads less a reserve.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from flask import Flask, Response, request

from api.access.audience import Audience
from api.access.screens import Screen, Screens
from domain.access.accounts import User
from domain.access.rights import Act, Data, requires
from domain.errors import InvalidField, NotSignedIn, StoreUnavailable
from pages.session import Visitor, visitor
from services.access.places import Places
from services.container import Services
from services.subscription import Message

CHECK_SECONDS = 3.0
"""A beat comes every five seconds, so a signed-out screen hears of it within five."""

RESERVED_THREADS = 8
EVENT_STREAM = "text/event-stream"
_RETRY_MILLISECONDS = 2000
_LARGEST_ID = 2**63 - 1


def register(server: Flask, services: Services, threads: int) -> None:
    """Add the address; ``threads`` is how many the server has in one worker."""
    screens = Screens()
    places = Places(threads - RESERVED_THREADS, screens.reap)
    server.extensions["live"] = places, screens  # for who asks how many there are

    @server.get("/live")
    @requires(Act.SEE, Data.OPERATIONS)  # each message is held to its own kind
    def live() -> Response:
        last_id = _last_id()
        who = visitor()
        if who is None:
            raise NotSignedIn("sign in, or send a bearer token")
        place = places.take(who.user.name, who.user.role, _browser(who))  # before anything costs
        try:
            operation = services.roster.operation(request.args.get("operation", ""))
            if request.method == "HEAD":
                place.release()
                return _answer(())
            audience = Audience(who.user, operation.kind, who.again)
            subscription = services.live.subscribe(operation.id, audience.resumes_after(last_id))
        except BaseException:
            place.release()
            raise

        def end() -> None:
            subscription.close()
            place.release()

        screen = _watched(screens, end)
        answer = _answer(_events(audience.hears(subscription), audience.again, screen))
        if screen is not None:
            answer.call_on_close(lambda: screens.forget(screen))
        answer.call_on_close(end)
        return answer


def _browser(who: Visitor) -> str:
    """The browser whose connections the stream counts against: browsers open six to one host over
    plain HTTP, and a page that gets none of them hangs before anything can tell it why. Over TLS
    the streams share one connection (HTTP/2); what sends a token is no browser."""
    return who.user.session if who.credential and not request.is_secure else ""


def _watched(screens: Screens, end: Callable[[], None]) -> Screen | None:
    sock = request.environ.get("gunicorn.socket")
    try:
        return None if sock is None else screens.watch(sock, end)
    except OSError:  # no descriptor is left, or it is closed already: the next write will tell
        return None


def _answer(events: Iterable[bytes]) -> Response:
    answer = Response(events, mimetype=EVENT_STREAM)
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _events(
    messages: Iterable[Message], again: Callable[[], User | None], screen: Screen | None
) -> Iterator[bytes]:
    """The messages as they are sent; ends with ``signed-out`` when ``again`` finds nobody."""
    for part in _parts(messages, again):
        if screen is not None:
            screen.writing_since = time.monotonic()
        yield part
        if screen is not None:
            screen.writing_since = None


def _parts(messages: Iterable[Message], again: Callable[[], User | None]) -> Iterator[bytes]:
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
