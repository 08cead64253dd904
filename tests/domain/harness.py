"""A small world around the machine: one or more incidents and some platoons, no database.

``sample_record`` makes a record of the right shape for any event, so that a test of the rules
speaks of the rules only.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from domain.chain import canonical
from domain.drafts import ended_with
from domain.effective import effective, root_of
from domain.events import Actor, Command, Event, NewEvent
from domain.incident import decide, permit
from domain.policy import Policy
from domain.situation import Situation
from domain.state import IncidentState, PlatoonState, evolve, evolve_platoon, fold
from domain.streams import PLATOON
from domain.time import to_microseconds, to_rfc3339
from domain.transitions import ORGANISATION_OF, RES, WITHOUT_TRANSITION, Transition
from services.shape import check_record

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
LATER = START + timedelta(hours=2)
HERE = {"lat": 42.8914, "lon": 20.8660}
USER_OF = {
    "FPU_DUTY": "duty", "FPU_CMD": "commander", "EULEX_OPS": "ops", "PLT_LDR": "platoon",
    "PATROL_LDR": "patrol", "EXCON": "exercise",
}  # fmt: skip


def two_sides(at: datetime = START) -> list[dict[str, Any]]:
    """Confirmations of everybody who could be asked for one."""
    return [
        {"org": org, "function": "commander", "at": to_rfc3339(at), "channel": "radio"}
        for org in ("KP", "FPU", "KFOR")
    ]


SECOND = Actor("ops", "EULEX_OPS", "another session")
"""A second person who has signed in."""


@dataclass
class World:
    """The folded states and the log they came from.

    ``shapes``: check each record against its schema, between permit and decide as the service does.
    ``recorded`` counts the events, so that ids stay different where a search forgets old ones.
    """

    incidents: dict[str, IncidentState] = field(default_factory=dict)
    platoons: dict[str, PlatoonState] = field(default_factory=dict)
    log: list[Event] = field(default_factory=list)
    now: datetime = START
    reserve: int = 0
    operation_kind: str = "exercise"
    off_shift: frozenset[str] = frozenset()
    location: tuple[float, float] | None = (HERE["lat"], HERE["lon"])
    tally: dict[str, Any] | None = None
    force: tuple[dict[str, Any], ...] = ()
    linked: frozenset[str] = frozenset()
    shapes: bool = False
    recorded: int = 0

    def situation(self, actor: Actor, stream: str, named: str | None = None) -> Situation:
        platoon = None
        incident = self.incidents.get(stream)
        if stream.startswith(PLATOON):
            platoon = self.platoons[stream.removeprefix(PLATOON)]
            incident = self.incidents.get(platoon.incident or named or "")
        return Situation(
            now=self.now,
            actor=actor,
            operation_kind=self.operation_kind,
            policy=_policy(self.reserve),
            incident=incident,
            platoon=platoon,
            platoons=self.platoons,
            on_shift=frozenset(self.platoons) - self.off_shift,
            strength=dict.fromkeys(self.platoons, 30),
            location=self.location,
            target=self.incidents.get(named or ""),
            open_exercises=frozenset({"drill"}),
            tally=self.tally,
            force=self.force,
            linked=self.linked.__contains__,
            accepted_before=self._accepted_before(stream, incident),
            history=[one for one in self.log if one.stream == stream],
        )

    def _accepted_before(self, stream: str, incident: IncidentState | None) -> bool:
        """As ``services/incident_reading.py`` tells it."""
        return (
            stream.startswith(PLATOON)
            and incident is not None
            and incident.t2_engagement is not None
            and any(
                one.stream == stream
                and one.event in ("reserve", "redeploy")
                and one.corrects is None
                and one.entered_role == "FPU_CMD"
                and one.body.get("engagement") == incident.t2_engagement
                for one in self.log
            )
        )

    def act(self, command: Command, stream: str, named: str | None = None) -> list[Event]:
        """Carry out a command as the service does, role and state first."""
        situation = self.situation(command.actor, stream, named)
        if command.corrects is not None:
            situation, command = self.correcting(situation, command, stream)
        elif command.event not in WITHOUT_TRANSITION:
            permit(situation, command.region, command.event)
        if self.shapes:
            check_record(command.region, command.event, command.record)
        new = decide(situation, command, stream)
        if not stream.startswith(PLATOON):
            new += ended_with(situation.history, new, command, command.actor)
        return [self.store(one, command) for one in new]

    def correcting(
        self, situation: Situation, command: Command, stream: str
    ) -> tuple[Situation, Command]:
        """The situation of a correction, as the service reads it."""
        history = [one for one in self.log if one.stream == stream]
        root = root_of(history, str(command.corrects))
        (event,) = (one for one in effective(history) if one.event_id == root)
        if event.region == RES:
            history = [one for one in self.log if one.stream == event.incident]
        logs = {
            name: [one for one in self.log if one.stream == f"{PLATOON}{name}"]
            for name in (self.platoons if event.region in ("T2", RES) else ())
        }
        incident = fold(history[0].stream, history) if history else situation.incident
        situation = replace(
            situation, incident=incident, history=history, platoon_logs=logs, corrected=event
        )
        return situation, replace(command, corrects=root)

    def store(self, new: NewEvent, command: Command) -> Event:
        seq = self._version(new.stream) + 1
        self.recorded += 1
        event = as_event(new, command, seq, self.recorded)
        event = event._replace(recorded_us=to_microseconds(self.now))
        self.log.append(event)
        self.absorb(event)
        return event

    def _version(self, stream: str) -> int:
        if stream.startswith(PLATOON):
            return self.platoons[stream.removeprefix(PLATOON)].version
        known = self.incidents.get(stream)
        return known.version if known else 0

    def absorb(self, event: Event) -> None:
        if event.stream.startswith(PLATOON):
            name = event.stream.removeprefix(PLATOON)
            self.platoons[name] = evolve_platoon(self.platoons[name], event)
        else:
            known = self.incidents.get(event.stream, IncidentState(event.stream))
            self.incidents[event.stream] = evolve(known, event)

    def copy(self) -> World:
        """Another world in the same state; states are never changed in place."""
        return replace(
            self, incidents=dict(self.incidents), platoons=dict(self.platoons), log=list(self.log)
        )


@cache
def _policy(reserve: int) -> Policy:
    return Policy(reserve_minimum=reserve)


def as_event(new: NewEvent, command: Command, seq: int, chain_seq: int) -> Event:
    return Event(
        "drill", new.stream, seq, chain_seq, f"event-{chain_seq}", command.command_id, new.region,
        new.event, new.from_state, new.to_state, to_microseconds(command.occurred_at),
        to_microseconds(command.occurred_at), command.actor.name, command.actor.role,
        command.late_entry, new.corrects, new.purpose, new.reason,
        new.receiver, new.incident,
        ",".join(new.platoons) or None, canonical(dict(new.body)), "", "",
    )  # fmt: skip


_NUMBERS = itertools.count()


def command(
    row: Transition, record: dict[str, Any], at: datetime = START, role: str | None = None
) -> Command:
    """A command for a table row, entered by a user who may, asserted by who must."""
    role = role or row.entered_by[0]
    return Command(
        command_id=f"command-{next(_NUMBERS)}",
        region=row.region,
        event=row.event,
        occurred_at=at,
        actor=Actor(USER_OF[role], role),
        asserted_by={"org": ORGANISATION_OF[row.asserted_by[0]][0], "function": "x"},
        channel="radio",
        channel_ref="7",
        confirmations=two_sides(at),
        second_person=SECOND if "second_person" in row.guards else None,
        position=HERE,
        text="explained",
        record=record,
    )


def sample_record(
    row: Transition, incident: str = "drill-0001", at: datetime = START
) -> dict[str, Any]:
    """A record of the right shape for the row's event, whose times are ``at``."""
    then = to_rfc3339(at)
    request = {
        "officer_function": "duty officer", "officer_service_no": "1", "officer_unit": "north",
        "received_at": then, "purpose": "civil_disturbance", "legal_basis": "JA_2008_124",
        "kp_commander_contact": "radio 1",
    }  # fmt: skip
    records: dict[str, dict[str, Any]] = {
        "report": {"title": "t", "category": "other", "severity": 1, "source": "s",
                   "source_reliability": "B", "info_credibility": 2},
        "confirm": {"kp_informed_at": then, "kp_unit": "north"},
        "discard": {"reason": "false"},
        "stabilise": {"kp_commander_ref": "x"},
        "close": {"final_sitrep_ref": "x", "casualties": {"none": True}, "force_used": False},
        "prealert": {"readiness_level": "high"},
        "kp_request": {"request": {**request, "platoons_asked": 1}},
        "change_purpose": {"request": {**request, "platoons_asked": 1}},
        "reconfirm": {"request": {**request, "platoons_asked": 1}},
        "acknowledge": {"read_back": True} if row.region == "T2" else {},
        "refuse": {"reason": "capacity", "kp_told_at": then} if row.region == "T2"
        else {"reason_text": "not given", "requester_told_at": then},
        "expire": {"callback_ref": "x"},
        "engage": {"kp_agreement": {"function": "x", "at": then}, "force_level": "presence",
                   "caution_acknowledged": True} if row.region == "T2" else {},
        "begin_handback": {"receiver": "KP commander"},
        "handback_confirmed": {"persons_list_ref": "none", "casualties_list_ref": "none",
                               "evidence_list_ref": "none"},
        "revoke_request": {"officer_function": "x", "officer_service_no": "1"},
        "withdraw": {"ground": "x", "kp_told_at": then},
        "inform_kfor": {"channel_ref": "x"},
        "request_via_eulex": {"request": {**request, "units_asked": "a company"},
                              "capacity_statement": "x", "kp_informed_at": then},
        "request_by_kp": {"request": {**request, "units_asked": "a company"}},
        "own_mandate": {"ground": "SSE", "ground_text": "x", "authority_function": "x",
                        "kp_told": True, "eulex_told": True},
        "begin_handover": {"receiver": "KP"},
        "reserve": {"engagement": incident},
        "bind": {"tasking_order_no": "1"},
        "unreserve": {"engagement": incident, "reason_text": "x"},
        "release": {"engagement": incident, "reason_text": "x"},
        "returned": {"headcount": 30, "equipment_ok": True},
        "stays": {"ground": "withdrawal_dangerous", "ground_text": "x"},
        "join_exercise": {"operation": "drill"}, "leave_exercise": {"operation": "drill"},
        "accept": {"tasking_order_no": "1", "platoons": ["p1"], "eta": then} if row.region == "T2"
        else {"authority_function": "x", "units": "x", "eta": then},
        "depart": {"platoons": ["p1"], "eta": then} if row.region == "T2" else {},
        "arrive": {},
        "redeploy": {"from_incident": incident, "to_incident": "drill-0002", "reason_text": "x",
                     "kp_told_at": then},
        "handover_confirmed": {},
    }  # fmt: skip
    if row.event.startswith("relief_in_place"):
        return {"giver": "x", "taker": "y"}
    return records.get(row.event, {"reason_text": "x"})


def variants(row: Transition, world: World, incident: str) -> Iterator[dict[str, Any]]:
    """Records that make a difference to the rules, for a search."""
    base = sample_record(row, incident)
    names = sorted(world.platoons)
    if row.region == "T2" and row.event in ("accept", "depart"):
        for size in range(1, len(names) + 1):
            for chosen in itertools.combinations(names, size):
                yield {**base, "platoons": list(chosen), "operations_approval_ref": "o"}
    elif row.event == "refuse" and row.region == "T2":
        yield base
        yield {**base, "reason": "safety"}
    elif row.event in ("kp_request", "change_purpose"):
        yield base
        yield {"request": {**base["request"], "purpose": "escort_support"}}
    elif row.event in ("request_by_kp", "relief_in_place_kp"):
        yield base
        yield {**base, "skip_ground": "x"}
    elif row.event == "begin_handover":
        yield base
        yield {"receiver": "FPU"}
    elif row.event == "redeploy":
        for other in sorted(world.incidents):
            yield {**base, "to_incident": other}
    else:
        yield base
