"""What a unit has set reaches screens, scripts and rules, of its own application only."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from dash import html
from flask import Flask

from domain.fixes import Report
from domain.policy import Policy
from domain.roster import Unit
from domain.time import to_rfc3339
from pages.shell import shell, shell_context
from pages.strings import catalogue, text
from services.container import Services, services_of
from settings import Settings

UNIT = """
[limits]
clock_tolerance_seconds = 0

[timers]
acknowledge_minutes = 9

[exercise.timers]
acknowledge_minutes = 2

[tracks]
gap_seconds = 30
clock_wrong_seconds = 5

[exercise.roles]
"INC.report" = ["FPU_CMD"]
"INC.confirm" = ["EULEX_OPS"]

[words.en]
"incident.role_needed" = "Only for: {roles}"
"sign_in.title" = "Who is there?"
"map.footpath" = "Goat track"

[words.pl]
"sign_in.title" = "Kto tam?"
"""
Make = Callable[[Settings], Flask]


@pytest.fixture
def unit_server(make_app: Make, settings: Settings, tmp_path: Path) -> Flask:
    """An application whose unit has set something, beside the one that has nothing set."""
    path = tmp_path / "unit.toml"
    path.write_text(UNIT, encoding="utf-8")
    return make_app(replace(settings, policy_file=str(path)))


def _page(server: Flask, language: str = "en") -> str:
    browser = server.test_client()
    return browser.get("/sign-in", headers={"Accept-Language": language}).get_data(as_text=True)


def _ask(server: Flask, path: str) -> Any:
    headers = {"Authorization": "Bearer demo-duty", "Accept": "text/html"}
    answer = server.test_client().get(path, headers=headers)
    assert answer.status_code == 200
    return answer


def test_words_belong_to_one_application(unit_server: Flask, server: Flask) -> None:
    for _ in range(2):  # in either order, one after the other
        assert "Who is there?" in _page(unit_server)
        assert "Kto tam?" in _page(unit_server, "pl")
        assert "Who is there?" not in _page(server)
        assert "Kto tam?" not in _page(server, "pl")
    with unit_server.app_context():
        assert text("sign_in.title") == "Who is there?"
        assert set(catalogue("pl")) == set(catalogue("en"))
        with server.app_context():
            assert text("sign_in.title") != "Who is there?"
    assert text("sign_in.title") != "Who is there?"


def test_the_browser_gets_the_same_words_under_another_address(
    unit_server: Flask, server: Flask
) -> None:
    addresses = []
    for one, said in ((unit_server, True), (server, False)):
        page = _ask(one, "/").get_data(as_text=True)
        found = re.search(r"/strings/en\.js\?v=[0-9a-f]+", page)
        assert found is not None
        addresses.append(found[0])
        script = _ask(one, found[0]).get_data(as_text=True)
        assert ('"Who is there?"' in script) is said
    assert addresses[0] != addresses[1]


def test_the_map_says_the_unit_s_word(unit_server: Flask, server: Flask) -> None:
    answers = [
        _ask(one, "/map/style-night.json?language=en") for one in (unit_server, server, unit_server)
    ]
    assert ["Goat track" in one.get_data(as_text=True) for one in answers] == [True, False, True]
    assert answers[0].headers["ETag"] == answers[2].headers["ETag"]
    assert answers[0].headers["ETag"] != answers[1].headers["ETag"]


def _envelope(server: Flask, org: str, **more: object) -> dict[str, Any]:
    return {
        "command_id": str(uuid.uuid4()),
        "occurred_at": to_rfc3339(services_of(server.extensions).clock()),
        "asserted_by": {"org": org, "function": "officer"},
        **more,
    }


def _report(server: Flask, account: str) -> Any:
    body = _envelope(server, "FPU") | {
        "position": {"lat": 42.8914, "lon": 20.8660},
        "record": {"title": "Crowd", "category": "peaceful_gathering", "severity": 2,
                   "source": "patrol", "source_reliability": "B", "info_credibility": 2},
    }  # fmt: skip
    headers = {"Authorization": f"Bearer demo-{account}"}
    address = "/api/v1/operations/demo/incidents"
    return server.test_client().post(address, json=body, headers=headers)


def test_roles_are_those_of_the_unit_and_the_answer_names_them(unit_server: Flask) -> None:
    refused = _report(unit_server, "duty")
    assert (refused.status_code, refused.json["guard"]) == (403, "role")
    assert "FPU_CMD" in refused.json["detail"]
    assert _report(unit_server, "commander").status_code == 201
    headers = {"Authorization": "Bearer demo-duty"}
    seen = unit_server.test_client().get(
        "/api/v1/operations/demo/incidents/demo-0001", headers=headers
    )
    options = {(one["region"], one["event"]): one for one in seen.json["events"]}
    assert options["INC", "confirm"]["guard"] == "role"
    assert options["INC", "confirm"]["roles"] == ["EULEX_OPS"]
    assert options["T2", "prealert"]["allowed"]


def test_clocks_run_as_the_unit_has_set_for_this_kind_of_operation(unit_server: Flask) -> None:
    assert _report(unit_server, "commander").status_code == 201
    now = to_rfc3339(services_of(unit_server.extensions).clock())
    request = {
        "officer_function": "duty officer", "officer_service_no": "KP-1", "officer_unit": "north",
        "received_at": now, "purpose": "civil_disturbance", "legal_basis": "JA_2008_124",
        "platoons_asked": 1, "kp_commander_contact": "channel 7",
    }  # fmt: skip
    steps = (
        ("ops", "INC", "confirm", {"kp_informed_at": now, "kp_unit": "north"}),
        ("duty", "T2", "kp_request", {"request": request}),
    )
    address = "/api/v1/operations/demo/incidents/demo-0001"
    browser = unit_server.test_client()
    for version, (account, region, event, record) in enumerate(steps, start=1):
        body = _envelope(
            unit_server, "KP", region=region, event=event, expected_version=version, record=record,
            channel="radio", channel_ref="7",
        )  # fmt: skip
        headers = {"Authorization": f"Bearer demo-{account}"}
        answer = browser.post(f"{address}/events", json=body, headers=headers)
        assert answer.status_code == 201, answer.json
    seen = browser.get(address, headers={"Authorization": "Bearer demo-duty"}).json
    clock = next(one for one in seen["timers"] if one["name"] == "acknowledge")
    started, due = (datetime.fromisoformat(clock[name]) for name in ("since", "due"))
    assert due - started == timedelta(minutes=2)


def test_tracks_are_read_as_the_unit_has_set(unit_server: Flask) -> None:
    """Fixes a minute apart, from a clock that is ten seconds ahead: gaps and a wrong clock for this
    unit, and neither for one that has set nothing."""
    services = services_of(unit_server.extensions)
    now = services.clock().replace(microsecond=0)
    services.roster.add(Unit("p1", "ORION-1"))
    services.roster.add_device("phone", "key")
    services.roster.assign_unit("p1", "demo", now - timedelta(days=1))
    services.roster.assign_device("phone", "p1", now - timedelta(days=1))
    for minutes in range(6, 0, -1):
        at = now - timedelta(minutes=minutes)
        said = Report("phone", at, 42.7, 20.9, *[None] * 6, {})  # type: ignore[arg-type]
        services.ingest.accept("osmand", [said], b"x", at - timedelta(seconds=10))
    root = "/api/v1/operations/demo"
    assert len(_ask(unit_server, f"{root}/tracks").json["features"]) == 6
    assert len(_ask(unit_server, f"{root}/tracks?zoom=9").json["tracks"]) == 6
    assert len(_ask(unit_server, f"{root}/units/p1/analysis").json["devices"][0]["gaps"]) == 5
    assert _ask(unit_server, f"{root}/clocks").json["clocks"][0]["wrong"] is True
    with unit_server.test_request_context("/?operation=demo"):
        shown = shell(html.Div(), shell_context(services, {"operation": "demo"}))
    assert shown.to_plotly_json()["props"]["data-gap-seconds"] == "30.0"


@pytest.mark.parametrize(("role", "offered"), [("FPU_DUTY", False), ("FPU_CMD", True)])
def test_the_screen_offers_reporting_to_those_who_may(
    unit_server: Flask, role: str, offered: bool
) -> None:
    services = services_of(unit_server.extensions)
    with unit_server.test_request_context("/?operation=demo"):
        context = shell_context(services, {"operation": "demo"})
    assert replace(context, role=role).may_report is offered


def test_a_worker_that_starts_later_goes_by_the_same_file(
    settings: Settings, tmp_path: Path, make_app: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories: list[Make] = []

    def serve(_settings: Settings, _services: Services, factory: Make) -> click.Command:
        factories.append(factory)
        return click.Command("serve")

    monkeypatch.setattr("app.serve_command", serve)
    path = tmp_path / "unit.toml"
    path.write_text(UNIT, encoding="utf-8")
    wanted = replace(settings, policy_file=str(path))
    policy = services_of(make_app(wanted).extensions).policy
    path.write_text("[no such", encoding="utf-8")
    later = factories[0](wanted)
    assert services_of(later.extensions).policy == policy != Policy()
    services_of(later.extensions).close()
