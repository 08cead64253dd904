"""A disputed authority on the screens: who may say so, where it is seen, what lifts it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from dash import html
from flask import Flask

from callbacks.late_sending import close_draft, send_to_wait
from callbacks.sending import Sent, send_event
from domain.time import to_date_time_group, to_rfc3339
from domain.transitions import T2
from pages import incident_identifiers as ids
from pages.act_form import act_fields
from pages.asking import DISPUTE
from pages.clock_times import hour
from pages.drafts import drafts_part
from pages.incident_actions import actions_part
from pages.incident_dispute import dispute_part
from pages.incident_list import drawer_part, rows_part
from pages.incident_platoons import platoons_part
from pages.incident_timeline import timeline_part
from pages.lanes import lanes
from pages.strings import text
from services.container import Services
from tests.callbacks.test_incident_forms import (
    OPERATION,
    confirmed,
    opened,
    report,
    requested,
    server,
    signed_in,
)
from tests.callbacks.test_incident_panels import buttons_of, view_of, words_of

__all__ = ["server"]

INCIDENT = f"{OPERATION}-0001"
WHERE = {"operation": OPERATION, "incident": INCIDENT}
BREAKS = "Kosovo Police say that nobody of theirs asked"


def act(services: Services, event: str, **typed: Any) -> Sent:
    meta, values = opened(services, T2, event)
    sent = send_event(services, meta, values | typed, "en")
    assert sent.done, (sent.notice, sent.faults)
    return sent


def accepted(server: Flask) -> None:
    """The FPU has accepted a request and one platoon is reserved."""
    with signed_in(server, "duty") as services:
        report(services)
        confirmed(services)
        assert requested(services).done
        act(services, "acknowledge", **{"record.read_back": ["yes"]})
    with signed_in(server, "commander") as services:
        act(services, "accept",
            **{"record.tasking_order_no": "TO-1", "record.platoons": ["alfa"]})  # fmt: skip


def event_id(services: Services, name: str) -> str:
    history = services.incidents.history(OPERATION, INCIDENT)
    return next(one.event_id for one in history if one.event == name)


def dispute(services: Services, region: str = T2, name: str = "kp_request", **typed: Any) -> Sent:
    button = {"corrects": event_id(services, name), "ask": DISPUTE}
    meta, _ = opened(services, region, name, **button)
    fields, more = act_fields(services, view_of(services), meta, "en")
    values = values_in(fields) | {"dispute.breaks": BREAKS, "channel_ref": "KP-OPS 2"}
    return send_event(services, meta | more, values | typed, "en")


def values_in(fields: Any) -> dict[str, Any]:
    """What a form opens with."""
    return {
        one.id["path"]: one.value
        for one in html.Div(fields)._traverse()  # type: ignore[no-untyped-call]
        if isinstance(getattr(one, "id", None), dict) and hasattr(one, "value")
    }


def test_a_dispute_is_on_every_screen(server: Flask) -> None:
    accepted(server)
    with signed_in(server, "duty") as services:
        assert dispute_part(view_of(services), "en") is None
        sent = dispute(services)
        assert sent.done == "Recorded: Dispute: Kosovo Police requests the FPU"
        view = view_of(services)
        for language in ("en", "pl"):
            band = words_of(dispute_part(view, language))
            assert text("incident.dispute_band", language) in band
            assert BREAKS in band
            mark = text("incident.dispute_mark", language)
            for part in (
                *rows_part(services.picture.incidents(OPERATION), None, language),
                lanes(view.summary, view.known, view.options, language, "wide"),
                platoons_part(view, language),
                drawer_part(view, language),
            ):
                assert mark in words_of(part)
        told = words_of(timeline_part(view, "en"))
        assert "Disputed: Kosovo Police requested the FPU" in told
        assert "entered by duty" in words_of(dispute_part(view, "en"))
    with signed_in(server, "review") as services:
        assert BREAKS in words_of(dispute_part(view_of(services), "en"))


def test_a_dispute_marks_the_step_that_it_is_about(server: Flask) -> None:
    accepted(server)
    with signed_in(server, "duty") as services:
        dispute(services)
        view = view_of(services)
        drawn = lanes(view.summary, view.known, view.options, "en", "wide")
        marked = [
            one for one in drawn._traverse()  # type: ignore[no-untyped-call]
            if "stops" in str(getattr(one, "className", "")).split()
        ]  # fmt: skip
        assert ["Requested" in words_of(one) for one in marked] == [True]


def test_a_dispute_that_stops_nothing_is_a_small_mark(server: Flask) -> None:
    accepted(server)
    with signed_in(server, "duty") as services:
        assert dispute(services, "INC", "confirm").done
        view = view_of(services)
        assert not view.summary["disputed"]
        part = dispute_part(view, "en")
        assert "AUTHORITY DISPUTED" not in words_of(part)
        assert BREAKS in words_of(part)
        rows = rows_part(services.picture.incidents(OPERATION), None, "en")
        assert "disputed: 1" in words_of(rows)


def test_who_may_dispute_gets_the_button_beside_correct(server: Flask) -> None:
    accepted(server)
    found: dict[str, set[tuple[str, str]]] = {}
    for user in ("duty", "commander", "review"):
        with signed_in(server, user) as services:
            buttons = buttons_of(timeline_part(view_of(services), "en"))
            found[user] = {(one["event"], one["ask"]) for one in buttons}
    assert {("kp_request", ""), ("kp_request", DISPUTE)} <= found["duty"]
    assert ("accept", DISPUTE) not in found["duty"]
    assert {(name, DISPUTE) for name in ("confirm", "kp_request", "accept")} <= found["commander"]
    assert found["review"] == set()


def test_the_form_of_a_dispute_names_what_is_missing(server: Flask) -> None:
    accepted(server)
    with signed_in(server, "duty") as services:
        sent = dispute(services, **{"dispute.breaks": "", "channel_ref": ""})
        assert list(sent.faults) == ["dispute.breaks"]
        sent = dispute(services, **{"channel_ref": ""})
        assert list(sent.faults) == ["channel_ref"]
        assert not view_of(services).summary["disputes"]


def test_no_step_forward_is_offered_and_the_commander_may_say_that_the_fpu_stays(
    server: Flask,
) -> None:
    accepted(server)
    with signed_in(server, "commander") as services:
        before = buttons_of(actions_part(view_of(services), "en"))
        assert "stays" not in {one["event"] for one in before}
        dispute(services)
        view = view_of(services)
        offered = {one["event"] for one in buttons_of(actions_part(view, "en"))}
        assert {"stays", "reconfirm", "withdraw"} <= offered
        assert "depart" not in offered
        meta, typed = opened(services, "INC", "stays")
        assert "record.kp_told_at" not in typed
        typed |= {"record.ground_text": "The crowd stands between the FPU and its vehicles"}
        assert send_event(services, meta, typed, "en").done
        assert "The FPU stays" in words_of(dispute_part(view_of(services), "en"))


def test_the_second_person_signs_with_the_own_password(server: Flask) -> None:
    accepted(server)
    with signed_in(server, "commander") as services:
        dispute(services)
        meta, typed = opened(services, T2, "reconfirm")
        typed |= {"channel_ref": "KP-OPS 2"}
        bare = send_event(services, meta, typed, "en")
        assert set(bare.faults) == {"second_person.user", "second_person.password"}
        typed |= {"second_person.user": "duty", "second_person.password": "wrong"}
        wrong = send_event(services, meta, typed, "en")
        assert list(wrong.faults) == ["second_person.password"]
        assert not wrong.done
        own = typed | {"second_person.user": "commander", "second_person.password": "commander"}
        assert "not yourself" in send_event(services, meta, own, "en").notice
        sent = send_event(services, meta, typed | {"second_person.password": "duty"}, "en")
        assert sent.done, sent.notice
        assert "password" not in str(sent.meta)
        view = view_of(services)
        assert not view.summary["disputed"]
        assert "second person: duty" in words_of(timeline_part(view, "en"))
        assert BREAKS in words_of(dispute_part(view, "en"))  # told, and stops nothing


def test_a_password_field_is_one_and_stands_apart(server: Flask) -> None:
    accepted(server)
    with signed_in(server, "commander") as services:
        dispute(services)
        meta, _ = opened(services, T2, "reconfirm")
        fields, _more = act_fields(services, view_of(services), meta, "en")
        (password,) = [
            one for one in html.Div(fields)._traverse()  # type: ignore[no-untyped-call]
            if getattr(one, "id", None) == ids.secret("act", "second_person.password")
        ]  # fmt: skip
        assert (password.type, password.autoComplete) == ("password", "new-password")
        assert not password.persistence


def test_it_may_wait_for_the_second_person(server: Flask) -> None:
    accepted(server)
    with signed_in(server, "commander") as services:
        dispute(services)
        meta, typed = opened(services, T2, "reconfirm")
        missing = send_to_wait(services, meta, typed | {"channel_ref": ""}, "en")
        assert list(missing.faults) == ["channel_ref"]
        sent = send_to_wait(services, meta, typed | {"channel_ref": "KP-OPS 2"}, "en")
        assert "Waits as a draft" in sent.done
        draft = view_of(services).summary["drafts"][0]
        assert (draft["mine"], draft["waits_because"]) == (False, "second_person")
        assert "Waits for a second person" in words_of(drafts_part([draft], "en"))
        assert view_of(services).summary["disputed"]
    with signed_in(server, "duty") as services:
        draft = view_of(services).summary["drafts"][0]
        assert draft["mine"]
        assert "as the second person" in words_of(drafts_part([draft], "en"))
        done, notice = close_draft(services, WHERE, draft["id"], None, "en")
        assert (bool(done), notice) == (True, "")
        assert not view_of(services).summary["disputed"]


def test_what_ends_a_request_ends_its_drafts_and_tells_so(server: Flask) -> None:
    accepted(server)
    with signed_in(server, "commander") as services:
        dispute(services)
        meta, typed = opened(services, T2, "reconfirm")
        assert send_to_wait(services, meta, typed | {"channel_ref": "KP-OPS 2"}, "en").done
    with signed_in(server, "duty") as services:
        act(services, "cancel", **{"record.reason_text": "not needed", "channel_ref": "KP-OPS 2"})
        summary = view_of(services).summary
        assert summary["drafts"] == []
        words = words_of(drafts_part([], "en", summary["drafts_ended"]))
        assert "the request that it stood on has ended" in words
        assert "Kosovo Police cancelled the request" in words
        assert "typed by commander" in words
        assert "Draft ended with its request" in words_of(timeline_part(view_of(services), "en"))


@pytest.mark.parametrize("language", ["en", "pl"])
def test_a_correction_is_about_the_time_of_its_event(server: Flask, language: str) -> None:
    with signed_in(server, "duty") as services:
        report(services, occurred_at=f"{services.clock() - timedelta(hours=2):%d%H%M}Z")
        confirmed(services)
        first = services.incidents.history(OPERATION, INCIDENT)[1]
        meta, _ = opened(services, "INC", "confirm", corrects=first.event_id)
        fields, more = act_fields(services, view_of(services), meta, language)
        assert text("incident.correct_hint", language) in words_of(fields)
        values = values_in(fields)
        assert values["occurred_at"] == to_date_time_group(first.occurred_at)
        same = send_event(services, meta | more, values | {"record.kp_unit": "North"}, language)
        assert same.done, (same.notice, same.faults)
        assert "first_at" not in view_of(services).known[1]

        earlier = first.occurred_at - timedelta(minutes=20)
        meta, _ = opened(services, "INC", "confirm", corrects=first.event_id)
        fields, more = act_fields(services, view_of(services), meta, language)
        moved = values_in(fields) | {
            "occurred_at": to_date_time_group(earlier),
            "record.kp_informed_at": to_date_time_group(earlier),
        }
        assert send_event(services, meta | more, moved, language).done
        known = view_of(services).known[1]
        assert known["occurred_at"].startswith(f"{earlier:%Y-%m-%dT%H:%M}")
        words = words_of(timeline_part(view_of(services), language))
        before = hour(to_rfc3339(first.occurred_at), known["occurred_at"])
        told = text("incident.time_corrected", language, time=before)
        assert told in words


def test_a_refused_correction_shows_the_rule(server: Flask) -> None:
    accepted(server)
    with signed_in(server, "duty") as services:
        first = event_id(services, "kp_request")
        meta, _ = opened(services, T2, "kp_request", corrects=first)
        fields, more = act_fields(services, view_of(services), meta, "en")
        values = values_in(fields) | {"record.request.platoons_asked": "3"}
        refused = send_event(services, meta | more, values, "en")
        assert "Kosovo Police have to say it anew" in refused.notice
        assert list(refused.faults) == ["record.request.platoons_asked"]


def test_a_time_in_the_minute_of_what_it_rests_on_is_not_before_it(server: Flask) -> None:
    with signed_in(server, "duty") as services:
        report(services)
        confirmed(services)
        asked = view_of(services).option(T2, "kp_request")
        assert asked is not None
        meta, _ = opened(services, T2, "kp_request")
        assert meta["floor"] == asked["not_before"]
        minute = view_of(services).known[-1]["occurred_at"]
        typed = f"{minute[8:10]}{minute[11:13]}{minute[14:16]}Z"
        sent = requested(services, occurred_at=typed)
        assert sent.done, (sent.notice, sent.faults)
        assert view_of(services).known[-1]["occurred_at"] == minute
