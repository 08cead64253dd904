"""The guards of the transition table on platoons, by name."""

from __future__ import annotations

from domain.authority_guards import (
    approval_missing,
    held_for,
    too_many,
    why_not_accept,
    why_not_live,
)
from domain.events import Command
from domain.guard_book import guard, incident_of, record_guard
from domain.situation import Situation
from domain.transitions import T2_COMMITTED, T2_UNDER_WAY


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
    here = incident_of(situation).t2_engagement
    for name in _wanted(command):
        platoon = situation.platoons.get(name)
        held = platoon is not None and platoon.state in ("RESERVED", "BOUND")
        if platoon is None or not held or platoon.engagement != here:
            return f"{name} is neither reserved for this engagement nor bound to it"
        if platoon.disputed:
            return f"{name} was accepted by an entry that is disputed"
    return None


@guard("platoon_here")
def _platoon_here(situation: Situation, _command: Command | None) -> str | None:
    here = incident_of(situation).t2_engagement
    for platoon in situation.platoons.values():
        if platoon.state == "BOUND" and platoon.engagement == here and not platoon.disputed:
            return None
    return "no platoon is bound to this engagement by an acceptance that nobody disputes"


@guard("same_engagement")
def _same_engagement(situation: Situation, _command: Command | None) -> str | None:
    if situation.platoon is None or situation.incident is None:
        return None
    if situation.platoon.engagement == situation.incident.t2_engagement:
        return None
    return "the platoon is reserved for an engagement that is over"


@guard("platoon_undisputed")
def _platoon_undisputed(situation: Situation, _command: Command | None) -> str | None:
    if situation.platoon is not None and situation.platoon.disputed:
        return "what binds this platoon is disputed: it goes no further and is released"
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


def _is_over(situation: Situation) -> bool:
    """Whether the engagement that the platoon serves is over: ended, or followed by another."""
    platoon, incident = situation.platoon, incident_of(situation)
    if platoon is not None and platoon.engagement != incident.t2_engagement:
        return True
    return incident.t2 not in T2_COMMITTED


def _others_bound(situation: Situation) -> int:
    platoon = situation.platoon
    return sum(
        other.state == "BOUND"
        and platoon is not None
        and other.engagement == platoon.engagement
        and other.platoon_id != platoon.platoon_id
        for other in situation.platoons.values()
    )


@guard("engagement_keeps_one")
def _engagement_keeps_one(situation: Situation, _command: Command | None) -> str | None:
    if _is_over(situation) or _others_bound(situation):
        return None
    return "it is the last platoon of an engagement that is not over"


@guard("loser_keeps_one")
def _loser_keeps_one(situation: Situation, _command: Command | None) -> str | None:
    if _is_over(situation) or _others_bound(situation):
        return None
    return "the engagement it leaves keeps no platoon and is not over"


@record_guard("target_accepted", "record.to_incident")
def _target_accepted(situation: Situation, command: Command) -> str | None:
    """A redeployment is the commander's acceptance of this platoon for the other engagement."""
    platoon, target = situation.platoon, situation.target
    if platoon is None or command.record["from_incident"] != platoon.incident:
        return "the platoon is not bound to from_incident"
    if target is None or target.t2 != "ACCEPTED":
        return "tier 2 is not accepted at to_incident"
    if target.t2_engagement == platoon.engagement:
        return "the platoon serves that engagement already"
    held = len(held_for(situation, target.t2_engagement)) + 1
    return (
        why_not_accept(situation, target)
        or why_not_live(target)
        or too_many(held, target.t2_asked)
        or approval_missing(target.t2_purpose, command)
    )


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


@record_guard("exercise_joined", "record.operation")
def _exercise_joined(situation: Situation, command: Command) -> str | None:
    joined = situation.platoon.exercise if situation.platoon else None
    if command.record["operation"] == joined:
        return None
    return f"the platoon is in the exercise {joined}, not in that one"
