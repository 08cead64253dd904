"""Late entry through HTTP: the statuses, the named step, the draft's way to the commander."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from domain.roster import Platoon
from domain.time import to_rfc3339
from services.container import Services

ROOT = "/api/v1/operations/demo/incidents"
Ask = Callable[..., Any]


@pytest.fixture
def ask(server: Flask, services: Services) -> Ask:
    """Sends one request as an account."""
    for name in ("p1", "p2"):
        services.roster.add(Platoon(name, "demo", name.upper(), "crowd_control", 30))
    browser = server.test_client()

    def send(account: str, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer demo-{account}"} if account else {}
        return browser.open(ROOT + path, method=method, json=body, headers=headers)

    return send


@pytest.fixture
def night(ask: Ask, services: Services) -> dict[str, Any]:
    """A sequence from the confirmation to the arrival, an hour ago, at incident 1."""
    start = services.clock() - timedelta(hours=1)
    step = Steps(start)
    body = {
        "command_id": str(uuid.uuid4()), "occurred_at": to_rfc3339(start),
        "asserted_by": {"org": "FPU", "function": "patrol leader"},
        "position": {"lat": 42.8914, "lon": 20.8660},
        "record": {"title": "Crowd", "category": "peaceful_gathering", "severity": 2,
                   "source": "patrol", "source_reliability": "B", "info_credibility": 2},
    }  # fmt: skip
    assert ask("duty", "POST", "", body).status_code == 201
    request = {
        "officer_function": "duty officer", "officer_service_no": "KP-1", "officer_unit": "north",
        "received_at": to_rfc3339(start), "purpose": "civil_disturbance", "platoons_asked": 1,
        "legal_basis": "JA_2008_124", "kp_commander_contact": "channel 7",
    }  # fmt: skip
    accept = {"tasking_order_no": "1", "platoons": ["p1"], "eta": to_rfc3339(start)}
    depart = {"platoons": ["p1"], "eta": to_rfc3339(start)}
    return {
        "command_id": str(uuid.uuid4()), "expected_version": 1,
        "steps": [
            step("INC", "confirm", {"kp_informed_at": to_rfc3339(start), "kp_unit": "n"}, "KP"),
            step("T2", "kp_request", {"request": request}, "KP"),
            step("T2", "acknowledge", {"read_back": True}),
            step("T2", "accept", accept),
            step("T2", "depart", depart),
            step("T2", "arrive", {"override_reason": "on foot"}),
        ],
    }  # fmt: skip


class Steps:
    """Envelopes a minute apart."""

    def __init__(self, start: Any) -> None:
        self.at = start

    def __call__(self, region: str, event: str, record: object, org: str = "FPU") -> Any:
        self.at += timedelta(minutes=1)
        return {
            "region": region, "event": event, "occurred_at": to_rfc3339(self.at),
            "asserted_by": {"org": org, "function": "duty officer"},
            "channel": "radio", "channel_ref": "7", "record": record,
        }  # fmt: skip


def test_a_sequence_waits_for_the_commander_and_enters(ask: Ask, night: dict[str, Any]) -> None:
    answer = ask("duty", "POST", "/demo-0001/sequences", night)
    assert answer.status_code == 201, answer.json
    assert ask("duty", "POST", "/demo-0001/sequences", night).status_code == 200
    draft = answer.json["draft"]
    assert [step["event"] for step in draft["steps"]] == ["accept", "depart", "arrive"]
    assert ask("duty", "GET", "/demo-0001").json["drafts"][0]["mine"] is False
    assert ask("commander", "GET", "/demo-0001").json["drafts"][0]["mine"] is True
    assert ask("duty", "GET", "").json["items"][0]["drafts"] == 1
    path = f"/demo-0001/drafts/{draft['id']}"
    yes = {"command_id": str(uuid.uuid4())}
    assert ask("duty", "POST", path + "/confirm", yes).status_code == 403
    assert ask("commander", "POST", path + "/confirm", yes | {"sure": True}).json["field"] == "sure"
    done = ask("commander", "POST", path + "/confirm", yes)
    assert (done.status_code, done.json["state"]["t2"]) == (201, "ON_SCENE")
    assert ask("commander", "POST", path + "/confirm", yes).status_code == 200
    lost = ask("commander", "POST", path + "/confirm", {"command_id": str(uuid.uuid4())})
    assert lost.status_code == 409
    assert lost.json["since"][0]["event"] == "draft_confirmed"


def test_a_refusal_names_the_step_and_the_guard(ask: Ask, night: dict[str, Any]) -> None:
    def problem(**changed: Any) -> tuple[int, object]:
        wrong = [dict(step) for step in night["steps"]]
        wrong[5] |= changed
        answer = ask("duty", "POST", "/demo-0001/sequences", night | {"steps": wrong})
        return answer.status_code, answer.json["field"]

    assert problem(record={}) == (422, "steps.5.position")
    assert problem(record={"why": 1}) == (400, "steps.5.record.why")
    assert problem(region="RES") == (400, "steps.5.region")
    assert problem(occurred_at=night["steps"][1]["occurred_at"]) == (422, "steps.5.occurred_at")
    old = ask("duty", "POST", "/demo-0001/sequences", night | {"expected_version": 0})
    assert old.status_code == 409
    assert ask("review", "POST", "/demo-0001/sequences", night).status_code == 403
    assert ask("duty", "POST", "/demo-0009/sequences", night).status_code == 404
    assert ask("", "POST", "/demo-0001/sequences", night).status_code == 401
    assert ask("duty", "GET", "/demo-0001").json["version"] == 1


def test_a_draft_is_rejected_with_a_reason(ask: Ask, night: dict[str, Any]) -> None:
    draft = ask("duty", "POST", "/demo-0001/sequences", night).json["draft"]
    path = f"/demo-0001/drafts/{draft['id']}/reject"
    no = {"command_id": str(uuid.uuid4()), "reason_text": "was another incident"}
    assert (
        ask("duty", "POST", path, {"command_id": no["command_id"]}).json["field"] == "reason_text"
    )
    assert ask("patrol", "POST", path, no).status_code == 403
    assert ask("commander", "POST", path, no).status_code == 201
    seen = ask("duty", "GET", "/demo-0001").json
    assert (seen["drafts"], seen["t2"]) == ([], "ACKNOWLEDGED")
    assert ask("duty", "POST", "/demo-0001/drafts/none/reject", no | {
        "command_id": str(uuid.uuid4())}).status_code == 404  # fmt: skip
