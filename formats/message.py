"""What the formats read: a request or message without its server, and who says to have sent it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.reports import LONGEST_DEVICE_ID as LONGEST_DEVICE_ID
from domain.reports import Unreadable as Unreadable
from domain.reports import device_id as device_id


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """One request. ``query`` and ``form`` are decoded, ``body`` is what came, up to its limit."""

    method: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    content_type: str

    def header(self, name: str) -> str:
        """The value of a header, whatever its capitals; empty where it is missing."""
        wanted = name.lower()
        return next((text for key, text in self.headers.items() if key.lower() == wanted), "")


@dataclass(frozen=True, slots=True)
class MqttMessage:
    """One message of a broker. ``retained``: the broker kept it and it may be of any age."""

    topic: str
    payload: bytes
    retained: bool = False


def parse_json(body: bytes) -> Any:
    """The JSON of a body. NaN and 1e400 come through as non-finite floats, for ``judge`` to see.

    Raises ``Unreadable`` for anything else than JSON, nesting that no device sends included.
    """
    try:
        return json.loads(body)
    except RecursionError as fault:
        raise Unreadable("body", "the JSON is nested too deeply") from fault
    except json.JSONDecodeError as fault:
        raise Unreadable("body", f"is not JSON: {plain_words(fault)}") from fault
    except UnicodeDecodeError as fault:
        raise Unreadable("body", "is not JSON: it is no text in UTF-8") from fault
    except ValueError as fault:
        raise Unreadable("body", "has a number of thousands of digits") from fault


def plain_words(fault: Exception) -> str:
    """What a parser says, short and in plain characters."""
    return ascii(str(fault))[1:-1][:120]


def basic_credentials(message: HttpMessage) -> tuple[str, str] | None:
    """User and password of HTTP Basic (RFC 7617), ``None`` without them."""
    scheme, _, encoded = message.header("Authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None


def bearer_token(message: HttpMessage) -> str | None:
    """The token of ``Authorization: Bearer`` (RFC 6750), ``None`` without one."""
    scheme, _, token = message.header("Authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
