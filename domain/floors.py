"""How early an act can have happened: never before what it rests on, in whatever lane that is.

An act rests on the event before it in its own lane, and on every state that its guards ask for: who
takes over the line as the FPU was engaged before. The latest of these times is its floor. Nothing
entered late may go below it, and no time that a correction gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from domain.errors import GuardRefused
from domain.events import Command
from domain.guard_book import microseconds, not_before, not_future
from domain.permission import check_not_future
from domain.situation import Situation
from domain.state import IncidentState
from domain.time import from_microseconds, to_date_time_group, to_microseconds
from domain.transitions import INC, LINE, RES, T2, T2_COMMITTED, T3, Transition


class Floor(NamedTuple):
    """The earliest time of an act, microseconds since 1970 UTC, 0 where nothing bounds it.

    ``guard`` is the rule that is broken below it: ``in_order`` within a lane,
    ``before_what_it_rests_on`` across lanes, ``too_old`` where nothing came before.
    """

    at_us: int
    guard: str
    what: str


def check_floor(command: Command, floor: Floor) -> None:
    """Raise ``GuardRefused`` where the command is said to have happened below the floor."""
    if to_microseconds(command.occurred_at) >= floor.at_us:
        return
    earliest = to_date_time_group(from_microseconds(floor.at_us))
    raise GuardRefused(
        floor.guard, f"occurred_at lies before {earliest}, when {floor.what}", "occurred_at"
    )


Rest = Callable[[Situation, IncidentState, Command | None], int]


def _since(*regions: str) -> Rest:
    def rest(_situation: Situation, incident: IncidentState, _command: Command | None) -> int:
        return max(incident.since_us(region) for region in regions)

    return rest


def _opened(_situation: Situation, incident: IncidentState, _command: Command | None) -> int:
    return incident.opened_us


def _nobody_engaged(_s: Situation, incident: IncidentState, _command: Command | None) -> int:
    return max(incident.left_engaged_us.values(), default=0)


def _accepted(_s: Situation, incident: IncidentState, _command: Command | None) -> int:
    return incident.t2_accepted_us


def _capacity(_s: Situation, incident: IncidentState, _command: Command | None) -> int:
    return incident.t2_accepted_us if incident.t2 in T2_COMMITTED else incident.since_us(T2)


def _second_asked(_s: Situation, incident: IncidentState, command: Command | None) -> int:
    passed_over = command is not None and command.record.get("skip_ground")
    return 0 if passed_over else incident.t2_first_asked_us


def _receiver(_s: Situation, incident: IncidentState, command: Command | None) -> int:
    to_the_fpu = command is not None and command.record.get("receiver") == "FPU"
    return incident.since_us(T2) if to_the_fpu else 0


def _target(situation: Situation, _incident: IncidentState, _command: Command | None) -> int:
    return situation.target.t2_accepted_us if situation.target else 0


def _left_behind(situation: Situation, incident: IncidentState, _command: Command | None) -> int:
    """When the last platoon left the incident, as far as it has not come home since."""
    return max(
        (
            one.since_us
            for one in situation.platoons.values()
            if one.incident == incident.incident_id
        ),
        default=0,
    )


def _over(situation: Situation, incident: IncidentState, _command: Command | None) -> int:
    platoon = situation.platoon
    same = platoon is not None and platoon.engagement == incident.t2_engagement
    return incident.since_us(T2) if same and incident.t2 not in T2_COMMITTED else 0


RESTS_ON: dict[str, tuple[Rest, str]] = {
    "incident_open": (_opened, "the incident was reported"),
    "incident_live": (_opened, "the incident was reported"),
    "incident_not_ended": (_opened, "the incident was reported"),
    "kp_leads": (_since(INC), "Kosovo Police took the lead"),
    "nobody_engaged": (_nobody_engaged, "the last responder disengaged"),
    "engagements_over": (_since(T2, T3), "the engagements were over"),
    "line_with_kp": (_since(LINE), "the line changed hands"),
    "line_with_fpu": (_since(LINE), "the line changed hands"),
    "line_with_kfor": (_since(LINE), "the line changed hands"),
    "line_not_fpu": (_since(LINE), "the line changed hands"),
    "line_not_kfor": (_since(LINE), "the line changed hands"),
    "tier2_engaged": (_since(T2), "the FPU engaged"),
    "tier3_engaged": (_since(T3), "KFOR engaged"),
    "capacity_reached": (_capacity, "the FPU was committed or had refused"),
    "second_responder_asked": (_second_asked, "the FPU was asked"),
    "receiver_can_take": (_receiver, "the FPU engaged"),
    "engagement_under_way": (_accepted, "the FPU had accepted"),
    "target_accepted": (_target, "the FPU had accepted there"),
    "nothing_bound": (_left_behind, "the last platoon was let go"),
    "engagement_keeps_one": (_over, "the engagement was over"),
    "loser_keeps_one": (_over, "the engagement was over"),
}
"""Which states an act rests on, by the guard of its row that asks for them, and since when."""


def floors_of(
    situation: Situation, row: Transition, command: Command | None = None
) -> Iterator[Floor]:
    """Every floor of the act ``row`` now; ``command`` says what its record names."""
    yield own_lane(situation, row.region)
    incident = situation.incident
    if row.event == "report":
        yield oldest(situation)
    if incident is None:
        return
    if "second_person" in row.guards:  # Kosovo Police anew, after what they or others denied
        what = "the authority was disputed"
        yield Floor(incident.t2_disputed_us, "before_what_it_rests_on", what)
    for name in row.guards:
        if name in RESTS_ON:
            rest, what = RESTS_ON[name]
            yield Floor(rest(situation, incident, command), "before_what_it_rests_on", what)


def own_lane(situation: Situation, region: str) -> Floor:
    """The event before it in its own lane; for a platoon its newest move."""
    if region == RES:
        platoon = situation.platoon
        if platoon is None or not platoon.since_us:
            return oldest(situation)
        return Floor(platoon.since_us, "in_order", "the platoon was elsewhere")
    last = situation.incident.last_us.get(region, 0) if situation.incident else 0
    return Floor(last, "in_order", "the event before it in this lane happened")


def oldest(situation: Situation) -> Floor:
    """How long ago something may have happened that rests on nothing; a history has no limit."""
    if situation.operation_kind == "history":
        return Floor(0, "too_old", "")
    earliest = to_microseconds(situation.now - situation.policy.oldest_entry)
    return Floor(earliest, "too_old", "entries of this operation begin: older ones are a history")


def of_a_fact(situation: Situation) -> Floor:
    """How early a fact can belong to an incident: it may have been seen before the report."""
    if situation.incident is None:
        return oldest(situation)
    earliest = situation.incident.opened_us - microseconds(situation.policy.informed_age)
    return Floor(earliest, "too_old", "anything of this incident can have been seen")


def check_fact_times(situation: Situation, command: Command) -> None:
    """Raise ``GuardRefused`` where a fact is said to be of the future or of long before."""
    check_not_future(situation, command)
    check_floor(command, of_a_fact(situation))
    as_of = command.record.get("as_of")
    if as_of is None:
        return
    why = not_future(situation, as_of, "record.as_of")
    if why is not None:
        raise GuardRefused("not_in_the_future", why, "record.as_of")
    floor = of_a_fact(situation)
    why = not_before(as_of, "record.as_of", floor.at_us, floor.what)
    if why is not None:
        raise GuardRefused(floor.guard, why, "record.as_of")
