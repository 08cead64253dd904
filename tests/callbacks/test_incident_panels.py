"""The panels of the incident screen say what is known, ask for what is missing, and are absent
when there is nothing to say."""

from __future__ import annotations

from typing import Any

import pytest
from dash import html, no_update
from dash.development.base_component import Component
from flask import Flask

from callbacks.incident import only_new
from callbacks.sending import send_event
from domain.records import TO_FOLLOW
from pages import incident_identifiers as ids
from pages.act_form import act_fields
from pages.asking import FIELD, SITREP
from pages.corrections import Corrections
from pages.event_form import event_form
from pages.incident import PARTS, marks_of, parts
from pages.incident_actions import actions_part
from pages.incident_capacity import capacity_part
from pages.incident_debts import debts_part
from pages.incident_timeline import timeline_part
from pages.incident_view import IncidentView, incident_view
from pages.prefill import prefill
from pages.session import current_user
from services.container import Services
from services.debt_counts import DebtCounts
from tests.callbacks.test_incident_forms import (
    OPERATION,
    confirmed,
    opened,
    report,
    requested,
    server,
    signed_in,
)

__all__ = ["server"]

INCIDENT = f"{OPERATION}-0001"
ALWAYS = {
    ids.INCIDENT_HEAD, ids.INCIDENT_LANES, ids.INCIDENT_ACTIONS, ids.INCIDENT_PLATOONS,
    ids.INCIDENT_TIMELINE,
}  # fmt: skip


def view_of(services: Services) -> IncidentView:
    return incident_view(services, OPERATION, INCIDENT, current_user())


def drawn_of(services: Services, language: str = "en") -> dict[str, Component]:
    made = parts(view_of(services), language)
    return {key: part for (key, _), part in zip(PARTS, made, strict=True) if part is not None}


def words_of(part: Any) -> str:
    """Every text of a drawn part, one after the other."""
    if isinstance(part, str):
        return part
    if isinstance(part, list | tuple):
        return " ".join(words_of(one) for one in part)
    return words_of(part.children) if getattr(part, "children", None) is not None else ""


def buttons_of(part: Component) -> list[dict[str, Any]]:
    found = html.Div(part)._traverse()  # type: ignore[no-untyped-call]
    return [
        one.id for one in found
        if isinstance(getattr(one, "id", None), dict) and one.id["type"] == "incident-action"
    ]  # fmt: skip


def acknowledged(services: Services) -> None:
    meta, typed = opened(services, "T2", "acknowledge")
    assert send_event(services, meta, typed | {"record.read_back": ["yes"]}, "en").done


def send(services: Services, event: str, **typed: Any) -> None:
    meta, values = opened(services, "INC", event)
    sent = send_event(services, meta, values | typed, "en")
    assert sent.done, (sent.notice, sent.faults)


