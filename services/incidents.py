"""Incidents and platoons: report, act, look. One command is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.errors import InvalidField, NotFound, VersionConflict
from domain.events import Actor, Command, Event
from domain.incident import Option, decide, incident_regions, may_write, options, permit
from domain.policy import Policy
from domain.roster import Operation
from domain.situation import Situation
from domain.state import IncidentState, PlatoonState, evolve_platoon, fold
from domain.transitions import RES, WITHOUT_TRANSITION
from services.clock import Clock
from services.commands import read_command
from services.event_ports import EventLog, OperationFacts, Places
from services.ports import JournalWriter, Transaction
from services.shape import check_record
from services.summaries import IncidentPicture, event_view, platoon_summary

PLATOON = "platoon:"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command led to. ``created`` is False when the command had been carried out before."""

    created: bool
    events: tuple[Event, ...]
    state: dict[str, Any]

    def view(self) -> dict[str, Any]:
        """For the interface: the state after it, and its events."""
        return {"state": self.state, "events": [event_view(event) for event in self.events]}


class Incidents:
    """The use cases; everything outside is handed in. ``wake`` tells the live stream."""

    def __init__(
        self,
        log: EventLog,
        journal: JournalWriter,
        roster: OperationFacts,
        places: Places,
        clock: Clock,
        wake: Callable[[], None],
        policy: Policy | None = None,
    ) -> None:
        self._log = log
        self._journal = journal
        self._roster = roster
        self._places = places
        self._clock = clock
        self._wake = wake
        self._policy = policy or Policy()

    def report(self, operation_id: str, actor: Actor, sent: object) -> Outcome:
        """A new incident from an envelope without region, event and version."""
        operation = self._roster.operation(operation_id)
        command = read_command("report", sent, actor, self._places)
        with self._log.transaction() as connection:
            before = self._log.by_command(connection, operation_id, command.command_id)
            if before:
                return self._again(connection, before)
            number = self._log.count_streams(connection, operation_id, f"{operation_id}-") + 1
            stream = f"{operation_id}-{number:04d}"
            situation = self._situation(connection, operation, actor, IncidentState(stream), [])
            outcome = self._carry_out(connection, situation, command, stream, operation_id)
        self._wake()
        return outcome

    def act(self, operation_id: str, incident_id: str, actor: Actor, sent: object) -> Outcome:
        """One event on an incident. Raises as ``domain/incident.py`` says, and ``NotFound``."""
        operation = self._roster.operation(operation_id)
        command = read_command("event", sent, actor, self._places)
        if command.region == RES:
            raise InvalidField("region", "a platoon's events go to the platoon")
        with self._log.transaction() as connection:
            before = self._log.by_command(connection, operation_id, command.command_id)
            if before:
                return self._again(connection, before)
            history = self._history(connection, operation_id, incident_id)
            _check_version(command, history)
            _check_correction(command, history)
            state = fold(incident_id, history)
            situation = self._situation(
                connection, operation, actor, state, history, _named_incident(command)
            )
            outcome = self._carry_out(connection, situation, command, incident_id, operation_id)
        self._wake()
        return outcome

    def act_on_platoon(
        self, operation_id: str, platoon_id: str, actor: Actor, sent: object
    ) -> Outcome:
        """One event of region RES on a platoon."""
        operation = self._roster.operation(operation_id)
        command = read_command("event", sent, actor, self._places)
        if command.region != RES:
            raise InvalidField("region", "a platoon has events of region RES only")
        if command.corrects is not None:
            raise InvalidField("corrects", "a platoon's events are followed, not corrected")
        stream = PLATOON + platoon_id
        with self._log.transaction() as connection:
            before = self._log.by_command(connection, operation_id, command.command_id)
            if before:
                return self._again(connection, before)
            platoons = self._platoons(connection, operation_id)
            platoon = platoons.get(platoon_id)
            if platoon is None:
                raise NotFound(f"no platoon {platoon_id!r} in this operation")
            if command.expected_version != platoon.version:
                since = self._log.stream(connection, operation_id, stream)
                raise _conflict(platoon.version, since[command.expected_version :])
            serves = platoon.incident or command.record.get("engagement")
            history = self._log.stream(connection, operation_id, str(serves)) if serves else []
            state = fold(str(serves), history) if history else None
            situation = self._situation(
                connection, operation, actor, state, history, _named_incident(command), platoon
            )
            outcome = self._carry_out(connection, situation, command, stream, operation_id)
        self._wake()
        return outcome

    def look(self, operation_id: str, incident_id: str, actor: Actor) -> dict[str, Any]:
        """The incident with, for every event, whether this user may do it now or what stops it."""
        operation = self._roster.operation(operation_id)
        callsigns = {one.id: one.callsign for one in self._roster.platoons_of(operation_id)}
        with self._log.view() as connection:
            history = self._history(connection, operation_id, incident_id)
            state = fold(incident_id, history)
            situation = self._situation(connection, operation, actor, state, history)
        found = {
            **_picture(incident_id, history).summary(),
            "operation": operation_id,
            "platoons": [
                platoon_summary(platoon.platoon_id, callsigns[platoon.platoon_id], platoon)
                for platoon in situation.platoons.values()
                if platoon.incident == incident_id
            ],
        }
        return found | {"events": [_option(one) for one in options(situation, incident_regions())]}

    def look_at_platoon(self, operation_id: str, platoon_id: str, actor: Actor) -> dict[str, Any]:
        """The platoon with, for every event, whether this user may do it now or what stops it."""
        operation = self._roster.operation(operation_id)
        callsigns = {one.id: one.callsign for one in self._roster.platoons_of(operation_id)}
        with self._log.view() as connection:
            platoon = self._platoons(connection, operation_id).get(platoon_id)
            if platoon is None:
                raise NotFound(f"no platoon {platoon_id!r} in this operation")
            serves = platoon.incident
            history = self._log.stream(connection, operation_id, serves) if serves else []
            state = fold(serves, history) if serves and history else None
            situation = self._situation(
                connection, operation, actor, state, history, platoon=platoon
            )
        found = platoon_summary(platoon_id, callsigns[platoon_id], platoon)
        return found | {"events": [_option(one) for one in options(situation, (RES,))]}

    def history(self, operation_id: str, incident_id: str) -> list[Event]:
        """The incident's events in order; raises ``NotFound``."""
        self._roster.operation(operation_id)
        with self._log.view() as connection:
            return self._history(connection, operation_id, incident_id)

    def platoon_states(self, operation_id: str) -> dict[str, PlatoonState]:
        """The state of every platoon of an operation."""
        with self._log.view() as connection:
            return self._platoons(connection, operation_id)

    # --- inside one transaction ----------------------------------------------------------------

    def _carry_out(
        self,
        connection: Transaction,
        situation: Situation,
        command: Command,
        stream: str,
        operation_id: str,
    ) -> Outcome:
        if command.event in WITHOUT_TRANSITION or command.corrects is not None:
            may_write(situation)
        else:
            permit(situation, command.region, command.event)
        check_record(command.region, command.event, command.record)
        new = decide(situation, command, stream)
        stored = self._log.append(connection, operation_id, new, command, self._clock())
        views = self._tell(connection, operation_id, stored)
        return Outcome(True, tuple(stored), views[stored[0].stream])

    def _again(self, connection: Transaction, before: Sequence[Event]) -> Outcome:
        return Outcome(False, tuple(before), self._after(connection, before))

    def _after(self, connection: Transaction, events: Sequence[Event]) -> dict[str, Any]:
        first = events[0]
        last_seq = max(event.seq for event in events if event.stream == first.stream)
        history = self._log.stream(connection, first.operation, first.stream)[:last_seq]
        if first.stream.startswith(PLATOON):
            return self._platoon_view(first.operation, first.stream, history)
        return _picture(first.stream, history).summary()

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
                else _picture(stream, history).summary()
            )
            kind = "platoon" if of_platoon else "incident"
            self._journal.append(connection, operation, kind, views[stream], now)
        return views

    def _history(self, connection: Transaction, operation: str, incident: str) -> list[Event]:
        known = incident.startswith(f"{operation}-")
        history = self._log.stream(connection, operation, incident) if known else []
        if not history:
            raise NotFound(f"no incident {incident!r} in this operation")
        return history

    def _platoons(self, connection: Transaction, operation: str) -> dict[str, PlatoonState]:
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

    def _situation(
        self,
        connection: Transaction,
        operation: Operation,
        actor: Actor,
        incident: IncidentState | None,
        history: Sequence[Event],
        named: str | None = None,
        platoon: PlatoonState | None = None,
    ) -> Situation:
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
            platoons=self._platoons(connection, operation.id),
            on_shift=frozenset(self._roster.platoons_on_shift(operation.id, now)),
            strength={one.id: one.strength for one in self._roster.platoons_of(operation.id)},
            location=self._location(history),
            target=fold(str(named), target) if target else None,
            open_exercises=self._open_exercises(now),
        )

    def _policy_of(self, operation: Operation) -> Policy:
        default = self._policy
        return Policy(
            default.clock_tolerance,
            default.request_expires_after,
            default.arrival_radius_m,
            operation.reserve_minimum,
        )

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


