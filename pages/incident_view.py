"""Everything that the incident screen and the drawer show of one incident, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.accounts import User
from domain.events import Actor
from domain.transitions import T2
from services.container import Services
from services.summaries import event_view


@dataclass(frozen=True, slots=True)
class PlatoonRow:
    """A platoon of the operation with what this user may do with it; ``options`` as the API."""

    id: str
    callsign: str
    kind: str
    strength: int
    state: str
    incident: str | None
    version: int
    on_shift: bool
    options: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident as one user sees it. ``history`` are event views, oldest first."""

    operation: str
    summary: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    options: Sequence[Mapping[str, Any]]
    platoons: Sequence[PlatoonRow]
    user: User
    now: datetime

    @property
    def incident(self) -> str:
        """Its number."""
        return str(self.summary["id"])

    @property
    def report(self) -> Mapping[str, Any]:
        """The report in force: the first, or the last correction of it."""
        reports = [one for one in self.history if one["event"] == "report"]
        return reports[-1] if reports else {}

    @property
    def here(self) -> list[PlatoonRow]:
        """The platoons that are reserved for it, bound to it or returning from it."""
        return [one for one in self.platoons if one.incident == self.incident]

    @property
    def free(self) -> list[PlatoonRow]:
        """The platoons that could be reserved."""
        return [one for one in self.platoons if one.state == "AVAILABLE" and one.on_shift]

    def last(self, region: str, *events: str) -> Mapping[str, Any] | None:
        """The newest of these events."""
        found = [one for one in self.history if one["region"] == region and one["event"] in events]
        return found[-1] if found else None

    @property
    def request(self) -> Mapping[str, Any] | None:
        """The newest request of Kosovo Police to the FPU."""
        return self.last(T2, "kp_request")

    def option(self, region: str, event: str) -> Mapping[str, Any] | None:
        """What this event would meet now."""
        for one in self.options:
            if (one["region"], one["event"]) == (region, event):
                return one
        return None


def actor_of(user: User) -> Actor:
    """The user as the log knows one."""
    return Actor(user.name, user.role, user.session)


def incident_view(services: Services, operation: str, incident: str, user: User) -> IncidentView:
    """Read it; raises ``NotFound``."""
    actor = actor_of(user)
    summary = services.incidents.look(operation, incident, actor)
    history = [event_view(one) for one in services.incidents.history(operation, incident)]
    return IncidentView(
        operation,
        summary,
        history,
        summary["events"],
        platoon_rows(services, operation, incident, user),
        user,
        services.clock(),
    )


def platoon_rows(services: Services, operation: str, incident: str, user: User) -> list[PlatoonRow]:
    """Every platoon of the operation; options only for those that may matter at this incident."""
    now = services.clock()
    on_shift = services.roster.platoons_on_shift(operation, now)
    states = services.incidents.platoon_states(operation)
    rows = []
    for one in services.roster.platoons_of(operation):
        state = states[one.id]
        matters = state.incident == incident or state.state == "AVAILABLE"
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
            )
        )
    return rows
