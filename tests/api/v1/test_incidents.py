"""Incidents through HTTP, with bearer tokens, on the whole application."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from domain.roster import Platoon
from domain.time import to_rfc3339
from domain.transitions import TABLE, WITHOUT_TRANSITION
from services.container import Services

ROOT = "/api/v1/operations/demo"
Ask = Callable[..., Any]


@pytest.fixture
def ask(server: Flask, services: Services) -> Ask:
    """Sends one request as an account: ``ask("duty", "GET", "/incidents")``."""
    services.roster.add(
        Platoon("p1", "demo", "CRC-1", "crowd_control", 30),
        Platoon("p2", "demo", "CRC-2", "crowd_control", 30),
    )
    browser = server.test_client()

    def send(account: str, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer demo-{account}"}
        return browser.open(ROOT + path, method=method, json=body, headers=headers)

    return send


@pytest.fixture
def envelope(services: Services) -> Callable[..., dict[str, Any]]:
    """An envelope asserted by an organisation, now."""

    def make(region: str, event: str, version: int, record: object, org: str = "FPU") -> Any:
        return {
            "command_id": str(uuid.uuid4()), "region": region, "event": event,
            "expected_version": version, "occurred_at": to_rfc3339(services.clock()),
            "asserted_by": {"org": org, "function": "duty officer"},
            "channel": "radio", "channel_ref": "7", "record": record,
        }  # fmt: skip

    return make


@pytest.fixture
def reported(ask: Ask, services: Services) -> str:
    """The address of a reported incident."""
    body = {
        "command_id": str(uuid.uuid4()), "occurred_at": to_rfc3339(services.clock()),
        "asserted_by": {"org": "FPU", "function": "patrol leader"},
        "position": {"lat": 42.8914, "lon": 20.8660},
        "record": {"title": "Crowd", "category": "peaceful_gathering", "severity": 2,
                   "source": "patrol", "source_reliability": "B", "info_credibility": 2},
    }  # fmt: skip
    answer = ask("duty", "POST", "/incidents", body)
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith("/incidents/demo-0001")
    assert ask("duty", "POST", "/incidents", body).status_code == 200
    return "/incidents/demo-0001"


def test_the_state_tells_every_event_or_its_guard(ask: Ask, reported: str) -> None:
    seen = ask("duty", "GET", reported).json
    assert (seen["inc"], seen["t2"], seen["t3"], seen["line"]) == ("REPORTED", "NONE", "NONE", "KP")
    assert (seen["tier"], seen["version"]) == (1, 1)
    options = {(one["region"], one["event"]): one for one in seen["events"]}
    assert options["INC", "confirm"]["allowed"]
    assert options["T2", "engage"]["guard"] == "explicit_kp_request"
    every = {(row.region, row.event) for row in TABLE if row.region != "RES"}
    facts = {("INC", event) for event in WITHOUT_TRANSITION}
    assert set(options) == every - {("INC", "report")} | facts


def test_engage_without_a_request_is_422_and_the_log_is_unchanged(
    ask: Ask, reported: str, envelope: Callable[..., Any]
) -> None:
    before = ask("duty", "GET", reported + "/events").json
    for record in ({}, {"force_level": "presence"}):
        answer = ask("duty", "POST", reported + "/events", envelope("T2", "engage", 1, record))
        assert answer.status_code == 422
        assert answer.content_type == "application/problem+json"
        assert answer.json["guard"] == "explicit_kp_request"
    answer = ask("patrol", "POST", reported + "/events", envelope("T2", "engage", 1, {}))
    assert answer.status_code == 403
    assert ask("duty", "GET", reported + "/events").json == before


def test_every_kind_of_refusal_has_its_status(
    ask: Ask, reported: str, envelope: Callable[..., Any], services: Services
) -> None:
    confirm = {"kp_informed_at": to_rfc3339(services.clock()), "kp_unit": "north"}
    events = reported + "/events"

    def status(account: str, body: object, path: str = events) -> tuple[int, object]:
        answer = ask(account, "POST", path, body)
        return answer.status_code, answer.json.get("field") or answer.json.get("guard")

    good = envelope("INC", "confirm", 1, confirm, "KP")
    assert status("duty", {**good, "record": {"kp_unit": "x"}}) == (400, "record.kp_informed_at")
    assert status("duty", {**good, "": "x"}) == (400, "(empty)")
    assert status("duty", {**good, "expected_version": 0}) == (409, "expected_version")
    assert status("review", good) == (403, "role")
    assert status("duty", {**good, "asserted_by": {"org": "KFOR", "function": "x"}})[0] == 422
    assert status("duty", good, "/incidents/demo-0099/events")[0] == 404
    assert status("duty", [good]) == (400, "body")
    assert status("duty", good) == (201, None)
    assert status("duty", good) == (200, None)
    lost = ask("duty", "POST", events, envelope("INC", "stabilise", 1, {"kp_commander_ref": "x"}))
    assert lost.status_code == 409
    assert [event["event"] for event in lost.json["since"]] == ["confirm"]


def test_a_request_is_entered_by_one_and_accepted_by_another(
    ask: Ask, reported: str, envelope: Callable[..., Any], services: Services
) -> None:
    now = to_rfc3339(services.clock())
    events = reported + "/events"
    request = {
        "officer_function": "duty officer", "officer_service_no": "KP-1", "officer_unit": "north",
        "received_at": now, "purpose": "civil_disturbance", "legal_basis": "JA_2008_124",
        "platoons_asked": 1, "kp_commander_contact": "channel 7",
    }  # fmt: skip
    steps = (
        ("duty", envelope("INC", "confirm", 1, {"kp_informed_at": now, "kp_unit": "n"}, "KP")),
        ("duty", envelope("T2", "kp_request", 2, {"request": request}, "KP")),
        ("duty", envelope("T2", "acknowledge", 3, {"read_back": True})),
        ("commander", envelope("T2", "accept", 4, {
            "tasking_order_no": "1", "platoons": ["p1"], "eta": now})),
        ("platoon", envelope("T2", "depart", 5, {"platoons": ["p1"], "eta": now})),
        ("platoon", envelope("T2", "arrive", 6, {"override_reason": "on foot"})),
        ("platoon", envelope("T2", "engage", 7, {
            "kp_agreement": {"function": "commander", "at": now}, "force_level": "presence",
            "caution_acknowledged": True})),
    )  # fmt: skip
    for account, body in steps:
        answer = ask(account, "POST", events, body)
        assert answer.status_code == 201, answer.json
    assert answer.json["state"]["tier"] == 2
    platoon = ask("duty", "GET", "/platoons/p1").json
    assert (platoon["state"], platoon["incident"]) == ("BOUND", "demo-0001")
    assert ask("duty", "GET", "/incidents").json["items"][0]["t2"] == "ENGAGED"
    log = ask("review", "GET", events).json["items"]
    assert [event["seq"] for event in log] == list(range(1, 9))
    assert log[4]["entered_by"]["role"] == "FPU_CMD"
    states = {one["id"]: one["state"] for one in ask("duty", "GET", "/platoons").json["items"]}
    assert states == {"p1": "BOUND", "p2": "AVAILABLE"}


def test_a_line_of_the_log_and_an_alert(ask: Ask, services: Services) -> None:
    line = {
        "command_id": str(uuid.uuid4()), "occurred_at": to_rfc3339(services.clock()),
        "record": {"text": "Radio check"},
    }  # fmt: skip
    assert ask("duty", "POST", "/log", line).status_code == 201
    assert ask("duty", "POST", "/log", line).status_code == 200
    assert ask("wall", "POST", "/log", line | {"command_id": str(uuid.uuid4())}).status_code == 403
    assert ask("duty", "GET", "/log").json["items"][0]["record"] == {"text": "Radio check"}
    assert ask("duty", "GET", "/alerts").json == {"items": [], "truncated": False}
    assert ask("duty", "POST", "/alerts/none/acknowledge", {}).status_code == 404
    assert ask("duty", "GET", "/log?limit=0").json["field"] == "limit"


def test_a_stranger_learns_nothing(server: Flask, reported: str) -> None:
    browser = server.test_client()
    for path in (reported, reported + "/events", "/log", "/alerts", "/platoons/p1"):
        assert browser.get(ROOT + path).status_code == 401
    assert browser.post(ROOT + reported + "/events", json={}).status_code == 401
