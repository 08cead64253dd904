"""Corrections anywhere in any history: they move no state, break no rule and give no authority."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.audit import breaches
from domain.effective import effective
from domain.errors import GuardRefused, NotPermitted
from domain.events import DISPUTED, RETIMED, Actor, Event
from domain.state import PlatoonState, fold
from domain.streams import PLATOON
from domain.time import from_microseconds
from domain.transitions import RES, ROWS_OF, TABLE
from tests.domain.harness import World, command, sample_record, variants
from tests.domain.invariants import violations

INCIDENT = "drill-0001"
REPORT = TABLE[0]
OPS = Actor("ops", "EULEX_OPS")
REGIONS = ("INC", "T2", "T3", "LINE")

_STEPS = st.lists(
    st.tuples(st.integers(0, len(TABLE) - 1), st.integers(0, 11), st.integers(0, 3)), max_size=80
)


def _states(world: World) -> tuple[object, ...]:
    """What no correction moves: the states, and who holds what."""
    incident = world.incidents[INCIDENT]
    held = {name: (one.state, one.incident, one.engagement) for name, one in world.platoons.items()}
    lanes = tuple(incident.state_of(region) for region in REGIONS)
    return lanes, incident.t2_engagement, incident.t2_request, incident.t2_revoked, held


def _move(world: World, pick: int, variant: int) -> None:
    row = TABLE[pick]
    records = list(variants(row, world, INCIDENT))
    stream = f"{PLATOON}{sorted(world.platoons)[variant % 2]}" if row.region == RES else INCIDENT
    sent = command(row, records[variant % len(records)], world.now)
    world.act(sent, stream, INCIDENT)


def _correct(world: World, pick: int, minutes: int = 0) -> bool:
    """Correct some event of the log, whichever; False where the correction is refused."""
    event = world.log[pick % len(world.log)]
    row = ROWS_OF[event.region, event.event][0]
    known = next(one for one in effective(world.log) if one.event_id == _root(world, event))
    at = from_microseconds(known.occurred_us) + timedelta(minutes=minutes)
    sent = command(row, sample_record(row, INCIDENT), at)
    before = _states(world)
    try:
        stored = world.act(replace(sent, corrects=event.event_id), event.stream, INCIDENT)
    except (GuardRefused, NotPermitted):
        return False
    assert all((one.from_state, one.to_state) == (None, None) for one in stored)
    assert (stored[0].reason == RETIMED) == (minutes != 0)
    assert _states(world) == before
    return True


def _root(world: World, event: Event) -> str:
    while event.corrects is not None:
        event = next(one for one in world.log if one.event_id == event.corrects)
    return event.event_id


def _dispute(world: World, pick: int) -> None:
    event = world.log[pick % len(world.log)]
    row = ROWS_OF[event.region, event.event][0]
    sent = command(row, sample_record(row, INCIDENT), world.now)
    said = replace(sent, corrects=event.event_id, actor=OPS, dispute={"breaks": "it was not so"})
    before = _states(world)
    authority = world.incidents[INCIDENT]
    stored = world.act(said, event.stream, INCIDENT)
    assert stored[0].reason == DISPUTED
    assert _states(world) == before
    after = world.incidents[INCIDENT]
    assert (after.t2_purpose, after.t2_asked) == (authority.t2_purpose, authority.t2_asked)
    assert set(authority.t2_disputed) <= set(after.t2_disputed)


@settings(max_examples=100, deadline=None)
@given(_STEPS)
def test_corrections_and_disputes_move_no_state_along_any_walk(
    steps: list[tuple[int, int, int]],
) -> None:
    world = World(platoons={name: PlatoonState(name) for name in ("p1", "p2")})
    world.act(command(REPORT, sample_record(REPORT)), INCIDENT)
    for pick, variant, what in steps:
        world.now += timedelta(minutes=1)
        if what == 1:
            _correct(world, pick)
        elif what == 2:
            _correct(world, pick, variant - 5)
        elif what == 3:
            _dispute(world, pick)
        else:
            try:
                _move(world, pick, variant)
            except (GuardRefused, NotPermitted):
                continue
        assert violations(world.incidents[INCIDENT], world.platoons) == []
    stream = [event for event in world.log if event.stream == INCIDENT]
    moved = [event for event in stream if event.corrects is None]
    lanes = [fold(INCIDENT, one) for one in (moved, stream)]
    assert [[one.state_of(region) for region in REGIONS] for one in lanes[:1]] == [
        [one.state_of(region) for region in REGIONS] for one in lanes[1:]
    ]
    assert [one.event_id for one in effective(stream)] == [one.event_id for one in moved]


@settings(max_examples=100, deadline=None)
@given(_STEPS)
def test_no_correction_leaves_a_rule_broken_that_was_kept(
    steps: list[tuple[int, int, int]],
) -> None:
    world = World(platoons={name: PlatoonState(name) for name in ("p1", "p2")})
    world.act(command(REPORT, sample_record(REPORT)), INCIDENT)
    for pick, variant, what in steps:
        world.now += timedelta(minutes=1)
        if what < 2:
            try:
                _move(world, pick, variant)
            except (GuardRefused, NotPermitted):
                continue
        else:
            _correct(world, pick, 0 if what == 2 else variant - 5)
    stream = [event for event in world.log if event.stream == INCIDENT]
    correctors: dict[str, frozenset[str]] = {}
    for one in stream:
        if one.corrects is not None:
            correctors[one.corrects] = correctors.get(one.corrects, frozenset()) | {one.entered_by}
    situation = world.situation(OPS, INCIDENT)
    logs = {
        name: effective(one for one in world.log if one.stream == f"{PLATOON}{name}")
        for name in world.platoons
    }
    assert list(breaches(situation, effective(stream), logs, correctors)) == []


def test_a_correction_is_taken_at_all() -> None:
    world = World(platoons={"p1": PlatoonState("p1")})
    world.act(command(REPORT, sample_record(REPORT)), INCIDENT)
    assert _correct(world, 0)
    world.now += timedelta(minutes=5)
    assert _correct(world, 0, 3)
    assert world.incidents[INCIDENT].opened_us == effective(world.log)[0].occurred_us
