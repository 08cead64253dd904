"""Alarms over HTTP, from the message to the alert that somebody takes, on the whole application."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from domain.roster import Unit
from services.container import Services

ALERTS = "/api/v1/operations/live/alerts"
KEY = "a key of this test"


@pytest.fixture
def phone(server: Flask, services: Services) -> FlaskClient:
    now = services.clock() - timedelta(hours=1)
    services.roster.ensure_live(now)
    services.roster.add(Unit("patrol", "SOKOL"))
    services.roster.assign_unit("patrol", "live", now)
    services.roster.add_device("sokol", KEY)
    services.roster.assign_device("sokol", "patrol", now)
    return server.test_client()


def _send(phone: FlaskClient, services: Services, word: str, ago: float) -> int:
    at = services.clock() - timedelta(seconds=ago)
    query = {
        "id": "sokol", "key": KEY, "lat": 42.89, "lon": 20.87, "alarm": word,
        "timestamp": at.timestamp(),
    }  # fmt: skip
    return phone.get("/feeds/osmand", query_string=query).status_code


def test_forty_invented_words_open_one_sos_and_a_press_after_it_was_taken_another(
    phone: FlaskClient, duty: FlaskClient, services: Services
) -> None:
    for number in range(40):
        assert _send(phone, services, f"word {number}", 50 - number) == 200
    (alert,) = duty.get(ALERTS + "?open=1").json["items"]
    assert (alert["kind"], alert["times"], alert["callsign"]) == ("sos", 40, "SOKOL")
    assert alert["last_at"] > alert["occurred_at"]
    assert alert["words"][:2] == ["word 0", "word 1"]
    taken = duty.post(f"{ALERTS}/{alert['id']}/acknowledge", json={}).json
    assert (taken["times"], taken["acknowledged_by"]) == (40, "duty")
    assert _send(phone, services, "word 7", 5) == 200
    (again,) = duty.get(ALERTS + "?open=1").json["items"]
    assert again["times"] == 1
    assert again["id"] != alert["id"]


def test_a_stranger_raises_nothing(
    phone: FlaskClient, duty: FlaskClient, services: Services
) -> None:
    for number in range(5):
        query = {"id": f"invented-{number}", "key": KEY, "lat": 42.9, "lon": 20.9, "alarm": "sos"}
        assert phone.get("/feeds/osmand", query_string=query).status_code == 401
    assert duty.get(ALERTS).json["items"] == []
