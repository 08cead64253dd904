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

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.errors import GuardRefused, InvalidField, NotPermitted
from domain.events import Command, NewEvent
from domain.guards import GUARDS
from domain.situation import Situation
from domain.streams import PLATOON
from domain.time import from_microseconds
from domain.transitions import (
    INC,
    OBSERVERS,
    ORGANISATION_OF,
    RES,
    START,
    T2,
    T2_UNDER_REQUEST,
    T3,
    TABLE,
    WITHOUT_TRANSITION,
    Transition,
)

EXPLICIT_REQUEST = "explicit_kp_request"
FROM_STATE = "from_state"
RANKED = ((T2, "accept"), (T2, "refuse"), (RES, "redeploy"))
"""The decisions that keep the ranking of competing incidents that was suggested at that moment."""

_BEFORE_REQUEST = ("prealert", "stand_down", "kp_request")


@dataclass(frozen=True, slots=True)
class Option:
    """What one event would meet now: ``guard`` and ``detail`` are None where it is allowed."""

    region: str
    event: str
    allowed: bool
    guard: str | None
    detail: str | None
    roles: tuple[str, ...]


def permit(situation: Situation, region: str, event: str) -> tuple[Transition, ...]:
    """The rows that may apply now, guards on the form aside; raises when there is none."""
    rows = situation.policy.rows_of.get((region, event))
    if rows is None:
        raise InvalidField("event", f"no event {event!r} in region {region!r}")
    _check_role(situation, rows)
    present = _present(situation, region)
    _check_request(region, event, present)
    fitting = tuple(row for row in rows if present in row.from_states)
    if not fitting:
        wanted = sorted({state for row in rows for state in row.from_states})
        detail = f"{event} starts from {', '.join(wanted)}; the state is {present}"
        raise GuardRefused(FROM_STATE, detail, "event")
    passed = tuple(row for row in fitting if _first_refusal(row, situation, None) is None)
    if not passed:
        refusal = _first_refusal(fitting[-1], situation, None)
        raise refusal if refusal else GuardRefused(FROM_STATE, f"{event} is not possible now")
    return passed


def decide(situation: Situation, command: Command, stream: str) -> list[NewEvent]:
    """The events that ``command`` leads to, first the one it names, then what follows from it.

    The record's shape has been checked before. Raises ``NotPermitted``, ``GuardRefused``.
    """
    if command.event in WITHOUT_TRANSITION:
        return [_fact(situation, command, stream)]
    if command.corrects is not None:
        return [_correction(situation, command, stream)]
    rows = permit(situation, command.region, command.event)
    _check_times(situation, command)
    _check_asserter(rows[0], command)
    _check_engagement(situation, command)
    refusal: GuardRefused | None = None
    for row in rows:
        refusal = _first_refusal(row, situation, command)
        if refusal is None:
            new = list(_consequences(situation, command, row, stream))
            for one in new[1:]:  # what follows in other lanes keeps their order too
                _check_order(situation, command, one.stream, one.region)
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
            permit(situation, region, event)
        except NotPermitted as refused:
            guard = str(refused.extra["guard"])
            found.append(Option(region, event, False, guard, refused.detail, roles))
        except GuardRefused as refused:
            found.append(Option(region, event, False, refused.guard, refused.detail, roles))
        else:
            found.append(Option(region, event, True, None, None, roles))
    return [*found, *_fact_options(situation)] if INC in regions else found


def _fact_options(situation: Situation) -> list[Option]:
    guard = detail = None
    try:
        may_write(situation)
    except NotPermitted as refused:
        guard, detail = str(refused.extra["guard"]), refused.detail
    return [
        Option(INC, event, guard is None, guard, detail, OBSERVERS) for event in WITHOUT_TRANSITION
    ]


def may_write(situation: Situation) -> None:
    """Raise ``NotPermitted`` unless the user may record facts here at all."""
    if situation.sealed:
        raise NotPermitted("this operation is over and read-only", guard="sealed")
    if situation.actor.role not in OBSERVERS:
        raise NotPermitted(f"the role {situation.actor.role} records no events", guard="role")
    if situation.actor.role == "EXCON" and situation.operation_kind != "exercise":
        raise NotPermitted("exercise control acts in exercises only", guard="role")


# --- the steps -----------------------------------------------------------------------------------


def _check_role(situation: Situation, rows: tuple[Transition, ...]) -> None:
    may_write(situation)
    allowed = rows[0].entered_by
    if situation.actor.role not in allowed:
        raise NotPermitted(
            f"{rows[0].event} is entered by {', '.join(allowed)}, not by {situation.actor.role}",
            guard="role",
        )


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


def _check_not_future(situation: Situation, command: Command) -> None:
    if command.occurred_at > situation.now + situation.policy.clock_tolerance:
        raise GuardRefused("not_in_the_future", "occurred_at lies in the future", "occurred_at")


def _check_times(situation: Situation, command: Command) -> None:
    _check_not_future(situation, command)
    own = PLATOON + situation.platoon.platoon_id if situation.platoon else ""
    _check_order(situation, command, own, command.region)


def _check_order(situation: Situation, command: Command, stream: str, region: str) -> None:
    last_us = 0
    if region == RES:
        platoon = situation.platoons.get(stream.removeprefix(PLATOON), situation.platoon)
        last_us = platoon.since_us if platoon else 0
    elif situation.incident is not None:
        last_us = situation.incident.last_us.get(region, 0)
    before = last_us and command.occurred_at < from_microseconds(last_us)
    if before and not command.late_entry:
        raise GuardRefused(
            "in_order",
            "occurred_at is before the previous event of this lane: mark it as a late entry",
            "occurred_at",
        )


