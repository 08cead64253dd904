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


def test_streams_never_take_the_last_threads(
    make_app: Callable[[Settings], Flask], settings: Settings
) -> None:
    server = make_app(replace(settings, threads=api.live.RESERVED_THREADS + 2))
    browser = server.test_client()
    bearer = {"Authorization": "Bearer demo-wall"}
    first = browser.get("/live?operation=demo", headers=bearer)
    second = browser.get("/live?operation=demo", headers=bearer)
    third = browser.get("/live?operation=demo", headers=bearer)
    assert [one.status_code for one in (first, second, third)] == [200, 200, 503]
    first.close()
    again = browser.get("/live?operation=demo", headers=bearer)
    assert again.status_code == 200
    again.close()
    second.close()
    assert not services_of(server.extensions).live._subscriptions
