"""The guards that keep a fact outside of the 21 invariants, one case each.

``make mutants`` removes every guard of the table. Where no invariant notices, the case named here
does: ``CASES`` maps (row, guard) to a command that this guard alone has to stop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.drafts import draft_event
from domain.errors import GuardRefused, InvalidField
from domain.events import Actor
from domain.state import PlatoonState
from domain.streams import PLATOON
from domain.time import to_rfc3339
from domain.transitions import RES, TABLE, Transition
from tests.domain.harness import START, World, command, sample_record

INCIDENT = "drill-0001"
LATER = to_rfc3339(START + timedelta(hours=3))
ASKED = ("I02", "A03", "A04")
ENGAGED = (*ASKED, "A05", "A09", "A10", "A11")
KFOR_ENGAGED = ("K03", "K05", "K06", "K09", "K10", "K11")


def row_of(row_id: str) -> Transition:
    return next(row for row in TABLE if row.id == row_id)


def world_after(*row_ids: str, **changed: Any) -> World:
    """One reported incident and two platoons after these rows, each with a good record."""
    world = World(platoons={name: PlatoonState(name) for name in ("p1", "p2")}, **changed)
    world.act(command(TABLE[0], sample_record(TABLE[0])), INCIDENT)
    for row_id in row_ids:
        row = row_of(row_id)
        stream = f"{PLATOON}p1" if row.region == RES else INCIDENT
        record = {
            **sample_record(row, INCIDENT),
            **({"skip_ground": "x"} if row_id == "K03" else {}),
        }
        world.act(command(row, record), stream, INCIDENT)
    return world


def attempt(
    world: World, row_id: str, record: dict[str, Any] | None = None, **changed: Any
) -> None:
    """The event of a row on the incident, or on platoon p1, with something changed about it."""
    row = row_of(row_id)
    whole = {**sample_record(row, INCIDENT), **(record or {})}
    stream = f"{PLATOON}p1" if row.region == RES else INCIDENT
    world.act(replace(command(row, whole), **changed), stream, INCIDENT)


def _request(row_id: str, **changed: Any) -> dict[str, Any]:
    return {"request": {**sample_record(row_of(row_id))["request"], **changed}}


def _escort() -> World:
    world = world_after("I02")
    attempt(world, "A03", _request("A03", purpose="escort_support"))
    attempt(world, "A04")
    return world


def _nowhere(*row_ids: str) -> World:
    world = world_after(*row_ids)
    world.location = None
    return world


def _disputed(letter: str) -> World:
    """An engagement in the state that A19 with this letter starts from, disputed."""
    world = world_after(*HOW_FAR[letter])
    return dispute(world)


def dispute(world: World, stream: str = INCIDENT) -> World:
    """The acceptance, or the newest event of the platoon, is disputed by the commander."""
    told = [one for one in world.log if one.stream == stream]
    event = [
        one for one in told if (one.region, one.event) == ("T2", "accept") or one.region == RES
    ][-1]
    row = row_of(event.body["row"])
    said = replace(
        command(row, event.record), corrects=event.event_id, dispute={"breaks": "x"},
        actor=Actor("commander", "FPU_CMD"),
    )  # fmt: skip
    world.act(said, stream, INCIDENT)
    return world


def _of_two(world: World, row_id: str) -> None:
    """Said anew for one platoon, while two serve."""
    attempt(world, row_id, _request(row_id, platoons_asked=1))


def _two_asked(*row_ids: str) -> World:
    world = world_after("I02")
    attempt(world, "A03", _request("A03", platoons_asked=2))
    attempt(world, "A04")
    attempt(world, "A05", {"platoons": ["p1", "p2"]})
    for row_id in row_ids:
        attempt(world, row_id, {"platoons": ["p1", "p2"]} if row_id == "A09" else None)
    return world


def _escorted(*row_ids: str) -> World:
    world = _escort()
    attempt(world, "A05", {"operations_approval_ref": "o"})
    for row_id in row_ids:
        attempt(world, row_id)
    return world


HOW_FAR = {
    "a": ENGAGED[:4], "b": ENGAGED[:5], "c": ENGAGED[:6], "d": ENGAGED, "e": (*ENGAGED, "A14"),
}  # fmt: skip


def _escorted_with_the_line() -> World:
    """The FPU holds the line and has handed back so far; its request is for escort: only a state
    that no rule leads to, so it is made."""
    world = world_after(*ENGAGED, "L01", "A14")
    state = replace(world.incidents[INCIDENT], t2_purpose="escort_support")
    world.incidents[INCIDENT] = state
    return world


def _reserved_for_an_older_one() -> World:
    """The platoon waits for an engagement that was followed by another."""
    world = world_after(*ENGAGED[:4], "A17", "A03", "A04")
    attempt(world, "A05", {"platoons": ["p2"]})
    return world


def _with_draft(*row_ids: str) -> World:
    """The desk has typed something that waits."""
    return _waits(world_after(*row_ids), None)


def _end_said(world: World) -> World:
    """Kosovo Police have ended the present request, in a draft that waits."""
    return _waits(world, world.incidents[INCIDENT].t2_request)


def _waits(world: World, ends: str | None) -> World:
    actor = Actor("duty", "FPU_DUTY")
    steps = [{"region": "INC", "event": "close"}]
    new = draft_event(INCIDENT, actor, steps, [(None, None)], ends=ends)
    world.store(new, replace(command(TABLE[0], {}), event=new.event, actor=actor))
    return world


def _handing_back_with_one_reserved() -> World:
    """The other of two platoons has gone, and p1 is still reserved."""
    world = _two_asked()
    attempt(world, "A09", {"platoons": ["p2"]})
    for row_id in ("A10", "A14"):
        attempt(world, row_id)
    return world


def at_minutes(world: World, row_id: str, minutes: int, more: dict[str, Any] | None = None) -> None:
    """The event of a row, so many minutes after the start, written down later."""
    world.now = START + timedelta(hours=3)
    moment = START + timedelta(minutes=minutes)
    row = row_of(row_id)
    stream = f"{PLATOON}p1" if row.region == RES else INCIDENT
    record = {**sample_record(row, INCIDENT, moment), **(more or {})}
    if row.event == "kp_request":
        record["request"] = {**record["request"], "platoons_asked": 2}
    world.act(command(row, record, moment), stream, INCIDENT)


def _accepted_at_40_and_reserved_at_20() -> None:
    world = world_after("I02")
    in_minutes(world, ("A03", 1), ("A04", 2))
    at_minutes(world, "A05", 40, {"platoons": ["p2"]})
    at_minutes(world, "R01", 20)


def _accepted_at_60_and_redeployed_at_40() -> None:
    world = world_after(*ENGAGED[:5])
    in_minutes(world, ("A17", 30), ("A03", 35), ("A04", 36))
    at_minutes(world, "A05", 60, {"platoons": ["p2"]})
    at_minutes(world, "R04", 40, {"to_incident": INCIDENT})


def _engaged_at_50_and_named_to_take_over_at_40() -> None:
    world = world_after(*ENGAGED[:6], *KFOR_ENGAGED)
    at_minutes(world, "A11", 50)
    at_minutes(world, "K13", 40, {"receiver": "FPU"})


def _left_at_40_what_was_over_at_60() -> None:
    world, other = world_after(*ENGAGED[:5]), "drill-0002"
    for row_id in ("I01", *ASKED, "A05"):
        row = row_of(row_id)
        record = {**sample_record(row, other), **({"platoons": ["p2"]} if row_id == "A05" else {})}
        if row_id == "A03":
            record["request"] = {**record["request"], "platoons_asked": 2}
        world.act(command(row, record), other)
    at_minutes(world, "A17", 60)
    moment = START + timedelta(minutes=40)
    row = row_of("R04")
    sent = command(row, sample_record(row, INCIDENT, moment), moment)
    world.act(sent, f"{PLATOON}p1", other)


def correct(world: World, event: str, more: dict[str, Any]) -> None:
    """Other details of an event of tier 2."""
    (known,) = (one for one in world.log if (one.region, one.event) == ("T2", event))
    row = row_of(known.body["row"])
    sent = command(row, {**known.record, **more})
    world.act(replace(sent, corrects=known.event_id), INCIDENT)


def test_a_correction_changes_nothing_that_states_stand_on() -> None:
    with pytest.raises(GuardRefused) as refused:
        correct(world_after(*ENGAGED[:4]), "accept", {"platoons": ["p2"]})
    assert refused.value.guard == "details_only"


def test_who_accepted_does_not_correct_the_request() -> None:
    world = world_after(*ENGAGED[:4])
    (known,) = (one for one in world.log if one.event == "kp_request")
    row = row_of("A03")
    sent = replace(command(row, known.record), actor=Actor("commander", "FPU_DUTY"))
    with pytest.raises(GuardRefused) as refused:
        world.act(replace(sent, corrects=known.event_id), INCIDENT)
    assert refused.value.guard == "four_eyes"


def test_a_correction_says_nothing_that_cannot_be() -> None:
    with pytest.raises(GuardRefused) as refused:
        correct(world_after(*ASKED), "kp_request", _request("A03", received_at=LATER))
    assert refused.value.guard == "not_in_the_future"


def in_minutes(world: World, *steps: tuple[str, int]) -> None:
    """Several of them."""
    for row_id, minutes in steps:
        at_minutes(world, row_id, minutes)


BELOW_THE_FLOOR: dict[str, Callable[[], None]] = {
    "engagement_under_way": _accepted_at_40_and_reserved_at_20,
    "capacity_reached": lambda: in_minutes(world_after(*ASKED), ("A05", 40), ("K02", 20)),
    "second_responder_asked": lambda: in_minutes(world_after("I02"), ("A03", 40), ("K03", 20)),
    "receiver_can_take": _engaged_at_50_and_named_to_take_over_at_40,
    "loser_keeps_one": _left_at_40_what_was_over_at_60,
    "target_accepted": _accepted_at_60_and_redeployed_at_40,
    "nothing_bound": lambda: in_minutes(
        world_after(*ENGAGED[:5]), ("A17", 30), ("R05", 60), ("I05", 40), ("I07", 45)
    ),
    "engagements_over": lambda: in_minutes(
        world_after(*ASKED), ("I05", 30), ("A06", 60), ("I07", 45)
    ),
    "line_with_kp": lambda: in_minutes(
        world_after(*ENGAGED, "L01"), ("L04", 60), ("A14", 40), ("I05", 45)
    ),
    "line_not_kfor": lambda: in_minutes(
        world_after("I02", *KFOR_ENGAGED, "L02"), ("L04", 60), ("K12", 45)
    ),
    "engagement_keeps_one": lambda: in_minutes(
        world_after(*ENGAGED[:5]), ("A17", 60), ("R05", 45)
    ),
    "line_with_fpu": lambda: in_minutes(
        world_after(*ENGAGED), ("L01", 50), ("A14", 40), ("A16a", 45)
    ),
    "line_with_kfor": lambda: in_minutes(
        world_after("I02", *KFOR_ENGAGED), ("L02", 50), ("K13", 40), ("K15a", 45)
    ),
}  # fmt: skip
"""By the guard whose state an act rests on: an act that is told to have happened before it."""


@pytest.mark.parametrize("guard", BELOW_THE_FLOOR)
def test_the_floor_stops_it(guard: str) -> None:
    with pytest.raises(GuardRefused) as refused:
        BELOW_THE_FLOOR[guard]()
    assert refused.value.guard == "before_what_it_rests_on"


def test_what_follows_in_another_lane_keeps_its_order() -> None:
    world = world_after(*ENGAGED[:4])
    in_minutes(world, ("R03", 60), ("A17", 30), ("A03", 35), ("A04", 40))
    with pytest.raises(GuardRefused) as refused:
        at_minutes(world, "A05", 45)  # its platoon was elsewhere until 60
    assert refused.value.guard == "in_order"


def test_a_platoon_answers_for_the_incident_that_it_serves() -> None:
    with pytest.raises(InvalidField, match="serves"):
        attempt(world_after(*ENGAGED[:4]), "R03", {"engagement": "drill-0002"})


def _of_a19(letter: str) -> dict[tuple[str, str], Callable[[], None]]:
    row_id = f"A19{letter}"
    other = {**_request(row_id, purpose="recon_at_request"), "operations_approval_ref": "o"}
    escort = _request(row_id, purpose="escort_support")
    beyond = HOW_FAR[letter][4:]
    no_engagement = tuple(one for one in beyond if one != "A11")
    found: dict[tuple[str, str], Callable[[], None]] = {
        (row_id, "authority_disputed"): lambda: attempt(world_after(*HOW_FAR[letter]), row_id),
        (row_id, "purpose_kept"): lambda: attempt(_disputed(letter), row_id, other),
        (row_id, "no_end_said"): lambda: attempt(_end_said(_disputed(letter)), row_id),
        (row_id, "request_received"): lambda: attempt(
            _disputed(letter), row_id, _request(row_id, received_at=LATER)
        ),
        (row_id, "second_person"): lambda: attempt(_disputed(letter), row_id, second_person=None),
        (row_id, "asked_not_exceeded"): lambda: _of_two(dispute(_two_asked(*beyond)), row_id),
        (row_id, "operations_approval"): lambda: attempt(
            dispute(_escorted(*no_engagement)), row_id, escort
        ),
        (row_id, "not_revoked"): lambda: attempt(
            dispute(world_after(*ENGAGED, "A18")), row_id
        ),
    }  # fmt: skip
    if letter != "e":
        del found[row_id, "not_revoked"]  # a revoked engagement is in Handing back until it is over
    if letter == "d":
        del found[row_id, "operations_approval"]  # nobody is engaged for anything that needs it
    return found


FAR = {"lat": 42.6, "lon": 21.1}

CASES: dict[tuple[str, str], Callable[[], None]] = {
    ("I01", "somewhere"): lambda: attempt(World(), "I01", position=None),
    ("I02", "kp_informed"): lambda: attempt(world_after(), "I02", {"kp_informed_at": LATER}),
    ("I07", "tally_reconciled"): lambda: attempt(
        world_after("I02", "I05", tally={"KP": {"routine": 1}}), "I07"
    ),
    ("I07", "force_recorded"): lambda: attempt(
        world_after("I02", "I05"), "I07", {"force_used": True}
    ),
    ("A03", "somewhere"): lambda: attempt(_nowhere("I02"), "A03", position=None),
    ("A05", "operations_approval"): lambda: attempt(_escort(), "A05"),
    ("A08", "request_outlived"): lambda: attempt(world_after("I02", "A03"), "A08"),
    ("A10", "within_radius"): lambda: attempt(world_after(*ENGAGED[:5]), "A10", position=FAR),
    ("A11", "kp_agreed"): lambda: attempt(
        world_after(*ENGAGED[:6]), "A11", {"kp_agreement": {"function": "x", "at": LATER}}
    ),
    ("A18", "not_revoked"): lambda: attempt(world_after(*ENGAGED, "A18"), "A18"),
    ("K02", "capacity_reached"): lambda: attempt(world_after("I02"), "K02"),
    ("K02", "request_received"): lambda: attempt(
        world_after(*ASKED, "A05"), "K02", _request("K02", received_at=LATER)
    ),
    ("K02", "kp_informed"): lambda: attempt(
        world_after(*ASKED, "A05"), "K02", {"kp_informed_at": LATER}
    ),
    ("K02", "somewhere"): lambda: attempt(_nowhere(*ASKED, "A05"), "K02", position=None),
    ("K03", "request_received"): lambda: attempt(
        world_after("I02"), "K03", {**_request("K03", received_at=LATER), "skip_ground": "x"}
    ),
    ("K03", "second_responder_asked"): lambda: attempt(world_after("I02"), "K03"),
    ("K03", "somewhere"): lambda: attempt(
        _nowhere("I02"), "K03", {"skip_ground": "x"}, position=None
    ),
    ("K10", "within_radius"): lambda: attempt(
        world_after("I02", *KFOR_ENGAGED[:4]), "K10", position=FAR
    ),
    ("K13", "receiver_can_take"): lambda: attempt(
        world_after("I02", *KFOR_ENGAGED), "K13", {"receiver": "FPU"}
    ),
    ("L04", "fpu_not_skipped"): lambda: attempt(
        world_after(*ENGAGED, *KFOR_ENGAGED, "L02"), "L04"
    ),
    ("R06", "head_count_complete"): lambda: attempt(
        world_after(*ENGAGED[:5], "A17", "R05"), "R06", {"headcount": 7}, text=None
    ),
    ("R08", "exercise_joined"): lambda: attempt(
        world_after("R07"), "R08", {"operation": "another"}
    ),
    ("A13", "operations_approval"): lambda: attempt(
        world_after(*ENGAGED[:6]), "A13", _request("A13", purpose="escort_support")
    ),
    ("A13", "no_end_said"): lambda: attempt(_end_said(world_after(*ENGAGED[:6])), "A13"),
    ("A13", "asked_not_exceeded"): lambda: _of_two(_two_asked(*ENGAGED[4:6]), "A13"),
    ("A13", "second_person"): lambda: attempt(
        world_after(*ENGAGED[:6]), "A13", second_person=None
    ),
    ("A16a", "purpose_civil_disturbance"): lambda: attempt(_escorted_with_the_line(), "A16a"),
    ("A16a", "authority_live"): lambda: attempt(
        dispute(world_after(*ENGAGED, "L01", "A14")), "A16a"
    ),
    ("A16a", "platoon_here"): lambda: attempt(
        dispute(world_after(*ENGAGED, "L01", "A14"), f"{PLATOON}p1"), "A16a"
    ),
    ("A11", "platoon_here"): lambda: attempt(
        dispute(world_after(*ENGAGED[:6]), f"{PLATOON}p1"), "A11"
    ),
    ("L01", "authority_live"): lambda: attempt(dispute(world_after(*ENGAGED)), "L01"),
    ("L03", "authority_live"): lambda: attempt(
        dispute(world_after(*ENGAGED, *KFOR_ENGAGED, "L02")), "L03"
    ),
    ("I03", "no_open_draft"): lambda: attempt(_with_draft(), "I03"),
    ("I07", "no_open_draft"): lambda: attempt(_with_draft("I02", "I05"), "I07"),
    ("A09", "authority_live"): lambda: attempt(dispute(world_after(*ENGAGED[:4])), "A09"),
    ("R02", "engagement_under_way"): lambda: attempt(_handing_back_with_one_reserved(), "R02"),
    ("R02", "same_engagement"): lambda: attempt(_reserved_for_an_older_one(), "R02"),
    ("R04", "platoon_undisputed"): lambda: attempt(
        dispute(world_after(*ENGAGED[:5]), f"{PLATOON}p1"), "R04"
    ),
    **{key: case for letter in "abcde" for key, case in _of_a19(letter).items()},
    ("R07", "exercise_open"): lambda: attempt(world_after(), "R07", {"operation": "over"}),
}  # fmt: skip


TOLD_BY = {
    ("A16a", "purpose_civil_disturbance"): "line_not_fpu",
    ("A16a", "platoon_here"): "line_not_fpu",
}  # fmt: skip
"""Where two rows refuse, and the other one's guard is told."""


@pytest.mark.parametrize(("row_id", "guard"), CASES, ids=lambda value: str(value))
def test_the_guard_stops_it(row_id: str, guard: str) -> None:
    with pytest.raises(GuardRefused) as refused:
        CASES[row_id, guard]()
    assert refused.value.guard == TOLD_BY.get((row_id, guard), guard)


def test_a_typed_name_confirms_nothing() -> None:
    with pytest.raises(InvalidField, match="signs in"):
        attempt(world_after(*ENGAGED[:6]), "A13", second_user="ops")


def test_every_case_names_a_guard_of_its_row() -> None:
    assert all(guard in row_of(row_id).guards for row_id, guard in CASES)
