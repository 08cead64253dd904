"""Drafts as the interface shows them: what was said, and whom it waits for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from domain.drafts import must_wait, open_drafts
from domain.errors import DashboardError, GuardRefused, NotPermitted
from domain.events import Event
from domain.incident import permit
from domain.situation import Situation
from domain.time import to_rfc3339


def drafts_of(history: Iterable[Event], situation: Situation) -> list[dict[str, Any]]:
    """The drafts of an incident that wait, oldest first, as this user sees them."""
    return [draft_view(one, situation) for one in open_drafts(history)]


def draft_view(draft: Event, situation: Situation) -> dict[str, Any]:
    """One draft. ``mine``: this user may confirm it; ``own``: this user wrote it; ``stopped``: the
    guard that would stop its first step now, None where it can be confirmed.
    """
    record = draft.record
    first = record["steps"][0]
    rows = situation.policy.rows_of[first["region"], first["event"]]
    roles = rows[0].entered_by
    refused = _refusal(situation, first["region"], first["event"])
    return {
        "id": draft.event_id,
        "entered_by": {"user": draft.entered_by, "role": draft.entered_role},
        "recorded_at": to_rfc3339(draft.recorded_at),
        "waits_for": list(roles),
        "waits_because": "four_eyes" if draft.entered_role in roles else "role",
        "mine": refused is None
        or not (must_wait(refused) or refused.extra.get("guard") == "sealed"),
        "own": draft.entered_by == situation.actor.name,
        "may_reject": may_reject(draft, situation),
        "stopped": {"guard": refused.guard, "detail": refused.detail}
        if isinstance(refused, GuardRefused) and not must_wait(refused)
        else None,
        "steps": [
            {
                "region": step["region"],
                "event": step["event"],
                "from_state": move[0],
                "to_state": move[1],
                "occurred_at": step["occurred_at"],
                "asserted_by": step["asserted_by"],
                "record": step.get("record", {}),
            }
            for step, move in zip(record["steps"], record["moves"], strict=True)
        ],
    }


def may_reject(draft: Event, situation: Situation) -> bool:
    """Whether this user may strike the draft: who wrote it, or has a role that it waits for."""
    if situation.sealed:
        return False
    first = draft.record["steps"][0]
    roles = situation.policy.rows_of[first["region"], first["event"]][0].entered_by
    return draft.entered_by == situation.actor.name or situation.actor.role in roles


def _refusal(situation: Situation, region: str, event: str) -> DashboardError | None:
    try:
        permit(situation, region, event)
    except (NotPermitted, GuardRefused) as refused:
        return refused
    return None
