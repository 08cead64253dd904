"""What one command does to incidents and platoons inside one transaction.

``services/incidents.py`` and the late entry of whole sequences both write through this, so there
is one way into the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.aftermath import force_of, since_opening, tally_of
from domain.competition import WAITING
from domain.errors import GuardRefused, NotFound, VersionConflict
from domain.events import Actor, Command, Event, NewEvent
from domain.incident import FROM_STATE, decide, may_write, permit
from domain.policy import Policy
from domain.roster import Operation
from domain.situation import Situation
from domain.state import IncidentState, PlatoonState, evolve_platoon, fold
from domain.streams import PLATOON
from domain.transitions import RES, T2, WITHOUT_TRANSITION
from services.clock import Clock
from services.competing import Competing
from services.event_ports import EventLog, OperationFacts, Places
from services.incident_places import location_of
from services.lost_platoons import lost_race
from services.ports import JournalWriter, Transaction
from services.shape import check_record
from services.summaries import IncidentPicture, event_view, platoon_summary
from services.timers import timers_view


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command led to. ``created`` is False when the command had been carried out before."""

    created: bool
    events: tuple[Event, ...]
    state: dict[str, Any]

    def view(self) -> dict[str, Any]:
        """For the interface: the state after it, and its events."""
        return {"state": self.state, "events": [event_view(event) for event in self.events]}


