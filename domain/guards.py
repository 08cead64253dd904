"""The guards of the transition table, by name: what must be true for an event to count.

A guard looks at a ``Situation`` and answers None, or a sentence that says why not. Guards marked
``needs_record`` can only be judged when the form is filled in; the others are also asked
beforehand, so that the screen can tell which button would be refused and why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from domain.events import Command
from domain.geodesy import distance_m
from domain.situation import Situation
from domain.state import IncidentState
from domain.time import from_microseconds, parse_rfc3339
from domain.transitions import ORGANISATION_OF, T2_COMMITTED, T2_TERMINAL, T2_UNDER_WAY, T3_TERMINAL


@dataclass(frozen=True, slots=True)
class Guard:
    """One rule. ``check(situation, command)`` answers None or why not."""

    name: str
    needs_record: bool
    check: Callable[[Situation, Command | None], str | None]
    field: str | None = None


GUARDS: dict[str, Guard] = {}

Check = Callable[[Situation, Command | None], str | None]


def _guard(name: str, field: str | None = None) -> Callable[[Check], Check]:
    def enter(check: Check) -> Check:
        GUARDS[name] = Guard(name, False, check, field)
        return check

    return enter


def _record_guard(
    name: str, field: str | None = None
) -> Callable[[Callable[[Situation, Command], str | None]], object]:
    def enter(check: Callable[[Situation, Command], str | None]) -> object:
        def whole(situation: Situation, command: Command | None) -> str | None:
            return None if command is None else check(situation, command)

        GUARDS[name] = Guard(name, True, whole, field)
        return check

    return enter


def _incident(situation: Situation) -> IncidentState:
    if situation.incident is None:
        raise ValueError("this guard needs an incident")
    return situation.incident


def _is(test: Callable[[IncidentState], bool], otherwise: str) -> Check:
    def check(situation: Situation, _command: Command | None) -> str | None:
        return None if test(_incident(situation)) else otherwise

    return check


# --- guards that are a plain test of the incident's state ----------------------------------------

for _name, _test, _otherwise in (
    ("incident_open", lambda s: s.inc in ("REPORTED", "KP_LEAD"),
     "the incident is neither reported nor led by Kosovo Police"),
    ("incident_live", lambda s: s.inc in ("REPORTED", "KP_LEAD", "STABILISED"),
     "the incident is closed or discarded"),
    ("incident_not_ended", lambda s: s.inc not in ("CLOSED", "DISCARDED"),
     "the incident is closed or discarded"),
    ("kp_leads", lambda s: s.inc == "KP_LEAD",
     "Kosovo Police does not lead at this incident (it must be confirmed and not stabilised)"),
    ("no_tier_involved", lambda s: s.t2 == "NONE" and s.t3 == "NONE",
     "tier 2 or tier 3 has been involved"),
    ("nobody_engaged", lambda s: s.t2 != "ENGAGED" and s.t3 != "ENGAGED",
     "the FPU or KFOR is engaged"),
    ("engagements_over",
     lambda s: s.t2 in ("NONE", *T2_TERMINAL) and s.t3 in ("NONE", *T3_TERMINAL),
     "tier 2 or tier 3 is not over"),
    ("line_with_kp", lambda s: s.line == "KP", "Kosovo Police does not hold the line"),
    ("line_with_fpu", lambda s: s.line == "FPU", "the FPU does not hold the line"),
    ("line_with_kfor", lambda s: s.line == "KFOR", "KFOR does not hold the line"),
    ("line_not_fpu", lambda s: s.line != "FPU",
     "the FPU still holds the line: a relief in place comes first"),
    ("line_not_kfor", lambda s: s.line != "KFOR",
     "KFOR still holds the line: a relief in place comes first"),
    ("not_revoked", lambda s: not s.t2_revoked,
     "Kosovo Police has revoked its request: only hand back or withdraw"),
    ("purpose_civil_disturbance", lambda s: s.t2_purpose == "civil_disturbance",
     "the request of Kosovo Police is not for civil disturbance"),
    ("tier2_engaged", lambda s: s.t2 == "ENGAGED", "the FPU is not engaged"),
    ("tier3_engaged", lambda s: s.t3 == "ENGAGED", "KFOR is not engaged"),
    ("not_own_mandate", lambda s: s.t3_path != "OWN_MANDATE",
     "KFOR came on its own mandate: there is no request to cancel"),
    ("capacity_reached",
     lambda s: s.t2 in T2_COMMITTED or (s.t2 == "REFUSED" and s.t2_refused_for == "capacity"),
     "the FPU is neither committed here nor has it refused for capacity"),
):  # fmt: skip
    GUARDS[_name] = Guard(_name, False, _is(_test, _otherwise))


# --- guards on people and clocks -----------------------------------------------------------------


@_guard("four_eyes")
def _four_eyes(situation: Situation, _command: Command | None) -> str | None:
    if situation.actor.name == _incident(situation).t2_request_by:
        return "the user who entered the request may not accept it"
    return None


@_guard("request_outlived")
def _request_outlived(situation: Situation, _command: Command | None) -> str | None:
    limit = situation.policy.request_expires_after
    asked = from_microseconds(_incident(situation).t2_requested_us)
    if situation.now - asked < limit:
        return f"the request is younger than {limit // timedelta(minutes=1)} minutes"
    return None


def _not_future(situation: Situation, value: object, name: str) -> str | None:
    moment = parse_rfc3339(value, f"record.{name}")
    if moment > situation.now + situation.policy.clock_tolerance:
        return f"{name} lies in the future"
    return None


@_record_guard("kp_informed", "record.kp_informed_at")
def _kp_informed(situation: Situation, command: Command) -> str | None:
    return _not_future(situation, command.record["kp_informed_at"], "kp_informed_at")


@_record_guard("told", "record.kp_told_at")
def _told(situation: Situation, command: Command) -> str | None:
    for name in ("kp_told_at", "requester_told_at"):
        if name in command.record:
            return _not_future(situation, command.record[name], name)
    return "nobody was told"


@_record_guard("request_received", "record.request.received_at")
def _request_received(situation: Situation, command: Command) -> str | None:
    value = command.record["request"]["received_at"]
    moment = parse_rfc3339(value, "record.request.received_at")
    if moment > situation.now + situation.policy.clock_tolerance:
        return "received_at lies in the future"
    return None


@_record_guard("second_person_took_request", "second_user")
def _second_person_took_request(situation: Situation, command: Command) -> str | None:
    taker = _incident(situation).t2_request_by
    if command.second_user != taker:
        return "the second person must be the user who took the request of Kosovo Police"
    if command.second_user == command.actor.name:
        return "one user cannot be both persons"
    return None


@_record_guard("kp_agreed", "record.kp_agreement.at")
def _kp_agreed(situation: Situation, command: Command) -> str | None:
    moment = parse_rfc3339(command.record["kp_agreement"]["at"], "record.kp_agreement.at")
    if moment > situation.now + situation.policy.clock_tolerance:
        return "the agreement of the Kosovo Police commander lies in the future"
    return None


@_record_guard("two_confirmations", "confirmations")
def _two_confirmations(situation: Situation, command: Command) -> str | None:
    confirmed = {"FPU" if one["org"] == "EULEX" else one["org"] for one in command.confirmations}
    missing = [name for name in _both_sides(_incident(situation), command) if name not in confirmed]
    if missing:
        return f"both sides have to confirm; missing: {', '.join(missing)}"
    latest = situation.now + situation.policy.clock_tolerance
    for number, one in enumerate(command.confirmations):
        if parse_rfc3339(one["at"], f"confirmations.{number}.at") > latest:
            return "a confirmation lies in the future"
    return None


def _both_sides(incident: IncidentState, command: Command) -> tuple[str, str]:
    """Who gives and who takes: the organisations that must both confirm."""
    if command.event == "handback_confirmed":
        return "FPU", "KP"
    if command.event == "handover_confirmed":
        return "KFOR", incident.t3_receiver or "KP"
    taker = command.event.removeprefix("relief_in_place_").upper()
    return incident.line, taker


@_record_guard("canceller_is_requester", "asserted_by.org")
def _canceller_is_requester(situation: Situation, command: Command) -> str | None:
    role = "KP_REQ" if _incident(situation).t3_path == "KP" else "EULEX"
    if command.asserted_by["org"] not in ORGANISATION_OF[role]:
        return "only the organisation that asked may cancel"
    return None


# --- guards on places and links ------------------------------------------------------------------


@_record_guard("somewhere", "position")
def _somewhere(situation: Situation, command: Command) -> str | None:
    has_place = command.position is not None or command.place_ref is not None
    if has_place or (command.event != "report" and situation.location is not None):
        return None
    return "a position or a place is needed"


@_record_guard("within_radius", "position")
def _within_radius(situation: Situation, command: Command) -> str | None:
    if command.record.get("override_reason"):
        return None
    if command.position is None:
        return "a position or a reason (override_reason) is needed"
    if situation.location is None:
        return None
    away = distance_m(*situation.location, command.position["lat"], command.position["lon"])
    limit = situation.policy.arrival_radius_m
    if away > limit:
        return f"the position is {away:.0f} m from the incident (limit {limit:.0f} m)"
    return None


@_record_guard("duplicate_named", "record.duplicate_of")
def _duplicate_named(situation: Situation, command: Command) -> str | None:
    if command.record["reason"] != "duplicate":
        return None
    if command.record.get("duplicate_of") == _incident(situation).incident_id:
        return "an incident is not its own duplicate"
    if situation.target is None:
        return "duplicate_of must be another incident of this operation"
    return None


@_record_guard("second_responder_asked", "record.skip_ground")
def _second_responder_asked(situation: Situation, command: Command) -> str | None:
    if _incident(situation).t2_asked_since_opening or command.record.get("skip_ground"):
        return None
    return "the second responder was never asked: say why it is passed over (skip_ground)"


@_record_guard("receiver_can_take", "record.receiver")
def _receiver_can_take(situation: Situation, command: Command) -> str | None:
    if command.record["receiver"] == "FPU" and _incident(situation).t2 != "ENGAGED":
        return "the FPU can take over only while it is engaged"
    return None


@_record_guard("fpu_not_skipped", "record.skip_ground")
def _fpu_not_skipped(situation: Situation, command: Command) -> str | None:
    incident = _incident(situation)
    if incident.line != "KFOR" or incident.t2 != "ENGAGED" or command.record.get("skip_ground"):
        return None
    return "the FPU is engaged: say why it is passed over (skip_ground)"


# --- guards on platoons --------------------------------------------------------------------------


@_record_guard("operations_approval", "record.operations_approval_ref")
def _operations_approval(situation: Situation, command: Command) -> str | None:
    if _incident(situation).t2_purpose == "civil_disturbance":
        return None
    if command.record.get("operations_approval_ref"):
        return None
    return "a purpose other than civil disturbance needs the approval of EULEX operations"


def _wanted(command: Command) -> list[str]:
    return list(dict.fromkeys(command.record.get("platoons", ())))


@_guard("platoons_free", "record.platoons")
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


@_guard("on_shift")
def _on_shift(situation: Situation, _command: Command | None) -> str | None:
    platoon = situation.platoon
    if platoon is not None and platoon.platoon_id not in situation.on_shift:
        return "the platoon is not on shift"
    return None


@_record_guard("reserve_kept", "record.reserve_override_ref")
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
    return (
        f"{left} platoon(s) would be left and the reserve is {situation.policy.reserve_minimum}: "
        "an override reference of EULEX operations is needed"
    )


@_record_guard("platoons_reserved", "record.platoons")
def _platoons_reserved(situation: Situation, command: Command) -> str | None:
    here = _incident(situation).incident_id
    for name in _wanted(command):
        platoon = situation.platoons.get(name)
        if platoon is None or platoon.state != "RESERVED" or platoon.incident != here:
            return f"{name} is not reserved for this incident"
    return None


@_guard("nothing_bound")
def _nothing_bound(situation: Situation, _command: Command | None) -> str | None:
    here = _incident(situation).incident_id
    held = [
        name
        for name, platoon in situation.platoons.items()
        if platoon.incident == here and platoon.state in ("RESERVED", "BOUND")
    ]
    return f"still reserved or bound: {', '.join(held)}" if held else None


@_guard("engagement_under_way", "record.engagement")
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


@_guard("engagement_keeps_one")
def _engagement_keeps_one(situation: Situation, _command: Command | None) -> str | None:
    if _incident(situation).t2 in T2_TERMINAL or _others_bound(situation):
        return None
    return "it is the last platoon of an engagement that is not over"


@_guard("loser_keeps_one")
def _loser_keeps_one(situation: Situation, _command: Command | None) -> str | None:
    if _incident(situation).t2 == "WITHDRAWN" or _others_bound(situation):
        return None
    return "the incident it leaves keeps no platoon and is not withdrawn from"


@_record_guard("target_accepted", "record.to_incident")
def _target_accepted(situation: Situation, command: Command) -> str | None:
    platoon = situation.platoon
    if platoon is not None and command.record["from_incident"] != platoon.incident:
        return "the platoon is not bound to from_incident"
    if situation.target is None or situation.target.t2 != "ACCEPTED":
        return "tier 2 is not accepted at to_incident"
    return None


@_record_guard("head_count_complete", "record.headcount")
def _head_count_complete(situation: Situation, command: Command) -> str | None:
    platoon = situation.platoon
    expected = situation.strength.get(platoon.platoon_id) if platoon is not None else None
    complete = command.record["headcount"] == expected and command.record["equipment_ok"]
    if complete or command.text:
        return None
    return f"head count {expected} and equipment must be complete, or the exception explained"


@_record_guard("exercise_open", "record.operation")
def _exercise_open(situation: Situation, command: Command) -> str | None:
    if command.record["operation"] in situation.open_exercises:
        return None
    return "no open exercise of that name"
