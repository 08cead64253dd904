"""Every state that can be reached, searched to the end, by the machine itself.

Beside the machine runs a ghost (``ghost.py``): what Kosovo Police want and who did what, read from
the events alone. It judges every move and asks no guard. ``invariants.py`` judges every state. Two
things count as one state where no rule tells them apart: platoons exchanged (and incidents), and
what only a clock would show: all commands are of one moment, so order in time is not searched here
(``tests/invariants`` walks with times). Engagements in sequence are searched without end, because a
key tells of an engagement only whether it is the present one.

**Whole**: one incident with one platoon, all five regions and every row but those of a dispute and
the report itself. Nobody disputes. KFOR never looks at platoons, so how several of them are shared
is left to the others; ``make fuzz`` searches it with two as well.

**Authority**: one incident with two platoons without KFOR, which reaches into tier 2 only through
the line and is searched whole above. Kosovo Police ask for one platoon or two, for civil
disturbance or escort, and say it anew as either; the desk and the commander reserve; whoever may
disputes whatever the engagement and its platoons rest on, at any moment. The ends of an engagement
count as one (``OVER``); a test proves from the table that every row starts from all of them or from
none. Left to the whole search: pre-alert, refusal, expiry, discarding and exercises.

**Two incidents** that Kosovo Police lead and that share two platoons, reduced to what reaches from
one into the other: asking, answering, going there, engaging, handing back, withdrawing, and all
that is done with platoons, again and again, two platoons asked. A guard of another incident
never looks at its tier 3, line, or purpose, and the searches above have these whole. The incidents
exchanged are one state. Nobody disputes; ``make fuzz`` searches them with disputes, and with the
rows that are left out here.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pytest

from domain.errors import GuardRefused
from domain.events import Actor
from domain.incident import permit
from domain.state import IncidentState, PlatoonState
from domain.streams import PLATOON
from domain.transitions import RES, T2, T2_COMMITTED, T2_TERMINAL, TABLE
from tests.domain.search import (
    CIVIL,
    ESCORT,
    Reached,
    Searched,
    Slice,
    cannot_reach,
    search,
    start_with,
)

INCIDENT, OTHER = "drill-0001", "drill-0002"
OF_ONE = (15_021, 107_459)
OF_AUTHORITY = (19_365, 142_979)
OF_TWO = (12_395, 73_763)
"""States and moves that the searches find: a rule that changes them is changed knowingly."""

WITHOUT_KFOR = tuple(
    row for row in TABLE if row.region != "T3" and row.id not in ("I01", "L02", "L03")
)
WHOLE = Slice(TABLE, ((CIVIL, 1), (ESCORT, 1)), ((CIVIL, 1), (ESCORT, 1)))
WHOLE_OF_TWO = Slice(TABLE, ((CIVIL, 2),), ((CIVIL, 2),))
ONLY_WHOLE = {"A01", "A02", "A06", "A08", "I03", "I04", "R07", "R08"}
AUTHORITY = Slice(
    tuple(row for row in WITHOUT_KFOR if row.id not in ONLY_WHOLE),
    ((CIVIL, 1), (CIVIL, 2), (ESCORT, 2)),
    ((CIVIL, 1), (CIVIL, 2), (ESCORT, 1)),
    disputes=True,
)
WITHIN_ONE = {"A12", "A13", "A16a", "A16b", "A18", "I05", "I06", "I07", "I08", "L01", "L04"}
WITH_TWO = tuple(
    row
    for row in WITHOUT_KFOR
    if row.id not in ONLY_WHOLE | WITHIN_ONE and row.event != "reconfirm"
)
TWO = Slice(WITH_TWO, ((CIVIL, 2),), ())
LONGER_TWO = Slice(WITHOUT_KFOR, ((CIVIL, 1), (ESCORT, 2)), ((CIVIL, 1), (CIVIL, 2)))
DISPUTED_TWO = Slice(WITH_TWO, ((CIVIL, 2),), (), disputes=True)
"""The last two, and the whole of one incident with two platoons, are searched by ``make fuzz``."""


def ended(world: Searched) -> bool:
    return all(state.inc in ("CLOSED", "DISCARDED") for state in world.incidents.values())


def home(world: Searched) -> bool:
    return all(one.state == "AVAILABLE" for one in world.platoons.values())


def _check(found: Reached, expected: tuple[int, int]) -> None:
    assert [(rule, move, found.trace(key)) for rule, key, move in found.broken[:3]] == []
    assert (len(found.seen), found.fired.total()) == expected


def _check_ends(found: Reached) -> None:
    """Every state can be ended, and every platoon come home, without one more step forward."""
    for is_end in (ended, home):
        assert [found.trace(key) for key in cannot_reach(found, found.back, is_end)[:1]] == []


# --- one incident --------------------------------------------------------------------------------


def _tier2(state: IncidentState) -> tuple[Any, ...]:
    return (
        state.inc, state.t2, state.line, state.t2_purpose, state.t2_asked, state.t2_revoked,
        bool(state.t2_disputed), state.t2_behind,
    )  # fmt: skip


def _over(state: IncidentState) -> tuple[Any, ...]:
    inc, t2, *others = _tier2(state)
    return inc, "OVER" if t2 in T2_TERMINAL else t2, *others


def _platoon(world: Searched, platoon: PlatoonState) -> tuple[Any, ...]:
    """All that a rule or the judge can see of one platoon."""
    name = platoon.platoon_id
    ghost = world.ghost.platoon(name)
    served = world.incidents.get(platoon.incident or "")
    present = served is not None and platoon.engagement == served.t2_engagement
    accepted = tuple(
        (
            name in state.t2_named,
            here in ghost.by_commander,
            here in ghost.granted,
            here in ghost.denied,
            platoon.disputed_for is not None and platoon.disputed_for == state.t2_engagement,
        )
        for incident, state in sorted(world.incidents.items())
        for here in [(incident, world.ghost.word(incident).number)]
    )
    return platoon.state, present, platoon.disputed, world.ghost.live(ghost.serves), accepted


def _word(world: Searched, incident: str) -> tuple[Any, ...]:
    word = world.ghost.word(incident)
    return (
        word.purpose, word.asked, word.denied, word.revoked, word.two, word.behind, word.accepted,
    )  # fmt: skip


def key_of_one(world: Searched) -> Hashable:
    """All that a rule can see of one incident and its platoons."""
    state = world.incidents[INCIDENT]
    kfor = (
        state.t3, state.t2_refused_for == "capacity", state.t2_asked_since_opening, state.t3_path,
        state.t3_receiver,
    )  # fmt: skip
    platoons = sorted(_platoon(world, one) for one in world.platoons.values())
    return _tier2(state), kfor, _word(world, INCIDENT), tuple(platoons)


def key_of_authority(world: Searched) -> Hashable:
    """The same without what only KFOR is asked about."""
    platoons = sorted(_platoon(world, one) for one in world.platoons.values())
    return _over(world.incidents[INCIDENT]), _word(world, INCIDENT), tuple(platoons)


@pytest.fixture(scope="module")
def one() -> Reached:
    return search(start_with(INCIDENT, platoons=("p1",)), key_of_one, WHOLE)


@pytest.fixture(scope="module")
def authority() -> Reached:
    return search(start_with(INCIDENT), key_of_authority, AUTHORITY)


def test_no_state_breaks_an_invariant(one: Reached) -> None:
    _check(one, OF_ONE)


def test_every_row_of_the_table_fires(one: Reached, authority: Reached) -> None:
    unfired = {row.id for row in TABLE} - set(one.fired) - set(authority.fired)
    assert unfired == {"I01"}


def test_every_state_can_still_be_ended(one: Reached) -> None:
    _check_ends(one)


def test_authority_is_never_forged_borrowed_or_revived(authority: Reached) -> None:
    _check(authority, OF_AUTHORITY)


def test_whatever_is_disputed_can_be_ended_by_steps_back_alone(authority: Reached) -> None:
    assert authority.fired["dispute"] > 0
    assert {name for name in authority.fired if name.startswith("A19")} == {
        f"A19{letter}" for letter in "abcde"
    }
    _check_ends(authority)


@pytest.mark.parametrize("found", ["one", "authority"])
def test_a_platoon_can_be_released_whenever_its_engagement_is_over(
    found: str, request: pytest.FixtureRequest
) -> None:
    commander = Actor("commander", "FPU_CMD")
    kept = []
    for key, world in request.getfixturevalue(found).seen.items():
        if world.incidents[INCIDENT].t2 in T2_COMMITTED:
            continue
        for name in (p.platoon_id for p in world.platoons.values() if p.state == "BOUND"):
            try:
                permit(world.situation(commander, f"{PLATOON}{name}"), RES, "release")
            except GuardRefused as refused:
                kept.append((key, refused.guard))
    assert kept == []


# --- two incidents -------------------------------------------------------------------------------


def key_of_two(world: Searched) -> Hashable:
    """The smaller of both orders: the incidents exchanged are one state."""
    return min((_ordered(world, names) for names in ((INCIDENT, OTHER), (OTHER, INCIDENT))),
               key=repr)  # fmt: skip


def _ordered(world: Searched, names: tuple[str, str]) -> tuple[Any, ...]:
    parts = []
    for name in names:
        parts.append((_over(world.incidents[name]), _word(world, name)))
    platoons = []
    for one in world.platoons.values():
        state, present, disputed, live, accepted = _platoon(world, one)
        if names[0] == OTHER:
            accepted = tuple(reversed(accepted))
        at = names.index(one.incident) if one.incident else -1
        platoons.append((state, at, present, disputed, live, accepted))
    return tuple(parts), tuple(sorted(platoons))


@pytest.fixture(scope="module")
def two() -> Reached:
    return search(start_with(INCIDENT, OTHER), key_of_two, TWO)


def test_two_incidents_never_break_an_invariant(two: Reached) -> None:
    _check(two, OF_TWO)


def test_every_row_that_two_incidents_are_searched_with_fires(two: Reached) -> None:
    assert {row.id for row in WITH_TWO} == set(two.fired)
    assert two.fired["R04"] > 0


def test_platoons_of_two_incidents_come_home_by_steps_back_alone(two: Reached) -> None:
    assert [two.trace(key) for key in cannot_reach(two, two.back, home)[:1]] == []


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
    for row in WITHOUT_KFOR:
        if row.region == T2:
            assert len(set(T2_TERMINAL) & set(row.from_states)) in (0, len(T2_TERMINAL))
    assert all(row.region in ("INC", "T2", "LINE", RES) for row in WITHOUT_KFOR)
