"""The whole story in real windows: a night is typed, waits hatched, and is confirmed."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app import create_app
from domain.roster import Operation, Period, Platoon, Shift, ShiftMember
from domain.time import to_rfc3339
from pages.incident_identifiers import field
from services.container import services_of
from settings import Settings
from tests.browser.test_newcomer import running, window
from tests.serving import Running

__all__ = ["running", "window"]

pytestmark = pytest.mark.browser

HOURS = timedelta(hours=4)
TIMES = {"INC.confirm": 60, "T2.kp_request": 55, "T2.acknowledge": 54, "T2.accept": 50,
         "T2.depart": 40, "T2.arrive": 20}  # fmt: skip


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with an exercise of two platoons and one incident that was just reported."""
    path = tmp_path_factory.mktemp("late") / "dashboard.db"
    server = create_app(Settings(database_url=f"sqlite:///{path}"))
    assert server.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
    services = services_of(server.extensions)
    now = services.clock()
    services.roster.add(Operation("demo", "exercise", "Demonstration", now - timedelta(days=1)))
    services.roster.add(Shift("day", "demo", "Day", Period(now - HOURS, now + HOURS)))
    for name in ("alfa", "bravo"):
        services.roster.add(Platoon(name, "demo", name.upper(), "crowd_control", 30))
        services.roster.add(ShiftMember("day", "platoon", name))
    services.close()
    return path


def _report(running: Running) -> str:
    """Report an incident through the interface; gives its number."""
    body = {
        "command_id": str(uuid.uuid4()),
        "occurred_at": to_rfc3339(datetime.now(UTC) - timedelta(minutes=70)),
        "asserted_by": {"org": "FPU", "function": "patrol leader"},
        "position": {"lat": 42.8914, "lon": 20.8660},
        "record": {"title": "Crowd", "category": "violent_demonstration", "severity": 4,
                   "source": "patrol", "source_reliability": "B", "info_credibility": 2},
    }  # fmt: skip
    status, answer = running.send("/api/v1/operations/demo/incidents", body)
    assert status == 201, answer
    return str(answer["state"]["id"])


def _input(page: Page, path: str) -> str:
    name = json.dumps(field("late", path), sort_keys=True, separators=(",", ":"))
    return f"[id='{name}']"


def test_a_night_is_typed_by_one_and_confirmed_by_another(
    window: Callable[[str], Page], running: Running
) -> None:
    incident = _report(running)
    home = f"http://127.0.0.1:{running.port}"
    duty, commander = window("duty"), window("commander")
    for page in (duty, commander):
        page.goto(f"{home}/incident/{incident}?operation=demo")
        expect(page.locator("#incident-lanes")).to_contain_text("Reported")
    duty.locator("#late-open").click()
    expect(duty.locator(_input(duty, "INC.confirm.occurred_at"))).to_be_focused()
    now = datetime.now(UTC)
    for key, minutes in TIMES.items():
        duty.locator(_input(duty, f"{key}.occurred_at")).fill(
            f"{now - timedelta(minutes=minutes):%d%H%M}"
        )
    duty.locator(_input(duty, "INC.confirm.record.kp_unit")).fill("Mitrovica North")
    duty.keyboard.press("Control+Enter")
    contact = "T2.kp_request.record.request.kp_commander_contact"
    expect(duty.locator("#late-notice")).not_to_be_empty()
    expect(duty.locator(_input(duty, "INC.confirm.record.kp_unit"))).to_have_value(
        "Mitrovica North"
    )
    duty.locator(_input(duty, contact)).fill("KP-OPS 2")
    boxes = duty.locator(_input(duty, "T2.accept.record.platoons") + " input")
    boxes.first.check()
    duty.keyboard.press("Control+Enter")
    expect(duty.locator("#late-done")).to_contain_text("FPU commander")
    for page in (duty, commander):
        expect(page.locator(".lanes .step.said")).to_have_count(3)
        expect(page.locator(".lanes .mark.said")).to_contain_text("On scene")
    confirm = re.compile("Confirm all 3")
    expect(duty.get_by_role("button", name=confirm)).to_have_count(0)
    commander.get_by_role("button", name=confirm).click()
    for page in (duty, commander):
        expect(page.locator(".lanes .step.said")).to_have_count(0)
        expect(page.locator(".lanes .step.present").nth(1)).to_contain_text("On scene")
        expect(page.locator(".draft")).to_have_count(0)
