"""Every act has a floor: nothing is entered, or corrected, to before what it rests on."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import GuardRefused, NotPermitted
from domain.floors import RESTS_ON, floors_of
from domain.state import PlatoonState
from domain.streams import PLATOON
from domain.time import from_microseconds, to_microseconds, to_rfc3339
from domain.transitions import RES, TABLE
from tests.domain.harness import START, World, command, sample_record, variants

INCIDENT = "drill-0001"
REPORT = TABLE[0]

OF_ITSELF = {
    # of the record, of people, of the clock
    "somewhere", "kp_informed", "told", "request_received", "kp_agreed", "two_confirmations",
    "four_eyes", "second_person", "no_end_said", "operations_approval", "purpose_kept",
    "request_outlived",
    "canceller_is_requester", "within_radius", "duplicate_named", "fpu_not_skipped",
    "tally_reconciled", "force_recorded", "head_count_complete",
    # of the lane in which the event itself is
    "not_revoked", "purpose_civil_disturbance", "authority_disputed", "not_own_mandate",
    # that nothing has happened, is disputed or waits
    "no_tier_involved", "no_open_draft", "platoon_undisputed", "authority_live",
    # of platoons, whose own streams keep their order
    "platoons_free", "platoons_reserved", "platoon_here", "same_engagement", "on_shift",
    "reserve_kept", "asked_not_exceeded", "named_by_acceptance", "exercise_open",
    "exercise_joined",
}  # fmt: skip
"""Guards that look at no state of another lane that began at some time."""


def test_every_guard_rests_on_something_or_on_itself() -> None:
    named = {name for row in TABLE for name in row.guards}
    assert set(RESTS_ON) | OF_ITSELF == named
    assert set(RESTS_ON).isdisjoint(OF_ITSELF)


def _walk(world: World, picks: list[tuple[int, int, int]]) -> int:
    """Go along the picks, each some minutes later; gives how many were taken."""
    taken = 0
    for pick, variant, minutes in picks:
        row = TABLE[pick]
        world.now += timedelta(minutes=minutes)
        records = list(variants(row, world, INCIDENT))
        stream = (
            f"{PLATOON}{sorted(world.platoons)[variant % 2]}" if row.region == RES else INCIDENT
        )
        record = _dated(records[variant % len(records)], world)
        sent = command(row, record, world.now)
        try:
            world.act(sent, stream, INCIDENT)
        except (GuardRefused, NotPermitted):
            continue
        taken += 1
    return taken


def _dated(value: Any, world: World) -> Any:
    """The record with the times of now."""
    if isinstance(value, dict):
        return {name: _dated(part, world) for name, part in value.items()}
    return to_rfc3339(world.now) if value == to_rfc3339(START) else value


_PICKS = st.lists(
    st.tuples(st.integers(1, len(TABLE) - 1), st.integers(0, 11), st.integers(0, 3)),
    min_size=20,
    max_size=120,
)


@settings(max_examples=60, deadline=None)
@given(_PICKS, st.randoms(use_true_random=False))
def test_no_act_is_taken_below_its_floor_and_each_is_at_it(
    picks: list[tuple[int, int, int]], rng: random.Random
) -> None:
    world = World(platoons={name: PlatoonState(name) for name in ("p1", "p2")})
    world.act(command(REPORT, sample_record(REPORT)), INCIDENT)
    _walk(world, picks)
    row = rng.choice([one for one in TABLE[1:] if one.region != RES])
    record = _dated(next(iter(variants(row, world, INCIDENT))), world)
    sent = command(row, record, world.now)
    situation = world.situation(sent.actor, INCIDENT)
    floor = max(one.at_us for one in floors_of(situation, row, sent))
    try:
        world.copy().act(sent, INCIDENT, INCIDENT)
    except (GuardRefused, NotPermitted):
        return  # it cannot happen at all
    early = command(row, record, from_microseconds(floor) - timedelta(seconds=1))
    with pytest.raises(GuardRefused) as refused:
        world.copy().act(early, INCIDENT, INCIDENT)
    assert refused.value.guard in ("in_order", "before_what_it_rests_on")


@settings(max_examples=60, deadline=None)
@given(_PICKS)
def test_along_one_machine_no_time_goes_back(picks: list[tuple[int, int, int]]) -> None:
    world = World(platoons={name: PlatoonState(name) for name in ("p1", "p2")})
    world.act(command(REPORT, sample_record(REPORT)), INCIDENT)
    _walk(world, picks)
    last: dict[tuple[str, str], int] = {}
    for event in world.log:
        if event.to_state is None:
            continue
        lane = event.stream, event.region
        assert event.occurred_us >= last.get(lane, to_microseconds(START))
        last[lane] = event.occurred_us
