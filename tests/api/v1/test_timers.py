"""Clocks and their alerts through HTTP, on the whole application."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from domain.time import to_rfc3339
from services.container import Services

ROOT = "/api/v1/operations/demo"
Ask = Callable[..., Any]


@pytest.fixture
def ask(server: Flask) -> Ask:
    """Sends one request as an account."""
    browser = server.test_client()

    def send(account: str, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer demo-{account}"}
        return browser.open(ROOT + path, method=method, json=body, headers=headers)

    return send


@pytest.fixture
def asked(ask: Ask, services: Services) -> str:
    """The address of an incident whose request has waited for an answer for twenty minutes."""
    then = services.clock() - timedelta(minutes=20)
    common = {
        "occurred_at": to_rfc3339(then), "channel": "phone", "channel_ref": "TEL-1",
        "position": {"lat": 42.8914, "lon": 20.8660}, "late_entry": True,
    }  # fmt: skip
    said = {"org": "KP", "function": "duty officer"}
    report = {"title": "Crowd", "category": "peaceful_gathering", "severity": 2,
              "source": "patrol", "source_reliability": "B", "info_credibility": 2}  # fmt: skip
    request = {
        "officer_function": "duty officer", "officer_service_no": "1", "officer_unit": "north",
        "received_at": to_rfc3339(then), "purpose": "civil_disturbance",
        "legal_basis": "JA_2008_124", "kp_commander_contact": "radio 1", "platoons_asked": 1,
    }  # fmt: skip
    confirmed = {"kp_informed_at": to_rfc3339(then), "kp_unit": "north"}
    for number, (path, region, event, record) in enumerate(
        [
            ("", "INC", "report", report),
            ("/demo-0001/events", "INC", "confirm", confirmed),
            ("/demo-0001/events", "T2", "kp_request", {"request": request}),
        ]
    ):
        envelope = {"region": region, "event": event, "expected_version": number,
                    "command_id": str(uuid.uuid4()), "asserted_by": said}  # fmt: skip
        answer = ask("duty", "POST", "/incidents" + path, {**common, **envelope, "record": record})
        assert answer.status_code == 201, answer.json
    return "/incidents/demo-0001"


def test_an_incident_and_the_list_tell_the_clocks_that_run(ask: Ask, asked: str) -> None:
    clock, paper = ask("duty", "GET", asked).json["timers"]
    assert set(clock) == {
        "name", "region", "since", "due", "stopped_at", "overdue", "owner", "event_id",
    }  # fmt: skip
    assert (clock["name"], clock["overdue"], clock["stopped_at"]) == ("acknowledge", True, None)
    assert (paper["name"], paper["overdue"]) == ("written_confirmation", False)
    (listed,) = ask("duty", "GET", "/incidents").json["items"]
    assert [one["due"] for one in listed["timers"]] == [clock["due"], paper["due"]]


def test_a_clock_that_ran_out_is_an_alert_that_a_person_takes(
    ask: Ask, asked: str, services: Services
) -> None:
    assert services.timers.watch() == 1
    assert services.timers.watch() == 0
    (alert,) = ask("duty", "GET", "/alerts?open=1").json["items"]
    assert (alert["kind"], alert["timer"], alert["owner"]) == ("timer", "acknowledge", "FPU_DUTY")
    assert (alert["incident"], alert["region"], alert["unit"]) == ("demo-0001", "T2", None)
    taking = f"/alerts/{alert['id']}/acknowledge"
    for account in ("review", "wall", "admin"):
        assert ask(account, "POST", taking, {}).status_code == 403
    assert ask("duty", "POST", taking, {}).json["acknowledged_by"] == "duty"
    assert ask("commander", "POST", taking, {}).status_code == 409
    assert ask("duty", "GET", "/alerts?open=1").json["items"] == []
    assert ask("duty", "GET", asked).json["t2"] == "REQUESTED"
