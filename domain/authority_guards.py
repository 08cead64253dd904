"""The guards on authority, by name: whose request the FPU acts on, who accepts it, who disputes.

Authority comes from Kosovo Police through two people of the unit who have signed in. It is live
while the request that an engagement stands on is neither ended nor revoked, nor said to have ended,
nor disputed.
"""

from __future__ import annotations

from domain.events import Command
from domain.guard_book import guard, incident_of, record_guard
from domain.situation import Situation
from domain.state import IncidentState
from domain.transitions import RES

SECOND_PERSONS = ("FPU_DUTY", "FPU_CMD", "EULEX_OPS")
"""Roles that may confirm, as the second person, what Kosovo Police have said anew."""

SAID_TO_END = "Kosovo Police is said to have ended its request, in a draft that waits"


def why_not_live(incident: IncidentState, confirming: frozenset[str] = frozenset()) -> str | None:
    """Why the authority of an engagement cannot be used, None where it is live."""
    if incident.t2_request is None:
        return "no request of Kosovo Police stands"
    if incident.t2_revoked:
        return "Kosovo Police has revoked its request"
    if incident.t2_disputed:
        return "its authority is disputed: only Kosovo Police anew, taken by two people, lifts it"
    return SAID_TO_END if incident.said_ended(confirming) else None


@guard("authority_live")
def _authority_live(situation: Situation, _command: Command | None) -> str | None:
    if situation.incident is None:  # another guard says that there is none
        return None
    return why_not_live(situation.incident, situation.confirming)


@guard("no_end_said")
def _no_end_said(situation: Situation, _command: Command | None) -> str | None:
    said = incident_of(situation).said_ended(situation.confirming)
    return SAID_TO_END if said else None


def why_not_accept(situation: Situation, incident: IncidentState) -> str | None:
    """Why the actor may not accept the request of ``incident``: the actor is behind it, or one who
    is has the actor's account in hand, or the other way."""
    if situation.actor.name in incident.t2_behind:
        return "who entered, corrected or confirmed the request may not accept it"
    for name in sorted(incident.t2_behind):
        if situation.linked(name):
            return made_by_the_other(situation.actor.name, name)
    return None


def made_by_the_other(one: str, other: str) -> str:
    """That two accounts are not two people."""
    return f"one of {one} and {other} was created or reset by the other"


@guard("four_eyes")
def _four_eyes(situation: Situation, _command: Command | None) -> str | None:
    return why_not_accept(situation, incident_of(situation))


@record_guard("second_person", "second_person")
def _second_person(situation: Situation, command: Command) -> str | None:
    second = command.second_person
    if second is None:
        return "a second person has to confirm, signed in or by their own password"
    if second.name == command.actor.name:
        return "one user cannot be both persons"
    if second.role not in SECOND_PERSONS:
        return f"a second person is one of {', '.join(SECOND_PERSONS)}, not {second.role}"
    if situation.linked(second.name):
        return made_by_the_other(command.actor.name, second.name)
    return None


@record_guard("purpose_kept", "record.request.purpose")
def _purpose_kept(situation: Situation, command: Command) -> str | None:
    purpose = incident_of(situation).t2_purpose
    if command.record["request"]["purpose"] == purpose:
        return None
    return f"what is confirmed anew is the request for {purpose}: another is a change of purpose"


# --- how far an acceptance reaches ----------------------------------------------------------------


@record_guard("operations_approval", "record.operations_approval_ref")
def _operations_approval(situation: Situation, command: Command) -> str | None:
    purpose = incident_of(situation).t2_purpose
    if "request" in command.record:
        purpose = command.record["request"]["purpose"]
    return approval_missing(purpose, command)


def approval_missing(purpose: str | None, command: Command) -> str | None:
    """Why an acceptance for this purpose needs more, None where it does not."""
    if purpose == "civil_disturbance" or command.record.get("operations_approval_ref"):
        return None
    return "a purpose other than civil disturbance needs the approval of EULEX operations"


def held_for(situation: Situation, engagement: str | None) -> set[str]:
    """The platoons that are reserved for or bound to an engagement."""
    return {
        name
        for name, platoon in situation.platoons.items()
        if platoon.state in ("RESERVED", "BOUND")
        and engagement is not None
        and platoon.engagement == engagement
    }


@record_guard("asked_not_exceeded", "record.platoons")
def _asked_not_exceeded(situation: Situation, command: Command) -> str | None:
    incident = incident_of(situation)
    held = held_for(situation, incident.t2_engagement)
    asked = incident.t2_asked
    if "request" in command.record:
        asked = command.record["request"]["platoons_asked"]
    if command.region == RES and situation.platoon is not None:
        held.add(situation.platoon.platoon_id)
    held |= set(command.record.get("platoons", ()))
    return too_many(len(held), asked)


def too_many(held: int, asked: int) -> str | None:
    """Why so many platoons are more than Kosovo Police asked for, None where they are not."""
    if held <= asked:
        return None
    return f"{held} platoons would serve this engagement and Kosovo Police asked for {asked}"


@guard("named_by_acceptance", "record.engagement")
def _named_by_acceptance(situation: Situation, command: Command | None) -> str | None:
    """The desk takes what was accepted; whatever is more the commander accepts by reserving it."""
    platoon = situation.platoon
    if platoon is None or situation.incident is None:
        return None
    incident = situation.incident
    named = platoon.platoon_id in incident.t2_named or situation.accepted_before
    disputed = incident.t2_engagement in platoon.disputed_for
    if named and not disputed:
        return None
    if situation.actor.role != "FPU_CMD":
        if disputed:
            return "what accepted this platoon is disputed: the commander accepts it anew"
        return "no acceptance names this platoon: the commander accepts more"
    own = why_not_accept(situation, incident)
    if own is not None or command is None:
        return own
    return approval_missing(incident.t2_purpose, command)
