"""The desk and the commander at one incident, searched to the end through the real services.

A ``Place`` is a log and who holds which role. Every move is one command to the services of
incidents or of late entry over a log in memory; nothing of them is replaced but the messages to
screens. The ghost of ``tests/domain/ghost.py`` reads what was stored and judges it.
"""

from __future__ import annotations

import itertools
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from unittest.mock import patch

from domain.access.accounts import User
from domain.drafts import open_drafts, waits_behind
from domain.errors import DashboardError
from domain.events import DRAFT, DRAFT_REJECTED, Actor, Event
from domain.policy import Policy
from domain.roster import Operation, Platoon
from domain.state import IncidentState, PlatoonState, evolve_platoon, fold
from domain.streams import PLATOON
from domain.time import to_rfc3339
from domain.transitions import ROWS_OF
from services import commands, draft_entry, incident_writing, late_entry
from services.incident_writing import IncidentWriting
from services.incidents import Incidents
from services.late_entry import LateEntry
from services.late_work import Steps
from tests.domain.ghost import Ghost, broken_by, seen, tells_of_an_end
from tests.domain.harness import sample_record, two_sides
from tests.domain.invariants import violations
from tests.services.incident_world import BRIDGE, NOW, Facts, Gazetteer
from tests.services.memory_log import MemoryLog, NoJournal

OPERATION, INCIDENT, CHARLIE = "drill", "drill-0001", "drill-p1"
PEOPLE = ("anna", "bert")
DUTY, COMMANDER = "FPU_DUTY", "FPU_CMD"
Step = Mapping[str, Any]


class OnePlatoon(Facts):
    """The operations of the other tests, with one platoon and no reserve."""

    def operation(self, operation_id: str) -> Operation:
        return replace(super().operation(operation_id), reserve_minimum=0)

    def platoons_of(self, operation_id: str) -> tuple[Platoon, ...]:
        return super().platoons_of(operation_id)[:1]


@dataclass(frozen=True)
class Roles:
    """Two people who may change roles; a password is the person's name."""

    held: tuple[str, ...]

    def current(self, name: str) -> User | None:
        return User(name, self.held[PEOPLE.index(name)], "account") if name in PEOPLE else None

    def hands_on(self, _name: str) -> frozenset[str]:
        return frozenset()

    def confirm_password(self, name: str, _password: str, _address: str) -> User:
        found = self.current(name)
        assert found is not None
        return found


class Said(NamedTuple):
    """An end that Kosovo Police said: the draft that it waits in, and all that lead up to it."""

    carried_by: frozenset[str]
    told_by: frozenset[str]


@dataclass(frozen=True)
class Place:
    """Where a search stands. ``said`` are the ends of the present request that wait in drafts."""

    events: tuple[Event, ...] = ()
    roles: tuple[str, ...] = (DUTY, COMMANDER)
    ghost: Ghost = field(default_factory=Ghost)
    said: frozenset[Said] = frozenset()


class Move(NamedTuple):
    """One command: its name in traces, who sends it and how, or the ``roles`` that change."""

    name: str
    actor: Actor
    send: Callable[[Services, Place], None] | None
    roles: tuple[str, ...] = ()


@dataclass
class Services:
    """The services over one log."""

    log: MemoryLog
    roles: Roles
    incidents: Incidents = field(init=False)
    late: LateEntry = field(init=False)

    def __post_init__(self) -> None:
        outside = (self.log, NoJournal(), OnePlatoon(), Gazetteer(), self.roles)
        policy = Policy(reserve_minimum=0)
        self.incidents = Incidents(*outside, lambda: NOW, lambda: None, policy)
        self.late = LateEntry(*outside, lambda: NOW, lambda: None, policy)


@contextmanager
def lightly() -> Iterator[None]:
    """Nothing is worked out for screens, and shapes are not looked at: only what is stored counts
    here, and all that is sent is of the right shape (a test sends each of it once with them)."""
    quiet: Any = defaultdict(dict)
    with ExitStack() as stack:
        stack.enter_context(patch.object(IncidentWriting, "tell", lambda *_a: quiet))
        stack.enter_context(patch.object(Steps, "_view", lambda *_a: {}))
        stack.enter_context(patch.object(incident_writing, "check_record", lambda *_a: None))
        for module in (commands, late_entry, draft_entry):
            stack.enter_context(patch.object(module, "check_envelope", lambda _kind, sent: sent))
            stack.enter_context(patch.object(module, "clean", lambda sent: sent))
        yield


