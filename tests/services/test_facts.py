"""Facts of an incident through the service: who said them, what they move, what closing asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from data.database import Database
from domain.errors import GuardRefused, InvalidField, NotPermitted
from domain.records import TO_FOLLOW
from domain.time import to_rfc3339
from services.summaries import event_view
from tests.services.incident_world import IncidentWorld, actor

NONE = {"none": True}
COUNT = {
    "casualties": {"civilian": {"routine": 2}},
    "source": "medic",
    "as_of": "2026-03-01T11:00:00Z",
}
FORCE = {
    "level": "physical", "organisation": "FPU", "authorised_by": "commander",
    "warning_given": True, "effect": "the road is free", "injuries": 0,
}  # fmt: skip
REGIONS = ("inc", "t2", "t3", "line", "tier")


@pytest.fixture
def world(database: Database) -> IncidentWorld:
    return IncidentWorld(database)


def _stabilised(world: IncidentWorld) -> str:
    incident = world.report().events[0].stream
    world.act(incident, "INC", "confirm")
    world.act(incident, "INC", "stabilise")
    return incident


def _closed_with(casualties: dict[str, Any], used: bool) -> dict[str, Any]:
    return {"final_sitrep_ref": "S 9", "casualties": casualties, "force_used": used}


def test_facts_are_taken_in_any_state_from_everybody_who_writes_and_move_nothing(
    world: IncidentWorld,
) -> None:
    open_one, over = world.report().events[0].stream, _stabilised(world)
    gone = world.report().events[0].stream
    world.act(over, "INC", "close", "commander")
    world.act(gone, "INC", "discard")
    facts = [
        ("casualties", COUNT), ("force", FORCE), ("note", {"text": "x", "sitrep_ref": "S 1"}),
        *(("observation", {"kind": kind, "ground_text": "x", "source": "radio"})
          for kind in ("observe", "first_aid", "self_defence", "out_of_model")),
    ]  # fmt: skip
    for incident in (open_one, over, gone):
        before = world.incidents.look("drill", incident, actor("patrol"))
        for event, record in facts:
            stored = world.act(incident, "INC", event, "patrol", record=record).events
            assert [(one.from_state, one.to_state) for one in stored] == [(None, None)]
        after = world.incidents.look("drill", incident, actor("patrol"))
        assert [after[name] for name in REGIONS] == [before[name] for name in REGIONS]
        assert after["version"] == before["version"] + len(facts)
        assert after["out_of_model"] == 1
    with pytest.raises(NotPermitted):
        world.act(open_one, "INC", "casualties", "review", record=COUNT)


def test_counts_are_shown_as_versions_with_source_time_and_who_typed_them(
    world: IncidentWorld,
) -> None:
    incident = world.report().events[0].stream
    world.act(incident, "INC", "casualties", "patrol", record=COUNT)
    world.now += timedelta(minutes=5)
    more = {**COUNT, "casualties": {"civilian": {"routine": 4}}, "source": "hospital"}
    world.act(incident, "INC", "casualties", "duty", record=more)
    world.act(incident, "INC", "force", "platoon", record=FORCE)
    seen = world.incidents.look("drill", incident, actor("review"))
    assert [(one["version"], one["source"], one["entered_by"]) for one in seen["tally"]] == [
        (1, "medic", {"user": "patrol", "role": "PATROL_LDR"}),
        (2, "hospital", {"user": "duty", "role": "FPU_DUTY"}),
    ]
    assert seen["tally"][1]["occurred_at"] == "2026-03-01T12:05:00Z"
    assert seen["tally"][0]["casualties"] == COUNT["casualties"]
    assert [(one["level"], one["organisation"]) for one in seen["force"]] == [("physical", "FPU")]


@pytest.mark.parametrize(
    ("event", "record", "field"),
    [
        ("casualties", {**COUNT, "casualties": {}}, "record.casualties"),
        ("casualties", {**COUNT, "as_of": "noon"}, "record.as_of"),
        ("force", {**FORCE, "injuries": -1}, "record.injuries"),
        ("force", {**FORCE, "organisation": "OTHER"}, "record.organisation"),
    ],
)
def test_a_fact_in_a_wrong_shape_names_its_field(
    world: IncidentWorld, event: str, record: dict[str, Any], field: str
) -> None:
    incident = world.report().events[0].stream
    with pytest.raises(InvalidField) as refused:
        world.act(incident, "INC", event, "duty", record=record)
    assert refused.value.field == field


def test_a_plain_close_needs_no_facts(world: IncidentWorld) -> None:
    incident = _stabilised(world)
    closed = world.act(incident, "INC", "close", "commander", record=_closed_with(NONE, False))
    assert closed.state["inc"] == "CLOSED"


def test_closing_agrees_with_the_latest_count_and_with_the_force(world: IncidentWorld) -> None:
    incident = _stabilised(world)

    def refused(casualties: dict[str, Any], used: bool) -> str:
        with pytest.raises(GuardRefused) as stopped:
            record = _closed_with(casualties, used)
            world.act(incident, "INC", "close", "commander", record=record)
        return stopped.value.guard

    assert refused(NONE, True) == "force_recorded"
    world.act(incident, "INC", "force", "platoon", record={**FORCE, "injuries": 2})
    assert refused(NONE, True) == "tally_reconciled"
    world.act(incident, "INC", "casualties", "duty", record={**COUNT, "casualties": NONE})
    world.act(incident, "INC", "casualties", "duty", record=COUNT)
    assert refused(NONE, True) == "tally_reconciled"
    assert refused(COUNT["casualties"], False) == "force_recorded"
    record = _closed_with(COUNT["casualties"], True)
    assert world.act(incident, "INC", "close", "commander", record=record).state["inc"] == "CLOSED"


def test_a_reopened_incident_is_closed_by_what_came_since(world: IncidentWorld) -> None:
    incident = _stabilised(world)
    world.act(incident, "INC", "casualties", "duty", record=COUNT)
    close = {"record": _closed_with(COUNT["casualties"], False)}
    world.act(incident, "INC", "close", "commander", **close)
    world.act(incident, "INC", "reopen", "commander", record={"reason_text": "again"})
    world.act(incident, "INC", "stabilise", "duty")
    state = world.act(incident, "INC", "close", "commander").state
    assert state["inc"] == "CLOSED"
    look = world.incidents.look("drill", incident, actor("duty"))
    assert [one["version"] for one in look["tally"]] == [1]


def test_a_close_is_corrected_to_a_later_count_and_to_nothing_else(world: IncidentWorld) -> None:
    incident = _stabilised(world)
    closed = world.act(incident, "INC", "close", "commander").events[0]
    world.act(incident, "INC", "casualties", "duty", record=COUNT)
    wrong = {"record": _closed_with(NONE, False), "corrects": closed.event_id}
    with pytest.raises(GuardRefused) as refused:
        world.act(incident, "INC", "close", "commander", **wrong)
    assert refused.value.guard == "tally_reconciled"
    right = {"record": _closed_with(COUNT["casualties"], False), "corrects": closed.event_id}
    assert world.act(incident, "INC", "close", "commander", **right).state["inc"] == "CLOSED"


def test_debts_are_on_the_incident_until_they_are_paid(world: IncidentWorld) -> None:
    incident = world.report().events[0].stream
    world.act(incident, "INC", "confirm")
    asked = world.act(incident, "T2", "kp_request").events[0]

    def owed() -> list[tuple[str, str, bool]]:
        look = world.incidents.look("drill", incident, actor("duty"))
        return [(one["event_id"], one["field"], one["overdue"]) for one in look["debts"]]

    written = "record.request.written_confirmation_ref"
    assert owed() == [(asked.event_id, written, False)]
    world.now += timedelta(hours=24, seconds=1)
    assert owed() == [(asked.event_id, written, True)]
    request = {**asked.record["request"], "written_confirmation_ref": TO_FOLLOW}
    correction = {"record": {"request": request}, "corrects": asked.event_id}
    with pytest.raises(GuardRefused, match="time of a correction"):
        world.act(incident, "T2", "kp_request", **correction)
    correction["occurred_at"] = to_rfc3339(asked.occurred_at)
    world.act(incident, "T2", "kp_request", **correction)
    assert owed() == [(asked.event_id, written, True)]
    correction["record"] = {"request": {**request, "written_confirmation_ref": "mail 12"}}
    state = world.act(incident, "T2", "kp_request", **correction).state
    assert owed() == []
    assert state["t2"] == "REQUESTED"
    assert len(world.incidents.history("drill", incident)) == 5


def test_the_log_keeps_who_said_it_who_typed_it_and_how(world: IncidentWorld) -> None:
    incident = world.report().events[0].stream
    world.act(incident, "INC", "confirm")
    world.act(incident, "T2", "kp_request")
    for event in ("acknowledge", "accept", "depart", "arrive"):
        world.act(incident, "T2", event)
    changed = world.act(
        incident, "T2", "change_purpose", "commander",
        second_person={"user": "ops", "password": "ops"},
        asserted_by={"org": "KP", "function": "duty officer", "service_no": "KP 17"},
        channel="phone", channel_ref="call 4",
    ).events[0]  # fmt: skip
    view = event_view(changed)
    assert view["asserted_by"] == {"org": "KP", "function": "duty officer", "service_no": "KP 17"}
    assert view["entered_by"] == {"user": "commander", "role": "FPU_CMD", "session": "session"}
    assert (view["channel"], view["channel_ref"]) == ("phone", "call 4")
    assert view["second_person"]["user"] == "ops"
    assert "password" not in changed.body_text.replace("password-", "")
    assert view["occurred_at"] == view["recorded_at"] == "2026-03-01T12:00:00Z"
