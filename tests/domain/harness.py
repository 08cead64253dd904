"""A small world around the machine: one or more incidents and some platoons, no database.

``sample_record`` makes a record of the right shape for any event, so that a test of the rules
speaks of the rules only.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.errors import GuardRefused, NotPermitted
from domain.events import Actor, Command, Event, NewEvent
from domain.incident import decide, permit
from domain.policy import Policy
from domain.situation import Situation
from domain.state import IncidentState, PlatoonState, evolve, evolve_platoon
from domain.time import to_microseconds, to_rfc3339
from domain.transitions import ORGANISATION_OF, RES, TABLE, Transition

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
HERE = {"lat": 42.8914, "lon": 20.8660}
USER_OF = {
    "FPU_DUTY": "duty", "FPU_CMD": "commander", "EULEX_OPS": "ops", "PLT_LDR": "platoon",
    "PATROL_LDR": "patrol", "EXCON": "exercise",
}  # fmt: skip

TWO_SIDES = tuple(
    {"org": org, "function": "commander", "at": to_rfc3339(START), "channel": "radio"}
    for org in ("KP", "FPU", "KFOR")
)


@dataclass
class World:
    """The folded states and the log they came from."""

    incidents: dict[str, IncidentState] = field(default_factory=dict)
    platoons: dict[str, PlatoonState] = field(default_factory=dict)
    log: list[Event] = field(default_factory=list)
    now: datetime = START
    reserve: int = 0

    def situation(self, actor: Actor, stream: str, named: str | None = None) -> Situation:
        platoon = self.platoons.get(stream.removeprefix("platoon:"))
        incident = self.incidents.get(stream)
        if platoon is not None and stream.startswith("platoon:"):
            incident = self.incidents.get(platoon.incident or named or "")
        else:
            platoon = None
        return Situation(
            now=self.now,
            actor=actor,
            operation_kind="exercise",
            policy=Policy(reserve_minimum=self.reserve),
            incident=incident,
            platoon=platoon,
            platoons=self.platoons,
            on_shift=frozenset(self.platoons),
            strength=dict.fromkeys(self.platoons, 30),
            location=(HERE["lat"], HERE["lon"]),
            target=self.incidents.get(named or ""),
            open_exercises=frozenset({"drill"}),
        )

    def act(self, command: Command, stream: str, named: str | None = None) -> list[Event]:
        """Carry out a command as the service does, role and state first."""
        situation = self.situation(command.actor, stream, named)
        if command.event not in ("note", "observation"):
            permit(situation, command.region, command.event)
        stored = []
        for new in decide(situation, command, stream):
            event = self.store(new, command)
            stored.append(event)
        return stored

    def store(self, new: NewEvent, command: Command) -> Event:
        seq = sum(event.stream == new.stream for event in self.log) + 1
        event = as_event(new, command, seq, len(self.log) + 1)
        self.log.append(event)
        self.absorb(event)
        return event

    def absorb(self, event: Event) -> None:
        if event.stream.startswith("platoon:"):
            name = event.stream.removeprefix("platoon:")
            self.platoons[name] = evolve_platoon(self.platoons[name], event)
        else:
            known = self.incidents.get(event.stream, IncidentState(event.stream))
            self.incidents[event.stream] = evolve(known, event)

    def copy(self) -> World:
        """Another world in the same state; states are never changed in place."""
        return replace(
            self, incidents=dict(self.incidents), platoons=dict(self.platoons), log=list(self.log)
        )


def as_event(new: NewEvent, command: Command, seq: int, chain_seq: int) -> Event:
    return Event(
        "drill", new.stream, seq, chain_seq, f"event-{chain_seq}", command.command_id, new.region,
        new.event, new.from_state, new.to_state, to_microseconds(command.occurred_at),
        to_microseconds(command.occurred_at), command.actor.name, command.actor.role,
        command.late_entry, command.corrects, new.purpose, new.reason, new.receiver, new.incident,
        ",".join(new.platoons) or None, "{}", "", "",
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
        confirmations=TWO_SIDES,
        second_user="duty",
        position=HERE,
        text="explained",
        record=record,
    )


def sample_record(row: Transition, incident: str = "drill-0001") -> dict[str, Any]:
    """A record of the right shape for the row's event."""
    then = to_rfc3339(START)
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
    """Records that make a difference to the rules, for an exhaustive search."""
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
    else:
        yield base


def _present(world: World, row: Transition, stream: str) -> str:
    if row.region == RES:
        return world.platoons[stream.removeprefix("platoon:")].state
    return world.incidents[stream].state_of(row.region)


def moves(world: World, incident: str) -> Iterator[World]:
    """Every world one accepted event away, through every row and every variant."""
    for row in TABLE:
        if row.event == "report":
            continue
        streams = [incident]
        if row.region == RES:
            streams = [f"platoon:{name}" for name in sorted(world.platoons)]
        # a row that does not start from here is refused by the first guard; other tests say so
        streams = [stream for stream in streams if _present(world, row, stream) in row.from_states]
        for stream, record in itertools.product(streams, variants(row, world, incident)):
            following = world.copy()
            following.now = START + timedelta(hours=2)
            try:
                following.act(command(row, record), stream, record.get("engagement"))
            except (GuardRefused, NotPermitted):
                continue
            yield following
