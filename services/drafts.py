"""Drafts as the interface shows them: what was said, and whom it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.authority_guards import SECOND_PERSONS
from domain.drafts import (
    begins_with_end,
    must_wait,
    open_drafts,
    stands_on,
    waits_behind,
    with_those_behind,
)
from domain.errors import DashboardError, GuardRefused, NotPermitted
from domain.events import DRAFT, DRAFT_ENDED, Event
from domain.incident import permit
from domain.situation import Situation
from domain.time import to_rfc3339
from domain.transitions import asks_for


def drafts_of(history: Sequence[Event], situation: Situation) -> list[dict[str, Any]]:
    """The drafts of an incident that wait, oldest first, as this user sees them."""
    return [draft_view(one, situation, history) for one in open_drafts(history)]


def ended_drafts_of(history: Sequence[Event]) -> list[dict[str, Any]]:
    """The drafts that ended with the request that they stood on, the newest first: what was said
    and by whom, what ended it, and when."""
    drafts = {one.event_id: one for one in history if one.event == DRAFT}
    return [
        {
            "id": one.record["draft"],
            "entered_by": _entered_by(drafts[one.record["draft"]]),
            "ended_at": to_rfc3339(one.recorded_at),
            "ended_by": {"user": one.entered_by, **one.record.get("by", {})},
            "why": one.record["why"],
            "steps": _steps(drafts[one.record["draft"]]),
        }
        for one in reversed(history)
        if one.event == DRAFT_ENDED and one.record["draft"] in drafts
    ]


def draft_view(draft: Event, situation: Situation, history: Sequence[Event]) -> dict[str, Any]:
    """One draft. ``mine``: this user may confirm it; ``own``: this user wrote it; ``stopped``: the
    guard that would stop its first step now, None where it can be confirmed.
    """
    record = draft.record
    first = record["steps"][0]
    queue = with_those_behind(draft, history)
    own = replace(situation, confirming=frozenset(one.event_id for one in queue))
    if _needs_second(first) and not situation.sealed:  # either of the two enters it
        roles = situation.policy.rows_of[first["region"], first["event"]][0].entered_by
        own = replace(own, actor=replace(situation.actor, role=roles[0]))
    refused = _refusal(own, first["region"], first["event"])
    behind = waits_behind(draft, history)
    return {
        "id": draft.event_id,
        "entered_by": _entered_by(draft),
        "stands_on": list(stands_on(draft, history)),
        "behind": behind,
        "back_to": record.get("back_to"),
        "ends": record.get("ends"),
        "recorded_at": to_rfc3339(draft.recorded_at),
        "waits_for": list(_waits_for(draft, situation)),
        "waits_because": _because(draft, situation),
        "mine": behind is None and _may_confirm(draft, situation, refused),
        "own": draft.entered_by == situation.actor.name,
        "may_reject": may_reject(draft, situation) and not _holds_anothers_end(draft, situation),
        "stopped": {"guard": refused.guard, "detail": refused.detail}
        if isinstance(refused, GuardRefused) and not must_wait(refused)
        else None,
        "steps": _steps(draft),
    }


def _entered_by(draft: Event) -> dict[str, str]:
    return {"user": draft.entered_by, "role": draft.entered_role}


def _steps(draft: Event) -> list[dict[str, Any]]:
    record = draft.record
    return [
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
    ]


def _waits_for(draft: Event, situation: Situation) -> tuple[str, ...]:
    """The roles that it waits for: who enters its first step, or stands beside the author."""
    first = draft.record["steps"][0]
    roles = situation.policy.rows_of[first["region"], first["event"]][0].entered_by
    return SECOND_PERSONS if _needs_second(first) and draft.entered_role in roles else roles


def _because(draft: Event, situation: Situation) -> str:
    """Why a draft waits: for its author again, for a second person, for four eyes, for a role."""
    if draft.record.get("back_to"):
        return "back_to_author"
    first = draft.record["steps"][0]
    roles = situation.policy.rows_of[first["region"], first["event"]][0].entered_by
    if draft.entered_role not in roles:
        return "role"
    if _needs_second(first):
        return "second_person"
    four_eyes = asks_for(first["region"], first["event"], "four_eyes")
    return "four_eyes" if four_eyes else "role"


def _needs_second(step: Mapping[str, Any]) -> bool:
    return asks_for(step["region"], step["event"], "second_person")


def _may_confirm(draft: Event, situation: Situation, refused: DashboardError | None) -> bool:
    """Whether this user may confirm, as far as can be told before it is tried."""
    because = _because(draft, situation)
    if situation.sealed:
        return False
    if because == "back_to_author":
        return draft.entered_by == situation.actor.name
    if _needs_second(draft.record["steps"][0]):
        apart = draft.entered_by != situation.actor.name
        return apart and situation.actor.role in _waits_for(draft, situation)
    return refused is None or not must_wait(refused)


def _holds_anothers_end(draft: Event, situation: Situation) -> bool:
    """Whether it begins with an end of Kosovo Police that another user wrote down."""
    return begins_with_end(draft) and draft.entered_by != situation.actor.name


def may_reject(draft: Event, situation: Situation) -> bool:
    """Whether this user may strike the draft: who wrote it, or has a role that it waits for."""
    if situation.sealed:
        return False
    mine = situation.actor.role in _waits_for(draft, situation)
    return mine or draft.entered_by == situation.actor.name


def _refusal(situation: Situation, region: str, event: str) -> DashboardError | None:
    try:
        permit(situation, region, event)
    except (NotPermitted, GuardRefused) as refused:
        return refused
    return None