# --- what is sent --------------------------------------------------------------------------------


def step(region: str, event: str, **changed: Any) -> dict[str, Any]:
    """One step that may be sent in a sequence."""
    row = ROWS_OF[region, event][0]
    organisation = {"KP": "KP", "KF": "KFOR"}.get(row.asserted_by[0][:2], "FPU")
    record = sample_record(row, INCIDENT, NOW)
    if "platoons" in record:
        record["platoons"] = [CHARLIE]
    if event in ("accept", "change_purpose", "reconfirm") and region == "T2":
        record["operations_approval_ref"] = "OPS 1"
    return {
        "region": region,
        "event": event,
        "occurred_at": to_rfc3339(NOW),
        "asserted_by": {"org": organisation, "function": "commander"},
        "channel": "radio",
        "channel_ref": "channel 7",
        "confirmations": two_sides(NOW),
        "position": BRIDGE,
        "record": record,
        **changed,
    }


def for_purpose(event: str, purpose: str) -> dict[str, Any]:
    """Kosovo Police ask for something, or say anew what they want."""
    sent = step("T2", event)
    sent["record"] = {
        **sent["record"],
        "request": {**sent["record"]["request"], "purpose": purpose},
    }
    return sent


_IDS = itertools.count(1)


def whole(place: Place, sent: Step) -> dict[str, Any]:
    """The step as an envelope of its own that fits the present version."""
    version = sum(one.stream == INCIDENT for one in place.events)
    return {
        **sent,
        "command_id": str(uuid.UUID(int=2**64 + next(_IDS))),
        "expected_version": version,
    }


def act(sent: Step, **more: Any) -> Callable[[Services, Place], None]:
    def send(services: Services, place: Place) -> None:
        envelope = {**whole(place, sent), **more}
        actor = _ACTING[-1]
        services.incidents.act(OPERATION, INCIDENT, actor, envelope)

    return send


_ACTING: list[Actor] = []
"""Who sends what is being sent now."""


def act_on_platoon(event: str) -> Callable[[Services, Place], None]:
    def send(services: Services, place: Place) -> None:
        envelope = whole(place, step("RES", event))
        envelope["expected_version"] = sum(
            one.stream == f"{PLATOON}{CHARLIE}" for one in place.events
        )
        services.incidents.act_on_platoon(OPERATION, CHARLIE, _ACTING[-1], envelope)

    return send


def type_in(steps: Sequence[Step], behind: str | None = None) -> Callable[[Services, Place], None]:
    def send(services: Services, place: Place) -> None:
        envelope: dict[str, Any] = {**whole(place, {}), "steps": [dict(one) for one in steps]}
        if behind is not None:
            envelope["behind"] = behind
        services.late.enter(OPERATION, INCIDENT, _ACTING[-1], envelope)

    return send


def confirm(draft: str, record: Any = None) -> Callable[[Services, Place], None]:
    def send(services: Services, place: Place) -> None:
        envelope = {"command_id": whole(place, {})["command_id"]}
        if record is not None:
            envelope["record"] = record
        services.late.confirm(OPERATION, INCIDENT, draft, _ACTING[-1], envelope)

    return send


def reject(draft: str) -> Callable[[Services, Place], None]:
    def send(services: Services, place: Place) -> None:
        envelope = {"command_id": whole(place, {})["command_id"], "reason_text": "not so"}
        services.late.reject(OPERATION, INCIDENT, draft, _ACTING[-1], envelope)

    return send


# --- the search ----------------------------------------------------------------------------------


@dataclass
class Found:
    """What a search found."""

    seen: dict[Hashable, Place] = field(default_factory=dict)
    before: dict[Hashable, set[Hashable]] = field(default_factory=dict)
    first: dict[Hashable, tuple[Hashable, str]] = field(default_factory=dict)
    fired: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[str, Hashable, str]] = field(default_factory=list)

    def trace(self, key: Hashable) -> list[str]:
        found: list[str] = []
        while key in self.first:
            key, move = self.first[key]
            found.insert(0, move)
        return found

    def cannot_reach(self, is_end: Callable[[Place], bool]) -> list[Hashable]:
        """The states from which no end can be reached any more."""
        can_end = {key for key, place in self.seen.items() if is_end(place)}
        queue = deque(can_end)
        while queue:
            for key in self.before.get(queue.popleft(), ()):
                if key not in can_end:
                    can_end.add(key)
                    queue.append(key)
        return [key for key in self.seen if key not in can_end]


