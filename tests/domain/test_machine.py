"""The machine on single commands: authority, refusals, options. Walks: ``tests/invariants``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import GuardRefused, InvalidField, NotPermitted
from domain.events import Actor
from domain.guards import GUARDS
from domain.incident import EXPLICIT_REQUEST, options, permit
from domain.records import RECORDS
from domain.state import IncidentState, PlatoonState, evolve_platoon, fold
from domain.transitions import (
    INC,
    RES,
    ROLES,
    STATES,
    T2,
    T2_UNDER_REQUEST,
    TABLE,
    WITHOUT_TRANSITION,
)
from tests.domain.harness import START, World, command, sample_record

INCIDENTS = ("drill-0001", "drill-0002")


def _world(reserve: int = 0) -> World:
    world = World(platoons={name: PlatoonState(name) for name in ("p1", "p2")}, reserve=reserve)
    for incident in INCIDENTS:
        world.act(command(TABLE[0], sample_record(TABLE[0])), incident)
    return world


@pytest.mark.parametrize("row", [row for row in TABLE if row.region == T2], ids=lambda row: row.id)
def test_without_a_request_tier_2_is_stopped_by_name(row: object) -> None:
    world = _world()
    situation = world.situation(Actor("x", row.entered_by[0]), INCIDENTS[0])
    if row.event in ("prealert", "stand_down", "kp_request"):
        assert set(row.from_states).isdisjoint(T2_UNDER_REQUEST)
        return
    with pytest.raises(GuardRefused) as refused:
        permit(situation, T2, row.event)
    assert refused.value.guard == EXPLICIT_REQUEST


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.region}-{row.id}")
def test_no_role_outside_the_row_may_enter_it(row: object) -> None:
    world = _world()
    stream = "platoon:p1" if row.region == RES else INCIDENTS[0]
    for role in set(ROLES) - set(row.entered_by):
        with pytest.raises(NotPermitted):
            permit(world.situation(Actor("x", role), stream), row.region, row.event)


def test_exercise_control_acts_in_exercises_only() -> None:
    situation = _world().situation(Actor("exercise", "EXCON"), INCIDENTS[0])
    live = type(situation)(
        now=situation.now, actor=situation.actor, operation_kind="live",
        incident=situation.incident,
    )  # fmt: skip
    permit(situation, INC, "confirm")
    with pytest.raises(NotPermitted):
        permit(live, INC, "confirm")


def test_system_admin_and_auditor_own_no_event() -> None:
    assert {role for row in TABLE for role in row.entered_by}.isdisjoint(
        {"SYSTEM", "ADMIN", "AUDITOR", "WALL"}
    )


def test_the_table_is_complete_in_itself() -> None:
    assert len(TABLE) == 61
    assert len({(row.region, row.id) for row in TABLE}) == 61
    for row in TABLE:
        assert (row.region, row.event) in RECORDS
        assert set(row.guards) <= set(GUARDS)
        assert row.to_state in STATES[row.region]
        assert set(row.from_states) <= {*STATES[row.region], "-"}
    assert {name for row in TABLE for name in row.guards} == set(GUARDS)


def test_patrol_acts_and_notes_move_nothing() -> None:
    world = _world()
    before = world.incidents[INCIDENTS[0]]
    note = command(TABLE[0], {"kind": "first_aid", "ground_text": "x", "source": "y"})
    for event in ("observation", "note"):
        said = type(note)(
            **{**_fields(note), "event": event, "actor": Actor("patrol", "PATROL_LDR")}
        )
        world.act(said, INCIDENTS[0])
    after = world.incidents[INCIDENTS[0]]
    assert after.version == before.version + 2
    assert [after.state_of(r) for r in ("INC", "T2", "T3", "LINE")] == [
        before.state_of(r) for r in ("INC", "T2", "T3", "LINE")
    ]


def _fields(one: object) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def test_no_event_is_before_what_it_rests_on_late_or_not() -> None:
    world = _world()
    world.now = START + timedelta(hours=1)
    confirm = next(row for row in TABLE if row.id == "I02")
    late = command(confirm, sample_record(confirm), START - timedelta(minutes=5))
    with pytest.raises(GuardRefused) as refused:
        world.act(late, INCIDENTS[0])
    assert refused.value.guard == "in_order"
    with pytest.raises(GuardRefused):
        world.act(replace(late, late_entry=True), INCIDENTS[0])
    assert world.incidents[INCIDENTS[0]].inc == "REPORTED"


def test_an_event_of_the_future_is_refused() -> None:
    world = _world()
    confirm = next(row for row in TABLE if row.id == "I02")
    with pytest.raises(GuardRefused) as refused:
        world.act(
            command(confirm, sample_record(confirm), START + timedelta(hours=1)), INCIDENTS[0]
        )
    assert refused.value.guard == "not_in_the_future"


def test_a_user_cannot_accept_the_request_that_he_entered() -> None:
    world = _world()
    for name, role in (("I02", None), ("A03", None), ("A04", None)):
        row = next(one for one in TABLE if one.id == name)
        world.act(command(row, sample_record(row), role=role), INCIDENTS[0])
    situation = world.situation(Actor("duty", "FPU_CMD"), INCIDENTS[0])
    with pytest.raises(GuardRefused) as refused:
        permit(situation, T2, "accept")
    assert refused.value.guard == "four_eyes"
    permit(world.situation(Actor("commander", "FPU_CMD"), INCIDENTS[0]), T2, "accept")


def test_options_name_every_event_once_with_its_guard() -> None:
    world = _world()
    found = options(world.situation(Actor("duty", "FPU_DUTY"), INCIDENTS[0]), (INC, T2))
    assert len({(one.region, one.event) for one in found}) == len(found)
    assert all(one.allowed or (one.guard and one.detail) for one in found)
    assert {one.event for one in found if one.allowed} == {
        "confirm", "discard", "prealert", *(set(WITHOUT_TRANSITION) - {"stays"}),
    }  # fmt: skip


def test_a_platoon_keeps_its_state_through_the_fold() -> None:
    world = _world()
    for name in ("I02", "A03", "A04", "A05", "A09"):
        row = next(one for one in TABLE if one.id == name)
        world.act(command(row, sample_record(row)), INCIDENTS[0])
    assert world.platoons["p1"].state == "BOUND"
    assert world.platoons["p1"].incident == INCIDENTS[0]
    stream = [event for event in world.log if event.stream == "platoon:p1"]
    state = PlatoonState("p1")
    for event in stream:
        state = evolve_platoon(state, event)
    assert state == world.platoons["p1"]
    assert fold(INCIDENTS[1], []) == IncidentState(INCIDENTS[1])


def test_facts_are_options_for_those_who_write_and_name_the_guard_for_others() -> None:
    world = _world()
    for role, guard in (("PATROL_LDR", None), ("AUDITOR", "role")):
        found = options(world.situation(Actor("x", role), INCIDENTS[0]), (INC,))
        facts = {one.event: one.guard for one in found if one.event in ("note", "observation")}
        assert facts == {"note": guard, "observation": guard}


def _row(row_id: str) -> Any:
    return next(row for row in TABLE if row.id == row_id)


def test_what_follows_in_another_lane_keeps_the_order_of_that_lane() -> None:
    """KFOR engages at a stabilised incident: that deteriorates it, so it is not before it."""
    world = _world()
    for name in ("I02", "K04", "K10"):
        world.act(command(_row(name), sample_record(_row(name))), INCIDENTS[0])
    world.now = START + timedelta(minutes=20)
    at = START + timedelta(minutes=10)
    world.act(command(_row("I05"), sample_record(_row("I05")), at), INCIDENTS[0])
    early = command(_row("K11"), {}, START + timedelta(minutes=5))
    with pytest.raises(GuardRefused) as refused:
        world.act(early, INCIDENTS[0])
    assert refused.value.guard == "in_order"
    world.act(replace(early, occurred_at=at), INCIDENTS[0])
    assert world.incidents[INCIDENTS[0]].inc == "KP_LEAD"


def test_a_platoon_leaves_the_incident_that_it_serves_and_no_other() -> None:
    world = _world()
    for name in ("I02", "A03", "A04", "A05", "A09", "A17"):
        world.act(command(_row(name), sample_record(_row(name))), INCIDENTS[0])
    release = _row("R05")
    with pytest.raises(InvalidField) as refused:
        world.act(command(release, sample_record(release, INCIDENTS[1])), "platoon:p1")
    assert refused.value.field == "record.engagement"
    world.act(command(release, sample_record(release, INCIDENTS[0])), "platoon:p1")


def test_a_platoon_is_not_redeployed_to_where_it_is() -> None:
    world = _world()
    for name in ("I02", "A03", "A04", "A05", "R02"):
        row = _row(name)
        both = {**sample_record(row), **({"platoons": ["p1", "p2"]} if name == "A05" else {})}
        if name == "A03":
            both["request"]["platoons_asked"] = 2
        for stream in ("platoon:p1", "platoon:p2") if row.region == RES else INCIDENTS[:1]:
            world.act(command(row, both), stream)
    row = _row("R04")
    record = {**sample_record(row), "to_incident": INCIDENTS[0]}
    with pytest.raises(GuardRefused) as refused:
        world.act(command(row, record), "platoon:p1", INCIDENTS[0])
    assert refused.value.guard == "target_accepted"
