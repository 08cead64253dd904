"""Decide: may this event happen now, and what does it lead to? Pure, and in this order:

1. the role of the user (``NotPermitted``),
2. the state that the event starts from, and the guards that need no form (``GuardRefused``),
3. the shape of the record: the service checks it against ``domain/records.py`` between
   ``permit`` and ``decide`` (``InvalidField``),
4. times and the guards that look at the record (``GuardRefused``).

An event that is refused changes nothing. Nothing here knows a database, a clock or a user's name
beyond what the ``Situation`` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from domain.corrections import correct
from domain.errors import GuardRefused, InvalidField, NotPermitted
from domain.events import Command, NewEvent
from domain.floors import check_fact_times, check_floor, floors_of, own_lane
from domain.guards import GUARDS
from domain.new_events import new_event
from domain.permission import (
    check_asserter,
    check_not_future,
    check_role,
    check_second_user,
    may_write_fact,
)
from domain.situation import Situation
from domain.state import IncidentState, PlatoonState
from domain.streams import PLATOON
from domain.transitions import (
    INC,
    OBSERVERS,
    RES,
    START,
    T2,
    T2_UNDER_REQUEST,
    T3,
    TABLE,
    WITHOUT_TRANSITION,
    WRITERS_OF,
    Transition,
)

EXPLICIT_REQUEST = "explicit_kp_request"
FROM_STATE = "from_state"
RANKED = ((T2, "accept"), (T2, "refuse"), (RES, "redeploy"))
"""The decisions that keep the ranking of competing incidents that was suggested at that moment."""

_BEFORE_REQUEST = ("prealert", "stand_down", "kp_request")


@dataclass(frozen=True, slots=True)
class Option:
    """What one event would meet now: ``guard`` and ``detail`` are None where it is allowed.

    ``rows`` are the rows of the table that it may go by, ``not_before_us`` is its floor as far as
    it is known before the form is filled in, 0 where there is none.
    """

    region: str
    event: str
    allowed: bool
    guard: str | None
    detail: str | None
    roles: tuple[str, ...]
    rows: tuple[str, ...] = ()
    not_before_us: int = 0


def permit(situation: Situation, region: str, event: str) -> tuple[Transition, ...]:
    """The rows that may apply now, guards on the form aside; raises when there is none."""
    rows = situation.policy.rows_of.get((region, event))
    if rows is None:
        raise InvalidField("event", f"no event {event!r} in region {region!r}")
    check_role(situation, rows)
    present = _present(situation, region)
    _check_request(region, event, present)
    fitting = tuple(row for row in rows if present in row.from_states)
    if not fitting:
        wanted = sorted({state for row in rows for state in row.from_states})
        detail = f"{event} starts from {', '.join(wanted)}; the state is {present}"
        raise GuardRefused(FROM_STATE, detail, "event")
    refusals = [(row, _first_refusal(row, situation, None)) for row in fitting]
    passed = tuple(row for row, refusal in refusals if refusal is None)
    if not passed:
        raise _telling(refusal for _, refusal in refusals)
    return passed


def _telling(refusals: Iterable[GuardRefused | None]) -> GuardRefused:
    """Of the refusals of several rows the one that says most: that authority is missing."""
    found = [one for one in refusals if one is not None]
    lacking = [one for one in found if one.guard == "authority_live"]
    return (lacking or found)[-1 if not lacking else 0]


def decide(situation: Situation, command: Command, stream: str) -> list[NewEvent]:
    """The events that ``command`` leads to, first the one it names, then what follows from it.

    The record's shape has been checked before. Raises ``NotPermitted``, ``GuardRefused``.
    """
    if command.corrects is not None:
        return correct(situation, command, stream)
    if command.event in WITHOUT_TRANSITION:
        return [fact(situation, command, stream)]
    rows = permit(situation, command.region, command.event)
    check_not_future(situation, command)
    check_asserter(rows[0], command)
    check_second_user(command)
    _check_engagement(situation, command)
    refusal: GuardRefused | None = None
    for row in rows:
        _check_times(situation, command, row)
        refusal = _first_refusal(row, situation, command)
        if refusal is None:
            new = list(_consequences(situation, command, row, stream))
            for one in new[1:]:
                _check_consequence(situation, command, one)
            return new
    raise refusal or GuardRefused(FROM_STATE, f"{command.event} is not possible now")


def options(situation: Situation, regions: tuple[str, ...]) -> list[Option]:
    """Every event of ``regions`` with the guard that stops it, or allowed."""
    found: list[Option] = []
    for (region, event), rows in situation.policy.rows_of.items():
        if region not in regions or (region == INC and event == "report"):
            continue
        roles = rows[0].entered_by
        try:
            passed = permit(situation, region, event)
        except NotPermitted as refused:
            guard = str(refused.extra["guard"])
            found.append(Option(region, event, False, guard, refused.detail, roles))
        except GuardRefused as refused:
            found.append(Option(region, event, False, refused.guard, refused.detail, roles))
        else:
            ids = tuple(row.id for row in passed)
            floor = max(one.at_us for row in passed for one in floors_of(situation, row))
            found.append(Option(region, event, True, None, None, roles, ids, floor))
    return [*found, *_fact_options(situation)] if INC in regions else found


def _fact_options(situation: Situation) -> Iterator[Option]:
    for event in WITHOUT_TRANSITION:
        guard = detail = None
        try:
            may_write_fact(situation, event)
        except NotPermitted as refused:
            guard, detail = str(refused.extra["guard"]), refused.detail
        yield Option(INC, event, guard is None, guard, detail, WRITERS_OF.get(event, OBSERVERS))


# --- the steps -----------------------------------------------------------------------------------


def _present(situation: Situation, region: str) -> str:
    if region == RES:
        return situation.platoon.state if situation.platoon else ""
    return situation.incident.state_of(region) if situation.incident else START


def _check_request(region: str, event: str, present: str) -> None:
    if region != T2 or event in _BEFORE_REQUEST or present in T2_UNDER_REQUEST:
        return
    raise GuardRefused(
        EXPLICIT_REQUEST,
        "the FPU acts only at the explicit request of Kosovo Police, and none stands: "
        f"tier 2 is {present}",
        "event",
    )


def _first_refusal(
    row: Transition, situation: Situation, command: Command | None
) -> GuardRefused | None:
    for name in row.guards:
        guard = GUARDS[name]
        why = guard.check(situation, command)
        if why is not None:
            return GuardRefused(name, why, guard.field)
    return None


def _check_times(situation: Situation, command: Command, row: Transition) -> None:
    check_not_future(situation, command)
    for floor in floors_of(situation, row, command):
        check_floor(command, floor)


def _check_consequence(situation: Situation, command: Command, new: NewEvent) -> None:
    """What follows in other lanes keeps their order too."""
    if new.region == RES:
        platoon = situation.platoons.get(new.stream.removeprefix(PLATOON))
        situation = replace(situation, platoon=platoon)
        if platoon is None or not platoon.since_us:
            return
    check_floor(command, own_lane(situation, new.region))


def _check_engagement(situation: Situation, command: Command) -> None:
    serves = situation.platoon.incident if situation.platoon else None
    named = command.record.get("engagement")
    if command.region == RES and serves and named and named != serves:
        raise InvalidField("record.engagement", f"the platoon serves {serves}")


def _consequences(
    situation: Situation, command: Command, row: Transition, stream: str
) -> Iterator[NewEvent]:
    present = _present(situation, row.region)
    serves = situation.platoon.incident if situation.platoon else None
    decided = new_event(
        command, stream, row.region, row.event, present, row.to_state, row.id,
        serves=serves, rests_on=_identities(situation, row),
    )  # fmt: skip
    if situation.ranking and (row.region, row.event) in RANKED:
        ranking = [dict(line) for line in situation.ranking]
        decided = replace(decided, body={**decided.body, "ranking": ranking})
    yield decided
    incident = situation.incident
    if incident is None:
        return
    if row.region == T2 and row.event in ("accept", "depart"):
        yield from _move_platoons(situation, command, row.event)
    if row.region == T3 and row.event == "engage" and incident.inc == "STABILISED":
        yield new_event(command, stream, INC, "deteriorate", "STABILISED", "KP_LEAD", "I06")


def _move_platoons(situation: Situation, command: Command, event: str) -> Iterator[NewEvent]:
    name, row_id = ("reserve", "R01") if event == "accept" else ("bind", "R02")
    before, after = ("AVAILABLE", "RESERVED") if event == "accept" else ("RESERVED", "BOUND")
    incident = situation.incident
    assert incident is not None
    for platoon in dict.fromkeys(command.record["platoons"]):
        if situation.platoons[platoon].state != before:
            continue  # the desk has bound it before it left
        yield new_event(
            command, PLATOON + platoon, RES, name, before, after, row_id,
            incident=incident.incident_id,
            rests_on=_accepted_for(situation.platoons[platoon], incident),
        )  # fmt: skip


def _accepted_for(platoon: PlatoonState, incident: IncidentState) -> dict[str, Any]:
    """The engagement that a platoon is taken for, and those for which it stays disputed: for this
    one it was accepted anew, or the guards would have stopped it."""
    others = platoon.disputed_for - {incident.t2_engagement}
    return {"engagement": incident.t2_engagement, "disputed_for": sorted(others)}


def _identities(situation: Situation, row: Transition) -> dict[str, Any]:
    """What the event belongs to, as it is stored with it; a first request opens its own."""
    incident, platoon = situation.incident, situation.platoon
    if row.region == RES:
        if platoon is None:
            return {}
        if row.event == "reserve" and incident is not None:
            return _accepted_for(platoon, incident)
        if row.event == "redeploy" and situation.target is not None:
            return _accepted_for(platoon, situation.target)
        return {"engagement": platoon.engagement, "disputed_for": sorted(platoon.disputed_for)}
    if incident is None or row.event == "kp_request":
        return {}
    if row.region == T2:
        return {"engagement": incident.t2_engagement, "request": incident.t2_request}
    return {"request": incident.t3_request} if row.region == T3 else {}


def fact(situation: Situation, command: Command, stream: str) -> NewEvent:
    """What is written down whatever the state: it moves nothing. Raises as ``decide`` does."""
    may_write_fact(situation, command.event)
    check_second_user(command)
    check_fact_times(situation, command)
    return new_event(command, stream, INC, command.event, None, None, None)


def incident_regions() -> tuple[str, ...]:
    """The regions of an incident's stream, in the order of the lanes."""
    return tuple(dict.fromkeys(row.region for row in TABLE if row.region != RES))
