"""A platoon through the service: redeployed, on an exercise, corrected."""

from __future__ import annotations

from typing import Any

import pytest

from data.database import Database
from domain.errors import GuardRefused, InvalidField, NotPermitted
from domain.state import PlatoonState
from tests.services.incident_world import IncidentWorld, actor

ETA = "2026-03-01T13:00:00Z"
TOLD = "2026-03-01T12:00:00Z"
OVERRIDE = {"reserve_override_ref": "OPS 3"}


@pytest.fixture
def world(database: Database) -> IncidentWorld:
    return IncidentWorld(database)


def _accepted(world: IncidentWorld, *platoons: str, operation: str = "drill") -> str:
    incident = world.report(operation).events[0].stream
    world.act(incident, "INC", "confirm")
    asked = world.envelope(incident, "T2", "kp_request")["record"]
    asked["request"]["platoons_asked"] = 2
    world.act(incident, "T2", "kp_request", record=asked)
    world.act(incident, "T2", "acknowledge")
    record = {"tasking_order_no": "1", "platoons": list(platoons), "eta": ETA, **OVERRIDE}
    world.act(incident, "T2", "accept", record=record)
    return incident


def _departed(world: IncidentWorld, *platoons: str) -> str:
    incident = _accepted(world, *platoons)
    world.act(incident, "T2", "depart", record={"platoons": list(platoons), "eta": ETA})
    return incident


def _platoon(world: IncidentWorld, name: str = "drill-p1") -> PlatoonState:
    return world.incidents.platoon_states(name.split("-")[0])[name]


def _redeploy(world: IncidentWorld, home: str, other: str, **changed: Any) -> Any:
    record = {"from_incident": home, "to_incident": other, "reason_text": "life is in danger",
              "kp_told_at": TOLD, **changed}  # fmt: skip
    return world.act_on_platoon("drill-p1", "redeploy", "commander", record=record)


# --- redeployment --------------------------------------------------------------------------------


def test_the_last_platoon_leaves_only_an_engagement_that_is_over(
    world: IncidentWorld,
) -> None:
    home, other = _departed(world, "drill-p1"), _accepted(world, "drill-p2")
    with pytest.raises(GuardRefused) as refused:
        _redeploy(world, home, other)
    assert refused.value.guard == "loser_keeps_one"
    world.act(home, "T2", "withdraw", record={"ground": "redeployed", "kp_told_at": TOLD})
    _redeploy(world, home, other)
    assert (_platoon(world).state, _platoon(world).incident) == ("BOUND", other)
    home_now = world.incidents.look("drill", home, actor("duty"))
    assert (home_now["t2"], home_now["platoons"]) == ("WITHDRAWN", [])
    depart = {"platoons": ["drill-p2"], "eta": ETA}
    assert world.act(other, "T2", "depart", record=depart).state["t2"] == "EN_ROUTE"
    there = world.incidents.look("drill", other, actor("duty"))["platoons"]
    assert [(one["id"], one["state"]) for one in there] == [
        ("drill-p1", "BOUND"), ("drill-p2", "BOUND"),
    ]  # fmt: skip


def test_a_redeployment_goes_to_an_accepted_request_and_kosovo_police_is_told(
    world: IncidentWorld,
) -> None:
    home = _departed(world, "drill-p1")
    world.act(home, "T2", "withdraw", record={"ground": "redeployed", "kp_told_at": TOLD})
    other = world.report().events[0].stream
    world.act(other, "INC", "confirm")
    world.act(other, "T2", "kp_request")
    for target in (other, "drill-0099", "log", "platoon:drill-p1"):
        with pytest.raises(GuardRefused) as refused:
            _redeploy(world, home, target)
        assert refused.value.guard == "target_accepted"
    ready = _accepted(world, "drill-p2")
    with pytest.raises(GuardRefused) as refused:
        _redeploy(world, ready, ready)
    assert refused.value.guard == "target_accepted"
    with pytest.raises(GuardRefused) as refused:
        _redeploy(world, home, ready, kp_told_at="2026-03-01T13:00:00Z")
    assert refused.value.guard == "told"
    assert (_platoon(world).state, _platoon(world).incident) == ("BOUND", home)


@pytest.mark.parametrize("engagement", ["log", "platoon:drill-p1", "live-0001", 7, ["x"]])
def test_an_engagement_that_is_no_incident_is_refused(
    world: IncidentWorld, engagement: object
) -> None:
    _accepted(world, "drill-p2")
    with pytest.raises((GuardRefused, InvalidField)):
        world.act_on_platoon(
            "drill-p1", "reserve", "commander", record={"engagement": engagement, **OVERRIDE}
        )
    assert _platoon(world).state == "AVAILABLE"


# --- exercises -----------------------------------------------------------------------------------


