"""What is read for a decision: histories, platoons, people, and all of it as one situation.

Every method runs in the caller's transaction, so a decision sees one state of the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from domain.aftermath import force_of, since_opening, tally_of
from domain.competition import WAITING
from domain.effective import effective, root_of
from domain.errors import InvalidField, NotFound
from domain.events import Actor, Command, Event
from domain.policy import Policy
from domain.roster import Operation
from domain.situation import Situation
from domain.state import IncidentState, PlatoonState, evolve_platoon, fold
from domain.streams import PLATOON
from domain.transitions import RES, T2
from services.clock import Clock
from services.competing import Competing
from services.event_ports import EventLog, OperationFacts, Persons, Places
from services.incident_places import location_of
from services.ports import Transaction


class IncidentReading:
    """Reads for those who decide; ``competing`` follows the log for the ranking."""

    def __init__(
        self,
        log: EventLog,
        roster: OperationFacts,
        places: Places,
        persons: Persons,
        clock: Clock,
        policy: Policy,
    ) -> None:
        self._log = log
        self._roster = roster
        self._places = places
        self._persons = persons
        self._clock = clock
        self._policy = policy
        self.competing = Competing(log, roster, places)

    def policy_of(self, operation: Operation) -> Policy:
        """What the unit has set for operations of this kind."""
        return self._policy.of(operation)

    # --- histories ---------------------------------------------------------------------------

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

    # --- platoons ----------------------------------------------------------------------------

    def platoons(self, connection: Transaction, operation: str) -> dict[str, PlatoonState]:
        """The state of every platoon of the operation, by id."""
        ids = [platoon.id for platoon in self._roster.platoons_of(operation)]
        newest = self._log.last_of_each(connection, operation, [PLATOON + name for name in ids])
        found: dict[str, PlatoonState] = {}
        for name in ids:
            event = newest.get(PLATOON + name)
            found[name] = self.platoon_at(connection, event) if event else PlatoonState(name)
        return found

    def platoon_at(self, connection: Transaction, event: Event) -> PlatoonState:
        """The platoon after ``event``: its newest move, and what was corrected of it since."""
        moved: Event | None = event
        since: Sequence[Event] = ()
        if event.to_state is None or event.corrects is not None:
            operation, stream = event.operation, event.stream
            moved = self._log.last_moving(connection, operation, stream, event.seq)
            after = moved.seq if moved else 0
            since = self._log.tail(connection, operation, stream, after, event.chain_seq)
        state = PlatoonState(event.stream.removeprefix(PLATOON))
        if moved is not None:
            state = evolve_platoon(state, moved)
            if state.incident is not None and state.engagement is None:
                state.engagement = self._engagement_then(connection, moved)
        for one in since:
            state = evolve_platoon(state, one)
        return replace(state, version=event.seq)

    def _engagement_then(self, connection: Transaction, moved: Event) -> str | None:
        """The engagement that a platoon served by an event which does not name it yet."""
        found = None
        for event in self.past(connection, moved.operation, moved.incident):
            opens = (event.region, event.event) == (T2, "kp_request")
            if opens and event.corrects is None and event.chain_seq < moved.chain_seq:
                found = event.event_id
        return found

    def accepted_before(
        self, connection: Transaction, operation: str, platoon: str, engagement: str | None
    ) -> bool:
        """Whether the commander has accepted this platoon for this engagement by itself."""
        return engagement is not None and any(
            event.event in ("reserve", "redeploy")
            and event.corrects is None
            and event.entered_role == "FPU_CMD"
            and event.body.get("engagement") == engagement
            for event in self._log.stream(connection, operation, PLATOON + platoon)
        )

    # --- people ------------------------------------------------------------------------------

    def linked(self, actor: Actor, other: str) -> bool:
        """Whether one of the two accounts was created or reset by the other, by whatever accounts
        between. Two that a third has made are not linked: one administrator makes all accounts of
        a unit."""
        if other == actor.name:
            return False
        return other in self._in_hand(actor.name) or actor.name in self._in_hand(other)

    def _in_hand(self, name: str) -> set[str]:
        """The accounts that somebody has created or reset, and those that these have, and so on."""
        found = {name}
        waiting = [name]
        while waiting:
            more = self._persons.hands_on(waiting.pop()) - found
            found |= more
            waiting += more
        return found - {name}

    def now(self, author: Event) -> Actor | None:
        """Who wrote a draft, with the role held now; None where the account may not act."""
        user = self._persons.current(author.entered_by)
        if user is None:
            return None
        return Actor(user.name, user.role, author.body.get("session", ""))

    # --- a situation -------------------------------------------------------------------------

    def situation(
        self,
        connection: Transaction,
        operation: Operation,
        actor: Actor,
        incident: IncidentState | None,
        history: Sequence[Event],
        command: Command | None = None,
        platoon: PlatoonState | None = None,
        at: datetime | None = None,
    ) -> Situation:
        """What the guards may look at now; who is on shift as it was ``at`` another time.

        ``history`` are the incident's events; ``command`` says which other incident, person or
        event it is about.
        """
        now = self._clock()
        policy = self.policy_of(operation)
        named = named_incident(command) if command else None
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
            linked=partial(self.linked, actor),
            history=history,
        )

    def correcting(
        self,
        connection: Transaction,
        operation: str,
        situation: Situation,
        command: Command,
        stream: Sequence[Event],
    ) -> tuple[Situation, Command]:
        """The situation of a correction, and the command that names the event it goes back to.

        ``stream`` is where the event is. Raises ``InvalidField``.
        """
        root = root_of(stream, str(command.corrects))
        event = next((one for one in effective(stream) if one.event_id == root), None)
        if event is None:
            raise InvalidField("corrects", "is no event of this stream")
        if (event.region, event.event) != (command.region, command.event):
            raise InvalidField("corrects", "is an event of another kind")
        record = command.record
        if command.dispute is not None and not record:
            record = event.record
        if event.region in (T2, RES):
            situation = self._with_platoon_logs(connection, operation, situation, event)
        return replace(situation, corrected=event), replace(command, corrects=root, record=record)

    def _with_platoon_logs(
        self, connection: Transaction, operation: str, situation: Situation, event: Event
    ) -> Situation:
        """The situation with the streams of the platoons that have served the event's incident;
        for a platoon's own event, with those of the incident that it served then."""
        history = situation.history
        incident = event.stream
        if event.region == RES:
            history = self.past(connection, operation, event.incident)
            incident = str(event.incident)
        logs = {}
        for one in self._roster.platoons_of(operation):
            log = self._log.stream(connection, operation, PLATOON + one.id)
            own = event.stream == PLATOON + one.id
            if own or any(other.incident == incident for other in log):
                logs[one.id] = log
        state = fold(incident, history) if history else situation.incident
        return replace(situation, history=history, incident=state, platoon_logs=logs)

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

    def _open_exercises(self, now: datetime) -> frozenset[str]:
        return frozenset(
            one.id
            for one in self._roster.operations()
            if one.kind == "exercise" and not one.over(now)
        )


def named_incident(command: Command) -> str | None:
    """The other incident that a record names: a duplicate, or where a platoon goes."""
    record: Mapping[str, Any] = command.record
    named = record.get("duplicate_of") or record.get("to_incident")
    return named if isinstance(named, str) else None
