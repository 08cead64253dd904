"""What the forms send, on a real database: once only, in words when refused, nothing lost."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from dash import html
from flask import Flask

from app import create_app
from callbacks.sending import Sent, send_event, send_report
from domain.errors import InvalidField
from domain.roster import Operation, Period, Platoon, Shift, ShiftMember
from domain.time import to_date_time_group, to_rfc3339
from pages import incident_identifiers as ids
from pages.act_form import act_fields, act_title
from pages.event_form import event_form, with_needed
from pages.incident import layout
from pages.incident_list import chosen, drawer_part, rows_part
from pages.incident_report import report_values
from pages.incident_view import actor_of, incident_view
from pages.prefill import prefill
from pages.session import current_user
from services.container import Services, services_of
from settings import Settings

USERS = {"duty": "FPU_DUTY", "commander": "FPU_CMD", "review": "AUDITOR"}
OPERATION = "exercise-1"
HOURS = timedelta(hours=4)


@pytest.fixture
def server(database_url: str) -> Iterator[Flask]:
    """An application with an open exercise, two platoons on shift and three users."""
    made = create_app(Settings(database_url=database_url))
    services = services_of(made.extensions)
    now = services.clock()
    services.roster.add(Operation(OPERATION, "exercise", "Exercise", now - timedelta(days=1)))
    services.roster.add(Shift("day", OPERATION, "Day", Period(now - HOURS, now + HOURS)))
    for name in ("alfa", "bravo"):
        services.roster.add(Platoon(name, OPERATION, name.upper(), "crowd_control", 30))
        services.roster.add(ShiftMember("day", "platoon", name))
    for name, role in USERS.items():
        services.accounts.add(name, role, name, minimum=1)
        services.accounts.issue_token(name, token=f"token-{name}")
    yield made
    services.close()


@contextmanager
def signed_in(server: Flask, name: str) -> Iterator[Services]:
    """As that user."""
    headers = {"Authorization": f"Bearer token-{name}"}
    with server.test_request_context("/", headers=headers):
        yield services_of(server.extensions)


def report(services: Services, **more: Any) -> Sent:
    now = services.clock()
    values = report_values(now, "FPU_DUTY", "en", {"lat": 42.89, "lon": 20.87})
    typed = values | {"record.title": "Crowd at the bridge", "record.category": "other"} | more
    meta = {
        "operation": OPERATION,
        "command_id": str(uuid.uuid4()),
        "opened_at": to_rfc3339(now),
        "occurred_typed": values["occurred_at"],
    }
    return send_report(services, meta, typed, "en")


def opened(services: Services, region: str, event: str, **changes: Any) -> tuple[Any, Any]:
    """The meta and the values of a form that has just been opened on the first incident."""
    view = incident_view(services, OPERATION, f"{OPERATION}-0001", current_user())
    meta: dict[str, Any] = {
        "operation": OPERATION,
        "incident": view.incident,
        "region": region,
        "event": event,
        "platoon": "",
        "corrects": "",
        "ask": "",
        "command_id": str(uuid.uuid4()),
        "version": view.summary["version"],
    } | changes
    fields, more = act_fields(services, view, meta, "en")
    assert fields
    assert act_title(view, meta, "pl")
    return meta | more, prefill(event_form(region, event), view, "en")


def confirmed(services: Services) -> Any:
    """Confirm the first incident; the values that were sent."""
    meta, typed = opened(services, "INC", "confirm")
    typed |= {"record.kp_unit": "Mitrovica South", "channel_ref": "KP-OPS 2"}
    assert send_event(services, meta, typed, "en").done
    return typed


def requested(services: Services, **changes: Any) -> Sent:
    meta, typed = opened(services, "T2", "kp_request")
    typed |= {
        "record.request.officer_function": "Shift leader",
        "record.request.officer_service_no": "KP-12",
        "record.request.officer_unit": "Mitrovica South",
        "record.request.purpose": "civil_disturbance",
        "record.request.kp_commander_contact": "KP-OPS 2",
    }
    return send_event(services, meta, typed | changes, "en")


def events(services: Services) -> list[str]:
    return [one.event for one in services.incidents.history(OPERATION, f"{OPERATION}-0001")]


def test_a_report_and_a_double_click_give_one_incident(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        sent = report(services)
        assert sent.outcome is not None
        again = send_report(services, sent.meta, report_typed(services), "en")
        assert again.outcome is not None
        assert not again.outcome.created
        assert len(services.picture.incidents(OPERATION)) == 1


def report_typed(services: Services) -> dict[str, Any]:
    values = report_values(services.clock(), "FPU_DUTY", "en", {"lat": 42.89, "lon": 20.87})
    return values | {"record.title": "Crowd at the bridge", "record.category": "other"}


def test_a_place_that_was_picked_by_name_is_on_the_map(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        where = {"position.lat": "", "position.lon": "", "place_ref": "settlement-gjilan"}
        assert report(services, **where).outcome
        assert services.picture.incidents(OPERATION)[0]["position"]["lat"] == pytest.approx(
            42.4635, abs=0.01
        )


def test_an_mgrs_square_goes_before_numbers_and_a_wrong_one_is_marked(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        wrong = report(services, **{"position.mgrs": "34T DN 89"})
        assert wrong.faults["position.mgrs"].startswith("Not an MGRS position")
        assert report(services, **{"position.mgrs": "DM 500 700"}).outcome
        position = services.picture.incidents(OPERATION)[0]["position"]
        assert (position["lat"], position["lon"]) == pytest.approx((42.183, 20.396), abs=0.01)


def test_what_is_missing_is_marked_and_nothing_is_sent(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        sent = report(services, **{"record.title": " "})
        assert sent.faults == {"record.title": "Needed"}
        assert services.picture.incidents(OPERATION) == []


def test_a_position_outside_the_area_is_marked_at_its_field(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        assert "position.lat" in report(services, **{"position.lat": "52.2"}).faults


def test_the_cycle_as_far_as_acceptance(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        confirmed(services)
        assert requested(services).done
        meta, typed = opened(services, "T2", "acknowledge")
        assert send_event(services, meta, typed | {"record.read_back": ["yes"]}, "en").done
    with signed_in(server, "commander") as services:
        meta, typed = opened(services, "T2", "accept")
        typed |= {"record.tasking_order_no": "TO-1", "record.platoons": ["alfa"]}
        assert send_event(services, meta, typed, "en").done
        assert services.incidents.platoon_states(OPERATION)["alfa"].state == "RESERVED"
        meta, _ = opened(services, "RES", "unreserve", platoon="alfa")
        assert meta["version"] == 1
        typed = {
            "record.engagement": f"{OPERATION}-0001",
            "record.reason_text": "not needed",
            "asserted_by.org": "FPU",
            "asserted_by.function": "Commander",
            "occurred_at": to_date_time_group(services.clock()),
        }
        done = send_event(services, meta | {"occurred_typed": typed["occurred_at"]}, typed, "en")
        assert done.done


@pytest.mark.parametrize(
    ("purpose", "needed"), [("escort_support", True), ("civil_disturbance", False)]
)
def test_acceptance_asks_for_the_approval_that_the_purpose_needs(
    server: Flask, purpose: str, needed: bool
) -> None:
    approval = "record.operations_approval_ref"
    with signed_in(server, "duty") as services:
        report(services)
        confirmed(services)
        assert requested(services, **{"record.request.purpose": purpose}).done
        meta, typed = opened(services, "T2", "acknowledge")
        assert send_event(services, meta, typed | {"record.read_back": ["yes"]}, "en").done
    with signed_in(server, "commander") as services:
        meta, typed = opened(services, "T2", "accept")
        assert (approval in meta["needed"]) == needed
        form = with_needed(event_form("T2", "accept"), meta["needed"])
        assert {one.path: one.required for one in form.fields}[approval] == needed
        typed |= {"record.tasking_order_no": "TO-1", "record.platoons": ["alfa"]}
        sent = send_event(services, meta, typed, "en")
        assert sent.faults == ({approval: "Needed"} if needed else {})
        if needed:
            assert send_event(services, meta, typed | {approval: "OPS 7"}, "en").done


@pytest.mark.parametrize(
    ("language", "words"), [("en", "is still ahead (now"), ("pl", "jeszcze nie nastąpiła (teraz")]
)
def test_a_time_ahead_is_asked_for_at_its_field(server: Flask, language: str, words: str) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        meta, typed = opened(services, "INC", "note")
        later = services.clock() + timedelta(minutes=10)
        earlier = later - timedelta(days=1)
        typed |= {"record.text": "Seen", "occurred_at": f"{later:%H%M}Z"}
        sent = send_event(services, meta, typed, language)
        assert not sent.done
        assert words in sent.faults["occurred_at"]
        assert f"{earlier:%d%H%M}Z" in sent.faults["occurred_at"]
        assert events(services) == ["report"]


def test_an_unknown_event_is_refused(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        meta, typed = opened(services, "INC", "note")
        with pytest.raises(InvalidField):
            send_event(services, meta | {"event": "nope"}, typed, "en")


def test_a_correction_shows_the_grades_that_were_recorded(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        first = services.incidents.history(OPERATION, f"{OPERATION}-0001")[0]
        view = incident_view(services, OPERATION, f"{OPERATION}-0001", current_user())
        button = ids.action("INC", "report", "", first.event_id)
        meta = {key: part for key, part in button.items() if key != "type"}
        drawn, _ = act_fields(services, view, meta, "en")
        severity = [
            part for part in html.Div(drawn)._traverse()  # type: ignore[no-untyped-call]
            if getattr(part, "id", None) == ids.field("act", "record.severity")
        ]  # fmt: skip
        assert [part.value for part in severity] == ["3"]


def test_an_empty_list_says_why() -> None:
    [never] = rows_part([], None, "en", filtered=False)
    [filtered] = rows_part([], None, "en")
    assert never.children == "No incidents in this operation."
    assert filtered.children == "No incident matches."


def test_a_guard_speaks_the_readers_language_and_the_log_is_unchanged(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        before = events(services)
        meta, typed = opened(services, "T2", "engage")
        typed |= {"record.kp_agreement.function": "Commander",
                  "record.caution_acknowledged": ["yes"]}  # fmt: skip
        sent = send_event(services, meta, typed, "pl")
        assert "wyraźne wezwanie Policji Kosowa" in sent.notice
        assert events(services) == before


def test_a_reader_is_refused_by_the_service(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
    with signed_in(server, "review") as services:
        meta, typed = opened(services, "INC", "note")
        sent = send_event(services, meta, typed | {"record.text": "I was here"}, "en")
        assert sent.notice
        assert not sent.done
        assert events(services) == ["report"]


def test_who_loses_a_race_sees_what_happened_and_can_go_on(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        late, typed = opened(services, "T3", "inform_kfor")
        typed |= {"record.channel_ref": "KFOR 1"}
        confirmed(services)
        lost = send_event(services, late, typed, "en")
        assert "Kosovo Police leads at the incident" in lost.notice
        assert not lost.done
        assert send_event(services, lost.meta, typed, "en").done
        assert events(services) == ["report", "confirm", "inform_kfor"]


def test_a_correction_supersedes_the_details_and_moves_nothing(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        confirmed(services)
        first = services.incidents.history(OPERATION, f"{OPERATION}-0001")[1]
        meta, typed = opened(services, "INC", "confirm", corrects=first.event_id)
        typed |= {"record.kp_unit": "Mitrovica North", "channel_ref": "KP-OPS 2"}
        assert send_event(services, meta, typed, "en").done
        state = services.incidents.look(OPERATION, f"{OPERATION}-0001", actor_of(current_user()))
        assert state["inc"] == "KP_LEAD"


@pytest.mark.parametrize("user", list(USERS))
def test_the_screen_the_drawer_and_the_list_can_be_drawn_for(server: Flask, user: str) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        confirmed(services)
        requested(services)
    with signed_in(server, user) as services:
        whole = {"incident": f"{OPERATION}-0001", "operation": OPERATION}
        for variables in (whole, {}, {"incident": "exercise-1-9999"}):
            assert layout(services, variables).to_plotly_json()
        view = incident_view(services, OPERATION, f"{OPERATION}-0001", current_user())
        for language in ("en", "pl"):
            assert drawer_part(view, language).to_plotly_json()
            assert rows_part(services.picture.incidents(OPERATION), None, language)


def test_the_list_is_filtered_and_puts_the_most_urgent_first() -> None:
    def one(number: int, severity: int, inc: str = "REPORTED", waiting: bool = False) -> Any:
        return {
            "id": f"demo-{number:04d}", "title": f"Barrikadë {number}", "severity": severity,
            "inc": inc, "tier": 1, "place_ref": None, "position": None,
            "waiting": [{"region": "T2"}] if waiting else [],
            "occurred_at": f"2026-11-21T20:{number:02d}:00Z",
        }  # fmt: skip

    known = [one(1, 2), one(2, 5), one(3, 2, waiting=True), one(4, 2), one(5, 5, "CLOSED")]

    def numbers(**filters: Any) -> list[int]:
        plain = {"scope": "open", "tier": None, "severity": None, "words": ""}
        return [int(found["id"][-4:]) for found in chosen(known, **(plain | filters))]

    assert numbers() == [3, 2, 4, 1]
    assert numbers(scope="all") == [3, 2, 4, 1, 5]
    assert numbers(severity=3) == [2]
    assert numbers(tier=2) == []
    assert numbers(words="barrikade 4") == [4]
