"""Requests that no screen sends, for every route and callback: none may end in a fault.

``make test`` asks each route once with each hostile value; ``make fuzz`` mixes them for longer. The
requests go through the whole application, as the one who may do most.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from dash import Dash
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import EnvironBuilder, run_wsgi_app

from domain.time import to_rfc3339
from tests.api.access.rights_world import World, callback_bodies
from tests.fuzz.hostile_values import FIELDS, HEADERS, METHODS, NAMES, PARTS, QUERIES, VALUES

BEARER = {"Authorization": "Bearer demo-duty"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: the path as it goes over the wire, a query behind it, and a body."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(slots=True)
class Found:
    """How many were answered how, and those that were answered by a fault."""

    statuses: dict[int, int] = field(default_factory=dict)
    faults: list[tuple[Sent, int, str]] = field(default_factory=list)


def ask(server: Flask, sent: Sent) -> tuple[int, str, str]:
    """Status, content type and the beginning of the answer, through all that is around Flask."""
    path, _, query = sent.path.partition("?")
    builder = EnvironBuilder(path="/", method=sent.method, data=sent.body)
    environ = builder.get_environ()
    builder.close()
    environ["PATH_INFO"] = _on_the_wire(path)
    environ["QUERY_STRING"] = query
    environ["REQUEST_URI"] = environ["RAW_URI"] = sent.path
    headers = dict(BEARER) | ({"Content-Type": "application/json"} if sent.body is not None else {})
    for name, value in (headers | dict(sent.headers)).items():
        key = name.upper().replace("-", "_")
        wire = value.encode("utf-8").decode("latin-1")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = wire
    parts, status, answered = run_wsgi_app(server, environ)
    try:
        mimetype = answered.get("Content-Type", "").partition(";")[0]
        said = b"" if mimetype == "text/event-stream" else b"".join(parts)[:600]
        return int(status[:3]), mimetype, said.decode("utf-8", "replace")
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()


def _on_the_wire(path: str) -> str:
    """As a server hands the path on: unquoted bytes, one letter each."""
    return unquote_to_bytes(path.encode("utf-8")).decode("latin-1")


def hunt(server: Flask, requests: Iterator[Sent]) -> Found:
    """Ask all of them; a fault is an answer of 500 or more, or one that is no problem document."""
    found = Found()
    server.config["PROPAGATE_EXCEPTIONS"] = False
    logging.getLogger("api.problems").setLevel(logging.CRITICAL)
    for sent in requests:
        status, mimetype, said = ask(server, sent)
        found.statuses[status] = found.statuses.get(status, 0) + 1
        empty = sent.method == "HEAD"
        if status >= 500 or (status >= 400 and not empty and mimetype not in _REFUSED_AS):
            found.faults.append((sent, status, said))
    return found


_REFUSED_AS = ("application/problem+json", "text/html")
"""The sign-in form refuses with itself."""


def every_path_value(
    server: Flask, world: World, random: Random | None = None, most: int = len(PARTS)
) -> Iterator[Sent]:
    """Each route with each hostile value in each of its variables, the others as they should be;
    of the values ``most``, chosen anew for each variable."""
    chosen = random or Random(0)
    for rule in server.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            body = None if method == "GET" else b"{}"
            for name in sorted(rule.arguments):
                for part in chosen.sample(PARTS, most):
                    yield Sent(method, path_of(rule, world, {name: part}), body=body)


def right_bodies(dashboard: Dash, world: World) -> list[Any]:
    """A body of each kind that is taken, to be changed in one place."""
    bodies: list[Any] = [body for _, body in callback_bodies(dashboard, world, "demo")]
    step = {
        "region": "INC", "event": "note", "occurred_at": to_rfc3339(world.now),
        "asserted_by": {"org": "FPU", "function": "x"}, "record": {"text": "x"},
        "position": {"lat": 42.89, "lon": 20.87}, "channel": "radio", "channel_ref": "1",
    }  # fmt: skip
    command = {"command_id": str(uuid.uuid4()), "expected_version": 1}
    bodies += [
        step | command,
        command | {"steps": [step]},
        {"command_id": command["command_id"], "reason": "x", "entries": [1, 2], "offset_s": 3},
        {"reason": "x", "latitude": 42.6, "longitude": 20.9, "time": to_rfc3339(world.now)},
        {"incident": "demo-0001", "reason": "x"},
        {"command_id": command["command_id"], "reason_text": "x"},
    ]
    return bodies


def path_of(rule: Rule, world: World, chosen: Mapping[str, str]) -> str:
    """The address with the chosen parts; what is not chosen leads to something."""
    usual = {
        "operation": "demo", "incident": world.variables["demo-incident"], "unit": "demo-p1",
        "platoon": "demo-crc", "alert": world.variables["alert"], "draft": "none", "theme": "day",
        "language": "en", "code": "en", "name": "rivers", "package_name": "dash",
        "fingerprinted_path": "deps/react.min.js", "filename": "00-text.js",
        "path": "x", "rest": "x",
        "number": str(world.variables["import" if "imports" in rule.rule else "entry"]),
    }  # fmt: skip
    parts = []
    for is_variable, word in rule._trace:
        parts.append(_quoted({**usual, **chosen}.get(word, word)) if is_variable else word)
    return "".join(parts).replace("|/", "/").replace("|", "")


def _quoted(part: str) -> str:
    return quote(part, safe="%/.'\"<>{}[]$()+-_~:;,=@!*")


def every_value(rule_paths: Sequence[str]) -> Iterator[Sent]:
    """Each POST with each field as each value, and with bodies that are no object."""
    for path in rule_paths:
        for value in VALUES:
            yield Sent("POST", path, body=json.dumps(value).encode())
        for name in FIELDS:
            for value in VALUES:
                yield Sent("POST", path, body=json.dumps({name: value}).encode())


def mixed(server: Flask, world: World, random: Random, bodies: Sequence[Any]) -> Iterator[Sent]:
    """Requests at random for ever: right bodies with one part changed, queries, headers."""
    rules = [rule for rule in server.url_map.iter_rules() if rule.endpoint != "sign_out"]
    while True:
        rule = random.choice(rules)
        chosen = {name: random.choice(PARTS) for name in rule.arguments if random.random() < 0.3}
        method = random.choice([*sorted(rule.methods or ()), random.choice(METHODS)])
        path = path_of(rule, world, chosen)
        if random.random() < 0.5:
            query = [
                (random.choice(NAMES), random.choice(QUERIES)) for _ in range(random.randint(1, 4))
            ]
            path += "?" + "&".join(f"{name}={_quoted(value)}" for name, value in query)
        headers = random.choice(HEADERS) if random.random() < 0.3 else {}
        yield Sent(method, path, headers, _body(random, method, bodies))


def _body(random: Random, method: str, bodies: Sequence[Any]) -> bytes | None:
    if method in ("GET", "HEAD", "OPTIONS") and random.random() < 0.9:
        return None
    choice = random.random()
    if choice < 0.1:
        return bytes(random.randrange(256) for _ in range(random.randrange(64)))
    if choice < 0.2:
        return b'{"reason": "x", "reason": 1, "entries": [1], "entries": [2]}'
    if choice < 0.4:
        named = random.sample(FIELDS, random.randint(1, 5))
        return json.dumps({name: random.choice(VALUES) for name in named}).encode()
    return json.dumps(changed(random, random.choice(bodies))).encode()


def changed(random: Random, value: Any) -> Any:
    """The value with one part of it replaced, dropped or doubled."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        name = random.choice(list(value))
        if random.random() < 0.1:
            return {key: part for key, part in value.items() if key != name}
        return {**value, name: changed(random, value[name])}
    if isinstance(value, list) and value and random.random() < 0.9:
        at = random.randrange(len(value))
        return [*value[:at], changed(random, value[at]), *value[at:]]
    return random.choice(VALUES)
