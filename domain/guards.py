"""The guards of the transition table on the incident, on people, clocks and places, by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from domain import authority_guards, platoon_guards
from domain.aftermath import force_denied, unreconciled
from domain.events import Command
from domain.geodesy import distance_m
from domain.guard_book import (
    GUARDS,
    Check,
    Guard,
    guard,
    incident_of,
    microseconds,
    not_before,
    not_future,
    record_guard,
)
from domain.situation import Situation
from domain.state import IncidentState
from domain.time import from_microseconds, parse_rfc3339, to_microseconds
from domain.transitions import (
    INC,
    ORGANISATION_OF,
    RES,
    T2,
    T2_COMMITTED,
    T2_TERMINAL,
    T3_TERMINAL,
)

__all__ = ["GUARDS", "Guard", "authority_guards", "platoon_guards"]


def _is(test: Callable[[IncidentState], bool], otherwise: str) -> Check:
    def check(situation: Situation, _command: Command | None) -> str | None:
        return None if test(incident_of(situation)) else otherwise

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
    ("authority_disputed", lambda s: bool(s.t2_disputed),
     "nobody disputes the authority of this engagement"),
    ("no_open_draft", lambda s: not s.drafts,
     "a draft waits here: confirm or reject it first"),
    ("capacity_reached",
     lambda s: s.t2 in T2_COMMITTED or (s.t2 == "REFUSED" and s.t2_refused_for == "capacity"),
     "the FPU is neither committed here nor has it refused for capacity"),
):  # fmt: skip
    GUARDS[_name] = Guard(_name, False, _is(_test, _otherwise))


# --- guards on people and clocks -----------------------------------------------------------------


@guard("request_outlived")
def _request_outlived(situation: Situation, _command: Command | None) -> str | None:
    limit = situation.policy.request_expires_after
    asked = from_microseconds(incident_of(situation).t2_requested_us)
    if situation.now - asked < limit:
        return f"the request is younger than {limit // timedelta(minutes=1)} minutes"
    return None


@record_guard("kp_informed", "record.kp_informed_at")
def _kp_informed(situation: Situation, command: Command) -> str | None:
    value = command.record["kp_informed_at"]
    if command.region == INC:  # Kosovo Police may have known before we did
        earliest = incident_of(situation).opened_us - microseconds(situation.policy.informed_age)
    else:
        earliest = incident_of(situation).since_us(INC)
    return not_future(situation, value, "record.kp_informed_at") or not_before(
        value, "record.kp_informed_at", earliest, "Kosovo Police could be informed of this"
    )


@record_guard("told", "record.kp_told_at")
def _told(situation: Situation, command: Command) -> str | None:
    for name in ("kp_told_at", "requester_told_at"):
        if name in command.record:
            path = f"record.{name}"
            return not_future(situation, command.record[name], path) or not_before(
                command.record[name], path, _asked_us(situation, command), "there was this to tell"
            )
    return "nobody was told"


def _asked_us(situation: Situation, command: Command) -> int:
    """When what is answered, ended or left began."""
    if command.region == RES:
        return situation.platoon.since_us if situation.platoon else 0
    incident = incident_of(situation)
    return incident.t2_requested_us if command.region == T2 else incident.t3_requested_us


@record_guard("request_received", "record.request.received_at")
def _request_received(situation: Situation, command: Command) -> str | None:
    value = command.record["request"]["received_at"]
    path = "record.request.received_at"
    earliest = to_microseconds(command.occurred_at - situation.policy.confirmation_age)
    return not_future(situation, value, path) or not_before(
        value, path, earliest, "the request was made"
    )


@record_guard("kp_agreed", "record.kp_agreement.at")
def _kp_agreed(situation: Situation, command: Command) -> str | None:
    value, path = command.record["kp_agreement"]["at"], "record.kp_agreement.at"
    limit = situation.policy.agreement_age
    oldest = to_microseconds(command.occurred_at - limit)
    return (
        not_future(situation, value, path)
        or not_before(value, path, incident_of(situation).since_us(T2), "the FPU was on scene")
        or not_before(
            value, path, oldest, f"{limit // timedelta(minutes=1)} minutes before the engagement"
        )
        or _not_after(value, path, command, "the FPU engaged")
    )


def _not_after(value: object, path: str, command: Command, what: str) -> str | None:
    if parse_rfc3339(value, path) > command.occurred_at + timedelta(minutes=1):
        return f"lies after the moment at which {what}"
    return None


@record_guard("two_confirmations", "confirmations")
def _two_confirmations(situation: Situation, command: Command) -> str | None:
    confirmed = {"FPU" if one["org"] == "EULEX" else one["org"] for one in command.confirmations}
    missing = [
        name for name in _both_sides(incident_of(situation), command) if name not in confirmed
    ]
    if missing:
        return f"both sides have to confirm; missing: {', '.join(missing)}"
    reach = situation.policy.confirmation_age
    oldest = max(
        to_microseconds(command.occurred_at - reach),
        incident_of(situation).since_us(command.region),
    )
    for number, one in enumerate(command.confirmations):
        path = f"confirmations.{number}.at"
        why = not_future(situation, one["at"], path) or not_before(
            one["at"], path, oldest, "there was this to confirm"
        )
        if why is None and parse_rfc3339(one["at"], path) > command.occurred_at + reach:
            why = "at lies long after what it confirms"
        if why is not None:
            return f"a confirmation {why.removeprefix('at ')}"
    return None


def _both_sides(incident: IncidentState, command: Command) -> tuple[str, str]:
    """Who gives and who takes: the organisations that must both confirm."""
    if command.event == "handback_confirmed":
        return "FPU", "KP"
    if command.event == "handover_confirmed":
        return "KFOR", incident.t3_receiver or "KP"
    taker = command.event.removeprefix("relief_in_place_").upper()
    return incident.line, taker


@record_guard("canceller_is_requester", "asserted_by.org")
def _canceller_is_requester(situation: Situation, command: Command) -> str | None:
    role = "KP_REQ" if incident_of(situation).t3_path == "KP" else "EULEX"
    if command.asserted_by["org"] not in ORGANISATION_OF[role]:
        return "only the organisation that asked may cancel"
    return None


# --- guards on places and links ------------------------------------------------------------------


@record_guard("somewhere", "position")
def _somewhere(situation: Situation, command: Command) -> str | None:
    has_place = command.position is not None or command.place_ref is not None
    if has_place or (command.event != "report" and situation.location is not None):
        return None
    return "a position or a place is needed"


@record_guard("within_radius", "position")
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


@record_guard("duplicate_named", "record.duplicate_of")
def _duplicate_named(situation: Situation, command: Command) -> str | None:
    if command.record["reason"] != "duplicate":
        return None
    if command.record.get("duplicate_of") == incident_of(situation).incident_id:
        return "an incident is not its own duplicate"
    if situation.target is None:
        return "duplicate_of must be another incident of this operation"
    if situation.target.inc == "DISCARDED":
        return "duplicate_of is discarded itself: name the incident that goes on"
    return None


@record_guard("second_responder_asked", "record.skip_ground")
def _second_responder_asked(situation: Situation, command: Command) -> str | None:
    if incident_of(situation).t2_asked_since_opening or command.record.get("skip_ground"):
        return None
    return "the second responder was never asked: say why it is passed over (skip_ground)"


@record_guard("receiver_can_take", "record.receiver")
def _receiver_can_take(situation: Situation, command: Command) -> str | None:
    if command.record["receiver"] == "FPU" and incident_of(situation).t2 != "ENGAGED":
        return "the FPU can take over only while it is engaged"
    return None


@record_guard("fpu_not_skipped", "record.skip_ground")
def _fpu_not_skipped(situation: Situation, command: Command) -> str | None:
    incident = incident_of(situation)
    if incident.line != "KFOR" or incident.t2 != "ENGAGED" or command.record.get("skip_ground"):
        return None
    return "the FPU is engaged: say why it is passed over (skip_ground)"


# --- guards on what is left behind ---------------------------------------------------------------


@record_guard("tally_reconciled", "record.casualties")
def _tally_reconciled(situation: Situation, command: Command) -> str | None:
    return unreconciled(command.record["casualties"], situation.tally, situation.force)


@record_guard("force_recorded", "record.force_used")
def _force_recorded(situation: Situation, command: Command) -> str | None:
    return force_denied(command.record["force_used"], situation.force)
