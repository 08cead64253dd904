"""The incident screen by keyboard alone: few keys, the cursor where something is missing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app import create_app
from domain.roster import Operation, Period, Platoon, Shift, ShiftMember
from domain.time import to_rfc3339
from services.container import services_of
from settings import Settings
from tests.browser.windows import signed_in_windows
from tests.serving import Running, serving

pytestmark = pytest.mark.browser

MOST_KEYS = 40
OPERATION = "keys"
WHERE = {"lat": 42.89, "lon": 20.87}
"""An incident at the main bridge."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with the demonstration, and an exercise of its own with four platoons on shift."""
    path = tmp_path_factory.mktemp("keys") / "dashboard.db"
    _prepare(path)
    with serving(path) as server:
        yield server


def _prepare(path: Path) -> None:
    server = create_app(Settings(database_url=f"sqlite:///{path}"))
    services = services_of(server.extensions)
    for command in (["db", "upgrade"], ["exercise", "load", "demo"]):
        assert server.test_cli_runner().invoke(args=command).exit_code == 0
    now = services.clock()
    day = Period(now - timedelta(hours=12), now + timedelta(hours=12))
    services.roster.add(Operation(OPERATION, "exercise", "Keys", now))
    services.roster.add(Shift("keys-day", OPERATION, "Day", day))
    for name in ("oak", "elm", "ash", "yew"):
        services.roster.add(Platoon(name, OPERATION, name.upper(), "crowd_control", 30))
        services.roster.add(ShiftMember("keys-day", "platoon", name))
    services.close()


@pytest.fixture
def open_as(chromium: Browser, running: Running) -> Iterator[Callable[[str, str], Page]]:
    """Opens an incident in a window of its own in which an account is signed in."""
    with signed_in_windows(chromium, running) as open_window:

        def opened(account: str, incident: str) -> Page:
            page = open_window(account)
            page.goto(f"http://127.0.0.1:{running.port}/incident/{incident}")
            expect(page.locator("#incident-actions .do").first).to_be_visible()
            page.wait_for_function("() => fpu.live.isConnected()")
            return page

        yield opened


def _post(running: Running, path: str, body: dict[str, Any]) -> dict[str, Any]:
    sent = {
        "command_id": str(uuid.uuid4()),
        "occurred_at": to_rfc3339(datetime.now(UTC)),
        **body,
    }
    status, answer = running.send(f"/api/v1/operations/{OPERATION}/{path}", sent)
    assert status == 201, answer
    return answer


@pytest.fixture
def requested(running: Running) -> str:
    """The number of an incident at which Kosovo Police has asked for one platoon."""
    by_kp = {
        "asserted_by": {"org": "KP", "function": "Shift leader"},
        "channel": "radio",
        "channel_ref": "KP-OPS 2",
    }
    reported = _post(
        running,
        "incidents",
        {
            "asserted_by": {"org": "FPU", "function": "Shift commander"},
            "position": WHERE,
            "record": {
                "title": "Crowd at the main bridge",
                "category": "barricade",
                "severity": 4,
                "source": "patrol",
                "source_reliability": "A",
                "info_credibility": 1,
            },
        },
    )
    incident = str(reported["state"]["id"])
    now = to_rfc3339(datetime.now(UTC))
    request = {
        "officer_function": "Shift leader",
        "officer_service_no": "KP-12",
        "officer_unit": "Mitrovica South",
        "received_at": now,
        "purpose": "civil_disturbance",
        "legal_basis": "JA_2008_124",
        "platoons_asked": 1,
        "kp_commander_contact": "KP-OPS 2",
    }
    steps: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        ("INC", "confirm", {"kp_informed_at": now, "kp_unit": "Mitrovica South"}, {}),
        ("T2", "kp_request", {"request": request}, {"position": WHERE}),
    ]
    for version, (region, event, record, more) in enumerate(steps, start=1):
        _post(
            running,
            f"incidents/{incident}/events",
            {
                "region": region,
                "event": event,
                "expected_version": version,
                "record": record,
                **by_kp,
                **more,
            },
        )
    return incident


