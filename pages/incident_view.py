"""Everything that the incident screen and the drawer show of one incident, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.access.accounts import User
from domain.corrections import DISPUTERS
from domain.effective import effective
from domain.events import Actor, Event
from domain.time import to_rfc3339
from domain.transitions import INC, ROWS_OF, T2, T2_REQUESTS
from services.container import Services
from services.summaries import event_view

_SERVING = ("RESERVED", "BOUND")


@dataclass(frozen=True, slots=True)
class PlatoonRow:
    """A platoon of the operation with what this user may do with it; ``options`` as the API.

    ``history`` are views of its events, oldest first, where they are shown, and ``known`` the same
    with the corrections laid over. ``disputed``: what it serves under, or its own last move, is.
    """

    id: str
    callsign: str
    kind: str
    strength: int
    state: str
    incident: str | None
    version: int
    on_shift: bool
    options: Sequence[Mapping[str, Any]] = ()
    history: Sequence[Mapping[str, Any]] = ()
    known: Sequence[Mapping[str, Any]] = ()
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident as one user sees it.

    ``history`` are event views, oldest first; ``known`` the same with the corrections laid over,
    and with ``first_at``, the time first recorded, where a correction has moved it.
    """

    operation: str
    summary: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    known: Sequence[Mapping[str, Any]]
    options: Sequence[Mapping[str, Any]]
    platoons: Sequence[PlatoonRow]
    user: User
    now: datetime

    @property
    def incident(self) -> str:
        """Its number."""
        return str(self.summary["id"])

    @property
    def title(self) -> str:
        """What is happening, in a few words."""
        return str(self.summary["title"])

    @property
    def report(self) -> Mapping[str, Any]:
        """The report in force, corrections laid over."""
        return self.last(INC, "report") or {}

    @property
    def debts(self) -> Sequence[Mapping[str, Any]]:
        """What is still missing from its records."""
        found: Sequence[Mapping[str, Any]] = self.summary["debts"]
        return found

    @property
    def tally(self) -> Sequence[Mapping[str, Any]]:
        """The counts of casualties, the newest last."""
        found: Sequence[Mapping[str, Any]] = self.summary["tally"]
        return found

    @property
    def force(self) -> Sequence[Mapping[str, Any]]:
        """The records of the use of force, the newest last."""
        found: Sequence[Mapping[str, Any]] = self.summary["force"]
        return found

    @property
    def offers(self) -> Sequence[Mapping[str, Any]]:
        """What can be done while fewer platoons are free than asked."""
        found: Sequence[Mapping[str, Any]] = self.summary["offers"]
        return found

    @property
    def ranking(self) -> Sequence[Mapping[str, Any]]:
        """The incidents that compete for platoons, in the order that is suggested."""
        found: Sequence[Mapping[str, Any]] = self.summary["ranking"]
        return found

    @property
    def t3_given(self) -> bool:
        """Whether KFOR has said which units come."""
        return self.summary["t3"] not in ("NONE", "INFORMED", "REQUESTED", "ACKNOWLEDGED")

    @property
    def here(self) -> list[PlatoonRow]:
        """The platoons that are reserved for it, bound to it or returning from it."""
        return [one for one in self.platoons if one.incident == self.incident]

    @property
    def free(self) -> list[PlatoonRow]:
        """The platoons that could be reserved."""
        return [one for one in self.platoons if one.state == "AVAILABLE" and one.on_shift]

    @property
    def elsewhere(self) -> list[PlatoonRow]:
        """The platoons that are neither here nor free: at another incident, in an exercise."""
        here = {one.id for one in (*self.here, *self.free)}
        return [one for one in self.platoons if one.id not in here]

    def last(self, region: str, *events: str) -> Mapping[str, Any] | None:
        """The newest of these events, corrections laid over."""
        found = [one for one in self.known if one["region"] == region and one["event"] in events]
        return found[-1] if found else None

    def event(self, identifier: str) -> Mapping[str, Any] | None:
        """The event with this id as it is known now; None when it is none of this incident."""
        for one in self.known:
            if one["id"] == identifier:
                return one
        return None

    @property
    def request(self) -> Mapping[str, Any] | None:
        """What Kosovo Police last asked of the FPU."""
        return self.last(T2, *T2_REQUESTS)

    @property
    def disputes(self) -> Sequence[Mapping[str, Any]]:
        """The entries that dispute one of its events, oldest first."""
        found: Sequence[Mapping[str, Any]] = self.summary["disputed_events"]
        return found

    def option(self, region: str, event: str) -> Mapping[str, Any] | None:
        """What this event would meet now."""
        for one in self.options:
            if (one["region"], one["event"]) == (region, event):
                return one
        return None

    @property
    def writes(self) -> bool:
        """Whether this user records anything here at all."""
        note = self.option(INC, "note")
        return bool(note and note["allowed"])

    def may_correct(self, region: str, event: str) -> bool:
        """Whether this user may add to what such an event says; the services decide."""
        option = self.option(region, event)
        if option is not None:
            stopped = option.get("guard") in ("role", "sealed")
            return not stopped and self.user.role in option["roles"]
        rows = ROWS_OF.get((region, event))
        return self.writes and rows is not None and self.user.role in rows[0].entered_by

    def may_dispute(self, region: str, event: str) -> bool:
        """Whether this user may write down that somebody says otherwise; the services decide."""
        rows = ROWS_OF.get((region, event))
        writers = (*(rows[0].entered_by if rows else ()), *DISPUTERS)
        return self.writes and self.user.role in writers


