"""Whether what a stream says agrees with the rules, with every correction laid over.

The machine judges an event once, when it is recorded. A correction changes what was said then, so
the event and all that came after it are judged again: by the guards that look at records, people
and times. Guards that look at what is free or on shift at a moment are left out; no correction
changes what they saw.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.errors import DashboardError, GuardRefused
from domain.events import Actor, Command, Event
from domain.floors import check_floor, floors_of
from domain.guards import GUARDS
from domain.situation import Situation, nobody
from domain.state import IncidentState, PlatoonState, absorb, evolve_platoon
from domain.streams import PLATOON
from domain.transitions import TABLE, Transition

JUDGED_AGAIN = frozenset(
    {
        "kp_informed", "told", "request_received", "kp_agreed", "two_confirmations", "four_eyes",
        "second_person", "operations_approval", "purpose_kept", "purpose_civil_disturbance",
        "asked_not_exceeded", "second_responder_asked", "fpu_not_skipped", "receiver_can_take",
        "within_radius",
        "canceller_is_requester", "capacity_reached", "somewhere",
    }
)  # fmt: skip
"""Guards that look at what a record says, at people and at times."""

OF_A_PLATOON = ("told", "head_count_complete")
"""Those of them that a platoon's own stream can tell."""

_ROWS: dict[str, Transition] = {row.id: row for row in TABLE}


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that an event breaks as it is known now."""

    event: Event
    refused: GuardRefused

    @property
    def key(self) -> tuple[str, str]:
        """The event and the rule."""
        return self.event.event_id, self.refused.guard


def breaches(
    situation: Situation,
    events: Sequence[Event],
    platoon_logs: Mapping[str, Sequence[Event]],
    correctors: Mapping[str, frozenset[str]],
) -> Iterator[Breach]:
    """The breaches of an incident's ``events`` and of the platoons that it reaches.

    All are given as they are known, without corrections; ``correctors`` are by event the people who
    have corrected it. The streams are walked together in the order of recording, so that each event
    is judged by what was known then.
    """
    incident_id = events[0].stream if events else ""
    state = IncidentState(incident_id)
    platoons = {name: PlatoonState(name) for name in platoon_logs}
    streams = (events, *platoon_logs.values())
    for event in sorted((one for stream in streams for one in stream), key=_recorded):
        row = _row_of(event)
        seen = replace(
            situation, incident=state if events else None, platoon=None, platoons=dict(platoons),
            linked=nobody, actor=Actor(event.entered_by, event.entered_role),
        )  # fmt: skip
        if event.stream.startswith(PLATOON):
            name = event.stream.removeprefix(PLATOON)
            if row is not None:
                here = seen if event.incident == incident_id else replace(seen, incident=None)
                yield from _of_a_platoon(replace(here, platoon=platoons[name]), event, row)
            platoons[name] = evolve_platoon(platoons[name], event)
            continue
        if row is not None:
            yield from _of_one(seen, event, row, JUDGED_AGAIN)
        absorb(state, event)
        if event.event_id == state.t2_request:
            state.t2_behind = state.t2_behind | correctors.get(event.event_id, frozenset())


def _recorded(event: Event) -> int:
    return event.chain_seq


def _of_a_platoon(situation: Situation, event: Event, row: Transition) -> Iterator[Breach]:
    """The breaches of one move of a platoon; one that is an acceptance is judged as one."""
    incident, platoon = situation.incident, situation.platoon
    judged = OF_A_PLATOON if incident is None else (*OF_A_PLATOON, "asked_not_exceeded")
    yield from _of_one(situation, event, row, judged)
    if incident is None or platoon is None or row.event not in ("reserve", "redeploy"):
        return
    followed = "platoons" in event.record  # it followed from an acceptance in the incident's stream
    accepts = row.event == "redeploy" or platoon.platoon_id not in incident.t2_named
    if accepts and not followed and event.entered_by in incident.t2_behind:
        why = "who entered, corrected or confirmed the request has accepted this platoon for it"
        yield Breach(event, GuardRefused("four_eyes", why))


def _of_one(
    situation: Situation, event: Event, row: Transition, judged: Collection[str]
) -> Iterator[Breach]:
    command = command_of(event)
    then = replace(situation, now=event.recorded_at)  # how old an entry was, it was when written
    for floor in floors_of(then, row, command):
        try:
            check_floor(command, floor)
        except GuardRefused as refused:
            yield Breach(event, refused)
            break
    for name in row.guards:
        if name not in judged:
            continue
        why = _why(name, situation, command)
        if why is not None:
            yield Breach(event, GuardRefused(name, why, GUARDS[name].field))


def _why(name: str, situation: Situation, command: Command) -> str | None:
    try:
        return GUARDS[name].check(situation, command)
    except (DashboardError, KeyError):
        return None  # an old record without the field that this rule looks at


def _row_of(event: Event) -> Transition | None:
    if event.to_state is None or event.corrects is not None:
        return None
    return _ROWS.get(str(event.body.get("row")))


def command_of(event: Event) -> Command:
    """The command that an event came from, as it is known now."""
    body = event.body
    second = body.get("second_person")
    return Command(
        command_id=event.command_id,
        region=event.region,
        event=event.event,
        occurred_at=event.occurred_at,
        actor=Actor(event.entered_by, event.entered_role, body.get("session", "")),
        asserted_by=body.get("asserted_by", {"org": "FPU"}),
        channel=body.get("channel"),
        channel_ref=body.get("channel_ref"),
        confirmations=body.get("confirmations", ()),
        second_person=Actor(second["user"], second["role"]) if second else _told_person(body),
        position=body.get("position"),
        place_ref=body.get("place_ref"),
        text=body.get("text"),
        late_entry=event.late_entry,
        record=body.get("record", {}),
    )


def _told_person(body: Mapping[str, object]) -> Actor | None:
    """The second person of an event from before second people signed in."""
    name = body.get("second_user")
    return Actor(str(name), "FPU_DUTY") if name else None
