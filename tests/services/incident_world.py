"""The incident service on a real database, with a small roster and a clock that tests can set."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from data.database import Database
from data.event_store import EventStore
from data.journal import Journal
from data.schema import operations
from domain.access.accounts import User
from domain.errors import NotFound, NotSignedIn
from domain.events import Actor
from domain.roster import Operation, Platoon
from domain.time import to_rfc3339
from domain.transitions import ROWS_OF
from services.incident_places import BASE
from services.incident_writing import Outcome
from services.incidents import Incidents
from services.occurrences import Occurrences
from services.picture import Picture
from tests.domain.harness import sample_record, two_sides

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BRIDGE = {"lat": 42.8914, "lon": 20.8660}
OPERATIONS = (
    Operation("live", "live", "Live", NOW - timedelta(days=9)),
    Operation("drill", "exercise", "Drill", NOW - timedelta(days=9)),
    Operation("past", "history", "Past", NOW - timedelta(days=9), NOW - timedelta(days=8)),
)
PLATOONS = ("p1", "p2")
ROLE_OF = {
    "duty": "FPU_DUTY", "commander": "FPU_CMD", "ops": "EULEX_OPS", "platoon": "PLT_LDR",
    "patrol": "PATROL_LDR", "exercise": "EXCON", "review": "AUDITOR", "admin": "ADMIN",
}  # fmt: skip
USER_OF_ROLE = {role: user for user, role in ROLE_OF.items()}


class Facts:
    """Three operations; two platoons in live and in drill."""

    def operations(self) -> tuple[Operation, ...]:
        return OPERATIONS

    def operation(self, operation_id: str) -> Operation:
        for one in OPERATIONS:
            if one.id == operation_id:
                return one
        raise NotFound("no such operation")

    def platoons_of(self, operation_id: str) -> tuple[Platoon, ...]:
        return tuple(
            Platoon(f"{operation_id}-{name}", operation_id, name.upper(), "crowd_control", 30)
            for name in PLATOONS
        )

    def platoons_on_shift(self, operation_id: str, at: datetime) -> set[str]:
        return {platoon.id for platoon in self.platoons_of(operation_id)}


class Gazetteer:
    """One place."""

    def position_of(self, place_ref: str) -> tuple[float, float] | None:
        return (42.89, 20.87) if place_ref in ("mitrovice", BASE) else None


@dataclass
class People:
    """Everybody of ``ROLE_OF``; a password is the account's name."""

    roles: dict[str, str | None] = field(default_factory=lambda: dict(ROLE_OF))
    made: dict[str, frozenset[str]] = field(default_factory=dict)

    def current(self, name: str) -> User | None:
        role = self.roles.get(name)
        return None if role is None else User(name, role, "account")

    def hands_on(self, name: str) -> frozenset[str]:
        return self.made.get(name, frozenset())

    def confirm_password(self, name: str, password: str, address: str) -> User:
        user = self.current(name)
        if user is None or password != name:
            raise NotSignedIn("no such account or password")
        return User(name, user.role, "password-0123456789")


@dataclass
class IncidentWorld:
    """The services over one database; ``now`` can be moved."""

    database: Database
    now: datetime = NOW
    woken: int = 0
    people: People = field(default_factory=People)
    incidents: Incidents = field(init=False)
    occurrences: Occurrences = field(init=False)
    picture: Picture = field(init=False)
    store: EventStore = field(init=False)
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        with self.database.writing() as connection:
            for one in OPERATIONS:
                connection.execute(
                    insert(operations).values(
                        id=one.id, kind=one.kind, title=one.title, opened_at=0
                    )
                )
        self.store = EventStore(self.database)
        self.journal = Journal(self.database)
        facts = (self.store, self.journal, Facts(), Gazetteer())
        self.incidents = Incidents(*facts, self.people, lambda: self.now, self._wake)
        self.occurrences = Occurrences(*facts, lambda: self.now, self._wake)
        self.picture = Picture(self.store, Facts())

    def of_another_process(self, database: Database) -> Incidents:
        """The same service over a connection pool of its own."""
        own = (EventStore(database), Journal(database))
        return Incidents(*own, Facts(), Gazetteer(), self.people, lambda: self.now, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def report(self, operation: str = "drill", user: str = "duty", **changed: Any) -> Outcome:
        sent = {
            "command_id": str(uuid.uuid4()),
            "occurred_at": to_rfc3339(self.now),
            "asserted_by": {"org": "FPU", "function": "patrol"},
            "position": BRIDGE,
            "record": {
                "title": "Crowd at the bridge", "category": "peaceful_gathering", "severity": 2,
                "source": "patrol", "source_reliability": "B", "info_credibility": 2,
            },
            **changed,
        }  # fmt: skip
        return self.incidents.report(operation, actor(user), sent)

    def act(
        self, incident: str, region: str, event: str, user: str | None = None, **changed: Any
    ) -> Outcome:
        operation = incident.rsplit("-", 1)[0]
        who = user or USER_OF_ROLE[ROWS_OF[region, event][0].entered_by[0]]
        sent = self.envelope(incident, region, event, **changed)
        return self.incidents.act(operation, incident, actor(who), sent)

    def act_on_platoon(self, platoon: str, event: str, user: str, **changed: Any) -> Outcome:
        operation = platoon.split("-")[0]
        version = self.incidents.platoon_states(operation)[platoon].version
        sent = self.envelope("", "RES", event, expected_version=version, **changed)
        return self.incidents.act_on_platoon(operation, platoon, actor(user), sent)

    def envelope(self, incident: str, region: str, event: str, **changed: Any) -> dict[str, Any]:
        """An envelope that fits the present version of the incident."""
        row = ROWS_OF.get((region, event), ROWS_OF["INC", "report"])[0]
        organisation = {"KP": "KP", "KF": "KFOR"}.get(row.asserted_by[0][:2], "FPU")
        record = sample_record(row, incident, self.now)
        if "platoons" in record:
            record["platoons"] = [f"{incident.rsplit('-', 1)[0]}-p1"]
        version = 0
        if incident:
            operation = incident.rsplit("-", 1)[0]
            version = len(self.incidents.history(operation, incident))
        return {
            "command_id": str(uuid.uuid4()),
            "region": region,
            "event": event,
            "expected_version": version,
            "occurred_at": to_rfc3339(self.now),
            "asserted_by": {"org": organisation, "function": "commander"},
            "channel": "radio",
            "channel_ref": "channel 7",
            "confirmations": two_sides(self.now),
            "position": BRIDGE,
            "record": record,
            **changed,
        }


def actor(user: str) -> Actor:
    return Actor(user, ROLE_OF[user], "session")