def _picture(incident_id: str, history: Iterable[Event]) -> IncidentPicture:
    picture = IncidentPicture(IncidentState(incident_id))
    for event in history:
        picture.absorb(event)
    return picture


def _check_version(command: Command, history: Sequence[Event]) -> None:
    version = history[-1].seq
    if command.expected_version != version:
        raise _conflict(version, history[command.expected_version :])


def _conflict(version: int, since: Sequence[Event]) -> VersionConflict:
    return VersionConflict(
        f"the version is now {version}; look at what happened and decide again",
        field="expected_version",
        version=version,
        since=[event_view(event) for event in since],
    )


def _check_correction(command: Command, history: Sequence[Event]) -> None:
    if command.corrects is None:
        return
    for event in history:
        if event.event_id == command.corrects:
            if (event.region, event.event) == (command.region, command.event):
                return
            raise InvalidField("corrects", "is an event of another kind")
    raise InvalidField("corrects", "is no event of this incident")


def _named_incident(command: Command) -> str | None:
    named = command.record.get("duplicate_of") or command.record.get("to_incident")
    return named if isinstance(named, str) else None


def _option(one: Option) -> dict[str, Any]:
    view: dict[str, Any] = {
        "region": one.region,
        "event": one.event,
        "allowed": one.allowed,
        "roles": list(one.roles),
    }
    return view if one.allowed else view | {"guard": one.guard, "detail": one.detail}
