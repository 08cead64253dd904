"""A message out of its bytes as they go over the wire, however broken they are.

The bytes are those of ``tests/payloads``: a first line, headers, an empty line, the body; of a
message of a broker its topic, an empty line, the payload. So an input that a decoder failed on can
be kept as a payload as it is.
"""

from __future__ import annotations

from io import BytesIO
from urllib.parse import parse_qsl, unquote, urlsplit
from wsgiref.types import WSGIEnvironment

from formats.message import HttpMessage, MqttMessage

_FORM = "application/x-www-form-urlencoded"
_NAMES = {"CONTENT_TYPE", "CONTENT_LENGTH"}


def message(raw: bytes) -> HttpMessage:
    """What ``api/feeds.py`` hands to a decoder; never raises."""
    method, target, headers, body = _parts(raw)
    content_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    form = _fields(body.decode("utf-8", "replace")) if content_type == _FORM else {}
    return HttpMessage(method, _fields(_query(target)), form, headers, body, content_type)


def environ(raw: bytes) -> WSGIEnvironment:
    """The same as a server hands it to an application; never raises."""
    method, target, headers, body = _parts(raw)
    found: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote(target.partition("?")[0], "latin-1"),
        "QUERY_STRING": _query(target),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8050",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        found[key if key in _NAMES else f"HTTP_{key}"] = value
    found["CONTENT_LENGTH"] = str(len(body))  # a server waits for no more, and reads no less
    return found


def published(raw: bytes) -> MqttMessage:
    """A message of a broker, as the samples have it; never raises."""
    head, _, payload = raw.partition(b"\n\n")
    _, _, rest = head.decode("utf-8", "replace").partition(" ")
    topic = rest.removesuffix(" retained")
    return MqttMessage(topic, payload, len(topic) < len(rest))


def _parts(raw: bytes) -> tuple[str, str, dict[str, str], bytes]:
    head, _, body = raw.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")  # as WSGI has it
    method, _, rest = first.partition(" ")
    target = rest.rpartition(" ")[0] or rest
    pairs = (line.partition(":") for line in lines if ":" in line)
    headers = {name.strip(): value.strip(" \t\r") for name, _, value in pairs}
    return method.strip() or "GET", target, headers, body


def _query(target: str) -> str:
    try:
        return urlsplit(target).query
    except ValueError:  # half an IPv6 address
        return target.partition("?")[2]


def _fields(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))