def opened() -> Place:
    """An incident that Kosovo Police leads."""
    place = Place()
    for event in ("report", "confirm"):
        services = Services(MemoryLog(place.events), Roles(place.roles))
        sent = step("INC", event)
        if event == "report":
            envelope = whole(place, sent)
            for name in ("region", "event", "expected_version", "confirmations"):
                del envelope[name]
            services.incidents.report(OPERATION, Actor("anna", DUTY), envelope)
        else:
            services.incidents.act(OPERATION, INCIDENT, Actor("anna", DUTY), whole(place, sent))
        place = replace(place, events=tuple(services.log.events))
    return place


def search(moves_of: Callable[[Place], Iterator[Move]], most: int | None = None) -> Found:
    """Everything that can be reached; ``most`` states where it is not meant to be the whole."""
    found = Found()
    start = opened()
    found.seen[key_of(start)] = start
    queue = deque(found.seen.items())
    with lightly():
        while queue and (most is None or len(found.seen) < most):
            key, place = queue.popleft()
            for following, name, wrong in _followings(place, moves_of):
                found.fired[name.split(" (")[0]] += 1
                reached = key_of(following)
                found.before.setdefault(reached, set()).add(key)
                found.broken += [(rule, key, name) for rule in wrong]
                if reached in found.seen:
                    continue
                found.seen[reached] = following
                found.first[reached] = (key, name)
                queue.append((reached, following))
    return found


def role_changes(place: Place) -> Iterator[Move]:
    """Each of the two people may be given the other role."""
    for number, person in enumerate(PEOPLE):
        other = COMMANDER if place.roles[number] == DUTY else DUTY
        roles = tuple(other if one == number else held for one, held in enumerate(place.roles))
        yield Move(f"{person} becomes {other}", Actor(person, other), None, roles)


def _followings(
    place: Place, moves_of: Callable[[Place], Iterator[Move]]
) -> Iterator[tuple[Place, str, list[str]]]:
    for move in moves_of(place):
        if move.send is None:
            yield replace(place, roles=move.roles), move.name, []
            continue
        services = Services(MemoryLog(place.events), Roles(place.roles))
        _ACTING.append(move.actor)
        try:
            move.send(services, place)
        except DashboardError:
            continue
        finally:
            _ACTING.pop()
        added = services.log.events[len(place.events) :]
        following, wrong = judged(place, added)
        yield following, f"{move.name} ({move.actor.name})", wrong


def judged(place: Place, added: Sequence[Event]) -> tuple[Place, list[str]]:
    """The place after what one command stored, and what that breaks."""
    ghost, wrong, said = place.ghost, [], place.said
    drafts = {one.event_id: one for one in (*place.events, *added) if one.event == DRAFT}
    for _, group in itertools.groupby(added, key=lambda one: one.command_id):
        together = list(group)
        before = ghost
        for event in together:
            ghost = seen(ghost, event, together[0])
        wrong += broken_by(before, ghost, together)
        for event in together:
            if event.stream == INCIDENT:
                wrong += _used_after_its_end(event, said)
                said = _said(event, before, ghost, said, drafts)
    events = (*place.events, *added)
    following = Place(events, place.roles, ghost, _carried(said, events))
    return following, wrong + list(_state_breaks(following))


def _used_after_its_end(event: Event, said: frozenset[Said]) -> Iterator[str]:
    """What Kosovo Police have ended is used by nothing but the drafts that tell of it."""
    engages = event.to_state == "ENGAGED" != event.from_state
    forward = (event.region, event.event) in (("T2", "accept"), ("T2", "depart"))
    uses = event.region == "T2" and event.to_state is not None and (engages or forward)
    if uses and any(event.body.get("draft") not in one.told_by for one in said):
        yield f"23 {event.event} after Kosovo Police said that it has ended"


