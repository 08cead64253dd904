"""The guards of the transition table on platoons, by name."""

from __future__ import annotations

from domain.events import Command
from domain.guard_book import guard, incident_of, record_guard
from domain.situation import Situation
from domain.transitions import T2_COMMITTED, T2_UNDER_WAY


@record_guard("operations_approval", "record.operations_approval_ref")
def _operations_approval(situation: Situation, command: Command) -> str | None:
    if incident_of(situation).t2_purpose == "civil_disturbance":
        return None
    if command.record.get("operations_approval_ref"):
        return None
    return "a purpose other than civil disturbance needs the approval of EULEX operations"


def _wanted(command: Command) -> list[str]:
    return list(dict.fromkeys(command.record.get("platoons", ())))


@guard("platoons_free", "record.platoons")
def _platoons_free(situation: Situation, command: Command | None) -> str | None:
    free = {
        name
        for name, platoon in situation.platoons.items()
        if platoon.state == "AVAILABLE" and name in situation.on_shift
    }
    if command is None:
        return None if free else "no platoon is available and on shift"
    taken = [name for name in _wanted(command) if name not in free]
    if taken:
        return f"not available and on shift: {', '.join(taken)}"
    return None


@guard("on_shift")
def _on_shift(situation: Situation, _command: Command | None) -> str | None:
    platoon = situation.platoon
    if platoon is not None and platoon.platoon_id not in situation.on_shift:
        return "the platoon is not on shift"
    return None


@record_guard("reserve_kept", "record.reserve_override_ref")
def _reserve_kept(situation: Situation, command: Command) -> str | None:
    if command.record.get("reserve_override_ref"):
        return None
    leaving = set(_wanted(command))
    if situation.platoon is not None:
        leaving.add(situation.platoon.platoon_id)
    left = sum(
        platoon.state == "AVAILABLE" and name in situation.on_shift and name not in leaving
        for name, platoon in situation.platoons.items()
    )
    if left >= situation.policy.reserve_minimum:
        return None
    remedy = (
        "an exercise waits until more are free"
        if command.event == "join_exercise"  # its record has no place for an override
        else "an override reference of EULEX operations is needed"
    )
    minimum = situation.policy.reserve_minimum
    return f"{left} platoon(s) would be left and the reserve is {minimum}: {remedy}"


@record_guard("platoons_reserved", "record.platoons")
def _platoons_reserved(situation: Situation, command: Command) -> str | None:
    here = incident_of(situation).incident_id
    for name in _wanted(command):
        platoon = situation.platoons.get(name)
        if platoon is None or platoon.state != "RESERVED" or platoon.incident != here:
            return f"{name} is not reserved for this incident"
    return None


@guard("nothing_bound")
def _nothing_bound(situation: Situation, _command: Command | None) -> str | None:
    here = incident_of(situation).incident_id
    held = [
        name
        for name, platoon in situation.platoons.items()
        if platoon.incident == here and platoon.state in ("RESERVED", "BOUND")
    ]
    return f"still reserved or bound: {', '.join(held)}" if held else None


@guard("engagement_under_way", "record.engagement")
def _engagement_under_way(situation: Situation, command: Command | None) -> str | None:
    if situation.incident is None:
        return None if command is None else "no such incident in this operation"
    if situation.incident.t2 not in T2_UNDER_WAY:
        return "tier 2 is not accepted, en route, on scene or engaged at that incident"
    return None


def _others_bound(situation: Situation) -> int:
    platoon = situation.platoon
    return sum(
        other.state == "BOUND"
        and platoon is not None
        and other.incident == platoon.incident
        and other.platoon_id != platoon.platoon_id
        for other in situation.platoons.values()
    )


@guard("engagement_keeps_one")
def _engagement_keeps_one(situation: Situation, _command: Command | None) -> str | None:
    # over is also what is asked for anew: a platoon that stayed need not wait for that answer
    if incident_of(situation).t2 not in T2_COMMITTED or _others_bound(situation):
        return None
    return "it is the last platoon of an engagement that is not over"


@guard("loser_keeps_one")
def _loser_keeps_one(situation: Situation, _command: Command | None) -> str | None:
    if incident_of(situation).t2 == "WITHDRAWN" or _others_bound(situation):
        return None
    return "the incident it leaves keeps no platoon and is not withdrawn from"


@record_guard("target_accepted", "record.to_incident")
def _target_accepted(situation: Situation, command: Command) -> str | None:
    platoon = situation.platoon
    if platoon is not None and command.record["from_incident"] != platoon.incident:
        return "the platoon is not bound to from_incident"
    if command.record["to_incident"] == command.record["from_incident"]:
        return "the platoon is at to_incident already"
    if situation.target is None or situation.target.t2 != "ACCEPTED":
        return "tier 2 is not accepted at to_incident"
    return None


@record_guard("head_count_complete", "record.headcount")
def _head_count_complete(situation: Situation, command: Command) -> str | None:
    platoon = situation.platoon
    expected = situation.strength.get(platoon.platoon_id) if platoon is not None else None
    complete = command.record["headcount"] == expected and command.record["equipment_ok"]
    if complete or command.text:
        return None
    return f"head count {expected} and equipment must be complete, or the exception explained"


@record_guard("exercise_open", "record.operation")
def _exercise_open(situation: Situation, command: Command) -> str | None:
    if command.record["operation"] in situation.open_exercises:
        return None
    return "no open exercise of that name"
