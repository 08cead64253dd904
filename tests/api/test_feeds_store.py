"""The feeds on a real store: after 200, another process finds what was sent."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api import feeds, problems
from data.database import Database
from data.fix_store import FixStore
from data.quarantine_store import QuarantineStore
from domain.time import to_rfc3339
from services.ports import DeviceRecord
from tests.services.positions import NOON, at, make_ingest

SEND = {"id": "phone-1", "key": "k"}
HERE = {"lat": "42.89", "lon": "20.87"}


class OneDevice:
    def find(self, device_id: str) -> DeviceRecord | None:
        digest = hashlib.sha256(b"k").hexdigest()
        return DeviceRecord("phone-1", digest, "knots", True) if device_id == "phone-1" else None


@pytest.fixture
def client(database: Database) -> Iterator[FlaskClient]:
    ingest = make_ingest(database)
    server = Flask(__name__)
    problems.register(server)
    limiter = MovingWindowRateLimiter(MemoryStorage())
    server.wsgi_app = feeds.FeedDoor(  # type: ignore[method-assign]
        server.wsgi_app, ingest, OneDevice(), limiter, lambda: at(1)
    )
    yield server.test_client()
    ingest.close()


def test_a_position_is_there_after_the_answer(
    client: FlaskClient, open_database: Callable[[], Database]
) -> None:
    query = {**SEND, **HERE, "timestamp": str(int(NOON.timestamp())), "hdop": "0.9", "speed": "-4"}
    assert client.get("/feeds/osmand", query_string=query).status_code == 200
    (stored,) = FixStore(open_database()).latest("demo")
    assert (stored.unit, stored.fix.fix_time, stored.received_at) == ("p11", NOON, at(1))
    assert (stored.fix.latitude, stored.fix.longitude, stored.fix.speed) == (42.89, 20.87, None)
    assert stored.fix.attributes["hdop"] == "0.9"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"lat": "NaN", "lon": "20.87"}, "not_a_number"),
        ({"lat": "42,89", "lon": "20.87"}, "not_a_number"),
        ({"lat": "97", "lon": "20.87"}, "out_of_range"),
        ({"lat": "0", "lon": "0"}, "no_position_zero"),
        ({"lat": "20.87", "lon": "42.89"}, "swapped"),
        ({"lat": "48.2", "lon": "16.4"}, "outside_area"),
        ({**HERE, "timestamp": "4102444800"}, "future_time"),
        ({**HERE, "timestamp": "1901-12-13T20:45:52Z"}, "before_mission"),
        ({**HERE, "timestamp": "tomorrow"}, "unreadable"),
        ({"lat": "42.89"}, "unreadable"),
    ],
)
def test_what_cannot_be_is_kept_with_its_reason(
    client: FlaskClient,
    open_database: Callable[[], Database],
    said: dict[str, str],
    reason: str,
) -> None:
    assert client.get("/feeds/osmand", query_string={**SEND, **said}).status_code == 200
    database = open_database()
    (kept,) = QuarantineStore(database).listing("demo")
    assert (kept.entry.rejection.reason, kept.entry.unit) == (reason, "p11")
    assert b"key" not in kept.entry.raw
    assert FixStore(database).latest("demo") == []


def test_a_message_that_cannot_be_read_is_kept_as_it_came(
    client: FlaskClient, open_database: Callable[[], Database]
) -> None:
    raw = b'{"device_id":"phone-1","location":\x00\xff'
    kind = "application/json"
    answer = client.post("/feeds/osmand", query_string=SEND, data=raw, content_type=kind)
    assert answer.status_code == 200
    (kept,) = QuarantineStore(open_database()).listing("demo")
    assert (kept.entry.source, kept.entry.rejection.reason) == ("traccar_client", "unreadable")
    assert kept.entry.raw == raw


def test_odd_characters_reach_no_store_in_a_form_that_it_cannot_take(
    client: FlaskClient, open_database: Callable[[], Database]
) -> None:
    body = (
        b'{"device_id":"phone-1","location":{"coords":{"latitude":42.89,"longitude":20.87},'
        b'"odd\\ud800":"a\\u0000b\\udfff","far":1e999,"deep":' + b"[" * 500 + b"]" * 500 + b"}}"
    )
    kind = "application/json"
    answer = client.post("/feeds/osmand", query_string=SEND, data=body, content_type=kind)
    assert answer.status_code == 200
    (stored,) = FixStore(open_database()).latest("demo")
    assert stored.fix.attributes["odd?"] == "ab?"
    assert stored.fix.attributes["far"] == "inf"


def test_cursor_on_target_comes_by_http_too(
    client: FlaskClient, open_database: Callable[[], Database]
) -> None:
    time = to_rfc3339(NOON)
    event = (
        f'<event version="2.0" uid="phone-1" type="a-f-G" time="{time}" start="{time}"'
        f' stale="{time}"><point lat="42.89" lon="20.87" hae="1" ce="2" le="3"/></event>'
    )
    key = {"Authorization": "Basic " + b64encode(b"phone-1:k").decode()}
    for data in (event * 2, event.replace("phone-1", "phone-9"), event[:50]):
        assert client.post("/feeds/cot", data=data, headers=key).status_code == 200
    assert client.post("/feeds/cot?id=phone-1&key=k", data=event).status_code == 200
    refused = client.post("/feeds/cot", data=event)
    assert (refused.status_code, "Basic" in refused.headers["WWW-Authenticate"]) == (401, True)
    database = open_database()
    (stored,) = FixStore(database).latest("demo")
    assert (stored.fix.fix_time, stored.fix.accuracy) == (NOON, 2.0)
    kept = QuarantineStore(database).listing("demo")
    assert [one.entry.rejection.reason for one in kept] == ["unreadable", "unreadable"]
