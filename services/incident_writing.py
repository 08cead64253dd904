"""What one command does to incidents and platoons inside one transaction.

``services/incidents.py`` and the late entry of whole sequences both write through this, so there
is one way into the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.alerts import DISPUTE, RAISED, alert_of
from domain.drafts import ended_with, step_id
from domain.errors import GuardRefused, InvalidField, VersionConflict
from domain.events import DISPUTED, Command, Event, NewEvent
from domain.incident import FROM_STATE, decide, permit
from domain.permission import may_write
from domain.policy import Policy
from domain.situation import Situation
from domain.state import IncidentState
from domain.streams import PLATOON
from domain.system_entries import system_entry
from domain.transitions import RES, T2, WITHOUT_TRANSITION
from services.clock import Clock
from services.event_ports import EventLog, OperationFacts, Persons, Places
from services.incident_reading import IncidentReading
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
        persons: Persons,
        clock: Clock,
        policy: Policy,
    ) -> None:
        self._log = log
        self._journal = journal
        self._roster = roster
        self._clock = clock
        self.reading = IncidentReading(log, roster, places, persons, clock, policy)

    def warm_up(self, operation_id: str) -> None:
        """Read what decisions compare before anybody has to wait for a transaction."""
        with self._log.view() as connection:
            self.reading.competing.follow(connection, operation_id)

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
        """Decide and store without telling; ``also`` joins the body of every event that follows.

        Drafts that stood on what it ends or changes end with it; a dispute raises its alert.
        """
        try:
            new = self.judge(situation, command, stream)
        except GuardRefused as refused:
            lost = self._lost(connection, command, stream, operation_id, refused.guard)
            if lost is None:
                raise
            raise lost from refused
        if also:
            new = [replace(one, body={**one.body, **also}) for one in new]
        if not stream.startswith(PLATOON):
            new += ended_with(situation.history, new, command, command.actor, situation.confirming)
        stored = self._log.append(connection, operation_id, new, command, self._clock())
        for event in stored:
            if event.reason == DISPUTED:
                self._raise_dispute(connection, situation, command, event)
        return stored

    def _raise_dispute(
        self, connection: Transaction, situation: Situation, command: Command, event: Event
    ) -> None:
        """The alert to the commander and to EULEX operations that authority is disputed."""
        incident = situation.incident.incident_id if situation.incident else event.incident
        history = self.reading.past(connection, event.operation, incident)
        report = history[0].record if history else {}
        rests_on_it = situation.incident.t2_basis if situation.incident else ()
        stops = event.region == RES or event.corrects in rests_on_it
        record = {
            "kind": DISPUTE,
            "unit": None,
            "incident": incident,
            "title": report.get("title", ""),
            "region": event.region,
            "event": event.event,
            "breaks": event.body["dispute"]["breaks"],
            "said_by": event.body["asserted_by"],
            "stops": stops,
            "owner": "FPU_CMD",
            "event_id": event.event_id,
        }
        command_id = step_id(command.command_id, "alert")
        new, raising = system_entry(command_id, RAISED, command.occurred_at, record)
        now = self._clock()
        (raised,) = self._log.append(connection, event.operation, [new], raising, now)
        self._journal.append(connection, event.operation, "alert", alert_of(raised).view(), now)

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
        if command.dispute is not None and command.corrects is None:
            raise InvalidField("dispute", "needs corrects: the event that is disputed")
        if command.event in WITHOUT_TRANSITION or command.corrects is not None:
            may_write(situation)
        else:
            permit(situation, command.region, command.event)
        known = situation.corrected.record if situation.corrected else None
        if command.dispute is None or command.record != known:  # a dispute may leave it as it was
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
        policy = self.reading.policy_of(self._roster.operation(operation))
        clocks = timers_view(incident, history, policy)
        return picture_of(incident, history).summary() | {"timers": clocks}

    def _platoon_view(self, connection: Transaction, event: Event) -> dict[str, Any]:
        state = self.reading.platoon_at(connection, event)
        callsigns = {one.id: one.callsign for one in self._roster.platoons_of(event.operation)}
        name = state.platoon_id
        return platoon_summary(name, callsigns.get(name, name), state)


def picture_of(incident_id: str, history: Iterable[Event]) -> IncidentPicture:
    """The read model of one incident after ``history``."""
    picture = IncidentPicture(IncidentState(incident_id))
    for event in history:
        picture.absorb(event)
    return picture


def check_version(expected: int, history: Sequence[Event]) -> None:
    """Raise ``VersionConflict`` where the sender has not seen the newest event of the incident."""
    version = history[-1].seq
    if expected != version:
        raise version_conflict(version, history[expected:])


def version_conflict(version: int, since: Sequence[Event]) -> VersionConflict:
    """That somebody else was first, with what happened ``since``."""
    return VersionConflict(
        f"the version is now {version}; look at what happened and decide again",
        field="expected_version",
        version=version,
        since=[event_view(event) for event in since],
    )
