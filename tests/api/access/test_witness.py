"""What is recorded of requests, and that no secret ever is."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st
from sqlalchemy import select

from commands.process_log import Lines
from data.database import Database
from data.schema import security_events
from domain.access.security import NewSecurityEvent
from domain.errors import NoRoom, NotPermitted, NotSignedIn, StoreUnavailable
from domain.roster import Unit
from services.container import Services
from services.security.asking import remember_refusal
from settings import Settings
from tests.api.conftest import BEARER
from tests.api.v1.asking import asking

EXPORT = "/api/v1/operations/demo/tracks/export?from=2026-01-01T00:00:00Z&format=gpx"


def rows(services: Services, settings: Settings) -> list[Any]:
    """Everything that is recorded, in order, without what commands wrote."""
    services.security.close()
    database = Database(settings.database_url)
    with database.reading() as connection:
        query = select(security_events).order_by(security_events.c.segment, security_events.c.seq)
        found = connection.execute(query).all()
    database.close()
    return found


def test_signing_in_changing_the_user_and_out(
    stranger: FlaskClient, services: Services, settings: Settings
) -> None:
    stranger.post("/sign-in", data={"name": "duty", "password": "no"})
    stranger.post("/sign-in", data={"name": "my-Passw0rd", "password": "no"})
    stranger.post("/sign-in", data={"name": "duty", "password": "duty"})
    stranger.post("/sign-in", data={"name": "review", "password": "review"})
    stranger.post("/sign-out")
    found = [(one.kind, one.outcome, one.account, one.role, one.reason) for one in
             rows(services, settings)]  # fmt: skip
    assert sorted(map(repr, found)) == sorted(
        map(
            repr,
            [
                ("sign_in", "refused", "duty", None, "password"),
                ("sign_in", "refused", None, None, "unknown_account"),
                ("sign_in", "done", "duty", "FPU_DUTY", None),
                ("sign_out", "done", "duty", "FPU_DUTY", "changed_user"),
                ("sign_in", "done", "review", "AUDITOR", None),
                ("sign_out", "done", "review", "AUDITOR", "signed_out"),
            ],
        )
    )


def test_refusals_are_noted_by_template_and_with_who_asks(
    server: Flask, stranger: FlaskClient, services: Services, settings: Settings
) -> None:
    stranger.get("/api/v1/operations/demo/units?key=s3cret")
    wall = {"Authorization": "Bearer demo-wall"}
    stranger.get(EXPORT, headers=wall)
    stranger.get("/api/v1/operations/secret-name/incidents", headers=BEARER)
    stranger.post("/api/v1/operations/demo/log", data={"a": "b"}, headers=BEARER)
    stranger.get("/feeds/osmand?id=phone&key=s3cret&lat=42.1&lon=20.1")
    found = {(one.kind, one.status, one.account, one.route) for one in rows(services, settings)}
    assert found == {
        ("refused", 401, None, "/api/v1/operations/<operation>/units"),
        ("refused", 403, "wall", "/api/v1/operations/<operation>/tracks/export"),
        ("refused", 404, "duty", "/api/v1/operations/<operation>/incidents"),
        ("refused", 415, "duty", "/api/v1/operations/<operation>/log"),
        ("feed", 401, None, "/feeds/osmand"),
    }


@pytest.fixture
def away(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The security log takes nothing."""

    def refuse(_new: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(services.security._store, "append", refuse)


@pytest.mark.usefixtures("away")
def test_nobody_gets_in_without_being_recorded(stranger: FlaskClient) -> None:
    answer = stranger.post("/sign-in", data={"name": "duty", "password": "duty"})
    assert answer.status_code == 503
    assert "Location" not in answer.headers
    assert stranger.get("/api/v1/operations").status_code == 401


def test_what_comes_in_and_goes_out_is_recorded(
    server: Flask, services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.roster.add(Unit("p1", "ORION-1"))
    ask = asking(server)
    data = b"time,lat,lon\n2026-11-20T08:00:00Z,42.61234,20.91234\n"
    number = ask("/imports", data, name="my secret.csv", unit="orion-1").json["id"]
    assert ask(f"/imports/{number}/commit", {}).status_code == 200
    period = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}
    gone = ask("/tracks/export", format="csv", **period)
    assert gone.status_code == 200
    found = rows(services, settings)
    assert [(one.kind, one.account, one.reason) for one in found] == [
        ("import", "duty", "upload"),
        ("import", "duty", "commit"),
        ("export", "duty", None),
    ]
    assert json.loads(found[1].body) == {"number": number, "operation": "demo"}
    assert json.loads(found[2].body)["bytes"] == len(gone.data)

    def refuse(_new: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(services.security._store, "append", refuse)
    kept = ask("/tracks/export", format="csv", **period)
    assert (kept.status_code, kept.mimetype) == (503, "application/problem+json")
    assert b"42.61234" not in kept.data
    assert "Content-Disposition" not in kept.headers
    again = ask("/imports", data, name="b.csv", unit="orion-1")
    assert again.status_code == 201  # it has happened


def test_a_refusal_that_a_screen_tells_in_words_is_noted(
    server: Flask, services: Services, settings: Settings
) -> None:
    wall = {"Authorization": "Bearer demo-wall"}
    with server.test_request_context("/api/v1/operations", headers=wall):
        server.preprocess_request()
        remember_refusal(NotPermitted("WALL enters nothing", guard="role"))
        server.process_response(Response("{}"))
    (one,) = rows(services, settings)
    assert (one.kind, one.status, one.reason) == ("refused", 403, "role")


def test_a_second_person_s_password_is_recorded_and_never_without(
    services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    persons = services.incidents._persons
    with pytest.raises(NotSignedIn):
        persons.confirm_password("commander", "wrong", "beside duty")
    with pytest.raises(NotSignedIn):
        persons.confirm_password("Tr0ub4dor", "wrong", "beside duty")
    persons.confirm_password("commander", "commander", "beside duty")
    found = [(one.kind, one.outcome, one.account) for one in rows(services, settings)]
    assert sorted(map(str, found)) == sorted(
        map(
            str,
            [
                ("password", "done", "commander"),
                ("password", "refused", "commander"),
                ("password", "refused", None),
            ],
        )
    )


def test_who_is_sent_away_and_whose_token_is_none_is_told_apart(
    stranger: FlaskClient,
    services: Services,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_given: object, **_named: object) -> None:
        raise NoRoom("others are being checked", retry_after=2)

    monkeypatch.setattr(services.accounts, "sign_in", full)
    assert stranger.post("/sign-in", data={"name": "duty", "password": "x"}).status_code == 503
    wrong = {"Authorization": "Bearer no-such-token"}
    assert stranger.get("/api/v1/operations", headers=wrong).status_code == 401
    found = {(one.kind, one.outcome, one.account, one.reason) for one in rows(services, settings)}
    assert found == {
        ("sign_in", "throttled", "duty", "busy"),
        ("refused", "refused", None, "token"),
    }


SECRET = st.uuids().map(lambda one: f"Zq{one.hex[:14]}")
FIELDS = ("name", "password", "key", "id", "lat", "token", "next", "from", "kind", "unit")
PATHS = (
    "/sign-in", "/sign-out", "/{0}", "/api/v1/operations/{0}/incidents/{0}", "/language/{0}",
    "/api/v1/operations/demo/imports/{0}", "/feeds/osmand", "/feeds/owntracks", "/feeds/cot",
    "/api/v1/operations/demo/quarantine/accept", "/live", "/api/v1/security-events",
    "/_dash-update-component", "/security",
)  # fmt: skip
AGENTS = ("User-Agent", "Referer", "X-Forwarded-For", "Cookie", "Accept-Language", "Origin")


@settings_of_hypothesis(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    secret=SECRET,
    path=st.sampled_from(PATHS),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    who=st.sampled_from(["", "demo-duty", "demo-admin"]),
    kind=st.sampled_from(["query", "form", "json", "basic"]),
)
def test_no_secret_is_ever_in_the_log(
    server: Flask,
    services: Services,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    secret: str,
    path: str,
    method: str,
    who: str,
    kind: str,
) -> None:
    """Whatever is sent in whichever place: it is neither in the log, nor in the process log, nor on
    the page."""
    caplog.set_level(logging.INFO)
    fields = dict.fromkeys(FIELDS, secret)
    headers = {name: secret for name in AGENTS if name != "Origin" or kind == "query"}
    if who:
        headers["Authorization"] = f"Bearer {who}"
    elif kind == "basic":
        headers["Authorization"] = f"Bearer {secret}"
    sent: dict[str, Any] = {"headers": headers}
    if kind == "query":
        sent["query_string"] = fields
    elif kind == "form":
        sent["data"] = fields
    elif kind == "json":
        sent["json"] = {**fields, "inputs": [fields]}
    environ = {"REMOTE_ADDR": secret if kind == "basic" else "192.0.2.1"}
    browser = server.test_client(use_cookies=False)
    browser.open(path.format(secret), method=method, environ_overrides=environ, **sent)
    stored = repr([tuple(one) for one in rows(services, settings)])
    admin = {"Authorization": "Bearer demo-admin"}
    page = browser.get("/api/v1/security-events?limit=500", headers=admin)
    assert page.status_code == 200
    lines = [Lines().format(one) for one in caplog.records]
    for told in (stored, page.text, *lines):
        assert secret not in told


@pytest.mark.parametrize(("name", "status"), [("admin", 200), ("review", 200), ("duty", 403),
                                               ("wall", 403), ("ops", 403)])  # fmt: skip
def test_only_administrators_and_reviewers_read_it(
    stranger: FlaskClient, name: str, status: int
) -> None:
    asked = {"Authorization": f"Bearer demo-{name}"}
    assert stranger.get("/api/v1/security-events", headers=asked).status_code == status


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("kind=x", "kind"), ("outcome=x", "outcome"), ("address=x", "address"),
        ("from=yesterday", "from"), ("to=2026-12-01T00:00", "to"), ("place=1.2", "place"),
        ("limit=0", "limit"), ("limit=501", "limit"), ("limit=-1", "limit"),
        ("place=9.9.9999999999999999999", "place"), ("address=10.0.0.0/8", "address"),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_is_refused_by_its_field(
    stranger: FlaskClient, query: str, field: str
) -> None:
    admin = {"Authorization": "Bearer demo-admin"}
    answer = stranger.get(f"/api/v1/security-events?{query}", headers=admin)
    assert (answer.status_code, answer.json["field"]) == (400, field)


def test_the_list_is_read_page_by_page(stranger: FlaskClient, services: Services) -> None:
    services.security.record(NewSecurityEvent("command", "done", services.clock()))
    admin = {"Authorization": "Bearer demo-admin"}
    read, place = [], ""
    while True:
        path = f"/api/v1/security-events?limit=3&place={place}"
        page = stranger.get(path, headers=admin).json
        read += [one["id"] for one in page["items"]]
        place = page["next"]
        if place is None:
            break
    assert len(read) == len(set(read)) == page["total"] > 3
