"""What is said to the machine (command), what it answers (new event), what is kept (event)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from domain.time import from_microseconds


@dataclass(frozen=True, slots=True)
class Actor:
    """The user who enters something, with the role held at that moment."""

    name: str
    role: str
    session: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """One request to record an event; the envelope of ``docs/records.md``, times in UTC.

    ``expected_version`` is the stream's version that the sender saw. ``record`` is the part that
    differs from event to event, in the shape of ``domain/records.py``. ``second_person`` has signed
    in for this command; ``second_user`` is only a typed name and authorises nothing. ``dispute``
    says what a correction that is true breaks. ``fingerprint`` tells this command from every other.
    """

    command_id: str
    region: str
    event: str
    occurred_at: datetime
    actor: Actor
    asserted_by: Mapping[str, Any]
    expected_version: int = 0
    channel: str | None = None
    channel_ref: str | None = None
    confirmations: Sequence[Mapping[str, Any]] = ()
    second_user: str | None = None
    second_person: Actor | None = None
    dispute: Mapping[str, Any] | None = None
    fingerprint: str = ""
    position: Mapping[str, float] | None = None
    place_ref: str | None = None
    text: str | None = None
    lang: str | None = None
    late_entry: bool = False
    corrects: str | None = None
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event that a command leads to; the store adds number, times and hash.

    ``incident`` is the incident that a platoon's event serves; ``body`` is everything that no fold
    of a whole log reads. ``corrects`` is the event that it corrects; a command may
    correct several.
    """

    stream: str
    region: str
    event: str
    from_state: str | None
    to_state: str | None
    body: Mapping[str, Any]
    purpose: str | None = None
    reason: str | None = None
    receiver: str | None = None
    incident: str | None = None
    platoons: tuple[str, ...] = ()
    corrects: str | None = None


class Folded(Protocol):
    """What the folds of incidents and platoons read of an event: ``Event`` and ``BriefEvent``."""

    @property
    def stream(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def event_id(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def to_state(self) -> str | None: ...
    @property
    def occurred_us(self) -> int: ...
    @property
    def recorded_us(self) -> int: ...
    @property
    def entered_by(self) -> str: ...
    @property
    def corrects(self) -> str | None: ...
    @property
    def purpose(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def receiver(self) -> str | None: ...
    @property
    def incident(self) -> str | None: ...
    @property
    def body_text(self) -> str | None: ...
    @property
    def body(self) -> dict[str, Any]: ...
    @property
    def record(self) -> dict[str, Any]: ...


DRAFT, DRAFT_CONFIRMED, DRAFT_REJECTED = "draft", "draft_confirmed", "draft_rejected"
DRAFT_ENDED = "draft_ended"
CLOSES_A_DRAFT = (DRAFT_CONFIRMED, DRAFT_REJECTED, DRAFT_ENDED)

DISPUTED, RETIMED = "disputed", "retimed"
"""What a correction does, in its column ``reason``: it marks its event as disputed, or it moves the
time of it. A correction without either gives other details and moves nothing."""

READ_WITH_BODY = ("report", "observation", DRAFT, *CLOSES_A_DRAFT)
"""The events whose body the picture looks into; it reads all others without it."""


class BriefEvent(NamedTuple):
    """One stored event without what no read model needs, for folding a whole log.

    ``body_text`` is None unless the reader asked for the bodies of such events.
    """

    stream: str
    seq: int
    event_id: str
    region: str
    event: str
    to_state: str | None
    occurred_us: int
    recorded_us: int
    entered_by: str
    corrects: str | None
    purpose: str | None
    reason: str | None
    receiver: str | None
    incident: str | None
    body_text: str | None

    @property
    def body(self) -> dict[str, Any]:
        """As of ``Event``; raises ``LookupError`` where it was not read, never empty by mistake."""
        if self.body_text is None:
            raise LookupError(f"{self.event} was read without its body")
        parsed: dict[str, Any] = json.loads(self.body_text)
        return parsed

    @property
    def record(self) -> dict[str, Any]:
        """The event's record."""
        found: dict[str, Any] = self.body.get("record", {})
        return found


class Event(NamedTuple):
    """One stored event. Times are microseconds since 1970 UTC; ``body_text`` is canonical JSON.

    A tuple, because a year of them is read and folded at once.
    """

    operation: str
    stream: str
    seq: int
    chain_seq: int
    event_id: str
    command_id: str
    region: str
    event: str
    from_state: str | None
    to_state: str | None
    occurred_us: int
    recorded_us: int
    entered_by: str
    entered_role: str
    late_entry: bool
    corrects: str | None
    purpose: str | None
    reason: str | None
    receiver: str | None
    incident: str | None
    platoons: str | None
    body_text: str
    prev_hash: str
    hash: str

    @property
    def body(self) -> dict[str, Any]:
        """The envelope and the record as they were stored, parsed now."""
        parsed: dict[str, Any] = json.loads(self.body_text)
        return parsed

    @property
    def record(self) -> dict[str, Any]:
        """The event's record."""
        found: dict[str, Any] = self.body.get("record", {})
        return found

    @property
    def occurred_at(self) -> datetime:
        """When it happened, UTC."""
        return from_microseconds(self.occurred_us)

    @property
    def recorded_at(self) -> datetime:
        """When it was written down, UTC."""
        return from_microseconds(self.recorded_us)
