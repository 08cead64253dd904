"""The feed endpoints on a real Flask application, with ports kept in memory."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.test import TestResponse

from api import feeds, problems
from domain.errors import StoreUnavailable
from domain.fixes import Rejection, Report
from domain.roster import SPEED_UNITS
from formats import osmand
from services.ports import DeviceRecord

NOW = datetime(2026, 11, 21, 20, 30, 5, tzinfo=UTC)
KEY = "kq7m-2x9w"
PLACE = {"lat": "42.89", "lon": "20.87", "timestamp": "1795293000"}


@dataclass
class Store:
    """Takes what the feeds hand in, or is unavailable."""

    available: bool = True
    accepted: list[tuple[str, Sequence[Report], bytes]] = field(default_factory=list)
    quarantined: list[tuple[str, str, bytes, Rejection]] = field(default_factory=list)

    def accept(
        self, source: str, reports: Sequence[Report], raw: bytes, received_at: datetime
    ) -> None:
        self._check(received_at)
        self.accepted.append((source, reports, raw))

    def quarantine(
        self, source: str, device: str, raw: bytes, rejection: Rejection, received_at: datetime
    ) -> None:
        self._check(received_at)
        self.quarantined.append((source, device, raw, rejection))

    def _check(self, received_at: datetime) -> None:
        assert received_at == NOW
        if not self.available:
            raise StoreUnavailable("the disk is full")

    @property
    def empty(self) -> bool:
        return not self.accepted and not self.quarantined

    def only(self) -> Report:
        ((_, (report,), _),) = self.accepted
        return report


class Devices:
    """Three devices: one good, one switched off, one that sends km/h."""

    def __init__(self) -> None:
        digest = hashlib.sha256(KEY.encode()).hexdigest()
        self._records = {
            "sokol-1": DeviceRecord("sokol-1", digest, "knots", enabled=True),
            "sokol-2": DeviceRecord("sokol-2", digest, "kmh", enabled=True),
            "lost": DeviceRecord("lost", digest, "knots", enabled=False),
        }

    def find(self, device_id: str) -> DeviceRecord | None:
        return self._records.get(device_id)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def client(store: Store) -> FlaskClient:
    server = Flask(__name__)
    problems.register(server)
    limiter = MovingWindowRateLimiter(MemoryStorage())
    server.wsgi_app = feeds.FeedDoor(  # type: ignore[method-assign]
        server.wsgi_app, store, Devices(), limiter, lambda: NOW
    )
    return server.test_client()


def basic(device: str = "sokol-1", key: str = KEY) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{device}:{key}".encode()).decode()}


def track(client: FlaskClient, document: Any, **extra: Any) -> TestResponse:
    return client.post("/feeds/owntracks", data=json.dumps(document), **extra)


def check_problem(response: TestResponse, status: int) -> None:
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert response.get_json(force=True)["status"] == status


def test_osmand_query(client: FlaskClient, store: Store) -> None:
    answer = client.get("/feeds/osmand", query_string={"id": "sokol-1", "key": KEY, **PLACE})
    assert (answer.status_code, answer.data) == (200, b"")
    report = store.only()
    assert (report.device, report.latitude, report.longitude) == ("sokol-1", 42.89, 20.87)
    source, _, raw = store.accepted[0]
    assert source == "osmand"
    assert raw == b"id=sokol-1&lat=42.89&lon=20.87&timestamp=1795293000"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", None])
def test_osmand_form(client: FlaskClient, store: Store, kind: str | None) -> None:
    data = {"id": "sokol-1", "key": KEY, **PLACE}
    assert client.post("/feeds/osmand", data=data, content_type=kind).status_code == 200
    assert store.only().latitude == 42.89
    assert KEY.encode() not in store.accepted[0][2]


def test_osmand_form_without_its_type(client: FlaskClient, store: Store) -> None:
    body = f"id=sokol-1&key={KEY}&lat=42.89&lon=20.87"
    answer = client.post("/feeds/osmand", data=body, content_type="text/plain")
    assert answer.status_code == 200
    assert store.only().longitude == 20.87


def test_of_several_values_of_one_name_the_first_counts(client: FlaskClient, store: Store) -> None:
    query = f"id=sokol-1&key={KEY}&lat=42.89&lat=0&lon=20.87&note=%D1%88&note="
    assert client.get("/feeds/osmand?" + query).status_code == 200
    assert (store.only().latitude, store.only().attributes) == (42.89, {"note": "ш"})


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_store_nothing(client: FlaskClient, store: Store, method: str) -> None:
    query = {"id": "sokol-1", "key": KEY, **PLACE}
    answer = client.open("/feeds/osmand", method=method, query_string=query)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert store.empty


def test_a_fault_of_ours_is_answered_without_its_details(
    client: FlaskClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(store, "accept", fail)
    answer = client.get("/feeds/osmand", query_string={"id": "sokol-1", "key": KEY, **PLACE})
    check_problem(answer, 500)
    assert b"secret" not in answer.data


def test_osmand_key_as_bearer_token(client: FlaskClient, store: Store) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    query = {"id": "sokol-1", **PLACE}
    assert client.get("/feeds/osmand", query_string=query, headers=headers).status_code == 200
    assert store.only().device == "sokol-1"


def test_osmand_speed_in_the_unit_of_the_device(client: FlaskClient, store: Store) -> None:
    query = {"id": "sokol-2", "key": KEY, **PLACE, "speed": "36"}
    assert client.get("/feeds/osmand", query_string=query).status_code == 200
    assert store.only().speed == pytest.approx(10)


def test_every_unit_of_the_roster_can_be_read() -> None:
    assert set(osmand.SPEED_UNITS) == set(SPEED_UNITS)


@pytest.mark.parametrize("bearer", [True, False])
def test_traccar_client_json(client: FlaskClient, store: Store, bearer: bool) -> None:
    coords = {"latitude": 42.89, "longitude": 20.87, "speed": 8}
    document = {"device_id": "sokol-1", "location": {"coords": coords}}
    headers = {"Authorization": f"Bearer {KEY}"} if bearer else {}
    query = {} if bearer else {"key": KEY}
    answer = client.post("/feeds/osmand", query_string=query, headers=headers, json=document)
    assert answer.status_code == 200
    assert store.only().speed == 8
    assert store.accepted[0][0] == "traccar_client"


def test_owntracks(client: FlaskClient, store: Store) -> None:
    document = {"_type": "location", "lat": 42.66, "lon": 21.15, "tst": 1795293000, "vel": 36}
    answer = track(client, document, headers={**basic(), "X-Limit-D": "sokol-2"})
    assert (answer.status_code, answer.get_json()) == (200, [])
    assert (store.only().device, store.only().speed) == ("sokol-1", pytest.approx(10))


@pytest.mark.parametrize("body", [b"", b'{"_type":"card"}', b"[]"])
def test_owntracks_accepts_what_is_no_position_and_stores_nothing(
    client: FlaskClient, store: Store, body: bytes
) -> None:
    answer = client.post("/feeds/owntracks", data=body, headers=basic())
    assert (answer.status_code, answer.get_json()) == (200, [])
    assert store.empty


@pytest.mark.parametrize(
    "query",
    [
        {"id": "stranger", "key": KEY},
        {"id": "sokol-1", "key": "wrong"},
        {"id": "sokol-1", "key": ""},
        {"id": "sokol-1"},
        {"id": "lost", "key": KEY},
        {"key": KEY},
        {},
        {"id": "sokol-1\x00", "key": KEY},
        {"id": "sokol-1", "key": "ключ\udcff".encode("utf-8", "surrogateescape")},
    ],
)
def test_an_unproven_device_is_refused_and_nothing_is_stored(
    client: FlaskClient, store: Store, query: dict[str, Any]
) -> None:
    check_problem(client.get("/feeds/osmand", query_string={**query, **PLACE}), 401)
    check_problem(client.post("/feeds/osmand", query_string=query, json={"location": {}}), 401)
    assert store.empty


@pytest.mark.parametrize("headers", [{}, basic(key="wrong"), basic("stranger"), basic("lost")])
def test_owntracks_asks_for_the_key(
    client: FlaskClient, store: Store, headers: dict[str, str]
) -> None:
    answer = track(client, {"_type": "location", "topic": "owntracks/u/sokol-1"}, headers=headers)
    check_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert store.empty


def test_an_address_that_keeps_guessing_is_told_to_stop_and_known_devices_are_not(
    client: FlaskClient, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(feeds.REFUSALS.amount):
        check_problem(client.get(f"/feeds/osmand?id=sokol-1&key={number}"), 401)
    said = [one for one in caplog.records if one.name == "api.feeds"]
    assert 0 < len(said) <= 2 * feeds.SAID.amount, "a minute may end meanwhile"
    stopped = client.get("/feeds/osmand?id=sokol-1&key=more")
    check_problem(stopped, 429)
    assert int(stopped.headers["Retry-After"]) > 0
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    check_problem(client.get("/feeds/osmand?id=x", environ_overrides=elsewhere), 401)
    query = {"id": "sokol-1", "key": KEY, **PLACE}
    assert client.get("/feeds/osmand", query_string=query).status_code == 200
    assert store.only().device == "sokol-1"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b'{"device_id":"sokol-1"', "body"),
        (b"\xff\xfe", "body"),
        (b"[" * 20_000, "body"),
        (b'{"device_id":"sokol-1"}', "location"),
        (b'{"device_id":"sokol-1","location":7}', "location"),
    ],
)
def test_what_a_known_device_says_unreadably_is_kept(
    client: FlaskClient, store: Store, body: bytes, fault: str
) -> None:
    query = {"id": "sokol-1", "key": KEY}
    kind = "application/json"
    answer = client.post("/feeds/osmand", query_string=query, data=body, content_type=kind)
    assert answer.status_code == 200
    ((source, device, raw, rejection),) = store.quarantined
    assert (source, device, raw) == ("traccar_client", "sokol-1", body)
    assert (rejection.reason, rejection.field) == ("unreadable", fault)


def test_too_many_parameters_of_a_known_device_are_kept_without_its_key(
    client: FlaskClient, store: Store
) -> None:
    body = "&".join(f"p{count}=1" for count in range(500))
    query = {"id": "sokol-1", "key": KEY}
    answer = client.post("/feeds/osmand", query_string=query, data=body, content_type="text/plain")
    assert answer.status_code == 200
    assert store.quarantined[0][2] == b"id=sokol-1"


def test_owntracks_encrypted_message_is_kept_with_what_to_do(
    client: FlaskClient, store: Store
) -> None:
    assert track(client, {"_type": "encrypted", "data": "x"}, headers=basic()).get_json() == []
    assert "encryption key" in store.quarantined[0][3].detail


def test_an_address_in_another_encoding_costs_no_position(
    client: FlaskClient, store: Store
) -> None:
    place = "&".join(f"{name}={value}" for name, value in PLACE.items())
    query = f"id=sokol-1&key={KEY}&{place}&note=Mitrovic\xeb"
    for method in ("GET", "POST"):
        answer = client.open(
            "/feeds/osmand", method=method, data=b"x" if method == "POST" else None,
            environ_overrides={"QUERY_STRING": query},
        )  # fmt: skip
        assert answer.status_code == 200
    assert [reports[0].latitude for _, reports, _ in store.accepted] == [42.89, 42.89]


def test_a_wild_value_still_reaches_the_store_to_be_judged_there(
    client: FlaskClient, store: Store
) -> None:
    body = b'{"device_id":"sokol-1","location":{"coords":{"latitude":NaN,"longitude":1e400}}}'
    kind = "application/json"
    answer = client.post(f"/feeds/osmand?key={KEY}", data=body, content_type=kind)
    assert answer.status_code == 200
    assert store.only().longitude == float("inf")


@pytest.mark.parametrize("path", ["/feeds/osmand", "/feeds/owntracks"])
@pytest.mark.parametrize("length_told", [True, False])
def test_a_body_that_is_too_large_is_refused(
    client: FlaskClient, store: Store, path: str, length_told: bool
) -> None:
    extra: dict[str, Any] = {"data": b" " * (feeds.LARGEST_BODY + 1)}
    if not length_told:
        stream = io.BytesIO(extra.pop("data"))
        extra = {"input_stream": stream, "environ_overrides": {"wsgi.input_terminated": True}}
    check_problem(client.post(path, headers=basic(), **extra), 413)
    assert store.empty


def test_the_largest_body_is_read(client: FlaskClient, store: Store) -> None:
    body = b'{"_type":"location","lat":42.66,"lon":21.15}'.ljust(feeds.LARGEST_BODY)
    assert client.post("/feeds/owntracks", data=body, headers=basic()).status_code == 200
    assert store.only().latitude == 42.66


def test_nothing_is_acknowledged_while_the_store_is_unavailable(
    client: FlaskClient, store: Store
) -> None:
    store.available = False
    query = {"id": "sokol-1", "key": KEY, **PLACE}
    check_problem(client.get("/feeds/osmand", query_string=query), 503)
    check_problem(track(client, {"_type": "location"}, headers=basic()), 503)
    check_problem(track(client, {"_type": "encrypted"}, headers=basic()), 503)
    assert store.empty


def test_owntracks_is_posted_only(client: FlaskClient) -> None:
    check_problem(client.get("/feeds/owntracks", headers=basic()), 405)


def test_guesses_at_one_key_from_many_addresses_are_told_to_stop_and_the_device_is_not(
    client: FlaskClient, store: Store
) -> None:
    statuses = [
        client.get(
            f"/feeds/osmand?id=sokol-1&key={number}",
            environ_overrides={"REMOTE_ADDR": f"198.51.100.{number}"},
        ).status_code
        for number in range(feeds.REFUSALS.amount + 5)
    ]
    assert statuses == [401] * feeds.REFUSALS.amount + [429] * 5
    there = {"REMOTE_ADDR": "198.51.100.1"}
    query = {"id": "sokol-1", "key": KEY, **PLACE}
    answer = client.get("/feeds/osmand", query_string=query, environ_overrides=there)
    assert answer.status_code == 200
    assert store.only().device == "sokol-1"
    check_problem(client.get("/feeds/osmand?id=other", environ_overrides=there), 401)


def test_one_subscriber_of_ipv6_is_one_address_that_guesses(client: FlaskClient) -> None:
    statuses = [
        client.get(
            f"/feeds/osmand?id=name-{number}&key=x",
            environ_overrides={"REMOTE_ADDR": f"2001:db8::{number:x}"},
        ).status_code
        for number in range(feeds.REFUSALS.amount + 2)
    ]
    assert statuses[-3:] == [401, 429, 429]
