"""What of the security log is asked for, and what is shown: its entries and those of the system."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from domain.errors import InvalidField
from domain.system_log import SystemEvent

ACCOUNT_EVENTS = (
    "account_added",
    "account_found",
    "password_changed",
    "password_rehashed",
    "role_changed",
    "account_enabled",
    "account_disabled",
    "token_issued",
    "token_found",
    "token_limited",
    "token_revoked",
    "tokens_revoked",
    "sessions_ended",
)
ROSTER_EVENTS = (
    "roster_changed",
    "roster_found",
    "operation_opened",
    "operation_changed",
    "operation_closed",
    "operation_found",
)
_TOLD_OF_SYSTEM = ("role", "enabled", "kind", "segments", "entries")
"""Of the bodies of the chain of the system, which also hold digests and notes."""


class Place(NamedTuple):
    """Where an entry stands in the list; ``rank`` is 1 for the security log, 0 for the system."""

    at_us: int
    rank: int
    seq: int

    def __str__(self) -> str:
        return f"{self.at_us}.{self.rank}.{self.seq}"

    @classmethod
    def read(cls, text: str) -> Place:
        """What ``str`` made; raises ``InvalidField`` for anything else."""
        parts = text.split(".")
        if len(parts) != 3 or not all(
            part.isascii() and part.isdigit() and len(part) < 18 for part in parts
        ):
            raise InvalidField("place", "is no place in the list: use what the answer gave")
        return cls(*map(int, parts))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; an empty text and None leave the choice open. ``end`` is not included."""

    kind: str = ""
    outcome: str = ""
    account: str = ""
    address: str = ""
    start: datetime | None = None
    end: datetime | None = None

    def exactly(self) -> dict[str, str]:
        """The columns that must be just so."""
        its = {"kind": self.kind, "outcome": self.outcome, "account": self.account}
        return {name: value for name, value in its.items() if value}


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry of the list, of whichever of the two logs."""

    place: Place
    id: str
    at: datetime
    kind: str
    outcome: str
    account: str | None = None
    role: str | None = None
    session: str | None = None
    address: str | None = None
    method: str | None = None
    route: str | None = None
    status: int | None = None
    reason: str | None = None
    count: int = 1
    body_text: str = "{}"

    @property
    def details(self) -> Mapping[str, Any]:
        """What else there is to it."""
        found: dict[str, Any] = json.loads(self.body_text)
        return found

    @classmethod
    def of_system(cls, event: SystemEvent, at: datetime) -> Shown:
        """An event of the chain of the system; of its body only what is no digest and no text that
        somebody typed."""
        body = event.body
        told = {name: body[name] for name in _TOLD_OF_SYSTEM if name in body}
        kind = "log"
        if event.event in ACCOUNT_EVENTS:
            kind = "account"
        elif event.event in ROSTER_EVENTS:
            kind = "roster"
        return cls(
            place=Place(event.recorded_us, 0, event.seq),
            id=f"c{event.seq}",
            at=at,
            kind=kind,
            outcome="done",
            account=event.by,
            reason=event.event,
            body_text=json.dumps({"subject": event.subject, **told}),
        )
