"""Whatever is asked, however: a refusal that says what is wrong, and never 500.

The whole of it, mixed at random and for as long as wanted, is ``python -m tests.fuzz requests``.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import dash
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import run_wsgi_app

from app import create_app
from domain.time import to_rfc3339
from services.container import services_of
from settings import Settings
from tests.api.access.rights_world import World, fill
from tests.fuzz.hostile_requests import Sent, ask, every_path_value, hunt, mixed, right_bodies
from tests.fuzz.hostile_values import HEADERS, METHODS, VALUES

DEMO = "/api/v1/operations/demo"
MIXED = 600
"""Requests at random; a few seconds."""

Server = tuple[Flask, World]


@pytest.fixture(scope="module")
def filled(seeded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("hostile") / "hostile.db"
    path.write_bytes(seeded_template.read_bytes())
    server = create_app(Settings(database_url=f"sqlite:///{path}"))
    services = services_of(server.extensions)
    server.test_client().get("/healthz")
    yield server, fill(services)
    services.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{DEMO}/quarantine/9223372036854775808", 404),
        (f"{DEMO}/quarantine/9223372036854775807", 404),
        (f"{DEMO}/quarantine/-1", 404),
        (f"{DEMO}/quarantine/{'9' * 5000}", 404),
        (f"{DEMO}/imports/9223372036854775808", 404),
        (f"{DEMO}/imports/3.0", 404),
        (f"{DEMO}/quarantine?before=9007199254740993", 200),
        (f"{DEMO}/quarantine?before=9223372036854775808", 400),
        (f"{DEMO}/quarantine?limit=1e2", 400),
        (f"{DEMO}/quarantine?limit=3.0", 400),
        (f"{DEMO}/alerts?limit={'9' * 5000}", 400),
        (f"{DEMO}/log?limit=%C2%B2", 400),
        (f"{DEMO}/tracks?tolerance=1_000", 400),
        (f"{DEMO}/tracks?zoom=%D9%A3", 400),
        (f"{DEMO}/tracks?tolerance=1e999", 400),
        ("/_dash-component-suites/os/x.py", 404),
        ("/_dash-component-suites/dash/x.py", 404),
        ("/_dash-component-suites/dash/../dash.py", 404),
        ("/_dash-component-suites/dash/%2e%2e/dash.py", 404),
        ("/_dash_mcp", 200),  # the document of the screens, like any other address
        (f"/live?operation=demo&last_id={'9' * 5000}", 400),
    ],
)
def test_what_ended_in_a_fault_or_might(filled: Server, path: str, status: int) -> None:
    found, mimetype, said = ask(filled[0], Sent("GET", path))
    assert found == status, said
    if status >= 400:
        assert mimetype == "application/problem+json"


def test_every_route_answers_every_odd_part_of_its_address(filled: Server) -> None:
    server, world = filled
    several = every_path_value(server, world, Random(1), 12)
    found = hunt(server, several)
    assert not found.faults
    assert sum(found.statuses.values()) > 500
    assert found.statuses[404] > 300


def test_every_odd_header_and_method_is_answered(filled: Server) -> None:
    server, _ = filled
    paths = (
        "/",
        f"{DEMO}/positions/latest",
        "/map/rivers.geojson",
        "/sign-in",
        "/live?operation=x",
    )
    requests = [Sent("GET", path, headers) for path in paths for headers in HEADERS]
    requests += [Sent("POST", f"{DEMO}/log", headers, b"{}") for headers in HEADERS]
    requests += [Sent(method, path) for method in METHODS for path in paths]
    assert not hunt(server, iter(requests)).faults


@pytest.mark.parametrize("seed", [20261201])
def test_requests_at_random_are_answered(filled: Server, seed: int) -> None:
    server, world = filled
    requests = mixed(server, world, Random(seed), right_bodies(dash.get_app(), world))
    found = hunt(server, islice(requests, MIXED))
    assert not found.faults
    assert len(found.statuses) > 5


class _Broken:
    """As a server gives a body whose chunks are none: an exception of its own, while it is read."""

    def __init__(self, fault: Exception) -> None:
        self._fault = fault

    def read(self, *_: int) -> bytes:
        raise self._fault

    readline = readlines = read


@pytest.mark.parametrize(
    "fault", [KeyError("chunk"), OSError("reset"), ValueError("closed"), EOFError()], ids=repr
)
@pytest.mark.parametrize("terminated", [True, False])
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/sign-in", "application/x-www-form-urlencoded"),
        ("/sign-in", "multipart/form-data; boundary=x"),
        (f"{DEMO}/log", "application/json"),
        (f"{DEMO}/imports?name=a.gpx", "application/octet-stream"),
        ("/_dash-update-component", "application/json"),
        ("/feeds/owntracks", "application/json"),
        ("/feeds/osmand?id=x", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_breaks_off_is_refused(
    filled: Server, path: str, kind: str, terminated: bool, fault: Exception
) -> None:
    where, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": where, "QUERY_STRING": query,
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http", "wsgi.input": _Broken(fault),
        "CONTENT_TYPE": kind, "HTTP_AUTHORIZATION": "Bearer demo-duty",
        **({"wsgi.input_terminated": True} if terminated else {"CONTENT_LENGTH": "5"}),
    }  # fmt: skip
    parts, status, _ = run_wsgi_app(filled[0], environ)
    list(parts)
    assert status.startswith(("400", "401")), status


# --- whole numbers --------------------------------------------------------------------------------


@pytest.fixture
def note(filled: Server) -> Callable[..., Any]:
    """A note about the incident, with one part of it changed."""
    server, world = filled
    browser, incident = server.test_client(), world.variables["demo-incident"]

    def send(**changed: Any) -> Any:
        sent = {
            "command_id": str(uuid.uuid4()), "region": "INC", "event": "note",
            "expected_version": 1, "occurred_at": to_rfc3339(world.now),
            "asserted_by": {"org": "FPU", "function": "duty"}, "record": {"text": "seen"},
        }  # fmt: skip
        return browser.post(
            f"{DEMO}/incidents/{incident}/events",
            json=sent | changed,
            headers={"Authorization": "Bearer demo-duty"},
        )

    return send


@pytest.mark.parametrize("version", [3.0, 1.0, 1e3, True, "1", None, [], {}, 0.5, -1])
def test_a_version_is_a_whole_number_written_as_one(
    note: Callable[..., Any], version: object
) -> None:
    answer = note(expected_version=version)
    assert answer.status_code == 400, answer.text
    assert answer.json["field"] == "expected_version"


def test_a_version_that_is_one_is_taken(note: Callable[..., Any]) -> None:
    assert note(expected_version=1).status_code == 201
    assert note(expected_version=2**63).status_code in (201, 400, 409)


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_no_part_of_an_envelope_is_a_fault(note: Callable[..., Any], value: object) -> None:
    for name in ("command_id", "occurred_at", "asserted_by", "record", "position", "corrects"):
        answer = note(**{name: value})
        assert answer.status_code < 500, (name, value)
        if answer.status_code == 400:
            assert answer.json["field"].partition(".")[0] in (name, "body"), (name, answer.json)


# --- answered, and something done -----------------------------------------------------------------


def test_an_alert_is_not_taken_by_a_body_that_nobody_could_read(filled: Server) -> None:
    server, _ = filled
    listed = services_of(server.extensions).picture.alerts("live", only_open=True)
    address = f"/api/v1/operations/live/alerts/{listed[0].id}/acknowledge"
    for body in (b"{", b"[]", b"null", b'{"reason": 1e999}', b"\xff"):
        status, mimetype, said = ask(server, Sent("POST", address, body=body))
        assert (status, mimetype) == (400, "application/problem+json"), body
        assert '"field": "body"' in said
    assert ask(server, Sent("POST", address, body=b"{}"))[0] == 200
    assert ask(server, Sent("POST", address, body=b"{}"))[0] == 409


def test_discarding_a_file_that_is_stored_is_refused(filled: Server) -> None:
    server, world = filled
    browser: FlaskClient = server.test_client()
    headers = {"Authorization": "Bearer demo-duty"}

    def post(path: str, body: Any = None) -> Any:
        return browser.post(f"{DEMO}/imports{path}", json=body or {}, headers=headers)

    def look(number: int) -> Any:
        return browser.get(f"{DEMO}/imports/{number}", headers=headers).json

    def upload() -> int:
        table = f"time,lat,lon\n{to_rfc3339(world.now)},42.611,20.911\n".encode()
        answer = browser.post(
            f"{DEMO}/imports?name=w.csv&unit=demo-p2", data=table, headers=headers,
            content_type="application/octet-stream",
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        return int(answer.json["id"])

    number = upload()
    assert post(f"/{number}/commit").json["status"] == "stored"
    before = look(number)
    for _ in range(2):
        refused = post(f"/{number}/discard")
        assert refused.status_code == 409
        assert "undo" in refused.json["detail"]
    assert look(number) == before
    assert post(f"/{number}/undo", {"reason": "the wrong file"}).status_code == 200
    undone = look(number)
    assert post(f"/{number}/discard").status_code == 409
    assert post(f"/{number}/commit").status_code == 409
    assert post(f"/{number}/undo", {"reason": "again"}).status_code == 409
    assert look(number) == undone
    waiting = upload()
    assert post(f"/{waiting}/discard").json == {"discarded": waiting}
    assert post(f"/{waiting}/discard").status_code == 404
    assert post(f"/{waiting}/commit").status_code == 404
