"""Incidents and platoons: report, act, look. One command is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from domain.competition import WAITING, offers, short
from domain.drafts import marked_late
from domain.errors import InvalidField, NotFound, VersionConflict
from domain.events import Actor, Command, Event
from domain.incident import RANKED, Option, incident_regions, options
from domain.policy import Policy
from domain.roster import Operation
from domain.situation import Situation
from domain.state import IncidentState, PlatoonState, fold
from domain.streams import PLATOON
from domain.time import from_microseconds, to_rfc3339
from domain.transitions import RES, WITHOUT_TRANSITION
from services.clock import Clock
from services.command_ids import Sent, carried_out
from services.commands import read_command
from services.drafts import drafts_of, ended_drafts_of
from services.event_ports import EventLog, OperationFacts, Persons, Places
from services.incident_writing import (
    IncidentWriting,
    Outcome,
    check_version,
    picture_of,
    version_conflict,
)
from services.looking import asked_for, debt_views, disputes_views, force_views, tally_views
from services.ports import JournalWriter, Transaction
from services.second_person import with_second_person
from services.summaries import platoon_summary
from services.timers import clocks_run, timers_view


class Incidents:
    """The use cases; everything outside is handed in. ``wake`` tells the live stream."""

    def __init__(
        self,
        log: EventLog,
        journal: JournalWriter,
        roster: OperationFacts,
        places: Places,
        persons: Persons,
        clock: Clock,
        wake: Callable[[], None],
        policy: Policy | None = None,
    ) -> None:
        self._log = log
        self._roster = roster
        self._places = places
        self._clock = clock
        self._wake = wake
        self._persons = persons
        self._writing = IncidentWriting(
            log, journal, roster, places, persons, clock, policy or Policy()
        )
        self._reading = self._writing.reading

    def report(self, operation_id: str, actor: Actor, sent: object) -> Outcome:
        """A new incident from an envelope without region, event and version."""
        operation = self._roster.operation(operation_id)
        command = read_command("report", sent, actor, self._places, operation_id)
        with self._log.transaction() as connection:
            before = self._before(connection, operation_id, command)
            if before:
                return self._writing.again(connection, before)
            newest = self._log.newest_incident(connection, operation_id)
            number = int(newest.removeprefix(f"{operation_id}-")) + 1 if newest else 1
            stream = f"{operation_id}-{number:04d}"
            situation = self._reading.situation(
                connection, operation, actor, IncidentState(stream), [], command
            )
            late = marked_late(command, situation)
            outcome = self._writing.carry_out(connection, situation, late, stream, operation_id)
        self._wake()
        return outcome

    def act(self, operation_id: str, incident_id: str, actor: Actor, sent: object) -> Outcome:
        """One event on an incident. Raises as ``domain/incident.py`` says, and ``NotFound``."""
        operation = self._roster.operation(operation_id)
        target = f"{operation_id}/{incident_id}"
        command = read_command("event", sent, actor, self._places, target)
        if command.region == RES:
            raise InvalidField("region", "a platoon's events go to the platoon")
        known = partial(self._is_known, operation_id, command, incident_id)
        command = with_second_person(command, sent, self._persons, known)
        self._warm_up(operation_id, command)
        with self._log.transaction() as connection:
            before = self._before(connection, operation_id, command, incident_id)
            if before:
                return self._writing.again(connection, before)
            self._follow_competing(connection, operation_id, command)
            history = self._reading.history(connection, operation_id, incident_id)
            if command.event not in WITHOUT_TRANSITION or command.corrects is not None:
                # a fact is never refused for what its sender has not seen
                check_version(command.expected_version, history)
            situation = self._reading.situation(
                connection, operation, actor, fold(incident_id, history), history, command
            )
            if command.corrects is not None:
                situation, command = self._reading.correcting(
                    connection, operation_id, situation, command, history
                )
            late = marked_late(command, situation)
            outcome = self._writing.carry_out(
                connection, situation, late, incident_id, operation_id
            )
        self._wake()
        return outcome

    def act_on_platoon(
        self, operation_id: str, platoon_id: str, actor: Actor, sent: object
    ) -> Outcome:
        """One event of region RES on a platoon."""
        operation = self._roster.operation(operation_id)
        stream = PLATOON + platoon_id
        target = f"{operation_id}/{stream}"
        command = read_command("event", sent, actor, self._places, target)
        if command.region != RES:
            raise InvalidField("region", "a platoon has events of region RES only")
        self._warm_up(operation_id, command)
        with self._log.transaction() as connection:
            before = self._before(connection, operation_id, command, stream)
            if before:
                return self._writing.again(connection, before)
            self._follow_competing(connection, operation_id, command)
            platoon = self._reading.platoons(connection, operation_id).get(platoon_id)
            if platoon is None:
                raise NotFound(f"no platoon {platoon_id!r} in this operation")
            if command.expected_version != platoon.version:
                raise self._platoon_conflict(connection, operation_id, command, platoon)
            situation = self._of_platoon(connection, operation, actor, platoon, command)
            if command.corrects is not None:
                past = self._log.stream(connection, operation_id, stream)
                situation, command = self._reading.correcting(
                    connection, operation_id, situation, command, past
                )
            late = marked_late(command, situation)
            outcome = self._writing.carry_out(connection, situation, late, stream, operation_id)
        self._wake()
        return outcome

    def _of_platoon(
        self,
        connection: Transaction,
        operation: Operation,
        actor: Actor,
        platoon: PlatoonState,
        command: Command | None = None,
    ) -> Situation:
        """A platoon with the incident that it serves, or that it is to be reserved for."""
        serves = platoon.incident or (command.record.get("engagement") if command else None)
        history = self._reading.past(connection, operation.id, serves)
        state = fold(str(serves), history) if history else None
        situation = self._reading.situation(
            connection, operation, actor, state, history, command, platoon
        )
        if state is None or command is None or command.event != "reserve":
            return situation
        accepted = self._reading.accepted_before(
            connection, operation.id, platoon.platoon_id, state.t2_engagement
        )
        return replace(situation, accepted_before=accepted)

    def _is_known(self, operation_id: str, command: Command, stream: str) -> bool:
        """Whether it was carried out before: then nobody is asked for a password again."""
        with self._log.view() as connection:
            return bool(self._before(connection, operation_id, command, stream))

    def _before(
        self,
        connection: Transaction,
        operation_id: str,
        command: Command,
        stream: str | None = None,
    ) -> list[Event]:
        sent = Sent(command.command_id, command.fingerprint, command.actor, stream, command)
        return carried_out(self._log, connection, operation_id, sent)

    def _warm_up(self, operation_id: str, command: Command) -> None:
        if (command.region, command.event) in RANKED:
            self._writing.warm_up(operation_id)

    def _follow_competing(
        self, connection: Transaction, operation_id: str, command: Command
    ) -> None:
        if (command.region, command.event) in RANKED:
            self._reading.competing.follow(connection, operation_id)

    def _platoon_conflict(
        self, connection: Transaction, operation_id: str, command: Command, platoon: PlatoonState
    ) -> VersionConflict:
        stream = PLATOON + platoon.platoon_id
        since = self._log.stream(connection, operation_id, stream)[command.expected_version :]
        conflict = version_conflict(platoon.version, since)
        if command.event == "reserve" and platoon.state != "AVAILABLE":
            conflict.extra |= {"guard": "platoons_free", "platoons": [platoon.platoon_id]}
        return conflict

    def look(self, operation_id: str, incident_id: str, actor: Actor) -> dict[str, Any]:
        """The incident with, for every event, whether this user may do it now or what stops it."""
        operation = self._roster.operation(operation_id)
        callsigns = {one.id: one.callsign for one in self._roster.platoons_of(operation_id)}
        with self._log.view() as connection:
            history = self._reading.history(connection, operation_id, incident_id)
            state = fold(incident_id, history)
            if state.t2 in WAITING:
                self._reading.competing.follow(connection, operation_id)
            situation = self._reading.situation(connection, operation, actor, state, history)
            left_to_do = self._offers(connection, operation_id, situation, history)
            of_platoons = [
                view
                for platoon in situation.platoons.values()
                if platoon.incident == incident_id and platoon.disputed
                for view in disputes_views(
                    self._log.stream(connection, operation_id, PLATOON + platoon.platoon_id)
                )
                if view["engagement"] == platoon.engagement
            ]
        found = {
            **picture_of(incident_id, history).summary(),
            "operation": operation_id,
            "engagement": state.t2_engagement,
            "request": state.t2_request,
            "timers": timers_view(incident_id, history, situation.policy, situation.now)
            if clocks_run(operation, situation.now)
            else [],
            "drafts": drafts_of(history, situation),
            "drafts_ended": ended_drafts_of(history),
            "disputed_events": [*disputes_views(history), *of_platoons],
            "debts": debt_views(history, situation.policy, situation.now),
            "tally": tally_views(history),
            "force": force_views(history),
            "ranking": list(situation.ranking),
            "offers": left_to_do,
            "platoons": [
                platoon_summary(platoon.platoon_id, callsigns[platoon.platoon_id], platoon)
                for platoon in situation.platoons.values()
                if platoon.incident == incident_id
            ],
        }
        return found | {"events": [_option(one) for one in options(situation, incident_regions())]}

    def _offers(
        self,
        connection: Transaction,
        operation_id: str,
        situation: Situation,
        history: Sequence[Event],
    ) -> list[dict[str, Any]]:
        """What is left to do where platoons are missing."""
        asked = asked_for(history)
        here = situation.incident
        if here is None or not short(situation, asked):
            return []
        elsewhere = []
        for platoon in situation.platoons.values():
            if platoon.state != "BOUND" or platoon.incident in (None, here.incident_id):
                continue
            theirs = self._reading.past(connection, operation_id, platoon.incident)
            served = fold(str(platoon.incident), theirs)
            elsewhere.append(replace(situation, incident=served, platoon=platoon, target=here))
        return offers(situation, asked, elsewhere)

    def look_at_platoon(self, operation_id: str, platoon_id: str, actor: Actor) -> dict[str, Any]:
        """The platoon with, for every event, whether this user may do it now or what stops it."""
        operation = self._roster.operation(operation_id)
        callsigns = {one.id: one.callsign for one in self._roster.platoons_of(operation_id)}
        with self._log.view() as connection:
            platoon = self._reading.platoons(connection, operation_id).get(platoon_id)
            if platoon is None:
                raise NotFound(f"no platoon {platoon_id!r} in this operation")
            situation = self._of_platoon(connection, operation, actor, platoon)
        found = platoon_summary(platoon_id, callsigns[platoon_id], platoon)
        return found | {"events": [_option(one) for one in options(situation, (RES,))]}

    def history(self, operation_id: str, incident_id: str) -> list[Event]:
        """The incident's events in order; raises ``NotFound``."""
        self._roster.operation(operation_id)
        with self._log.view() as connection:
            return self._reading.history(connection, operation_id, incident_id)

    def platoon_history(self, operation_id: str, platoon_id: str) -> list[Event]:
        """The platoon's events in order; none where nothing has happened to it."""
        self._roster.operation(operation_id)
        with self._log.view() as connection:
            return self._log.stream(connection, operation_id, PLATOON + platoon_id)

    def platoon_states(self, operation_id: str) -> dict[str, PlatoonState]:
        """The state of every platoon of an operation."""
        with self._log.view() as connection:
            return self._reading.platoons(connection, operation_id)


def _option(one: Option) -> dict[str, Any]:
    view: dict[str, Any] = {
        "region": one.region,
        "event": one.event,
        "allowed": one.allowed,
        "roles": list(one.roles),
    }
    if one.allowed and one.rows:
        floor = from_microseconds(one.not_before_us)
        view |= {"rows": list(one.rows), "not_before": to_rfc3339(floor)}
    return view if one.allowed else view | {"guard": one.guard, "detail": one.detail}