def _check_engagement(situation: Situation, command: Command) -> None:
    serves = situation.platoon.incident if situation.platoon else None
    named = command.record.get("engagement")
    if command.region == RES and serves and named and named != serves:
        raise InvalidField("record.engagement", f"the platoon serves {serves}")


def _check_asserter(row: Transition, command: Command) -> None:
    known = {name for role in row.asserted_by for name in ORGANISATION_OF[role]}
    organisation = command.asserted_by["org"]
    if organisation not in known:
        raise GuardRefused(
            "asserted_by",
            f"{row.event} is asserted by {' or '.join(sorted(known))}, not by {organisation}",
            "asserted_by.org",
        )
    if organisation not in ("FPU", "EULEX"):
        for name in ("channel", "channel_ref"):
            if not getattr(command, name):
                raise InvalidField(name, "is needed where somebody outside the FPU asserts")


def _consequences(
    situation: Situation, command: Command, row: Transition, stream: str
) -> Iterator[NewEvent]:
    present = _present(situation, row.region)
    serves = situation.platoon.incident if situation.platoon else None
    decided = _event(
        command, stream, row.region, row.event, present, row.to_state, row.id, serves=serves
    )
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
        yield _event(command, stream, INC, "deteriorate", "STABILISED", "KP_LEAD", "I06")


def _move_platoons(situation: Situation, command: Command, event: str) -> Iterator[NewEvent]:
    name, row_id = ("reserve", "R01") if event == "accept" else ("bind", "R02")
    before, after = ("AVAILABLE", "RESERVED") if event == "accept" else ("RESERVED", "BOUND")
    incident_id = situation.incident.incident_id if situation.incident else None
    for platoon in dict.fromkeys(command.record["platoons"]):
        yield _event(
            command, PLATOON + platoon, RES, name, before, after, row_id, incident=incident_id
        )


def _event(
    command: Command,
    stream: str,
    region: str,
    event: str,
    before: str | None,
    after: str | None,
    row_id: str | None,
    incident: str | None = None,
    serves: str | None = None,
) -> NewEvent:
    record = command.record
    request = record.get("request", {})
    if region == RES and incident is None:
        incident = record.get("to_incident") or record.get("engagement") or serves
    return NewEvent(
        stream=stream,
        region=region,
        event=event,
        from_state=before,
        to_state=after,
        body=_body(command, row_id),
        purpose=request.get("purpose"),
        reason=record.get("reason") if isinstance(record.get("reason"), str) else None,
        receiver=record.get("receiver") if region == T3 else None,
        incident=incident,
        platoons=tuple(record.get("platoons", ())),
    )


def _body(command: Command, row_id: str | None) -> dict[str, object]:
    whole = {
        "row": row_id,
        "asserted_by": dict(command.asserted_by),
        "channel": command.channel,
        "channel_ref": command.channel_ref,
        "confirmations": [dict(one) for one in command.confirmations],
        "second_user": command.second_user,
        "position": dict(command.position) if command.position else None,
        "place_ref": command.place_ref,
        "text": command.text,
        "lang": command.lang,
        "session": command.actor.session,
        "record": _record(command),
    }
    return {key: value for key, value in whole.items() if value not in (None, [], "")}


def _record(command: Command) -> dict[str, object]:
    if command.event == "own_mandate":  # KFOR without a request is kept as the exception it is
        return {**command.record, "exception": True}
    return dict(command.record)


def _fact(situation: Situation, command: Command, stream: str) -> NewEvent:
    may_write(situation)
    _check_not_future(situation, command)
    return _event(command, stream, INC, command.event, None, None, None)


def _correction(situation: Situation, command: Command, stream: str) -> NewEvent:
    """Other details for an event; what moved a state, or gave authority, stays as it was."""
    rows = situation.policy.rows_of.get((command.region, command.event))
    if rows is None:
        raise InvalidField("event", f"no event {command.event!r} in region {command.region!r}")
    _check_role(situation, rows)
    _check_not_future(situation, command)
    _check_asserter(rows[0], command)
    for path in _STANDS.get((command.region, command.event), ()):
        if _at(situation.corrected or command.record, path) != _at(command.record, path):
            raise GuardRefused(
                "details_only",
                f"{path} led to what happened since: a correction supersedes details only",
                f"record.{path}",
            )
    if (command.region, command.event) == (INC, "close"):
        for name in _STILL_AGREES:
            why = GUARDS[name].check(situation, command)
            if why is not None:
                raise GuardRefused(name, why, GUARDS[name].field)
    return _event(command, stream, command.region, command.event, None, None, rows[0].id)


_STANDS: dict[tuple[str, str], tuple[str, ...]] = {
    (T2, "kp_request"): ("request.purpose",),
    (T2, "change_purpose"): ("request.purpose",),
    (T2, "accept"): ("platoons",),
    (T2, "refuse"): ("reason",),
    (T2, "depart"): ("platoons",),
    (T3, "begin_handover"): ("receiver",),
    (RES, "reserve"): ("engagement",),
    (RES, "unreserve"): ("engagement",),
    (RES, "release"): ("engagement",),
    (RES, "redeploy"): ("from_incident", "to_incident"),
    (RES, "join_exercise"): ("operation",),
    (RES, "leave_exercise"): ("operation",),
}
"""Parts of a record that the state was folded from: no correction changes them."""

_STILL_AGREES = ("tally_reconciled", "force_recorded")
"""What an incident was closed with has to agree with the facts also when it is corrected."""


def _at(record: Mapping[str, Any], path: str) -> Any:
    found: Any = record
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def incident_regions() -> tuple[str, ...]:
    """The regions of an incident's stream, in the order of the lanes."""
    return tuple(dict.fromkeys(row.region for row in TABLE if row.region != RES))
