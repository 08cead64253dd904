"""Walks through the machine that go deep: mostly what is permitted, then also what is not.

A walk is a list of whole numbers, one a step; 0 does nothing, so a failing walk shrinks. Two
incidents share three platoons. Every step picks an event (mostly one that starts from the present
state), a record, and now and then a fault: somebody else's role, a time of the future, a reason
left out, one confirmation for two. Records are of the moment of the walk. Beside it, things are
corrected, their times too, and disputed, and drafts are written. What the machine refuses must
leave no trace.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from domain.drafts import draft_event, end_said, live_requests
from domain.effective import effective
from domain.errors import DashboardError
from domain.events import Actor, Command
from domain.state import PlatoonState
from domain.streams import PLATOON
from domain.time import to_rfc3339
from domain.transitions import (
    ORGANISATION_OF,
    ORGANISATIONS,
    RES,
    ROLES,
    ROWS_OF,
    T2,
    TABLE,
    Transition,
)
from tests.domain.harness import START, World, command, sample_record, variants

INCIDENTS = ("drill-0001", "drill-0002")
PLATOONS = ("p1", "p2", "p3")
DEPTH = 40

LIKELY = {
    "kp_request": 12, "acknowledge": 12, "accept": 12, "depart": 12, "arrive": 12, "engage": 12,
    "confirm": 12, "close": 8, "redeploy": 8, "deteriorate": 3, "stabilise": 3, "prealert": 2,
    "refuse": 3, "cancel": 2, "expire": 1, "withdraw": 3, "discard": 2, "own_mandate": 2,
    "join_exercise": 1, "unreserve": 1, "inform_kfor": 2, "stand_down": 2, "reconfirm": 12,
}  # fmt: skip
"""How likely an event is beside the others (5): what leads on comes often."""

REGIONS = {"INC": 3, "T2": 8, "T3": 4, "LINE": 3, RES: 5}
"""How often a step is about each region."""

OPENING = (
    ("INC", "confirm"), ("T2", "kp_request"), ("T2", "acknowledge"), ("T2", "accept"),
    ("T2", "depart"), ("T2", "arrive"), ("T2", "engage"), ("LINE", "relief_in_place_fpu"),
    ("T2", "begin_handback"), ("T2", "revoke_request"),
)  # fmt: skip
OPENING_OF_KFOR = (
    ("T3", "request_by_kp"), ("T3", "acknowledge"), ("T3", "accept"), ("T3", "depart"),
    ("T3", "arrive"), ("T3", "engage"), ("LINE", "relief_in_place_kfor"), ("T3", "begin_handover"),
)  # fmt: skip
"""What a walk may begin with, as far as it likes: the deep states are then near."""

_FAULTS = (
    "future", "past", "late", "role", *["second_person"] * 3, "organisation", "no_channel",
    "nowhere", "far_away", "one_side", "same_side", "sides_in_future", "no_text", "other_incident",
    "whole_platoon_list", "foreign_platoon", *["record_in_future"] * 3, *["left_out"] * 3,
)  # fmt: skip


def walks(depth: int = DEPTH) -> st.SearchStrategy[list[int]]:
    """Lists of steps."""
    return st.lists(st.integers(0, 2**24 - 1), min_size=depth, max_size=depth)


def new_world(reserve: int = 0, nowhere: bool = False, **changed: Any) -> World:
    """Two reported incidents and three platoons; ``nowhere``: a report without a place is tried."""
    world = World(
        platoons={name: PlatoonState(name) for name in PLATOONS},
        reserve=reserve, shapes=True, **changed,
    )  # fmt: skip
    for incident in INCIDENTS:
        report = command(TABLE[0], sample_record(TABLE[0]))
        with suppress(DashboardError):
            if nowhere:
                world.act(replace(report, position=None), incident)
        if incident not in world.incidents:
            world.act(report, incident)
    return world


def walked(steps: list[int], watch: Callable[[World], None] | None = None, **changed: Any) -> World:
    """The world after a walk; the first step also sets the reserve, the shift and the opening."""
    rng = Random(steps[0] if steps else 0)
    off = frozenset({"p3"}) if rng.random() < 0.4 else frozenset()
    if rng.random() < 0.1:
        changed["linked"] = frozenset({"duty"})
    world = new_world(rng.choice((0, 0, 1)), off_shift=off, nowhere=rng.random() < 0.1, **changed)
    shared = (["p1", "p2"], ["p3"]) if rng.random() < 0.3 else (["p1"], ["p2"])
    for incident, platoons in zip(INCIDENTS, shared, strict=True):
        _open(world, incident, platoons, rng)
    for choice in steps:
        if choice:
            step(world, Random(choice))
        if watch is not None:
            watch(world)
    return world


def _open(world: World, incident: str, platoons: list[str], rng: Random) -> None:
    ways = [OPENING[: rng.choice((0, 1, 3, 4, 5, 6, 7, 8, 9, 10))]]
    if rng.random() < 0.5:
        ways.append(OPENING_OF_KFOR[: rng.randint(1, len(OPENING_OF_KFOR))])
    for region, event in (one for way in ways for one in way):
        world.now += timedelta(minutes=1)
        row = ROWS_OF[region, event][0]
        record = sample_record(row, incident, world.now)
        if "platoons" in record:
            record["platoons"] = platoons
        if event == "kp_request":
            record["request"] |= {"platoons_asked": len(platoons) + (rng.random() < 0.3)}
        if event == "accept" and region == "T2":
            record["reserve_override_ref"] = "OPS 1"
        with suppress(DashboardError):
            world.act(command(row, record, world.now), incident)


def step(world: World, rng: Random) -> bool:
    """Try one command; returns whether it was taken. Raises where a refusal left a trace."""
    world.now += timedelta(minutes=rng.choice((1, 2, 5, 40, 70)))
    roll = rng.random()
    if roll < 0.04:
        return _write_draft(world, rng)
    stream, one = _aside(world, rng) if roll < 0.14 else _choose(world, rng)
    named = one.record.get("to_incident") or one.record.get("duplicate_of")
    if stream.startswith(PLATOON):
        named = named or one.record.get("engagement")
    before = (dict(world.incidents), dict(world.platoons), len(world.log))
    try:
        world.act(one, stream, named)
    except DashboardError:
        if before != (world.incidents, world.platoons, len(world.log)):
            raise AssertionError(f"{one.event} was refused and left a trace") from None
        return False
    return True


def _choose(world: World, rng: Random) -> tuple[str, Command]:
    incident = rng.choice(INCIDENTS)
    region = rng.choices(list(REGIONS), list(REGIONS.values()))[0]
    rows = [row for row in TABLE[1:] if row.region == region]
    stream = f"{PLATOON}{rng.choice(PLATOONS)}" if region == RES else incident
    if rng.random() > 0.12:  # else any event at all
        present = _present(world, stream, region)
        rows = [row for row in rows if present in row.from_states] or rows
    if region == T2 and stream in INCIDENTS and rng.random() < 0.4:
        again = [row for row in rows if row.event == "reconfirm"]
        rows = again if again and world.incidents[stream].t2_disputed else rows
    row = rng.choices(rows, [LIKELY.get(row.event, 5) for row in rows])[0]
    return stream, _command(world, row, stream, incident, rng)


def _present(world: World, stream: str, region: str) -> str:
    if region == RES:
        return world.platoons[stream.removeprefix(PLATOON)].state
    return world.incidents[stream].state_of(region)


def _command(world: World, row: Transition, stream: str, incident: str, rng: Random) -> Command:
    platoon = world.platoons.get(stream.removeprefix(PLATOON))
    about = (platoon.incident if platoon else None) or incident
    records = list(variants(row, world, about))
    record = _timed(records[0] if rng.random() < 0.6 else rng.choice(records), world)
    _fit(world, row, record, about, rng)
    role = rng.choice(row.entered_by)
    one = command(row, record, world.now, role)
    if row.event == "redeploy" and (roll := rng.random()) < 0.2:  # seldom enough as it is
        untold = _later(record, to_rfc3339(world.now + timedelta(hours=3)))
        unsaid = {name: record[name] for name in record if name != "reason_text"}
        return replace(one, record=unsaid if roll < 0.1 else untold)
    word = ORGANISATION_OF[rng.choice(row.asserted_by)]
    one = replace(one, asserted_by={"org": rng.choice(word), "function": "x"})
    if row.event in ("accept", "reserve", "redeploy") and rng.random() < 0.2:
        behind = sorted(world.incidents[incident].t2_behind) or ["duty"]
        return replace(one, actor=Actor(rng.choice(behind), one.actor.role))
    if rng.random() < 0.25:
        return _spoil(one, row, world, stream, rng)
    return one


def _timed(record: dict[str, Any], world: World) -> dict[str, Any]:
    """The record with its times at the walk's clock."""
    then, now = to_rfc3339(START), to_rfc3339(world.now)
    return {
        name: now if value == then else _timed(value, world) if isinstance(value, dict) else value
        for name, value in record.items()
    }


