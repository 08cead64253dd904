"""The roster and the crossing points over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flask_login
import pytest
from flask import Flask
from flask.testing import FlaskClient

from api import problems
from api.v1.roster import roster_blueprint
from data.database import Database
from data.roster_store import RosterStore
from domain.access.accounts import User
from domain.roster import Period, Platoon, Shift, ShiftMember
from pages.session import Visitor
from services.cache import OfTheMoment
from services.clock import utc_now
from services.roster import RosterService
from tests.services.crossings import MUTIVODE, Place, at, fix


class States:
    """What the event log says: one platoon is bound."""

    def platoon_states(self, operation: str) -> Mapping[str, str]:
        return {"granite-1": "BOUND"} if operation == "demo" else {}


class Nothing:
    """A cache that loses everything at once."""

    def get(self, key: str) -> bytes | None:
        return None

    def set(self, key: str, value: bytes, seconds: int) -> None:
        pass


class Still:
    """Nothing changes."""

    def head_of(self, operation: str) -> int:
        return 0


@pytest.fixture
def place(database: Database) -> Place:
    return Place(database).with_units()


@pytest.fixture
def client(place: Place) -> FlaskClient:
    roster = RosterService(place.database, RosterStore())
    roster.ensure_live(at(0))
    roster.assign_unit("p11", "demo", at(-100))
    roster.assign_unit("p12", "demo", at(500))
    roster.add(
        Platoon("granite-1", "demo", "GRANITE 1", "crowd_control", 30),
        Platoon("falcon", "demo", "FALCON", "special", 18),
        Shift("morning", "demo", "Morning", Period(at(-50), at(600))),
        ShiftMember("morning", "unit", "p11", "Jarinje/Jarinjë"),
    )
    server = Flask("tests")
    flask_login.LoginManager(server).user_loader(lambda secret: None)  # nobody is signed in
    server.secret_key = "of this test only"
    problems.register(server)
    manager = flask_login.LoginManager(server)
    manager.request_loader(lambda _: Visitor(User("duty", "FPU_DUTY", ""), "", lambda: None))
    server.register_blueprint(
        roster_blueprint(
            roster,
            place.coverage,
            States(),
            lambda: at(300),
            OfTheMoment(Nothing(), Still(), utc_now),
        )
    )
    return server.test_client()


def get(client: FlaskClient, path: str) -> Any:
    answer = client.get(f"/api/v1/operations{path}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.get_json()


def test_the_operations(client: FlaskClient) -> None:
    assert get(client, "")["items"] == [
        {
            "id": "live",
            "kind": "live",
            "title": "Live operation",
            "opened_at": "2026-11-21T12:00:00Z",
            "closed_at": None,
        },
        {
            "id": "demo",
            "kind": "exercise",
            "title": "Demonstration",
            "opened_at": "2026-11-21T09:13:21Z",
            "closed_at": None,
        },
    ]


def test_the_units_of_now_and_of_another_time(client: FlaskClient) -> None:
    p11 = {
        "id": "p11",
        "callsign": "PAPA 11",
        "kind": "patrol",
        "on_shift": True,
        "task": "Jarinje/Jarinjë",
    }
    assert get(client, "/demo/units")["items"] == [p11]
    later = get(client, "/demo/units?at=2026-11-21T12:10:00Z")["items"]
    assert [(one["id"], one["on_shift"]) for one in later] == [("p11", False), ("p12", False)]


def test_the_platoons_with_their_state(client: FlaskClient) -> None:
    found = get(client, "/demo/platoons")
    assert found["shift_plan"] is False
    assert [(one["id"], one["state"], one["on_shift"]) for one in found["items"]] == [
        ("falcon", "AVAILABLE", True),
        ("granite-1", "BOUND", True),
    ]


def test_the_crossings_with_their_last_visit(client: FlaskClient, place: Place) -> None:
    place.receive([fix(0, 10), fix(60, 20)])
    document = get(client, "/demo/crossings")
    assert document["type"] == "FeatureCollection"
    jarinje, mutivode = document["features"]
    assert jarinje["geometry"] == {"type": "Point", "coordinates": [20.6917, 43.2186]}
    assert jarinje["properties"] == {
        "id": "jarinje",
        "name": "Jarinje/Jarinjë",
        "name_sq": "Jarinjë",
        "name_sr": "Jarinje",
        "kind": "common_crossing_point",
        "status": "active",
        "confidence": "high",
        "approximate": False,
        "note": "",
        "last_visit": {
            "unit": "p11",
            "callsign": "PAPA 11",
            "entered_at": "2026-11-21T12:00:00Z",
            "seen_at": "2026-11-21T12:01:00Z",
            "left_at": None,
            "dwell_s": 60.0,
        },
        "age_s": 240.0,
    }
    assert mutivode["properties"]["id"] == MUTIVODE.id
    assert mutivode["properties"]["last_visit"] is None
    assert mutivode["properties"]["age_s"] is None
    answer = client.get("/api/v1/operations/demo/crossings")
    assert answer.mimetype == "application/geo+json"


@pytest.mark.parametrize("what", ["units", "platoons", "crossings"])
def test_an_unknown_operation_is_not_found(client: FlaskClient, what: str) -> None:
    answer = client.get(f"/api/v1/operations/nowhere/{what}")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_time_without_a_zone_is_refused(client: FlaskClient) -> None:
    answer = client.get("/api/v1/operations/demo/crossings?at=2026-11-21T12:00:00")
    assert answer.status_code == 400
    assert answer.get_json()["field"] == "at"
