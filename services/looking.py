"""What the screen of one incident shows beside its state: debts, casualties, force. Plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.aftermath import force_of, tally_of
from domain.debts import debts_of
from domain.effective import disputes_of, effective
from domain.events import Event
from domain.policy import Policy
from domain.state import fold
from domain.streams import PLATOON
from domain.time import to_rfc3339
from domain.transitions import T2, T2_REQUESTS


def debt_views(history: Sequence[Event], policy: Policy, now: datetime) -> list[dict[str, Any]]:
    """What is still missing from the records."""
    return [
        {
            "event_id": debt.event_id,
            "region": debt.region,
            "event": debt.event,
            "field": debt.field,
            "occurred_at": to_rfc3339(debt.occurred_at),
            "due": to_rfc3339(debt.due) if debt.due else None,
            "overdue": debt.due is not None and debt.due < now,
        }
        for debt in debts_of(history, policy)
    ]


def disputes_views(history: Sequence[Event]) -> list[dict[str, Any]]:
    """What is disputed, oldest first. ``stops`` tells whether steps of the present engagement that
    rest on it are stopped; what is disputed of a platoon stops that platoon."""
    disputes = disputes_of(history)
    if not disputes:
        return []
    stream = history[0].stream
    platoon = stream.startswith(PLATOON)
    stopping = () if platoon else fold(stream, history).t2_disputed
    known = {one.event_id: one for one in effective(history)}
    return [
        {
            "event_id": event_id,
            "region": one.region,
            "event": one.event,
            "occurred_at": to_rfc3339(known[event_id].occurred_at),
            "disputed_at": to_rfc3339(one.occurred_at),
            "recorded_at": to_rfc3339(one.recorded_at),
            "breaks": one.body["dispute"]["breaks"],
            "said_by": one.body["asserted_by"],
            "entered_by": _entered_by(one),
            "engagement": one.body.get("engagement"),
            "platoon": one.stream.removeprefix(PLATOON) if platoon else None,
            "stops": platoon or one.event_id in stopping,
        }
        for event_id, entries in disputes.items()
        for one in entries
    ]


def tally_views(history: Sequence[Event]) -> list[dict[str, Any]]:
    """Every count of casualties, the newest last."""
    return [
        {
            "version": tally.version,
            "event_id": tally.event.event_id,
            **{name: tally.event.record.get(name) for name in ("casualties", "source", "as_of")},
            "note": tally.event.record.get("note"),
            "occurred_at": to_rfc3339(tally.event.occurred_at),
            "recorded_at": to_rfc3339(tally.event.recorded_at),
            "entered_by": _entered_by(tally.event),
        }
        for tally in tally_of(history)
    ]


def force_views(history: Sequence[Event]) -> list[dict[str, Any]]:
    """Every record of the use of force, in the order of recording."""
    return [
        {
            "event_id": event.event_id,
            **event.record,
            "occurred_at": to_rfc3339(event.occurred_at),
            "recorded_at": to_rfc3339(event.recorded_at),
            "entered_by": _entered_by(event),
        }
        for event in force_of(history)
    ]


def asked_for(history: Sequence[Event]) -> int:
    """How many platoons the newest request of Kosovo Police asks for, 0 where there is none."""
    asked = 0
    for event in effective(history):
        if event.region == T2 and event.event in T2_REQUESTS:
            asked = event.record.get("request", {}).get("platoons_asked", 0)
    return asked


def _entered_by(event: Event) -> dict[str, str]:
    return {"user": event.entered_by, "role": event.entered_role}