def test_a_platoon_joins_an_open_exercise_and_comes_back(world: IncidentWorld) -> None:
    joined = world.act_on_platoon(
        "live-p1", "join_exercise", "commander", record={"operation": "drill"}
    )
    assert joined.state["state"] == "IN_EXERCISE"
    with pytest.raises(GuardRefused) as refused:
        _accepted(world, "live-p1", operation="live")
    assert refused.value.guard == "platoons_free"
    back = world.act_on_platoon(
        "live-p1", "leave_exercise", "commander",
        record={"operation": "drill", "reason_text": "NO DUFF"},
    )  # fmt: skip
    assert (back.state["state"], back.state["incident"]) == ("AVAILABLE", None)


def test_an_exercise_that_is_over_or_breaks_the_reserve_takes_no_platoon(
    world: IncidentWorld,
) -> None:
    with pytest.raises(GuardRefused) as refused:
        world.act_on_platoon("live-p1", "join_exercise", "commander", record={"operation": "past"})
    assert refused.value.guard == "exercise_open"
    world.act_on_platoon("live-p1", "join_exercise", "commander", record={"operation": "drill"})
    with pytest.raises(GuardRefused) as refused:
        world.act_on_platoon("live-p2", "join_exercise", "commander", record={"operation": "drill"})
    assert refused.value.guard == "reserve_kept"
    assert "override" not in refused.value.detail  # the record has no place for one
    with pytest.raises(NotPermitted):
        world.act_on_platoon("live-p1", "leave_exercise", "duty", record={"operation": "drill"})


# --- corrections ---------------------------------------------------------------------------------


def test_a_correction_supersedes_details_and_keeps_the_state(world: IncidentWorld) -> None:
    incident = _departed(world, "drill-p1")
    bound = _platoon(world)
    with world.store.view() as connection:
        reserved = world.store.stream(connection, "drill", "platoon:drill-p1")[0]
    corrected = world.act_on_platoon(
        "drill-p1", "reserve", "commander", corrects=reserved.event_id,
        record={"engagement": incident, "reason_text": "said on the phone"},
    )  # fmt: skip
    assert (corrected.state["state"], corrected.state["incident"]) == ("BOUND", incident)
    after = _platoon(world)
    assert (after.version, after.since_us) == (bound.version + 1, bound.since_us)
    assert world.picture.platoons("drill")["drill-p1"] == after
    assert corrected.events[0].corrects == reserved.event_id
    assert [(one.from_state, one.to_state) for one in corrected.events] == [(None, None)]
    withdrawn = {"ground": "x", "kp_told_at": TOLD}
    world.act(incident, "T2", "withdraw", record=withdrawn)
    over = {"engagement": incident, "reason_text": "over"}
    assert world.act_on_platoon("drill-p1", "release", "commander", record=over).state[
        "state"
    ] == "RETURNING"  # fmt: skip


def test_the_answer_to_a_repeated_correction_is_the_first_one(world: IncidentWorld) -> None:
    incident = _departed(world, "drill-p1")
    with world.store.view() as connection:
        bound = world.store.stream(connection, "drill", "platoon:drill-p1")[1]
    sent = world.envelope(
        "", "RES", "bind", expected_version=2, corrects=bound.event_id,
        record={"tasking_order_no": "77"},
    )  # fmt: skip
    first = world.incidents.act_on_platoon("drill", "drill-p1", actor("duty"), sent)
    world.act(incident, "T2", "withdraw", record={"ground": "x", "kp_told_at": TOLD})
    world.act_on_platoon("drill-p1", "release", "commander",
                         record={"engagement": incident, "reason_text": "x"})  # fmt: skip
    again = world.incidents.act_on_platoon("drill", "drill-p1", actor("duty"), sent)
    assert (again.created, again.state) == (False, first.state)
    assert first.state["state"] == "BOUND"


def test_a_correction_moves_no_platoon_to_another_incident(world: IncidentWorld) -> None:
    incident, other = _departed(world, "drill-p1"), _accepted(world, "drill-p2")
    with world.store.view() as connection:
        reserved, bound = world.store.stream(connection, "drill", "platoon:drill-p1")
    for record, corrects, refusal in (
        ({"engagement": other}, bound.event_id, InvalidField),
        ({"engagement": other}, incident, InvalidField),
    ):
        with pytest.raises(refusal):
            world.act_on_platoon(
                "drill-p1", "reserve", "commander", record=record, corrects=corrects
            )
    with pytest.raises(GuardRefused) as refused:
        world.act_on_platoon(
            "drill-p1", "reserve", "commander", record={"engagement": other},
            corrects=reserved.event_id,
        )  # fmt: skip
    assert refused.value.guard == "details_only"
    assert _platoon(world).incident == incident