class IncidentWriting:
    """Every method runs in the caller's transaction."""

    def __init__(
        self,
        log: EventLog,
        journal: JournalWriter,
        roster: OperationFacts,
        places: Places,
        clock: Clock,
        policy: Policy,
    ) -> None:
        self._log = log
        self._journal = journal
        self._roster = roster
        self._places = places
        self._clock = clock
        self._policy = policy
        self.competing = Competing(log, roster, places)

    def warm_up(self, operation_id: str) -> None:
        """Read what decisions compare before anybody has to wait for a transaction."""
        with self._log.view() as connection:
            self.competing.follow(connection, operation_id)

    def carry_out(
        self,
        connection: Transaction,
        situation: Situation,
        command: Command,
        stream: str,
        operation_id: str,
    ) -> Outcome:
        """Decide, store and tell; raises what ``domain/incident.py`` raises."""
        stored = self.enter(connection, situation, command, stream, operation_id)
        views = self.tell(connection, operation_id, stored)
        return Outcome(True, tuple(stored), views[stored[0].stream])

    def enter(
        self,
        connection: Transaction,
        situation: Situation,
        command: Command,
        stream: str,
        operation_id: str,
        also: Mapping[str, Any] | None = None,
    ) -> list[Event]:
        """Decide and store without telling; ``also`` joins the body of every event that follows."""
        try:
            new = self.judge(situation, command, stream)
        except GuardRefused as refused:
            lost = self._lost(connection, command, stream, operation_id, refused.guard)
            if lost is None:
                raise
            raise lost from refused
        if also:
            new = [replace(one, body={**one.body, **also}) for one in new]
        return self._log.append(connection, operation_id, new, command, self._clock())

    def _lost(
        self,
        connection: Transaction,
        command: Command,
        stream: str,
        operation_id: str,
        guard: str,
    ) -> VersionConflict | None:
        """Whether somebody else was first with a platoon, rather than a rule against it."""
        names: object = ()
        incident: object = stream
        if (command.region, command.event, guard) == (T2, "accept", "platoons_free"):
            names = command.record.get("platoons")
        elif (command.region, command.event, guard) == (RES, "reserve", FROM_STATE):
            names = [stream.removeprefix(PLATOON)]
            incident = command.record.get("engagement")
        return lost_race(self._log, connection, operation_id, incident, names)

    def judge(self, situation: Situation, command: Command, stream: str) -> list[NewEvent]:
        """What a command would lead to; nothing is stored."""
        if command.event in WITHOUT_TRANSITION or command.corrects is not None:
            may_write(situation)
        else:
            permit(situation, command.region, command.event)
        check_record(command.region, command.event, command.record)
        return decide(situation, command, stream)

    def add(
        self,
        connection: Transaction,
        operation_id: str,
        new: Sequence[NewEvent],
        command: Command,
    ) -> list[Event]:
        """Store what was decided elsewhere, without telling."""
        return self._log.append(connection, operation_id, new, command, self._clock())

    def again(self, connection: Transaction, before: Sequence[Event]) -> Outcome:
        """The first answer to a command that comes a second time."""
        return Outcome(False, tuple(before), self._after(connection, before))

    def _after(self, connection: Transaction, events: Sequence[Event]) -> dict[str, Any]:
        first = events[0]
        own = [event for event in events if event.stream == first.stream]
        if first.stream.startswith(PLATOON):
            return self._platoon_view(connection, own[-1])
        history = self._log.stream(connection, first.operation, first.stream)
        last_seq = max(event.seq for event in own)
        return self._summary(first.operation, first.stream, history[:last_seq])

    def tell(
        self, connection: Transaction, operation: str, stored: Iterable[Event]
    ) -> dict[str, dict[str, Any]]:
        """Put what changed into the journal; gives what it says, by stream."""
        now = self._clock()
        views: dict[str, dict[str, Any]] = {}
        changed: dict[str, list[Event]] = {}
        for event in stored:
            changed.setdefault(event.stream, []).append(event)
        for stream, new in changed.items():
            of_platoon = stream.startswith(PLATOON)
            if of_platoon:
                views[stream] = self._platoon_view(connection, new[-1])
            else:
                history = self._log.stream(connection, operation, stream)
                views[stream] = self._summary(operation, stream, history)
            kind = "platoon" if of_platoon else "incident"
            self._journal.append(connection, operation, kind, views[stream], now)
        return views

    def _summary(self, operation: str, incident: str, history: Sequence[Event]) -> dict[str, Any]:
        """As the stream tells it; whether a clock is overdue it leaves to the one who reads it."""
        policy = self._policy_of(self._roster.operation(operation))
        clocks = timers_view(incident, history, policy)
        return picture_of(incident, history).summary() | {"timers": clocks}

    def history(self, connection: Transaction, operation: str, incident: str) -> list[Event]:
        """The incident's events in order; raises ``NotFound``."""
        history = self.past(connection, operation, incident)
        if not history:
            raise NotFound(f"no incident {incident!r} in this operation")
        return history

    def past(self, connection: Transaction, operation: str, incident: object) -> list[Event]:
        """The events of an incident that a record names; empty where there is no such incident."""
        if not isinstance(incident, str) or not incident.startswith(f"{operation}-"):
            return []
        return self._log.stream(connection, operation, incident)

    def platoons(self, connection: Transaction, operation: str) -> dict[str, PlatoonState]:
        """The state of every platoon of the operation, by id."""
        ids = [platoon.id for platoon in self._roster.platoons_of(operation)]
        newest = self._log.last_of_each(connection, operation, [PLATOON + name for name in ids])
        found: dict[str, PlatoonState] = {}
        for name in ids:
            event = newest.get(PLATOON + name)
            found[name] = self._platoon_at(connection, event) if event else PlatoonState(name)
        return found

    def _platoon_at(self, connection: Transaction, event: Event) -> PlatoonState:
        """The platoon after ``event``: its newest move says all of its state."""
        moved: Event | None = event
        if event.to_state is None or event.corrects is not None:
            moved = self._log.last_moving(connection, event.operation, event.stream, event.seq)
        state = PlatoonState(event.stream.removeprefix(PLATOON))
        return replace(evolve_platoon(state, moved) if moved else state, version=event.seq)

    def _platoon_view(self, connection: Transaction, event: Event) -> dict[str, Any]:
        state = self._platoon_at(connection, event)
        callsigns = {one.id: one.callsign for one in self._roster.platoons_of(event.operation)}
        name = state.platoon_id
        return platoon_summary(name, callsigns.get(name, name), state)

    def situation(
        self,
        connection: Transaction,
        operation: Operation,
        actor: Actor,
        incident: IncidentState | None,
        history: Sequence[Event],
        named: str | None = None,
        platoon: PlatoonState | None = None,
        at: datetime | None = None,
    ) -> Situation:
        """What the guards may look at now; who is on shift as it was ``at`` another time."""
        now = self._clock()
        policy = self._policy_of(operation)
        asked = self.past(connection, operation.id, named)
        target = fold(str(named), asked) if asked else None
        opened = since_opening(history)
        tally = tally_of(opened)
        deciding, its_history = (target, asked) if platoon else (incident, history)
        return Situation(
            now=now,
            actor=actor,
            operation_kind=operation.kind,
            sealed=operation.over(now),
            policy=policy,
            incident=incident,
            platoon=platoon,
            platoons=self.platoons(connection, operation.id),
            on_shift=frozenset(self._roster.platoons_on_shift(operation.id, at or now)),
            strength={one.id: one.strength for one in self._roster.platoons_of(operation.id)},
            location=location_of(history, self._places),
            target=target,
            open_exercises=self._open_exercises(now),
            tally=tally[-1].casualties if tally else None,
            force=[one.record for one in force_of(opened)],
            ranking=self._ranking(operation, deciding, its_history, policy),
        )

    def _ranking(
        self,
        operation: Operation,
        incident: IncidentState | None,
        history: Sequence[Event],
        policy: Policy,
    ) -> list[dict[str, Any]]:
        """What is suggested about the incident and those that compete with it."""
        if incident is None or incident.t2 not in WAITING:
            return []
        here = self.competing.competitor(operation, incident, history)
        return self.competing.ranking(operation.id, here, policy)

    def _policy_of(self, operation: Operation) -> Policy:
        return self._policy.of(operation)

    def _open_exercises(self, now: datetime) -> frozenset[str]:
        return frozenset(
            one.id
            for one in self._roster.operations()
            if one.kind == "exercise" and not one.over(now)
        )


def picture_of(incident_id: str, history: Iterable[Event]) -> IncidentPicture:
    """The read model of one incident after ``history``."""
    picture = IncidentPicture(IncidentState(incident_id))
    for event in history:
        picture.absorb(event)
    return picture