def _fit(world: World, row: Transition, record: dict[str, Any], incident: str, rng: Random) -> None:
    """What a person would choose: the platoons that fit, and the incident's own link."""
    wanted = {"accept": "AVAILABLE", "depart": "RESERVED"}.get(row.event)
    if row.region == "T2" and wanted and rng.random() < 0.8:
        fitting = [
            name
            for name, platoon in sorted(world.platoons.items())
            if platoon.state == wanted and (wanted == "AVAILABLE" or platoon.incident == incident)
        ]
        if fitting:
            record["platoons"] = rng.sample(fitting, rng.randint(1, len(fitting)))
        if row.event == "accept" and rng.random() < 0.3:
            record["reserve_override_ref"] = "OPS 1"
    if row.event == "discard" and rng.random() < 0.5:
        record |= {"reason": "duplicate", "duplicate_of": rng.choice((*INCIDENTS, "drill-0009"))}
    if row.event == "redeploy":
        record["from_incident"] = incident
    if row.event in ("reserve", "redeploy") and rng.random() < 0.5:
        record["operations_approval_ref"] = "OPS 2"
    if row.region == T2 and "request" in record:
        asked = rng.choice((1, 1, 2, 3))
        record["request"] = {**record["request"], "platoons_asked": asked}
        if row.event != "kp_request":
            record["operations_approval_ref"] = "OPS 2"