def _said(
    event: Event, before: Ghost, after: Ghost, said: frozenset[Said], drafts: Mapping[str, Event]
) -> frozenset[Said]:
    """The ends that are said and not entered yet, after one event. An end that is struck itself
    was not said; one that is struck with what was before it was."""
    if event.event == DRAFT_REJECTED:
        struck = event.record["draft"]
        if drafts[struck].record["steps"][0]["event"] in ("cancel", "revoke_request"):
            return frozenset(one for one in said if struck not in one.carried_by)
        return said
    word = after.word(INCIDENT)
    anew = event.event in ("change_purpose", "reconfirm") and event.to_state is not None
    if word.purpose is None or word.revoked or anew:
        return frozenset()  # it is entered, or Kosovo Police have said something else since
    if word.number != before.word(INCIDENT).number or event.event != DRAFT:
        return said
    if not tells_of_an_end(event.record["steps"]):
        return said
    told = {event.event_id}
    earlier = event.record.get("behind")
    while earlier is not None:
        told.add(earlier)
        earlier = drafts[earlier].record.get("behind")
    return said | {Said(frozenset({event.event_id}), frozenset(told))}


def _carried(said: frozenset[Said], events: Sequence[Event]) -> frozenset[Said]:
    """An end whose draft is closed goes on in another that tells of it, where there is one."""
    waiting = {one.event_id for one in open_drafts(events)}
    there = frozenset(one for one in said if one.carried_by & waiting)
    gone = [draft for one in said - there for draft in one.told_by]
    if not there:
        return said
    return frozenset(Said(one.carried_by, one.told_by | frozenset(gone)) for one in there)


def _state_breaks(place: Place) -> Iterator[str]:
    own = [one for one in place.events if one.stream == INCIDENT]
    state, platoons = folded(place)
    yield from violations(state, platoons)
    drafts = open_drafts(own)
    waiting = {one.event_id for one in drafts}
    for one in place.said:
        if not waiting & one.carried_by:
            yield "22 an end that Kosovo Police said is lost with its draft"
    if drafts and state.inc in ("CLOSED", "DISCARDED"):
        yield "22 a draft is open in an incident that is over"
    word = place.ghost.word(INCIDENT)
    revoked = max((one.seq for one in own if one.event == "revoke_request" and one.to_state),
                  default=0)  # fmt: skip
    for draft in drafts:
        late = draft.seq > revoked and not draft.record.get("ends")
        for request in draft.record["stands_on"]:
            later = [one for one in own if one.seq > draft.seq]
            if request not in word.rests or (word.revoked and not late):
                yield "22 a draft stands on a request that is not live"
            if any(one.corrects == request and one.reason != "disputed" for one in later):
                yield "22 a draft stands on a request that was changed"


def folded(place: Place) -> tuple[IncidentState, dict[str, PlatoonState]]:
    own = [one for one in place.events if one.stream == INCIDENT]
    platoon = PlatoonState(CHARLIE)
    for one in place.events:
        if one.stream.startswith(PLATOON):
            platoon = evolve_platoon(platoon, one)
    return fold(INCIDENT, own), {CHARLIE: platoon}


def key_of(place: Place) -> Hashable:
    """All that a rule, a service or the judge can see; no id."""
    own = [one for one in place.events if one.stream == INCIDENT]
    state, platoons = folded(place)
    platoon = platoons[CHARLIE]
    drafts = open_drafts(own)
    order = {one.event_id: number for number, one in enumerate(drafts)}
    waiting = tuple(
        (
            tuple(one["event"] for one in draft.record["steps"]),
            draft.entered_by,
            bool(draft.record["stands_on"]),
            bool(draft.record.get("ends")),
            bool(draft.record.get("back_to")),
            order.get(waits_behind(draft, own) or ""),
        )
        for draft in drafts
    )
    word = place.ghost.word(INCIDENT)
    here = (INCIDENT, word.number)
    ghost = place.ghost.platoon(CHARLIE)
    return (
        place.roles,
        (state.inc, state.t2, state.line, state.t2_purpose, state.t2_revoked,
         bool(state.t2_disputed), state.t2_behind, CHARLIE in state.t2_named),
        (platoon.state, platoon.engagement == state.t2_engagement, platoon.disputed,
         platoon.disputed_for == state.t2_engagement),
        waiting,
        (word.purpose, word.denied, word.revoked, word.two, word.behind, word.accepted),
        (ghost.serves == here, here in ghost.granted, here in ghost.denied),
        tuple(sorted(order.get(one, -1) for said in place.said for one in said.carried_by)),
    )  # fmt: skip
