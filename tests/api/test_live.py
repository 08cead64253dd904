"""The stream over the whole application: what is posted arrives, and who is put out hears of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import api.live
from data.database import Database
from data.journal import Journal
from services.container import Services, services_of
from settings import Settings


@pytest.fixture
def append(settings: Settings, services: Services) -> Iterator[Callable[[str, int], None]]:
    """Commits a message to the journal, as every writer does."""
    database = Database(settings.database_url)
    journal = Journal(database)

    def one(operation: str, number: int) -> None:
        with database.writing() as connection:
            journal.append(connection, operation, "log", {"n": number}, services.clock())
        services.live.wake()

    yield one
    database.close()


def _events(answer: TestResponse) -> Iterator[dict[str, str]]:
    """The server-sent events of a running answer, beats included."""
    for block in answer.iter_encoded():
        fields = dict(line.split(": ", 1) for line in block.decode().splitlines() if line)
        if "event" in fields:
            yield fields


def _next(events: Iterator[dict[str, str]], kind: str) -> dict[str, str]:
    return next(event for event in events if event["event"] == kind)


def test_what_is_committed_arrives(duty: FlaskClient, append: Callable[[str, int], None]) -> None:
    with duty.get("/live?operation=demo") as answer:
        assert answer.mimetype == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Content-Encoding" not in answer.headers
        events = _events(answer)
        assert "now" in json.loads(_next(events, "beat")["data"])
        append("live", 1)
        append("demo", 2)
        event = _next(events, "log")
        assert json.loads(event["data"]) == {"n": 2}
        assert int(event["id"]) > 0


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_screen_gets_what_it_missed(
    duty: FlaskClient, append: Callable[[str, int], None], how: str
) -> None:
    for number in range(3):
        append("demo", number)
    with duty.get("/live?operation=demo&last_id=1") as answer:
        first = _next(_events(answer), "log")
    headers = {"Last-Event-ID": first["id"]} if how == "header" else {}
    query = {"operation": "demo", **({} if headers else {"last_id": first["id"]})}
    with duty.get("/live", query_string=query, headers=headers) as answer:
        missed = _next(_events(answer), "log")
    assert json.loads(missed["data"])["n"] == json.loads(first["data"])["n"] + 1


def test_compression_leaves_the_stream_alone(duty: FlaskClient) -> None:
    headers = {"Accept-Encoding": "br, gzip"}
    with duty.get("/live?operation=demo", headers=headers) as answer:
        assert "Content-Encoding" not in answer.headers
        assert _next(_events(answer), "beat")


@pytest.mark.parametrize(
    "put_out",
    [
        lambda services, browser: services.accounts.set_enabled("duty", False),
        lambda services, browser: browser.post("/sign-out"),
    ],
)
def test_who_is_put_out_hears_of_it(
    duty: FlaskClient,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    put_out: Callable[[Services, FlaskClient], object],
) -> None:
    monkeypatch.setattr(api.live, "CHECK_SECONDS", 0.0)
    with duty.get("/live?operation=demo") as answer:
        events = _events(answer)
        assert next(events)["event"] == "beat"
        put_out(services, duty)
        assert [event["event"] for event in events] == ["signed-out"]


def test_unknown_operations_and_odd_numbers(duty: FlaskClient) -> None:
    for operation in ("", "nowhere", "../live"):
        assert duty.get("/live", query_string={"operation": operation}).status_code == 404
    for number in ("x", "-1", "1.5", "9" * 30, "²"):
        query = {"operation": "demo", "last_id": number}
        answer = duty.get("/live", query_string=query)
        assert answer.status_code == 400
        assert answer.json["field"] == "last_id"


def test_by_plain_http_a_browser_keeps_connections_for_everything_else(
    duty: FlaskClient, sign_in: Callable[[str], FlaskClient]
) -> None:
    """One browser, not one account: another browser of it, a program and TLS are not counted."""
    address = "/live?operation=demo"
    streams = [duty.get(address) for _ in range(4)]
    refused = duty.get(address)
    assert [answer.status_code for answer in (*streams, refused)] == [200, 200, 200, 200, 503]
    assert "this browser has 4 of at most 4" in refused.json["detail"]
    told = {name: refused.json[name] for name in ("browser", "account", "open", "most")}
    assert told == {"browser": True, "account": "duty", "open": 4, "most": 4}
    streams.append(sign_in("duty").get(address))
    streams.append(
        duty.application.test_client().get(address, headers={"Authorization": "Bearer demo-duty"})
    )
    crowded = duty.get(address, base_url="https://localhost")
    assert (crowded.status_code, crowded.json["browser"]) == (503, False)
    assert [answer.status_code for answer in streams] == [200] * 6
    streams[0].close()
    streams.append(duty.get(address))
    assert streams[-1].status_code == 200
    for answer in streams:
        answer.close()


def test_streams_never_take_the_last_threads_nor_one_account_all_of_them(
    make_app: Callable[[Settings], Flask], settings: Settings
) -> None:
    server = make_app(replace(settings, threads=api.live.RESERVED_THREADS + 4))
    browser = server.test_client()

    def open_as(account: str) -> TestResponse:
        bearer = {"Authorization": f"Bearer demo-{account}"}
        return browser.get("/live?operation=demo", headers=bearer)

    of_the_wall = [open_as("wall") for _ in range(4)]
    assert [one.status_code for one in of_the_wall] == [200, 200, 200, 503]
    refused = of_the_wall.pop()
    assert refused.json is not None
    assert (refused.json["account"], refused.json["open"], refused.json["most"]) == ("wall", 3, 3)
    assert "wall" in refused.json["detail"]
    assert refused.headers["Retry-After"] == str(refused.json["retry_after"])
    other, too_many = open_as("duty"), open_as("review")
    assert (other.status_code, too_many.status_code) == (200, 503)
    assert too_many.json is not None
    assert (too_many.json["account"], too_many.json["most"]) == ("", 4)
    of_the_wall.pop().close()
    again = open_as("review")
    assert again.status_code == 200
    for one in (again, other, *of_the_wall):
        one.close()
    assert services_of(server.extensions).live.screens() == 0
    assert server.extensions["live"][0].taken() == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/live?operation=demo", 200),
        ("GET", "/live?operation=nowhere", 404),
        ("GET", "/live?operation=demo&last_id=x", 400),
    ],
)
def test_what_opens_no_stream_keeps_no_place(
    duty: FlaskClient, server: Flask, method: str, path: str, status: int
) -> None:
    """More often than there are places, one after another."""
    for _ in range(2 * server.extensions["live"][0].most("FPU_DUTY")):
        with duty.open(path, method=method) as answer:
            assert answer.status_code == status
            assert method != "HEAD" or answer.data == b""
    assert server.extensions["live"][0].taken() == 0
    assert services_of(server.extensions).live.screens() == 0