def actor_of(user: User) -> Actor:
    """The user as the log knows one."""
    return Actor(user.name, user.role, user.session)


def incident_view(services: Services, operation: str, incident: str, user: User) -> IncidentView:
    """Read it; raises ``NotFound``."""
    actor = actor_of(user)
    summary = services.incidents.look(operation, incident, actor)
    history = services.incidents.history(operation, incident)
    return IncidentView(
        operation,
        summary,
        [event_view(one) for one in history],
        known_views(history),
        summary["events"],
        platoon_rows(services, operation, incident, user),
        user,
        services.clock(),
    )


def known_views(history: Sequence[Event]) -> list[Mapping[str, Any]]:
    """Views of events with their corrections laid over, see ``IncidentView.known``."""
    first = {one.event_id: one for one in history}
    found: list[Mapping[str, Any]] = []
    for event in effective(history):
        view = event_view(event)
        if event.occurred_us != first[event.event_id].occurred_us:
            view["first_at"] = to_rfc3339(first[event.event_id].occurred_at)
        found.append(view)
    return found


def platoon_rows(services: Services, operation: str, incident: str, user: User) -> list[PlatoonRow]:
    """Every platoon of the operation; options only for those that may matter at this incident."""
    now = services.clock()
    on_shift = services.roster.platoons_on_shift(operation, now)
    states = services.incidents.platoon_states(operation)
    disputed = services.picture.disputed(operation)
    rows = []
    for one in services.roster.platoons_of(operation):
        state = states[one.id]
        shown = state.incident == incident or state.state == "IN_EXERCISE"
        history = services.incidents.platoon_history(operation, one.id) if shown else []
        matters = state.incident == incident or state.state in ("AVAILABLE", "IN_EXERCISE")
        rows.append(
            PlatoonRow(
                one.id,
                one.callsign,
                one.kind,
                one.strength,
                state.state,
                state.incident,
                state.version,
                one.id in on_shift,
                services.incidents.look_at_platoon(operation, one.id, actor_of(user))["events"]
                if matters
                else (),
                [event_view(event) for event in history],
                known_views(history),
                state.disputed or (state.state in _SERVING and state.incident in disputed),
            )
        )
    return rows
