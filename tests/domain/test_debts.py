"""What is missing from records: seen, due, and paid by a correction or by the fact."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.debts import debts_of
from domain.effective import effective
from domain.policy import Policy
from domain.records import TO_FOLLOW
from tests.domain.histories import NO_FORCE_YET, REQUEST, History

CONFIRMED = {**REQUEST, "written_confirmation_ref": "mail 7"}


def _fields(history: History) -> list[tuple[str, str]]:
    return [(debt.event, debt.field) for debt in debts_of(history.events, Policy())]


@pytest.mark.parametrize(("region", "event"), [("T2", "kp_request"), ("T3", "request_by_kp")])
def test_a_spoken_request_owes_its_written_confirmation_in_time(region: str, event: str) -> None:
    history = History()
    asked = history.add(region, event, {"request": REQUEST}, to_state="REQUESTED", org="KP")
    (debt,) = debts_of(history.events, Policy())
    assert debt.field == "record.request.written_confirmation_ref"
    assert debt.due == asked.occurred_at + timedelta(hours=24)
    first = history.add(region, event, {"request": {**REQUEST, "x": 1}}, corrects=asked, org="KP")
    assert len(debts_of(history.events, Policy())) == 1
    history.add(region, event, {"request": CONFIRMED}, corrects=first, org="KP")
    assert debts_of(history.events, Policy()) == []


def test_what_is_to_follow_is_owed_until_a_correction_names_it() -> None:
    history = History()
    record = {"tasking_order_no": TO_FOLLOW, "platoons": ["p1"]}
    said = history.add(
        "T2", "accept", record, to_state="ACCEPTED", channel="radio", channel_ref=TO_FOLLOW
    )
    assert _fields(history) == [("accept", "record.tasking_order_no"), ("accept", "channel_ref")]
    history.add(
        "T2", "accept", {**record, "tasking_order_no": "12"}, corrects=said, channel_ref="7"
    )
    assert _fields(history) == []


def test_a_confirmation_that_is_to_follow_is_one_debt_with_its_time() -> None:
    history = History()
    asked = {**REQUEST, "written_confirmation_ref": TO_FOLLOW, "officer_service_no": TO_FOLLOW}
    history.add("T2", "kp_request", {"request": asked}, to_state="REQUESTED", org="KP")
    written, number = debts_of(history.events, Policy())
    assert written.due is not None
    assert (number.field, number.due) == ("record.request.officer_service_no", None)


def test_people_outside_the_fpu_are_known_by_a_number() -> None:
    history = History()
    history.add("INC", "confirm", to_state="KP_LEAD", org="KP")
    history.add("T2", "revoke_request", {"officer_service_no": "1"}, to_state="X", org="KP")
    history.add("T2", "depart", to_state="EN_ROUTE", org="FPU")
    history.add("INC", "observation", {"kind": "observe"}, org="KFOR")
    assert _fields(history) == []
    accepted = history.add("T3", "accept", to_state="ACCEPTED", org="KFOR")
    assert _fields(history) == [("accept", "asserted_by.service_no")]
    known = {"org": "KFOR", "function": "x", "service_no": "K 4"}
    history.add("T3", "accept", corrects=accepted, asserted_by=known)
    assert _fields(history) == []


def test_force_is_owed_until_it_is_recorded() -> None:
    history = History()
    history.add("INC", "force", NO_FORCE_YET)
    history.add("T2", "engage", {"force_level": "presence"}, to_state="ENGAGED")
    assert _fields(history) == []
    engaged = history.add("T2", "engage", {"force_level": "physical"}, to_state="ENGAGED")
    assert _fields(history) == [("engage", "force")]
    before = engaged._replace(occurred_us=engaged.occurred_us - 1, region="INC", event="force")
    assert [one.field for one in debts_of([before, engaged], Policy())] == ["force"]
    history.add("INC", "force", {**NO_FORCE_YET, "level": "physical"})
    assert _fields(history) == []


def test_a_correction_supersedes_details_and_no_transition() -> None:
    history = History()
    asked = history.add("T2", "kp_request", {"request": REQUEST}, to_state="REQUESTED")
    history.add("T2", "acknowledge", to_state="ACKNOWLEDGED")
    history.add("T2", "kp_request", {"request": CONFIRMED}, corrects=asked)
    known = effective(history.events)
    assert [(one.event_id, one.to_state) for one in known] == [
        ("event-1", "REQUESTED"), ("event-2", "ACKNOWLEDGED"),
    ]  # fmt: skip
    assert known[0].record == {"request": CONFIRMED}
    assert known[0].occurred_us == asked.occurred_us