def test_what_has_nothing_to_say_is_absent(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        assert set(drawn_of(services)) == ALWAYS


@pytest.mark.parametrize("language", ["en", "pl"])
def test_the_request_shows_who_asked_and_who_typed(server: Flask, language: str) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        confirmed(services)
        requested(services, **{"record.request.platoons_asked": "2"})
        words = words_of(drawn_of(services, language)[ids.INCIDENT_ASKED])
        for known in ("Shift leader", "KP-12", "Mitrovica South", "KP-OPS 2", "duty", "2"):
            assert known in words


def test_a_question_mark_is_a_debt_that_a_correction_pays(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        confirmed(services)
        assert requested(services, **{"record.request.officer_service_no": "?"}).done
        view = view_of(services)
        request = view.request
        assert request is not None
        assert request["record"]["request"]["officer_service_no"] == TO_FOLLOW
        panel = debts_part(view, "en")
        assert panel is not None
        path = "record.request.officer_service_no"
        pay = next(one for one in buttons_of(panel) if one["ask"] == FIELD + path)
        changes = {"corrects": pay["corrects"], "ask": pay["ask"]}
        meta, typed = opened(services, pay["region"], pay["event"], **changes)
        fields, _ = act_fields(services, view, meta, "en")
        first = [
            one for one in html.Div(fields)._traverse()  # type: ignore[no-untyped-call]
            if getattr(one, "data-first", None)
        ]  # fmt: skip
        assert len(first) == 1
        known = request["record"]["request"]
        typed |= {f"record.request.{name}": str(value) for name, value in known.items()}
        sent = send_event(services, meta, typed | {path: "KP-77"}, "en")
        assert sent.done, (sent.notice, sent.faults)
        owed = [one["field"] for one in view_of(services).debts]
        assert path not in owed


def test_only_who_may_correct_gets_the_button(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        confirmed(services)
        requested(services)
    with signed_in(server, "review") as services:
        view = view_of(services)
        panel = debts_part(view, "en")
        assert panel is not None
        assert buttons_of(panel) == []
        assert buttons_of(timeline_part(view, "en")) == []
        assert buttons_of(actions_part(view, "en")) == []


def test_a_correction_strikes_out_and_never_hides(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        said = confirmed(services)
        first = services.incidents.history(OPERATION, INCIDENT)[1]
        for unit in ("Mitrovica North", "Regional directorate"):
            meta, _ = opened(services, "INC", "confirm", corrects=first.event_id)
            typed = said | {"record.kp_unit": unit}  # the time too, as the screen fills it in
            assert send_event(services, meta, typed, "en").done
        view = view_of(services)
        versions = Corrections(view.history).versions(first.event_id)
        assert [one["record"]["kp_unit"] for one in versions] == [
            "Mitrovica South", "Mitrovica North", "Regional directorate",
        ]  # fmt: skip
        found = html.Div(timeline_part(view, "en"))._traverse()  # type: ignore[no-untyped-call]
        struck = [one.children for one in found if isinstance(one, html.S)]
        assert sorted(struck) == ["Mitrovica North", "Mitrovica South", "Mitrovica South"]


def test_counts_are_versioned_and_the_close_starts_from_the_newest(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        for number, source in ((4, "KP radio"), (6, "hospital")):
            counts = {"record.casualties.civilian.routine": str(number), "record.source": source}
            send(services, "casualties", **counts)
        words = words_of(drawn_of(services)[ids.INCIDENT_AFTERMATH])
        assert "Version 2 of 2 · source: hospital" in words
        assert "Version 1 of 2 · source: KP radio" in words
        _, typed = opened(services, "INC", "close")
        assert typed["record.casualties.civilian.routine"] == 6
        assert typed["record.force_used"] is False


def test_a_use_of_force_is_a_row_and_is_known_at_closing(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        asked = {
            "record.level": "less_lethal", "record.authorised_by": "FPU commander",
            "record.effect": "Crowd fell back", "record.injuries": "2",
        }  # fmt: skip
        send(services, "force", **asked)
        words = words_of(drawn_of(services)[ids.INCIDENT_AFTERMATH])
        assert "Less lethal" in words
        assert "no warning given" in words
        assert "Crowd fell back" in words
        assert opened(services, "INC", "close")[1]["record.force_used"] is True


def test_out_of_model_says_that_it_grants_nothing_and_a_patrol_act_is_no_tier(
    server: Flask,
) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        for kind in ("out_of_model", "first_aid"):
            send(services, "observation",
                 **{"record.kind": kind, "record.ground_text": f"It was {kind}"})  # fmt: skip
        words = words_of(timeline_part(view_of(services), "en"))
        assert "It grants no authority and moves no tier" in words
        assert "Act of a patrol: moves no tier" in words


def test_too_few_platoons_offer_ways_out(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        confirmed(services)
        requested(services, **{"record.request.platoons_asked": "5"})
        acknowledged(services)
    with signed_in(server, "commander") as services:
        view = view_of(services)
        panel = capacity_part(view, "en")
        assert panel is not None
        assert "Platoons free: 2, asked for: 5" in words_of(panel)
        offered = {one["ask"]: one for one in buttons_of(panel)}
        assert {"offer:refuse", "offer:partial"} <= set(offered)
        values = {}
        for ask, button in offered.items():
            meta, _ = opened(services, button["region"], button["event"], ask=ask)
            fields, _more = act_fields(services, view, meta, "en")
            for part in html.Div(fields)._traverse():  # type: ignore[no-untyped-call]
                if isinstance(getattr(part, "id", None), dict) and hasattr(part, "value"):
                    values[ask, part.id["path"]] = part.value
        assert values["offer:refuse", "record.reason"] == "capacity"
        assert sorted(values["offer:partial", "record.platoons"]) == ["alfa", "bravo"]


def test_a_report_from_the_scene_gets_the_next_number(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        meta, _ = opened(services, "INC", "note", ask=SITREP)
        assert meta["needed"] == ["record.sitrep_ref"]
        fields, _more = act_fields(services, view_of(services), meta, "en")
        values = [
            part.value for part in html.Div(fields)._traverse()  # type: ignore[no-untyped-call]
            if getattr(part, "id", None) == ids.field("act", "record.sitrep_ref")
        ]  # fmt: skip
        assert values == [f"{INCIDENT} SITREP 1"]


def test_the_list_counts_debts_once_for_each_version(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        counts = DebtCounts(services.incidents, services.policy)

        def owed() -> list[int]:
            found = counts.added_to(OPERATION, services.picture.incidents(OPERATION))
            return [one["debts"] for one in found]

        assert owed() == [0]
        confirmed(services)
        requested(services)
        assert owed() == [len(view_of(services).debts)]
        assert owed()[0] > 0


def test_a_refresh_draws_only_what_is_new(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        confirmed(services)
        before = parts(view_of(services), "en")
        shown = marks_of(before)
        assert only_new(parts(view_of(services), "en"), shown) == [no_update] * (len(PARTS) + 1)
        meta, typed = opened(services, "INC", "note")
        assert send_event(services, meta, typed | {"record.text": "Seen again"}, "en").done
        *drawn, marks = only_new(parts(view_of(services), "en"), shown)
        places = [key for key, _ in PARTS]
        assert drawn[places.index(ids.INCIDENT_TIMELINE)] is not no_update
        assert drawn[places.index(ids.INCIDENT_LANES)] is no_update
        assert marks != shown
        assert only_new(parts(view_of(services), "en"), marks) == [no_update] * (len(PARTS) + 1)


def test_kfor_through_eulex_knows_why_after_a_refusal_too(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        confirmed(services)
        requested(services, **{"record.request.platoons_asked": "5"})
    with signed_in(server, "commander") as services:
        form = event_form("T3", "request_via_eulex")
        values = prefill(form, view_of(services), "en")
        assert values["record.capacity_statement"] == "Platoons free: 2, asked for: 5."


def test_a_platoon_joins_an_exercise_by_choice_and_leaves_the_same(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
    with signed_in(server, "commander") as services:
        meta, typed = opened(services, "RES", "join_exercise", platoon="alfa")
        fields, more = act_fields(services, view_of(services), meta, "en")
        offered = [
            getattr(one, "options", None)
            for one in html.Div(fields)._traverse()  # type: ignore[no-untyped-call]
            if getattr(one, "id", None) == ids.field("act", "record.operation")
        ]
        assert [one["value"] for one in offered[0]] == [OPERATION]
        sent = send_event(services, meta | more, typed | {"record.operation": OPERATION}, "en")
        assert sent.done, sent.notice
        view = view_of(services)
        (alfa,) = [one for one in view.platoons if one.id == "alfa"]
        known = prefill(event_form("RES", "leave_exercise"), view, "en", alfa)
        assert known["record.operation"] == OPERATION
