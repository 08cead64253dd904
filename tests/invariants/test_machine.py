"""The invariants of ``docs/domain.md`` that the machine alone must keep, one property each.

Numbers 7, 13, 15 and 19 are in ``test_store.py``, 20 in ``test_times.py``. ``make mutants`` removes
the guards one by one and shows that these tests then fail.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from domain.errors import NotPermitted
from domain.events import DISPUTED, DRAFT, DRAFT_ENDED, RETIMED, Actor
from domain.incident import permit
from domain.state import IncidentState, PlatoonState, evolve_platoon, fold
from domain.streams import PLATOON
from domain.transitions import INC, LINE, RES, T2, T3, TABLE
from tests.domain.harness import World, command
from tests.invariants.inspection import breaches
from tests.invariants.walks import INCIDENTS, PLATOONS, walked, walks

walk = settings(max_examples=60, deadline=None)


def broken(number: int, world: World) -> list[str]:
    """What of one invariant the log of a world breaks."""
    found = breaches(
        world.log, reserve=world.reserve, operation_kind=world.operation_kind,
        off_shift=world.off_shift, linked=world.linked, platoons=PLATOONS,
    )  # fmt: skip
    return [breach.words for breach in found if breach.number == number]


@walk
@given(walks())
def test_invariant_01_tier_2_stands_on_one_live_request_and_one_acceptance(
    steps: list[int],
) -> None:
    assert broken(1, walked(steps)) == []


@walk
@given(walks())
def test_invariant_02_tier_2_engages_for_civil_disturbance_after_its_whole_path(
    steps: list[int],
) -> None:
    assert broken(2, walked(steps)) == []


@walk
@given(walks())
def test_invariant_03_who_accepts_did_not_enter_the_request(steps: list[int]) -> None:
    assert broken(3, walked(steps)) == []


@walk
@given(walks())
def test_invariant_04_tier_3_came_by_exactly_one_path(steps: list[int]) -> None:
    assert broken(4, walked(steps)) == []


@walk
@given(walks())
def test_invariant_05_those_who_only_look_move_nothing(steps: list[int]) -> None:
    world = walked(steps, operation_kind="live")
    assert broken(5, world) == []
    for row in TABLE:
        stream = f"{PLATOON}p1" if row.region == RES else INCIDENTS[0]
        for role in ("SYSTEM", "ADMIN", "AUDITOR", "WALL", "EXCON"):
            with pytest.raises(NotPermitted):
                permit(world.situation(Actor("x", role), stream), row.region, row.event)


@walk
@given(walks())
def test_invariant_06_a_platoon_serves_one_engagement_and_the_reserve_is_kept(
    steps: list[int],
) -> None:
    assert broken(6, walked(steps)) == []


@walk
@given(walks())
def test_invariant_08_closed_means_that_everything_is_over(steps: list[int]) -> None:
    assert broken(8, walked(steps)) == []


@walk
@given(walks())
def test_invariant_09_an_ended_request_authorises_nothing(steps: list[int]) -> None:
    assert broken(9, walked(steps)) == []


@walk
@given(walks())
def test_invariant_10_the_line_has_one_holder_who_is_engaged(steps: list[int]) -> None:
    world = walked(steps)
    assert broken(10, world) == []
    assert {state.line for state in world.incidents.values()} <= {"KP", "FPU", "KFOR"}


@walk
@given(walks())
def test_invariant_11_a_revoked_engagement_is_never_engaged_again(steps: list[int]) -> None:
    assert broken(11, walked(steps)) == []


@walk
@given(walks())
def test_invariant_12_any_prefix_of_the_log_gives_the_state_of_that_time(
    steps: list[int],
) -> None:
    shown: list[tuple[int, dict[str, IncidentState], dict[str, PlatoonState]]] = []
    world = walked(
        steps, watch=lambda w: shown.append((len(w.log), dict(w.incidents), dict(w.platoons)))
    )
    assert broken(12, world) == []
    for known, incidents, platoons in shown:
        for incident in INCIDENTS:
            prefix = [event for event in world.log[:known] if event.stream == incident]
            assert fold(incident, prefix) == incidents[incident]
        for name in PLATOONS:
            state = PlatoonState(name)
            for event in world.log[:known]:
                if event.stream == f"{PLATOON}{name}":
                    state = evolve_platoon(state, event)
            assert state == platoons[name]


@walk
@given(walks())
def test_invariant_14_nothing_happens_before_what_it_rests_on_late_or_not(steps: list[int]) -> None:
    assert broken(14, walked(steps)) == []


@walk
@given(walks())
def test_invariant_16_patrol_acts_are_always_taken_and_move_nothing(steps: list[int]) -> None:
    world = walked(steps)
    assert broken(16, world) == []
    for incident in INCIDENTS:
        before, platoons = world.incidents[incident], dict(world.platoons)
        for kind in ("observe", "first_aid", "self_defence", "out_of_model"):
            record = {"kind": kind, "ground_text": "x", "source": "patrol"}
            said = command(TABLE[0], record, world.now, "PATROL_LDR")
            world.act(replace(said, event="observation"), incident)
        after = world.incidents[incident]
        assert replace(after, version=before.version) == before
        assert world.platoons == platoons
        assert [after.state_of(region) for region in (INC, T2, T3, LINE)] == [
            before.state_of(region) for region in (INC, T2, T3, LINE)
        ]


@walk
@given(walks())
def test_invariant_17_what_ends_something_carries_its_reason_and_who_was_told(
    steps: list[int],
) -> None:
    assert broken(17, walked(steps)) == []


@walk
@given(walks())
def test_invariant_18_relief_and_hand_back_have_two_sides_that_confirm(steps: list[int]) -> None:
    assert broken(18, walked(steps)) == []


@walk
@given(walks())
def test_invariant_21_stabilised_means_that_nobody_is_engaged(steps: list[int]) -> None:
    assert broken(21, walked(steps)) == []


@walk
@given(walks())
def test_invariant_22_a_draft_stands_on_what_is_live_and_ends_with_it(steps: list[int]) -> None:
    assert broken(22, walked(steps)) == []


@walk
@given(walks())
def test_invariant_23_what_is_disputed_revoked_or_said_to_end_goes_no_further(
    steps: list[int],
) -> None:
    assert broken(23, walked(steps)) == []


def test_walks_go_deep() -> None:
    """A property that never meets the state it speaks of holds for nothing."""
    met: set[tuple[str, str, str | None]] = set()
    for seed in range(1, 400):
        world = walked([seed * 7919 + number * 104_729 for number in range(40)])
        met |= {(event.region, event.event, event.to_state) for event in world.log}
        met |= {("", str(event.reason), None) for event in world.log if event.corrects}
    wanted = {(row.region, row.event, row.to_state) for row in TABLE}
    wanted |= {("INC", DRAFT, None), ("INC", DRAFT_ENDED, None)}
    wanted |= {("", what, None) for what in (DISPUTED, RETIMED, "None")}
    assert wanted - met == set()
