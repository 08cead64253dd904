"""What one command does to incidents and platoons inside one transaction.

``services/incidents.py`` and the late entry of whole sequences both write through this, so there
is one way into the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.errors import NotFound
from domain.events import Actor, Command, Event
from domain.incident import decide, may_write, permit
from domain.policy import Policy
from domain.roster import Operation
from domain.situation import Situation
from domain.state import IncidentState, PlatoonState, evolve_platoon, fold
from domain.streams import PLATOON
from domain.transitions import WITHOUT_TRANSITION
from services.clock import Clock
from services.event_ports import EventLog, OperationFacts, Places
from services.ports import JournalWriter, Transaction
from services.shape import check_record
from services.summaries import IncidentPicture, event_view, platoon_summary


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

    def carry_out(
        self,
        connection: Transaction,
        situation: Situation,
        command: Command,
        stream: str,
        operation_id: str,
    ) -> Outcome:
        """Decide, store and tell; raises what ``domain/incident.py`` raises."""
        if command.event in WITHOUT_TRANSITION or command.corrects is not None:
            may_write(situation)
        else:
            permit(situation, command.region, command.event)
        check_record(command.region, command.event, command.record)
        new = decide(situation, command, stream)
        stored = self._log.append(connection, operation_id, new, command, self._clock())
        views = self._tell(connection, operation_id, stored)
        return Outcome(True, tuple(stored), views[stored[0].stream])

    def again(self, connection: Transaction, before: Sequence[Event]) -> Outcome:
        """The first answer to a command that comes a second time."""
        return Outcome(False, tuple(before), self._after(connection, before))

    def _after(self, connection: Transaction, events: Sequence[Event]) -> dict[str, Any]:
        first = events[0]
        last_seq = max(event.seq for event in events if event.stream == first.stream)
        history = self._log.stream(connection, first.operation, first.stream)[:last_seq]
        if first.stream.startswith(PLATOON):
            return self._platoon_view(first.operation, first.stream, history)
        return picture_of(first.stream, history).summary()

    def _tell(
        self, connection: Transaction, operation: str, stored: Iterable[Event]
    ) -> dict[str, dict[str, Any]]:
        """Put what changed into the journal; gives what it says, by stream."""
        now = self._clock()
        views: dict[str, dict[str, Any]] = {}
        for stream in dict.fromkeys(event.stream for event in stored):
            history = self._log.stream(connection, operation, stream)
            of_platoon = stream.startswith(PLATOON)
            views[stream] = (
                self._platoon_view(operation, stream, history)
                if of_platoon
                else picture_of(stream, history).summary()
            )
            kind = "platoon" if of_platoon else "incident"
            self._journal.append(connection, operation, kind, views[stream], now)
        return views

    def history(self, connection: Transaction, operation: str, incident: str) -> list[Event]:
        """The incident's events in order; raises ``NotFound``."""
        known = incident.startswith(f"{operation}-")
        history = self._log.stream(connection, operation, incident) if known else []
        if not history:
            raise NotFound(f"no incident {incident!r} in this operation")
        return history

    def platoons(self, connection: Transaction, operation: str) -> dict[str, PlatoonState]:
        """The state of every platoon of the operation, by id."""
        ids = [platoon.id for platoon in self._roster.platoons_of(operation)]
        newest = self._log.last_of_each(connection, operation, [PLATOON + name for name in ids])
        found: dict[str, PlatoonState] = {}
        for name in ids:
            event = newest.get(PLATOON + name)
            blank = PlatoonState(name)
            found[name] = blank if event is None else evolve_platoon(blank, event)
        return found

    def _platoon_view(
        self, operation: str, stream: str, history: Sequence[Event]
    ) -> dict[str, Any]:
        name = stream.removeprefix(PLATOON)
        callsigns = {one.id: one.callsign for one in self._roster.platoons_of(operation)}
        state = PlatoonState(name)
        for event in history:
            state = evolve_platoon(state, event)
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
    ) -> Situation:
        """What the guards may look at now."""
        now = self._clock()
        target = self._log.stream(connection, operation.id, named) if named else []
        return Situation(
            now=now,
            actor=actor,
            operation_kind=operation.kind,
            sealed=operation.over(now),
            policy=self._policy_of(operation),
            incident=incident,
            platoon=platoon,
            platoons=self.platoons(connection, operation.id),
            on_shift=frozenset(self._roster.platoons_on_shift(operation.id, now)),
            strength={one.id: one.strength for one in self._roster.platoons_of(operation.id)},
            location=self._location(history),
            target=fold(str(named), target) if target else None,
            open_exercises=self._open_exercises(now),
        )

    def _policy_of(self, operation: Operation) -> Policy:
        return replace(self._policy, reserve_minimum=operation.reserve_minimum)

    def _open_exercises(self, now: datetime) -> frozenset[str]:
        return frozenset(
            one.id
            for one in self._roster.operations()
            if one.kind == "exercise" and not one.over(now)
        )

    def _location(self, history: Sequence[Event]) -> tuple[float, float] | None:
        for event in reversed(history):
            if event.event not in ("report", "kp_request"):
                continue
            position = event.body.get("position")
            if position is not None:
                return position["lat"], position["lon"]
            place_ref = event.body.get("place_ref")
            if place_ref is not None:
                return self._places.position_of(place_ref)
        return None


def picture_of(incident_id: str, history: Iterable[Event]) -> IncidentPicture:
    """The read model of one incident after ``history``."""
    picture = IncidentPicture(IncidentState(incident_id))
    for event in history:
        picture.absorb(event)
    return picture