# --- beside the transitions ----------------------------------------------------------------------


def _aside(world: World, rng: Random) -> tuple[str, Command]:
    """A patrol's act, or a correction or a dispute of something that was recorded."""
    incident = rng.choice(INCIDENTS)
    if rng.random() < 0.2:
        kind = rng.choice(("observe", "first_aid", "self_defence", "out_of_model"))
        record = {"kind": kind, "ground_text": "x", "source": "patrol"}
        one = replace(command(TABLE[0], record, world.now, "PATROL_LDR"), event="observation")
        return incident, one
    moved = [
        one
        for one in world.log
        if one.to_state and one.corrects is None and (one.region, one.event) in ROWS_OF
    ]
    newest = moved[-12:] if rng.random() < 0.7 else moved
    chosen = rng.choice([one for one in newest if one.region in ("T2", RES)] or newest)
    if rng.random() < 0.4:
        chosen = rng.choice(newest)
    row = ROWS_OF[chosen.region, chosen.event][0]
    known = next(
        one
        for one in effective([one for one in world.log if one.stream == chosen.stream])
        if one.event_id == chosen.event_id
    )
    one = command(row, known.record, known.occurred_at, rng.choice(row.entered_by))
    one = replace(one, corrects=chosen.event_id, confirmations=known.body.get("confirmations", ()))
    if rng.random() < 0.35:
        said = {"breaks": "what is true", "said_by": "KP"}
        disputer = Actor(*rng.choice((("commander", "FPU_CMD"), ("ops", "EULEX_OPS"))))
        return chosen.stream, replace(one, dispute=said, occurred_at=world.now, actor=disputer)
    return chosen.stream, _corrected(one, world, rng)


def _corrected(one: Command, world: World, rng: Random) -> Command:
    """Another time, other details, or another person who corrects."""
    record = dict(one.record)
    if rng.random() < 0.5:
        minutes = rng.choice((-400, -65, -3, -1, 1, 3, 65))
        one = replace(one, occurred_at=min(one.occurred_at + timedelta(minutes=minutes), world.now))
    if "request" in record and one.region == T2:
        purpose = rng.choice(("civil_disturbance", "escort_support"))
        more = {"purpose": purpose} if rng.random() < 0.5 else {"platoons_asked": rng.randint(1, 3)}
        record["request"] = {**record["request"], **more}
    elif "platoons" in record and rng.random() < 0.3:
        record["platoons"] = [rng.choice(PLATOONS)]
    if rng.random() < 0.3:
        name = rng.choice(("duty", "commander", "ops", "platoon"))
        one = replace(one, actor=Actor(name, one.actor.role))
    if rng.random() < 0.2:
        one = replace(one, confirmations=one.confirmations[:1])
    return replace(one, record=record)


