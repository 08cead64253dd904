"""Every state that one incident with two platoons can reach, searched to the end."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from domain.state import PlatoonState
from domain.transitions import TABLE
from tests.domain.harness import World, command, moves, sample_record
from tests.domain.invariants import violations

INCIDENT = "drill-0001"
NEEDS_TWO_INCIDENTS = {"R04"}


def _key(world: World) -> tuple[Any, ...]:
    state = world.incidents[INCIDENT]
    platoons = tuple((p.state, p.incident) for _, p in sorted(world.platoons.items()))
    return (
        state.inc, state.t2, state.t3, state.line, state.t2_purpose, state.t2_revoked,
        state.t2_refused_for == "capacity", state.t2_asked_since_opening, state.t3_path,
        state.t3_receiver, platoons,
    )  # fmt: skip


def _start() -> World:
    world = World(platoons={name: PlatoonState(name) for name in ("p1", "p2")})
    report = TABLE[0]
    world.incidents = {}
    world.act(command(report, sample_record(report)), INCIDENT)
    return world


@pytest.fixture(scope="module")
def reached() -> dict[str, Any]:
    """All reachable states, the rows that fired, and who leads to whom."""
    start = _start()
    start.log = start.log[:1]
    seen = {_key(start): start}
    before: dict[Any, set[Any]] = {}
    fired: set[str] = set()
    broken: list[tuple[str, Any]] = []
    queue = deque([start])
    while queue:
        world = queue.popleft()
        for following in moves(world, INCIDENT):
            event = following.log[len(world.log)]
            fired |= {
                row.id
                for row in TABLE
                if (row.region, row.event, row.to_state)
                == (event.region, event.event, event.to_state)
                and event.from_state in row.from_states
            }
            key = _key(following)
            before.setdefault(key, set()).add(_key(world))
            if key in seen:
                continue
            broken += [
                (rule, key)
                for rule in violations(following.incidents[INCIDENT], following.platoons)
            ]
            following.log = following.log[:1]
            seen[key] = following
            queue.append(following)
    return {"seen": seen, "before": before, "fired": fired, "broken": broken}


def test_no_state_breaks_an_invariant(reached: dict[str, Any]) -> None:
    assert len(reached["seen"]) > 10_000
    assert reached["broken"] == []


def test_every_row_of_the_table_fires(reached: dict[str, Any]) -> None:
    assert {row.id for row in TABLE} - reached["fired"] - {"I01", *NEEDS_TWO_INCIDENTS} == set()


def test_every_state_can_still_be_ended(reached: dict[str, Any]) -> None:
    ends = [key for key in reached["seen"] if key[0] in ("CLOSED", "DISCARDED")]
    can_end, queue = set(ends), deque(ends)
    while queue:
        for key in reached["before"].get(queue.popleft(), ()):
            if key not in can_end:
                can_end.add(key)
                queue.append(key)
    assert len(set(reached["seen"]) - can_end) == 0
