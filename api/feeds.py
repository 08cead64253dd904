"""Where devices post positions. 200 means durable: as a fix, a sign of life, or in quarantine.

A device is known by its name and key, and a known one is never limited: many phones share the one
address of a mobile network, and somebody guessing keys there must not silence them. What cannot
prove itself is counted by address, and nothing of it is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from limits import parse
from limits.strategies import RateLimiter

from api.problems import problem
from domain.fixes import Rejection, Report
from formats import osmand
from formats.message import HttpMessage, Unreadable, basic_credentials, bearer_token
from formats.registry import HTTP_FORMATS
from services.clock import Clock
from services.ports import DeviceRecord, DeviceRegister

LARGEST_BODY = 64 * 1024
"""Bytes of one message; the largest real ones have about 2 KB."""

REFUSALS = parse("60 per 5 minutes")
"""Messages of one address that may fail to prove themselves before it is told to stop."""

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


def blueprint(
    ingest: Ingest, devices: DeviceRegister, limiter: RateLimiter, clock: Clock
) -> Blueprint:
    """``/feeds/osmand`` and ``/feeds/owntracks``; refusals are problem documents.

    A body above ``LARGEST_BODY`` gives 413, an unproven device 401 and later 429, and a store that
    cannot take anything 503 (the errors of ``domain.errors`` are answered by ``api.problems``).
    """
    door = _Door(ingest, devices, limiter, clock)
    feeds = Blueprint("feeds", __name__, url_prefix="/feeds")
    feeds.before_request(_limit_body)

    @feeds.route("/osmand", methods=["GET", "POST"])
    def from_osmand() -> Response:
        message = _message()
        if message.content_type == "application/json":
            key = message.query.get("key") or bearer_token(message)
            refusal = door.receive("traccar_client", message, key, message.body)
        else:
            fields = _fields(message)
            key = fields.pop("key", "") or bearer_token(message)
            refusal = door.receive("osmand", message, key, urlencode(fields).encode())
        return refusal or Response("", 200, content_type="text/plain")

    @feeds.route("/owntracks", methods=["POST"])
    def from_owntracks() -> Response:
        message = _message()
        _, key = basic_credentials(message) or ("", None)
        refusal = door.receive("owntracks", message, key, message.body)
        if refusal is not None and refusal.status_code == 401:
            refusal.headers["WWW-Authenticate"] = 'Basic realm="feeds", charset="UTF-8"'
        return refusal or Response("[]", 200, content_type="application/json")

    return feeds


class _Door:
    """Who may hand in what; one for all formats."""

    def __init__(
        self, ingest: Ingest, devices: DeviceRegister, limiter: RateLimiter, clock: Clock
    ) -> None:
        self._ingest = ingest
        self._devices = devices
        self._limiter = limiter
        self._clock = clock

    def receive(
        self, name: str, message: HttpMessage, key: str | None, raw: bytes
    ) -> Response | None:
        """Store a message of format ``name``; ``raw`` is what quarantine keeps, without the key.

        A response only where it is refused.
        """
        received_at = self._clock()
        device = self._proven(HTTP_FORMATS[name].identify(message), key)
        if device is None:
            return self._refused(request.remote_addr or "unknown")
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

    def _refused(self, address: str) -> Response:
        if self._limiter.hit(REFUSALS, "feeds", address):
            _logger.warning("a message from %s names no known device with its key", address)
            return problem(401, "Unknown device", "no enabled device has this name and this key")
        ends = self._limiter.get_window_stats(REFUSALS, "feeds", address).reset_time
        wait = max(1, round(ends - self._clock().timestamp()))
        detail = "too many messages from this address named no known device with its key"
        return problem(429, "Too many requests", detail, retry_after=wait)


def _limit_body() -> None:
    request.max_content_length = LARGEST_BODY


def _message() -> HttpMessage:
    """The request without its server; a body that is too large ends here with 413."""
    body = request.get_data(cache=True)
    return HttpMessage(
        method=request.method,
        query=request.args.to_dict(),
        form=request.form.to_dict(),
        headers=dict(request.headers),
        body=body,
        content_type=request.mimetype,
    )


def _fields(message: HttpMessage) -> dict[str, str]:
    try:
        return osmand.parameters(message)
    except Unreadable:
        return dict(message.query)
