"""Every state that can be reached, searched to the end: one incident whole, two incidents reduced.

The search of one incident leaves nothing out: all 56 rows but the two that need a second incident
or are the report itself. Two things are counted as one state because no rule tells them apart: the
two platoons exchanged, and what only a clock or a name would show (versions, times, users).

**Two incidents** that share two platoons have a product of states too large to walk, so what cannot
reach from one incident into the other is left out, and only that:

* Tier 3 and the markers of KFOR. A guard of another incident never looks at them: what two
  incidents share is the platoons, and the rules about platoons (``platoons_free``,
  ``reserve_kept``, ``platoons_reserved``, ``nothing_bound``, ``engagement_under_way``,
  ``engagement_keeps_one``, ``loser_keeps_one``, ``target_accepted``, ``exercise_open``) read
  tier 2 and platoons alone. Within one incident tier 3 acts on tier 2 only through the line, and
  that search has it whole.
* REFUSED, CANCELLED, EXPIRED and RELEASED count as one state of tier 2 (``OVER``); a test proves
  from the table that every row starts from all of them or from none. WITHDRAWN stays apart,
  because ``loser_keeps_one`` names it.
* The two incidents exchanged are one state, as the two platoons are.

Both searches walk with the same function and judge every state by the same rules.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from domain.errors import GuardRefused
from domain.events import Actor
from domain.incident import permit
from domain.state import IncidentState, PlatoonState
from domain.streams import PLATOON
from domain.transitions import RES, T2, T2_COMMITTED, TABLE, Transition
from tests.domain.harness import World, command, moves, sample_record
from tests.domain.invariants import violations

INCIDENT, OTHER = "drill-0001", "drill-0002"
NEEDS_TWO_INCIDENTS = {"R04"}
OF_ONE = (23_922, 208_651)
OF_TWO = (13_499, 132_184)
"""States and moves that the searches find: a rule that changes them is changed knowingly."""

SAME_END = ("REFUSED", "CANCELLED", "EXPIRED", "RELEASED")
LEFT_OUT_OF_TWO = {"I01", "L02", "L03"}
WITH_TWO = tuple(row for row in TABLE if row.region != "T3" and row.id not in LEFT_OUT_OF_TWO)


@dataclass
class Reached:
    """What a search found."""

    seen: dict[Hashable, World] = field(default_factory=dict)
    before: dict[Hashable, set[Hashable]] = field(default_factory=dict)
    fired: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[str, Hashable]] = field(default_factory=list)


def search(
    start: World, key_of: Callable[[World], Hashable], rows: Sequence[Transition]
) -> Reached:
    """Everything that can be reached from ``start``; states with one key count as one."""
    found = Reached()
    start.log = []
    found.seen[key_of(start)] = start
    queue = deque(found.seen.items())
    incidents = sorted(start.incidents)
    while queue:
        key, world = queue.popleft()
        for row, following in moves(world, incidents, rows):
            found.fired[row.id] += 1
            reached = key_of(following)
            found.before.setdefault(reached, set()).add(key)
            if reached in found.seen:
                continue
            for incident in incidents:
                broken = violations(following.incidents[incident], following.platoons)
                found.broken += [(rule, reached) for rule in broken]
            following.log = []
            found.seen[reached] = following
            queue.append((reached, following))
    return found


def cannot_end(found: Reached, is_end: Callable[[World], bool]) -> int:
    """How many states there are from which no end can be reached any more."""
    can_end = {key for key, world in found.seen.items() if is_end(world)}
    queue = deque(can_end)
    while queue:
        for key in found.before.get(queue.popleft(), ()):
            if key not in can_end:
                can_end.add(key)
                queue.append(key)
    return len(found.seen) - len(can_end)


def _ended(world: World) -> bool:
    return all(state.inc in ("CLOSED", "DISCARDED") for state in world.incidents.values())


# --- one incident ------------------------------------------------------------------------------


def whole(state: IncidentState) -> tuple[Any, ...]:
    """All that a rule can see of one incident."""
    return (
        state.inc, state.t2, state.t3, state.line, state.t2_purpose, state.t2_revoked,
        state.t2_refused_for == "capacity", state.t2_asked_since_opening, state.t3_path,
        state.t3_receiver,
    )  # fmt: skip


def key_of_one(world: World) -> Hashable:
    platoons = sorted((p.state, p.incident or "") for p in world.platoons.values())
    return whole(world.incidents[INCIDENT]), tuple(platoons)


def start_with(*incidents: str) -> World:
    world = World(platoons={name: PlatoonState(name) for name in ("p1", "p2")})
    for incident in incidents:
        world.act(command(TABLE[0], sample_record(TABLE[0])), incident)
    return world


@pytest.fixture(scope="module")
def one() -> Reached:
    return search(start_with(INCIDENT), key_of_one, TABLE)


def test_no_state_breaks_an_invariant(one: Reached) -> None:
    assert one.broken == []
    assert (len(one.seen), one.fired.total()) == OF_ONE


def test_every_row_of_the_table_fires(one: Reached) -> None:
    assert {row.id for row in TABLE} - set(one.fired) == {"I01", *NEEDS_TWO_INCIDENTS}


def test_every_state_can_still_be_ended(one: Reached) -> None:
    assert cannot_end(one, _ended) == 0


def test_a_platoon_can_be_released_whenever_its_engagement_is_over(one: Reached) -> None:
    commander = Actor("commander", "FPU_CMD")
    kept = []
    for key, world in one.seen.items():
        if world.incidents[INCIDENT].t2 in T2_COMMITTED:
            continue
        for name in (p.platoon_id for p in world.platoons.values() if p.state == "BOUND"):
            try:
                permit(world.situation(commander, f"{PLATOON}{name}"), RES, "release")
            except GuardRefused as refused:
                kept.append((key, refused.guard))
    assert kept == []


# --- two incidents -----------------------------------------------------------------------------


def key_of_two(world: World) -> Hashable:
    parts = []
    for name, state in world.incidents.items():
        t2 = "OVER" if state.t2 in SAME_END else state.t2
        held = sorted(p.state for p in world.platoons.values() if p.incident == name)
        purpose = state.t2_purpose or ""
        parts.append((state.inc, t2, state.line, purpose, state.t2_revoked, tuple(held)))
    nowhere = sorted(p.state for p in world.platoons.values() if p.incident is None)
    return tuple(sorted(parts)), tuple(nowhere)


@pytest.fixture(scope="module")
def two() -> Reached:
    return search(start_with(INCIDENT, OTHER), key_of_two, WITH_TWO)


def test_two_incidents_never_break_an_invariant(two: Reached) -> None:
    assert two.broken == []
    assert (len(two.seen), two.fired.total()) == OF_TWO


def test_every_row_that_two_incidents_are_searched_with_fires(two: Reached) -> None:
    assert {row.id for row in WITH_TWO} == set(two.fired)
    assert two.fired["R04"] > 0


def test_both_of_two_incidents_can_still_be_ended(two: Reached) -> None:
    assert cannot_end(two, _ended) == 0


def test_a_platoon_is_sought_by_both_incidents_at_once(two: Reached) -> None:
    """Competition is among the states: both wait for a decision and one platoon is free."""
    waiting = [
        world
        for world in two.seen.values()
        if all(state.t2 == "ACKNOWLEDGED" for state in world.incidents.values())
        and sum(platoon.state == "AVAILABLE" for platoon in world.platoons.values()) == 1
    ]
    assert waiting


def test_the_ends_that_count_as_one_are_one_to_the_table() -> None:
    for row in WITH_TWO:
        if row.region == T2:
            assert len(set(SAME_END) & set(row.from_states)) in (0, len(SAME_END))
    assert all(row.region in ("INC", "T2", "LINE", RES) for row in WITH_TWO)