def _write_draft(world: World, rng: Random) -> bool:
    """What the desk says and somebody else has to enter, at times that it has ended."""
    incident = rng.choice(INCIDENTS)
    state = world.incidents[incident]
    if state.inc in ("CLOSED", "DISCARDED"):
        return False
    word = {"org": "KP", "function": "x"}
    said = rng.choice(("accept", "accept", "cancel", "revoke_request"))
    steps = [{"region": T2, "event": said, "asserted_by": word}]
    if said != "accept":
        steps.insert(0, {"region": T2, "event": "accept", "asserted_by": word})
    requests = live_requests(state, steps)
    ends = state.t2_request if end_said(steps) and state.t2_request in requests else None
    duty = Actor("duty", "FPU_DUTY")
    new = draft_event(incident, duty, steps, [(None, None)] * len(steps), requests=requests,
                      ends=ends)  # fmt: skip
    sent = replace(command(TABLE[0], {}, world.now), event=new.event, actor=duty)
    world.store(new, sent)
    return True


# --- what is wrong with a command now and then ---------------------------------------------------


def _spoil(one: Command, row: Transition, world: World, stream: str, rng: Random) -> Command:
    later = to_rfc3339(world.now + timedelta(hours=3))
    fault = rng.choice(_FAULTS)
    record = dict(one.record)
    if fault == "future":
        return replace(one, occurred_at=world.now + timedelta(hours=3))
    if fault in ("past", "late"):
        before = world.now - timedelta(minutes=rng.choice((3, 90, 400)))
        return replace(one, occurred_at=before, late_entry=fault == "late")
    if fault == "role":
        return replace(one, actor=Actor(one.actor.name, rng.choice(ROLES)))
    if fault == "second_person":
        other = Actor("x", rng.choice(("AUDITOR", "PLT_LDR")))
        return replace(one, second_person=rng.choice((None, one.actor, other)))
    if fault == "organisation":
        other = {"org": rng.choice(ORGANISATIONS), "function": "x"}
        return replace(one, asserted_by=other)
    if fault == "no_channel":
        return replace(one, channel=None, channel_ref=None)
    if fault == "nowhere":
        return replace(one, position=None)
    if fault == "far_away":
        return replace(one, position={"lat": 42.6, "lon": 21.1})
    if fault in ("one_side", "same_side", "sides_in_future"):
        return replace(one, confirmations=_confirmations(one, fault, later, rng))
    if fault == "record_in_future":
        return replace(one, record=_later(record, later))
    if fault == "left_out" and record:
        record.pop(rng.choice(sorted(record)))
    elif fault == "no_text":
        return replace(one, text=None, record={**record, "headcount": 7} if "headcount" in record
                       else record)  # fmt: skip
    elif fault == "other_incident":
        record |= {name: rng.choice(INCIDENTS) for name in record
                   if name in ("engagement", "from_incident", "to_incident")}  # fmt: skip
    elif fault in ("whole_platoon_list", "foreign_platoon") and "platoons" in record:
        chosen = PLATOONS if fault == "whole_platoon_list" else [rng.choice(PLATOONS)]
        record["platoons"] = list(chosen)
    return replace(one, record=record)


def _confirmations(one: Command, fault: str, later: str, rng: Random) -> list[dict[str, Any]]:
    sides = [dict(side) for side in one.confirmations]
    if fault == "sides_in_future":
        return [{**side, "at": later} for side in sides]
    kept = [rng.choice(sides)]
    return kept if fault == "one_side" else kept * 2


def _later(record: dict[str, Any], later: str) -> dict[str, Any]:
    """The record with every time in it moved into the future."""
    changed: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            changed[name] = _later(value, later)
        else:
            changed[name] = (
                later if name in ("at", "received_at") or name.endswith("_at") else value
            )
    return changed
