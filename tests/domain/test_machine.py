"""Random walks over the table with two incidents: invariants, fold, authority, refusals."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import GuardRefused, NotPermitted
from domain.events import Actor
from domain.guards import GUARDS
from domain.incident import EXPLICIT_REQUEST, options, permit
from domain.records import RECORDS
from domain.state import IncidentState, PlatoonState, evolve_platoon, fold
from domain.transitions import INC, RES, ROLES, STATES, T2, T2_UNDER_REQUEST, TABLE
from tests.domain.harness import START, World, command, sample_record, variants
from tests.domain.invariants import violations

INCIDENTS = ("drill-0001", "drill-0002")


def _world(reserve: int = 0) -> World:
    world = World(platoons={name: PlatoonState(name) for name in ("p1", "p2")}, reserve=reserve)
    for incident in INCIDENTS:
        world.act(command(TABLE[0], sample_record(TABLE[0])), incident)
    return world


def _walk(world: World, choices: list[tuple[int, int, int]]) -> int:
    accepted = 0
    for pick, which, variant in choices:
        row = TABLE[pick % len(TABLE)]
        incident = INCIDENTS[which % 2]
        stream, named = incident, None
        records = list(variants(row, world, incident))
        record = records[variant % len(records)]
        if row.region == RES:
            name = sorted(world.platoons)[variant % 2]
            stream, named = f"platoon:{name}", incident
            if row.event == "redeploy":
                home = world.platoons[name].incident or INCIDENTS[0]
                other = INCIDENTS[1] if home == INCIDENTS[0] else INCIDENTS[0]
                record, named = {**record, "from_incident": home, "to_incident": other}, other
        world.now += timedelta(minutes=1)
        role = row.entered_by[variant % len(row.entered_by)]
        before = (dict(world.incidents), dict(world.platoons), len(world.log))
        try:
            world.act(command(row, record, world.now, role), stream, named)
            accepted += 1
        except (GuardRefused, NotPermitted):
            assert before == (world.incidents, world.platoons, len(world.log))
        for state in world.incidents.values():
            assert violations(state, world.platoons) == []
    return accepted


_CHOICES = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 1), st.integers(0, 11)), max_size=120
)


@settings(max_examples=150, deadline=None)
@given(_CHOICES)
def test_invariants_hold_along_any_walk(choices: list[tuple[int, int, int]]) -> None:
    world = _world()
    _walk(world, choices)
    for incident in INCIDENTS:
        stream = [event for event in world.log if event.stream == incident]
        assert fold(incident, stream) == world.incidents[incident]
        assert [event.seq for event in stream] == list(range(1, len(stream) + 1))


@settings(max_examples=60, deadline=None)
@given(_CHOICES, st.integers(0, 60))
def test_any_prefix_of_the_log_gives_the_state_of_that_time(
    choices: list[tuple[int, int, int]], cut: int
) -> None:
    world = _world()
    _walk(world, choices[:cut])
    then = dict(world.incidents)
    known = len(world.log)
    _walk(world, choices[cut:])
    for incident in INCIDENTS:
        prefix = [event for event in world.log[:known] if event.stream == incident]
        assert fold(incident, prefix) == then[incident]


@settings(max_examples=100, deadline=None)
@given(_CHOICES)
def test_tier_2_never_engages_before_its_whole_path(choices: list[tuple[int, int, int]]) -> None:
    world = _world()
    _walk(world, choices)
    for incident in INCIDENTS:
        path: list[str] = []
        for event in world.log:
            if event.stream != incident or event.region != T2 or event.to_state is None:
                continue
            if event.event in ("kp_request", "prealert"):
                path = []
            path.append(event.to_state)
            if event.event == "engage":
                wanted = ["REQUESTED", "ACKNOWLEDGED", "ACCEPTED", "EN_ROUTE", "ON_SCENE"]
                assert [state for state in path if state in wanted][: len(wanted)] == wanted


@settings(max_examples=100, deadline=None)
@given(_CHOICES)
def test_the_reserve_is_kept_without_an_override(choices: list[tuple[int, int, int]]) -> None:
    world = _world(reserve=1)
    _walk(world, choices)
    held = [p for p in world.platoons.values() if p.state in ("RESERVED", "BOUND")]
    assert len(held) <= 1


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
    assert len(TABLE) == 56
    assert len({(row.region, row.id) for row in TABLE}) == 56
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


def test_a_late_event_has_to_be_marked() -> None:
    world = _world()
    world.now = START + timedelta(hours=1)
    confirm = next(row for row in TABLE if row.id == "I02")
    late = command(confirm, sample_record(confirm), START - timedelta(minutes=5))
    with pytest.raises(GuardRefused) as refused:
        world.act(late, INCIDENTS[0])
    assert refused.value.guard == "in_order"
    world.act(type(late)(**{**_fields(late), "late_entry": True}), INCIDENTS[0])
    assert world.incidents[INCIDENTS[0]].inc == "KP_LEAD"


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
        "confirm", "discard", "prealert", "note", "observation",
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
