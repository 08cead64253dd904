"""Corrections anywhere in any history: details change, no state does, no invariant breaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.effective import effective
from domain.errors import GuardRefused, NotPermitted
from domain.state import PlatoonState, fold
from domain.streams import PLATOON
from domain.transitions import RES, ROWS_OF, TABLE
from tests.domain.harness import World, command, sample_record, variants
from tests.domain.invariants import violations

INCIDENT = "drill-0001"
REPORT = TABLE[0]

_STEPS = st.lists(
    st.tuples(st.integers(0, len(TABLE) - 1), st.integers(0, 11), st.booleans()), max_size=80
)


def _states(world: World) -> tuple[object, ...]:
    incident = replace(world.incidents[INCIDENT], version=0)
    platoons = {name: replace(one, version=0) for name, one in world.platoons.items()}
    return incident, platoons


def _move(world: World, pick: int, variant: int) -> None:
    row = TABLE[pick]
    records = list(variants(row, world, INCIDENT))
    stream = f"{PLATOON}{sorted(world.platoons)[variant % 2]}" if row.region == RES else INCIDENT
    sent = command(row, records[variant % len(records)], world.now)
    world.act(sent, stream, INCIDENT)


def _correct(world: World, pick: int) -> bool:
    """Correct some event of the log, whichever; False where the correction is refused."""
    event = world.log[pick % len(world.log)]
    row = ROWS_OF[event.region, event.event][0]
    sent = command(row, sample_record(row, INCIDENT), world.now)
    before = _states(world)
    try:
        (stored,) = world.act(replace(sent, corrects=event.event_id), event.stream, INCIDENT)
    except (GuardRefused, NotPermitted):
        return False
    assert (stored.from_state, stored.to_state) == (None, None)
    assert _states(world) == before
    return True


@settings(max_examples=100, deadline=None)
@given(_STEPS)
def test_corrections_move_nothing_along_any_walk(steps: list[tuple[int, int, bool]]) -> None:
    world = World(platoons={name: PlatoonState(name) for name in ("p1", "p2")})
    world.act(command(REPORT, sample_record(REPORT)), INCIDENT)
    for pick, variant, correcting in steps:
        world.now += timedelta(minutes=1)
        if correcting:
            _correct(world, pick)
        else:
            try:
                _move(world, pick, variant)
            except (GuardRefused, NotPermitted):
                continue
        assert violations(world.incidents[INCIDENT], world.platoons) == []
    stream = [event for event in world.log if event.stream == INCIDENT]
    moved = [event for event in stream if event.corrects is None]
    assert replace(fold(INCIDENT, moved), version=0) == replace(fold(INCIDENT, stream), version=0)
    assert [one.event_id for one in effective(stream)] == [one.event_id for one in moved]


def test_a_correction_is_taken_at_all() -> None:
    world = World(platoons={"p1": PlatoonState("p1")})
    world.act(command(REPORT, sample_record(REPORT)), INCIDENT)
    assert _correct(world, 0)
