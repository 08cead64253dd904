"""Late entry as it is typed: times to steps, faults in their rows, drafts and their end."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from callbacks.late_sending import close_draft, send_sequence
from callbacks.sending import Sent
from domain.records import TO_FOLLOW
from domain.time import to_rfc3339
from pages.drafts import drafts_part, fingerprint
from pages.incident import layout
from pages.incident_list import drawer_part, rows_part
from pages.incident_view import IncidentView, actor_of, incident_view
from pages.lanes import lanes
from pages.late_entry import late_fields, rows_of_form, waits_for
from pages.late_rows import values_of
from pages.session import current_user
from services.container import Services
from tests.callbacks.test_incident_forms import OPERATION, report, server, signed_in

__all__ = ["server"]

INCIDENT = f"{OPERATION}-0001"
WHERE = {"operation": OPERATION, "incident": INCIDENT}


@pytest.fixture
def duty(server: Flask) -> Iterator[Services]:
    """The shift commander, two hours after an incident was reported."""
    with signed_in(server, "duty") as services:
        assert reported(services).outcome
        yield services


def reported(services: Services) -> Sent:
    return report(services, occurred_at=clock(services, 120))


def view_of(services: Services) -> IncidentView:
    return incident_view(services, OPERATION, INCIDENT, current_user())


def clock(services: Services, minutes: int) -> str:
    at = services.clock() - timedelta(minutes=minutes)
    return f"{at:%d%H%M}Z"


def night(services: Services, **changed: Any) -> dict[str, Any]:
    """What is typed: six times, the unit, the contact and the platoon."""
    typed = values_of(view_of(services), rows_of_form(view_of(services)), "en") | {"zone": "Z"}
    minutes = {"INC.confirm": 60, "T2.kp_request": 55, "T2.acknowledge": 54, "T2.accept": 50,
               "T2.depart": 40, "T2.arrive": 20}  # fmt: skip
    typed |= {f"{key}.occurred_at": clock(services, before) for key, before in minutes.items()}
    typed |= {
        "INC.confirm.record.kp_unit": "Mitrovica North",
        "T2.kp_request.record.request.purpose": "civil_disturbance",
        "T2.kp_request.record.request.kp_commander_contact": "KP-OPS 2",
        "T2.accept.record.platoons": ["alfa"],
    }
    return typed | {key.replace("__", "."): value for key, value in changed.items()}


def send(services: Services, typed: dict[str, Any]) -> Sent:
    view = view_of(services)
    meta = {**WHERE, "command_id": str(uuid.uuid4()), "version": view.summary["version"]}
    return send_sequence(services, view, meta, typed, "en")


def log(services: Services) -> list[str]:
    return [one.event for one in services.incidents.history(OPERATION, INCIDENT)]


def test_six_times_and_three_words_are_a_whole_night(duty: Services) -> None:
    sent = send(duty, night(duty))
    assert (sent.notice, sent.faults) == ("", {})
    assert "FPU commander" in sent.done
    assert log(duty) == ["report", "confirm", "kp_request", "acknowledge", "draft"]
    view = view_of(duty)
    request = view.request
    assert request is not None
    assert request["record"]["request"]["officer_unit"] == "Mitrovica North"
    assert request["record"]["request"]["received_at"] == request["occurred_at"]
    assert request["record"]["request"]["officer_service_no"] == TO_FOLLOW
    assert request["channel_ref"] == TO_FOLLOW
    accept, depart, arrive = view.summary["drafts"][0]["steps"]
    assert accept["record"]["eta"] == depart["record"]["eta"] == arrive["occurred_at"]
    assert depart["record"]["platoons"] == ["alfa"]


def typed_by_duty(server: Flask) -> list[dict[str, Any]]:
    """A night that waits; its drafts as the shift commander sees them."""
    with signed_in(server, "duty") as services:
        assert reported(services).outcome
        assert send(services, night(services)).done
        found: list[dict[str, Any]] = view_of(services).summary["drafts"]
        return found


def test_the_commander_confirms_and_the_lanes_are_solid(server: Flask) -> None:
    typed_by_duty(server)
    with signed_in(server, "commander") as services:
        assert "said, unconfirmed" in str(lanes_of(services))
        draft = view_of(services).summary["drafts"][0]
        assert "Confirm all 3" in str(drafts_part([draft], "en"))
        done, notice = close_draft(services, WHERE, draft["id"], None, "en")
        assert "arrived" in done
        assert notice == ""
        assert "said, unconfirmed" not in str(lanes_of(services))
        assert view_of(services).summary["t2"] == "ON_SCENE"
        lost, told = close_draft(services, WHERE, draft["id"], None, "en")
        assert lost == ""
        assert "Somebody was faster" in told


def test_what_follows_a_draft_waits_behind_it(server: Flask) -> None:
    typed_by_duty(server)
    with signed_in(server, "duty") as services:
        (draft,) = view_of(services).summary["drafts"]
        assert "the draft, and waits behind it" in str(late_fields(view_of(services), "en"))
        typed = {
            "zone": "Z", "channel": "radio", "channel_ref": "7", "behind": draft["id"],
            "T2.begin_handback.record.receiver": "KP commander",
            "T2.begin_handback.occurred_at": clock(services, 10),
        }  # fmt: skip
        sent = send(services, typed)
        assert "Waits as a draft" in sent.done, (sent.notice, sent.faults)
        drafts = view_of(services).summary["drafts"]
        assert drafts[1]["behind"] == drafts[0]["id"]
        words = visible(drafts_part(drafts, "en"))
        assert "Waits behind number 1" in words


def lanes_of(services: Services) -> Any:
    view = view_of(services)
    return lanes(view.summary, view.history, view.options, "en", "wide")


def test_a_rejection_needs_its_reason(duty: Services) -> None:
    send(duty, night(duty))
    draft = view_of(duty).summary["drafts"][0]["id"]
    assert close_draft(duty, WHERE, draft, " ", "en")[1]
    assert "your role" in close_draft(duty, WHERE, draft, None, "en")[1]
    assert close_draft(duty, WHERE, draft, "wrong incident", "en")[0]
    assert view_of(duty).summary["drafts"] == []


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"T2__accept__record__platoons": []}, "T2.accept.record.platoons"),
        ({"INC__confirm__occurred_at": "2561"}, "INC.confirm.occurred_at"),
        ({"T2__kp_request__record__request__kp_commander_contact": ""},
         "T2.kp_request.record.request.kp_commander_contact"),
        ({"T2__kp_request__record__request__purpose": "other"},
         "T2.kp_request.record.request.purpose_text"),
        ({"channel_ref": ""}, "channel_ref"),
        ({"T2__accept__record__platoons": ["alfa", "bravo"],
          "T2__kp_request__record__request__platoons_asked": "2"},
         "T2.accept.record.reserve_override_ref"),
        ({"T2__accept__record__platoons": ["alfa", "bravo"],
          "T2__accept__record__reserve_override_ref": "OPS 1"}, "T2.accept.record.platoons"),
        ({"T2__acknowledge__occurred_at": ""}, "T2.accept.occurred_at"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_in_its_row(
    duty: Services, changed: dict[str, Any], place: str
) -> None:
    sent = send(duty, night(duty, **changed))
    assert not sent.done
    assert place in sent.faults
    assert log(duty) == ["report"]


def test_a_time_before_the_row_above_is_told_at_its_row(duty: Services) -> None:
    sent = send(duty, night(duty, T2__depart__occurred_at=clock(duty, 52)))
    assert list(sent.faults) == ["T2.depart.occurred_at"]


def test_a_time_without_a_letter_is_in_the_zone_of_the_form(duty: Services) -> None:
    at = duty.clock() - timedelta(minutes=30)
    typed = {"INC.confirm.occurred_at": f"{at:%d%H%M}", "INC.confirm.record.kp_unit": "North",
             "channel": "radio", "channel_ref": "7"}  # fmt: skip
    assert send(duty, typed | {"zone": "Z"}).done
    confirmed = view_of(duty).last("INC", "confirm")
    assert confirmed is not None
    assert confirmed["occurred_at"] == to_rfc3339(at.replace(second=0, microsecond=0))


def test_no_time_is_no_step(duty: Services) -> None:
    assert send(duty, {"channel": "radio", "channel_ref": "7"}).notice
    assert log(duty) == ["report"]


def test_the_form_begins_where_the_incident_stands(duty: Services) -> None:
    keys = [row.key for row in rows_of_form(view_of(duty))]
    assert keys[:3] == ["INC.confirm", "T2.kp_request", "T2.acknowledge"]
    marks = {row.key: waits_for(view_of(duty), row, "en") for row in rows_of_form(view_of(duty))}
    assert [key for key, words in marks.items() if words] == ["T2.accept"]


def test_the_form_goes_on_from_the_present_state(server: Flask) -> None:
    typed_by_duty(server)
    with signed_in(server, "commander") as services:
        draft = view_of(services).summary["drafts"][0]["id"]
        close_draft(services, WHERE, draft, None, "en")
        assert next(row.key for row in rows_of_form(view_of(services))) == "T2.engage"
        assert late_fields(view_of(services), "pl")


def test_the_line_and_kfor_are_typed_in_one_go(duty: Services) -> None:
    """Reliefs and handovers know their sides from the steps before them."""
    asked = {
        "T3.request_by_kp.record.request.purpose": "civil_disturbance",
        "T3.request_by_kp.record.request.units_asked": "a company",
        "T3.request_by_kp.record.request.kp_commander_contact": "KP-OPS 2",
        "T3.request_by_kp.record.skip_ground": "nobody free",
        "T3.accept.record.authority_function": "Commander",
        "T3.accept.record.units": "one company",
        "T3.begin_handover.record.receiver": "KP",
    }
    typed = night(duty) | asked
    for event in ("accept", "depart", "arrive"):
        typed[f"T2.{event}.occurred_at"] = ""
    order = ("T3.request_by_kp", "T3.acknowledge", "T3.accept", "T3.depart", "T3.arrive",
             "T3.engage", "LINE.relief_in_place_kfor", "T3.begin_handover",
             "LINE.relief_in_place_kp", "T3.handover_confirmed")  # fmt: skip
    typed |= {f"{key}.occurred_at": clock(duty, 40 - at) for at, key in enumerate(order)}
    sent = send(duty, typed)
    assert (sent.notice, sent.faults) == ("", {})
    state = view_of(duty).summary
    assert (state["t3"], state["line"]) == ("RELEASED", "KP")


def test_the_screens_show_what_waits(server: Flask) -> None:
    drafts = typed_by_duty(server)
    with signed_in(server, "duty") as services:
        drawn = str(layout(services, {"incident": INCIDENT, "operation": OPERATION}))
        assert "Typed, waits as a draft" in drawn
        assert "late-open" in drawn
        rows = str(rows_part(services.picture.incidents(OPERATION), None, "en"))
        assert "Drafts that wait: 1" in rows
        assert "late=1" in str(drawer_part(view_of(services), "en"))
    assert "Withdraw" in visible(drafts_part(drafts, "en"))
    assert "Confirm all" not in visible(drafts_part(drafts, "en"))
    with signed_in(server, "review") as services:
        looked = services.incidents.look(OPERATION, INCIDENT, actor_of(current_user()))
        assert "Withdraw" not in str(drafts_part(looked["drafts"], "en"))
        assert fingerprint(looked["drafts"]) != fingerprint(drafts)
        assert "late=1" not in str(drawer_part(view_of(services), "en"))


def visible(part: Any) -> str:
    """The words of a part without its hidden buttons."""
    if isinstance(part, list | tuple):
        return " ".join(visible(one) for one in part)
    if part is None or isinstance(part, str) or getattr(part, "hidden", None) is True:
        return part if isinstance(part, str) else ""
    return visible(getattr(part, "children", None))
