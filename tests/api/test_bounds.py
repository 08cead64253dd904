"""What a query may ask for: beyond it the answer names the field and the bound, and what is cut
says so. What takes long has a line of its own, where one account cannot keep the others waiting."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

import services.tracks
from api.access import turns
from domain.roster import Unit
from services.access.turns import Turns
from services.container import services_of
from tests.api.conftest import BEARER

DEMO = "/api/v1/operations/demo"
LONG_AGO = "2026-01-01T00:00:00Z"
TOO_MUCH = [
    ("tracks?from=2026-01-01T00:00:00Z&to=2026-02-02T00:00:00Z", "from", "31 days"),
    ("tracks?tolerance=10001", "tolerance", "10,000"),
    ("tracks?zoom=99", "zoom", " to "),
    ("tracks?times=perhaps", "times", "true or false"),
    ("positions?trail=86401", "trail", "86,400"),
    ("positions?trail=nan", "trail", "86,400"),
    ("units/u1/analysis?from=2026-01-01T00:00:00Z&to=2026-01-09T00:00:00Z", "from", "7 days"),
    ("incidents?limit=1001", "limit", "1,000"),
    ("incidents?limit=0", "limit", "1 to"),
    ("incidents?before=nothing", "before", "none of this list"),
    ("log?limit=1e9", "limit", "1,000"),
    ("log?limit=1.5", "limit", "whole"),
    ("log?before=nothing", "before", "none of this list"),
    ("alerts?limit=1001", "limit", "1,000"),
    ("alerts?open=perhaps", "open", "true or false"),
    ("quarantine?limit=1001", "limit", "1,000"),
    ("quarantine?before=1e99", "before", "9,223,372,036,854,775,807"),
    ("quarantine?reason=nope", "reason", "no_assignment"),
    ("imports?limit=-1", "limit", "1 to"),
    ("imports?limit=0", "limit", "1 to"),
    ("imports?limit=1001", "limit", "1 to"),
    ("quarantine?reason=" + "x" * 201, "reason", "200 characters"),
]


@pytest.fixture
def with_unit(duty: FlaskClient, server: Flask) -> FlaskClient:
    """A browser of an operation with the unit ``u1``."""
    services_of(server.extensions).roster.add(Unit("u1", "FP 11"))
    return duty


@pytest.mark.parametrize(("path", "field", "bound"), TOO_MUCH)
def test_beyond_a_bound_the_answer_names_field_and_bound(
    with_unit: FlaskClient, path: str, field: str, bound: str
) -> None:
    answer = with_unit.get(f"{DEMO}/{path}")
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["field"] == field
    assert bound in answer.json["detail"]


def test_too_many_positions_for_one_answer_are_refused_before_they_are_read(
    duty: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.tracks, "MOST_AT_ONCE", -1)
    day = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"
    refused = duty.get(f"{DEMO}/tracks?{day}&tolerance=0")
    assert refused.status_code == 400
    assert refused.json is not None
    assert refused.json["field"] == "from"
    # what is kept ready for a map costs little, however much it stands for
    assert duty.get(f"{DEMO}/tracks?{day}&zoom=9").status_code == 200


def test_a_list_that_is_cut_says_so_and_where_it_goes_on(duty: FlaskClient) -> None:
    for number in range(5):
        _write_line(duty, f"line {number}")
    seen, address = [], f"{DEMO}/log?limit=2"
    while address:
        answer = duty.get(address).json
        assert answer is not None
        assert answer["truncated"] == ("next" in answer)
        assert len(answer["items"]) <= 2
        seen += [one["record"]["text"] for one in answer["items"]]
        address = answer.get("next")
    assert seen == [f"line {number}" for number in (4, 3, 2, 1, 0)]
    whole = duty.get(f"{DEMO}/log").json
    assert whole is not None
    assert (whole["truncated"], len(whole["items"])) == (False, 5)


@pytest.mark.parametrize("name", ["incidents", "alerts", "quarantine", "log"])
def test_every_list_says_whether_it_is_whole(duty: FlaskClient, name: str) -> None:
    answer = duty.get(f"{DEMO}/{name}?limit=1").json
    assert answer is not None
    assert answer["truncated"] is False


def test_what_takes_long_waits_in_a_line_of_its_own(server: Flask) -> None:
    """Somebody loops exports: they are told to come back, and everybody else is answered."""
    light, _ = server.extensions["turns"]
    heavy = Turns(turns.HEAVY_AT_ONCE, 0.01, turns.HEAVY_FOR_ONE)
    server.extensions["turns"] = light, heavy
    browser = server.test_client()
    looping = heavy.take("duty")
    export = f"{DEMO}/tracks/export?from={LONG_AGO}"
    refused = browser.get(export, headers=BEARER)
    assert refused.status_code == 503
    assert refused.json is not None
    assert refused.json["title"] == "Too busy"
    assert 2 <= int(refused.headers["Retry-After"]) <= 8
    assert browser.get(f"{DEMO}/positions/latest", headers=BEARER).status_code == 200
    assert browser.get(f"{DEMO}/tracks?zoom=9&times=1", headers=BEARER).status_code == 200
    assert browser.get("/healthz").status_code == 200
    other = {"Authorization": "Bearer demo-commander"}
    assert browser.get(export, headers=other).status_code == 404  # nothing is stored
    looping()
    assert browser.get(export, headers=BEARER).status_code == 404
    assert (light.working(), heavy.working()) == (0, 0)


def test_the_health_check_waits_for_nobody(server: Flask) -> None:
    light, _ = server.extensions["turns"]
    taken = [light.take() for _ in range(turns.LIGHT_AT_ONCE)]
    assert server.test_client().get("/healthz").status_code == 200
    for give_back in taken:
        give_back()
    assert light.working() == 0


def _write_line(browser: FlaskClient, text: str) -> None:
    answer = browser.post(
        f"{DEMO}/log",
        json={
            "command_id": str(uuid.uuid4()),
            "occurred_at": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
            "record": {"text": text},
        },
    )
    assert answer.status_code == 201, answer.json