class Keyboard:
    """Hands on one keyboard; ``pressed`` counts what is no text of a record."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def type(self, words: str) -> None:
        """Type what the record is to say."""
        self.page.keyboard.type(words)

    def at(self, path: str) -> None:
        """Wait until the cursor is in a field."""
        self.page.wait_for_function(
            "path => document.activeElement.closest('.field')"
            '?.querySelector(`[id*=\'"path":"${path}"\']`) != null',
            arg=path,
        )

    def recorded(self, words: str) -> None:
        """Wait until the screen says that it is in the log, and the form is gone."""
        expect(self.page.locator("#incident-timeline")).to_contain_text(words)
        expect(self.page.locator("#act-frame")).to_be_hidden()


def test_acknowledge_accept_and_note_take_few_keys(
    open_as: Callable[[str, str], Page], requested: str
) -> None:
    duty = Keyboard(open_as("duty", requested))
    duty.press("3")
    duty.at("record.read_back")
    duty.press("Space", "Control+Enter")
    duty.recorded("FPU acknowledged the request")
    duty.press("n")
    duty.at("record.text")
    duty.type("Loudspeaker heard at the bridge")
    duty.press("Control+Enter")
    duty.recorded("Loudspeaker heard")
    commander = Keyboard(open_as("commander", requested))
    commander.press("4")
    commander.at("record.tasking_order_no")
    commander.type("TO 17")
    commander.press("Tab")
    commander.at("record.platoons")
    commander.press("Space", "Control+Enter")
    commander.recorded("FPU accepted the request")
    assert duty.pressed + commander.pressed <= MOST_KEYS
    lanes = commander.page.locator("#incident-lanes")
    expect(lanes).to_be_in_viewport()


def test_a_question_mark_owes_a_reference_and_the_debt_is_paid_from_its_panel(
    open_as: Callable[[str, str], Page], requested: str
) -> None:
    duty = Keyboard(open_as("duty", requested))
    duty.press("3")
    duty.at("record.read_back")
    duty.press("Space", "Control+Enter")
    duty.recorded("FPU acknowledged the request")
    commander = Keyboard(open_as("commander", requested))
    page = commander.page
    commander.press("4")
    commander.at("record.tasking_order_no")
    commander.press("?")
    expect(page.locator("#act-fields .name-tasking_order_no input")).to_have_value("to follow")
    commander.press("Tab")
    commander.at("record.platoons")
    commander.press("Space", "Control+Enter")
    commander.recorded("FPU accepted the request")
    owed = page.locator("#incident-debts li", has_text="Tasking order")
    expect(owed).to_be_visible()
    owed.get_by_role("button", name="Add it").press("Enter")
    commander.at("record.tasking_order_no")
    commander.type("TO 18")
    commander.press("Control+Enter")
    expect(owed).to_have_count(0)
    expect(page.locator("#incident-timeline .correction")).to_contain_text("TO 18")


def test_escape_closes_an_untouched_form_and_keeps_a_touched_one(
    open_as: Callable[[str, str], Page], requested: str
) -> None:
    hands = Keyboard(open_as("duty", requested))
    frame = hands.page.locator("#act-frame")
    hands.press("n")
    hands.at("record.text")
    hands.press("Escape")
    expect(frame).to_be_hidden()
    hands.press("n")
    hands.at("record.text")
    hands.type("half a sentence")
    hands.press("Escape")
    expect(frame).to_be_visible()
    expect(hands.page.locator("#act-cancel")).to_be_focused()
    hands.press("Enter")
    expect(frame).to_be_hidden()


def test_single_keys_leave_chords_and_typing_alone_and_can_be_turned_off(
    open_as: Callable[[str, str], Page], requested: str
) -> None:
    hands = Keyboard(open_as("duty", requested))
    page, frame = hands.page, hands.page.locator("#act-frame")
    page.keyboard.press("Alt+n")
    page.keyboard.press("Control+Shift+n")
    page.keyboard.press("Meta+n")
    expect(frame).to_be_hidden()
    page.locator(".keys-switch").click()
    hands.press("n")
    page.reload()
    expect(page.locator(".keys-switch")).to_contain_text("turn on")
    hands.press("n")
    expect(frame).to_be_hidden()
    page.locator(".keys-switch").click()
    hands.press("n")
    hands.at("record.text")
    hands.type("no cow once")
    expect(page.locator("#act-fields textarea").first).to_have_value("no cow once")
    expect(page.locator("#act-title")).to_have_text("Note")


def test_what_was_typed_stays_when_another_officer_was_faster(
    open_as: Callable[[str, str], Page], requested: str
) -> None:
    slow, fast = Keyboard(open_as("duty", requested)), Keyboard(open_as("ops", requested))
    slow.press("i")
    slow.at("record.channel_ref")
    slow.type("KFOR desk 7")
    fast.press("n")
    fast.at("record.text")
    fast.type("Mine came first")
    fast.press("Control+Enter")
    expect(slow.page.locator("#incident-timeline")).to_contain_text("Mine came first")
    slow.press("Control+Enter")
    expect(slow.page.locator("#act-notice")).to_contain_text("Somebody was faster")
    typed = slow.page.locator("#act-fields .name-channel_ref input").first
    assert typed.input_value() == "KFOR desk 7"
    slow.press("Control+Enter")
    slow.recorded("KFOR informed")
