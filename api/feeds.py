"""Where devices post positions. 200 means durable: as a fix, a sign of life, or in quarantine.

A device is known by its name and key, and a known one is never limited: many phones share the one
address of a mobile network, and somebody guessing keys there must not silence them. Its key is long
and random, so guesses gain nothing. What cannot prove itself is counted by address and by the name
it gives, and nothing of it is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from urllib.parse import parse_qsl, urlencode
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Response
from limits import parse
from limits.strategies import RateLimiter
from werkzeug import Request
from werkzeug.datastructures import EnvironHeaders
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as WerkzeugResponse

from api.problems import from_fault, problem
from domain.access.security import believed_address
from domain.access.sources import counted_as
from domain.fixes import Rejection, Report
from formats import osmand
from formats.message import HttpMessage, Unreadable, basic_credentials, bearer_token
from formats.registry import HTTP_FORMATS
from services.clock import Clock
from services.ports import DeviceRecord, DeviceRegister

OSMAND, OWNTRACKS, COT = "/feeds/osmand", "/feeds/owntracks", "/feeds/cot"

_Answer = WerkzeugResponse | str
"""A refusal, or the content type of the answer that everything is stored."""

LARGEST_BODY = 64 * 1024
"""Bytes of one message; the largest real ones have about 2 KB."""

REFUSALS = parse("60 per 5 minutes")
"""Messages of one address, or in the name of one device, that may fail to prove themselves before
the next ones are told to stop."""

SAID = parse("20 per minute")
"""Lines of the process log about such messages: strangers cannot fill the disk with them, and the
security log counts every one."""

_NO_KEY_HASH = "0" * 64
_logger = logging.getLogger(__name__)


class Ingest(Protocol):
    """Both return when everything is durable, and raise ``StoreUnavailable`` when it is not."""

    def accept(
        self, source: str, reports: Sequence[Report], raw: bytes, received_at: datetime
    ) -> object:
        """Store what one message said."""

    def quarantine(
        self, source: str, device: str, raw: bytes, rejection: Rejection, received_at: datetime
    ) -> object:
        """Keep a message that cannot be read."""


class FeedDoor:
    """WSGI: answers the feeds itself and hands everything else on to ``application``.

    ``/feeds/osmand``, ``/feeds/owntracks`` and ``/feeds/cot`` need no session, no template and no
    cookie, and a position costs less than what Flask does around it; so they are answered in front
    of it.
    Refusals are problem documents: a body above ``LARGEST_BODY`` gives 413, an unproven device 401
    and later 429, and a store that cannot take anything 503. ``headers`` go with every answer.
    """

    def __init__(
        self,
        application: WSGIApplication,
        ingest: Ingest,
        devices: DeviceRegister,
        limiter: RateLimiter,
        clock: Clock,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._application = application
        self._desk = _Desk(ingest, devices, limiter, clock)
        self._headers = dict(headers or {})
        self._feeds: dict[str, tuple[tuple[str, ...], Callable[[HttpMessage, str], _Answer]]] = {
            OSMAND: (("GET", "POST"), self._osmand),
            OWNTRACKS: (("POST",), self._owntracks),
            COT: (("POST",), self._cot),
        }
        self._stored = {
            "text/plain": [*self._headers.items(), *_of("text/plain", b"")],
            "application/json": [*self._headers.items(), *_of("application/json", b"[]")],
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        feed = self._feeds.get(environ.get("PATH_INFO", ""))
        if feed is None:
            return self._application(environ, start_response)
        methods, receive = feed
        try:
            if environ["REQUEST_METHOD"] not in methods:
                raise MethodNotAllowed(methods)
            answer = receive(_message(environ), environ.get("REMOTE_ADDR") or "unknown")
        except Exception as fault:
            answer = from_fault(fault)
        if isinstance(answer, str):
            start_response("200 OK", self._stored[answer])
            return [b"[]"] if answer == "application/json" else []
        for name, value in self._headers.items():
            answer.headers.setdefault(name, value)
        return answer(environ, start_response)

    def _osmand(self, message: HttpMessage, address: str) -> _Answer:
        if message.content_type == "application/json":
            key = message.query.get("key") or bearer_token(message)
            refusal = self._desk.receive("traccar_client", message, key, message.body, address)
        else:
            fields = _fields(message)
            key = fields.pop("key", "") or bearer_token(message)
            raw = urlencode(fields).encode()
            refusal = self._desk.receive("osmand", message, key, raw, address)
        return refusal or "text/plain"

    def _owntracks(self, message: HttpMessage, address: str) -> _Answer:
        _, key = basic_credentials(message) or ("", None)
        refusal = self._desk.receive("owntracks", message, key, message.body, address)
        return _asking(refusal) or "application/json"

    def _cot(self, message: HttpMessage, address: str) -> _Answer:
        _, password = basic_credentials(message) or ("", None)
        key = password or message.query.get("key") or bearer_token(message)
        refusal = self._desk.receive("cot", message, key, message.body, address)
        return _asking(refusal) or "text/plain"


def _asking(refusal: Response | None) -> Response | None:
    """What a client does with which HTTP Basic is usual."""
    if refusal is not None and refusal.status_code == 401:
        refusal.headers["WWW-Authenticate"] = 'Basic realm="feeds", charset="UTF-8"'
    return refusal


class _Desk:
    """Who may hand in what; one for all formats."""

    def __init__(
        self, ingest: Ingest, devices: DeviceRegister, limiter: RateLimiter, clock: Clock
    ) -> None:
        self._ingest = ingest
        self._devices = devices
        self._limiter = limiter
        self._clock = clock

    def receive(
        self, name: str, message: HttpMessage, key: str | None, raw: bytes, address: str
    ) -> Response | None:
        """Store a message of format ``name``; ``raw`` is what quarantine keeps, without the key.

        A response only where it is refused.
        """
        received_at = self._clock()
        named = HTTP_FORMATS[name].identify(message)
        device = self._proven(named, key)
        if device is None:
            return self._refused(named, counted_as(address))
        try:
            reports = HTTP_FORMATS[name].decode(message, speed_unit=device.speed_unit)
        except Unreadable as fault:
            rejection = Rejection("unreadable", fault.field, fault.detail)
            self._ingest.quarantine(name, device.id, raw, rejection, received_at)
            return None
        if reports:
            self._ingest.accept(name, reports, raw, received_at)
        return None

    def _proven(self, name: str | None, key: str | None) -> DeviceRecord | None:
        """The device, if the key is its key. Takes as long for a device that does not exist."""
        device = None if name is None else self._devices.find(name)
        known = _NO_KEY_HASH if device is None else device.key_hash
        told = hashlib.sha256((key or "").encode("utf-8", "replace")).hexdigest()
        right = hmac.compare_digest(told.encode(), known.encode()) and bool(key)
        return device if device is not None and device.enabled and right else None

    def _refused(self, named: str | None, address: str) -> Response:
        by_address = self._limiter.hit(REFUSALS, "feeds", address)
        by_name = named is None or self._limiter.hit(REFUSALS, "feeds of", named)
        if by_address and by_name:
            if self._limiter.hit(SAID, "feeds said"):
                _logger.warning(
                    "a message from %s names no known device with its key",
                    believed_address(address),
                )
            return problem(401, "Unknown device", "no enabled device has this name and this key")
        key = ("feeds of", named or "") if by_address else ("feeds", address)
        ends = self._limiter.get_window_stats(REFUSALS, *key).reset_time
        wait = max(1, round(ends - self._clock().timestamp()))
        detail = "too many messages of this kind named no known device with its key"
        return problem(429, "Too many requests", detail, retry_after=wait)


def _of(content_type: str, body: bytes) -> list[tuple[str, str]]:
    return [("Content-Type", content_type), ("Content-Length", str(len(body)))]


def _message(environ: WSGIEnvironment) -> HttpMessage:
    """The request without its server; a body that is too large ends here with 413."""
    if environ["REQUEST_METHOD"] == "GET" and not _has_body(environ):
        return HttpMessage("GET", _query(environ), {}, _Headers(environ), b"", "")
    request = Request(environ)
    request.max_content_length = LARGEST_BODY
    body = request.get_data(cache=True)
    return HttpMessage(
        method=request.method,
        query=_query(environ),  # request.args gives up on bytes that are no UTF-8
        form=request.form.to_dict(),
        headers=dict(request.headers),
        body=body,
        content_type=request.mimetype,
    )


def _has_body(environ: WSGIEnvironment) -> bool:
    return environ.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def _query(environ: WSGIEnvironment) -> dict[str, str]:
    """The parameters of the address as Werkzeug reads them; of several of one name the first."""
    text = environ.get("QUERY_STRING", "").encode("latin1").decode("utf-8", "replace")
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="werkzeug.url_quote"):
        found.setdefault(name, value)
    return found


class _Headers(Mapping[str, str]):
    """The headers of a request, read only when somebody asks: most devices need none."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._headers = EnvironHeaders(environ)

    def __getitem__(self, name: str) -> str:
        return self._headers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers.keys())

    def __len__(self) -> int:
        return len(self._headers)


def _fields(message: HttpMessage) -> dict[str, str]:
    try:
        return osmand.parameters(message)
    except Unreadable:
        return dict(message.query)
