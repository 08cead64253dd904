"""What is still missing from the records of an incident: visible until it is paid.

A written confirmation, a service number, a reference that was "to follow", the record of force that
was used. Each is paid by a correction that names it, or by the fact. No debt blocks anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.aftermath import BY_FORCE
from domain.effective import effective
from domain.events import DISPUTED, Event
from domain.policy import Policy
from domain.records import TO_FOLLOW
from domain.state import fold
from domain.transitions import INC, LINE, T2, T2_REQUESTS, T3

WRITTEN = "record.request.written_confirmation_ref"
SERVICE_NUMBER = "asserted_by.service_no"
FORCE = "force"
STAYS = "stays"

_ASKED_BY_KP = (*((T2, event) for event in T2_REQUESTS), (T3, "request_by_kp"))
_KNOWN_BY_NUMBER = ("KP", "KFOR")


@dataclass(frozen=True, slots=True)
class Debt:
    """What is missing: ``field`` is its path in the event, or ``force`` or ``stays`` for a whole
    record.

    ``occurred_at`` is when the event happened, ``due`` when the debt must be paid, None where
    nobody has set a time.
    """

    event_id: str
    region: str
    event: str
    field: str
    occurred_at: datetime
    due: datetime | None = None


def debts_of(history: Sequence[Event], policy: Policy) -> list[Debt]:
    """The debts of an incident, in the order of its events."""
    known = effective(history)
    found: list[Debt] = []
    for at, event in enumerate(known):
        for field in dict.fromkeys(_missing(event)):
            due = None
            if field == WRITTEN:
                due = event.occurred_at + policy.timers.written_confirmation
            found.append(_debt(event, field, due))
        if _owes_force(event, known, at):
            found.append(_debt(event, FORCE, None))
    found += _owed_ground(history, known)
    return found


def _owed_ground(history: Sequence[Event], known: Sequence[Event]) -> Iterator[Debt]:
    """The FPU stays engaged although that is disputed: the commander owes the ground, after the
    newest dispute. Whoever hands back or disengages owes none."""
    if not any(one.reason == DISPUTED for one in history):
        return
    state = fold(history[0].stream, history)
    if state.t2 != "ENGAGED" or not state.t2_disputed:
        return
    dispute = next(one for one in history if one.event_id == state.t2_disputed[-1])
    if any(one.event == STAYS and one.seq > dispute.seq for one in known):
        return
    disputed = next(one for one in known if one.event_id == dispute.corrects)
    yield Debt(disputed.event_id, disputed.region, disputed.event, STAYS, dispute.occurred_at, None)


def _debt(event: Event, field: str, due: datetime | None) -> Debt:
    return Debt(event.event_id, event.region, event.event, field, event.occurred_at, due)


def _missing(event: Event) -> Iterator[str]:
    body = event.body
    record = body.get("record", {})
    if (event.region, event.event) in _ASKED_BY_KP:
        written = record.get("request", {}).get("written_confirmation_ref", TO_FOLLOW)
        if written == TO_FOLLOW:
            yield WRITTEN
    yield from _to_follow(record, "record")
    if body.get("channel_ref") == TO_FOLLOW:
        yield "channel_ref"
    asserted = body.get("asserted_by", {})
    if asserted.get("service_no") == TO_FOLLOW or _unnumbered(event, asserted, record):
        yield SERVICE_NUMBER


def _to_follow(part: Any, path: str) -> Iterator[str]:
    if isinstance(part, Mapping):
        for name, inside in part.items():
            yield from _to_follow(inside, f"{path}.{name}")
    elif part == TO_FOLLOW:
        yield path


def _unnumbered(event: Event, asserted: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether somebody outside the FPU moved a state without being known by a number."""
    if event.to_state is None or event.region not in (T2, T3, LINE):
        return False
    numbered = {**record, **record.get("request", {})}
    return (
        asserted.get("org") in _KNOWN_BY_NUMBER
        and not asserted.get("service_no")
        and "officer_service_no" not in numbered
    )


def _owes_force(event: Event, known: Sequence[Event], at: int) -> bool:
    """Whether the FPU engaged by force and nobody has recorded any since."""
    if (event.region, event.event) != (T2, "engage"):
        return False
    if event.record.get("force_level") not in BY_FORCE:
        return False
    return not any(
        other.region == INC
        and other.event == "force"
        and (later > at or other.occurred_us >= event.occurred_us)
        for later, other in enumerate(known)
    )
