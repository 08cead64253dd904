"""What the lanes show of one incident: where each responder stands, which way it came, what next.

Pure: from the events of the incident (``services.summaries.event_view``) and the options of the
user (``Incidents.look``) to what ``pages/lanes.py`` draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.transitions import (
    LINE,
    ROWS_OF,
    STATES,
    T2,
    T2_TERMINAL,
    T3,
    T3_TERMINAL,
    Transition,
)
from pages.lane_layout import HOLDER_OF

_RESTARTS = {T2: ("NONE", *T2_TERMINAL), T3: ("NONE", *T3_TERMINAL)}

_WAYS_IN = ("own_mandate", "request_by_kp", "request_via_eulex")

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """When a state was entered; ``earlier`` when that was in an engagement that is over since.

    ``first`` is the time first recorded, where a correction has moved it.
    """

    at: str
    late: bool
    count: int
    earlier: bool
    first: str | None = None


@dataclass(slots=True)
class LanePath:
    """One region: ``moves`` are the (from, to) taken in the present engagement, ``following``
    what the table allows from here: state to whether this user may lead there now. ``said`` are the
    states that drafts would lead to, with their times, and ``said_moves`` the way there.
    ``disputed`` are the states that a disputed event led to: whether the dispute stops anything."""

    region: str
    present: str
    since: str | None
    visits: dict[str, Visit] = field(default_factory=dict)
    moves: list[tuple[str, str]] = field(default_factory=list)
    following: dict[str, bool] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    said_moves: list[tuple[str, str]] = field(default_factory=list)
    disputed: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Holding:
    """The line was with ``holder`` from ``start`` until ``end`` (None: still)."""

    holder: str
    start: str
    end: str | None


def transitions_of(history: Iterable[Event]) -> list[Event]:
    """The events that moved something, corrections left out."""
    return [one for one in history if one["to_state"] is not None and one["corrects"] is None]


def lane_path(
    region: str,
    history: Sequence[Event],
    options: Iterable[Mapping[str, Any]],
    summary: Mapping[str, Any] | None = None,
) -> LanePath:
    """The way of one region; ``summary`` is the incident as ``Incidents.look`` tells it."""
    told = summary or {}
    path = LanePath(region, _start_of(region), None)
    for event in transitions_of(history):
        if event["region"] == region:
            _walk(path, event)
    _look_ahead(path, [one for one in options if one["region"] == region], told)
    by_id = {one.get("id"): one for one in history}
    for dispute in told.get("disputed_events") or ():
        known = by_id.get(dispute["event_id"])
        if known is not None and known["region"] == region and known["to_state"]:
            stops = path.disputed.get(known["to_state"], False) or dispute["stops"]
            path.disputed[known["to_state"]] = stops
    drafts = told.get("drafts") or ()
    for step in (step for draft in drafts for step in draft["steps"]):
        if step["region"] == region and step["to_state"] is not None:
            path.said[step["to_state"]] = step["occurred_at"]
            path.said_moves.append((step["from_state"], step["to_state"]))
    return path


def _look_ahead(
    path: LanePath, options: Iterable[Mapping[str, Any]], known: Mapping[str, Any]
) -> None:
    """What may come next, row by row: an event may lead to different states by its guards."""
    allowed = {one["event"]: one.get("rows") for one in options if one["allowed"]}
    for (lane, event_name), rows in ROWS_OF.items():
        for row in rows:
            if lane != path.region or path.present not in row.from_states:
                continue
            mine = event_name in allowed
            may_go = allowed.get(event_name)
            if (may_go is not None and row.id not in may_go) or _is_stopped(row, known):
                continue
            path.following[row.to_state] = path.following.get(row.to_state, False) or mine
    path.following.pop(path.present, None)


def _is_stopped(row: Transition, known: Mapping[str, Any]) -> bool:
    """Whether a guard on the state of the incident alone stops the row, whoever enters it."""
    line = known.get("line")
    revoked, disputed = bool(known.get("revoked")), bool(known.get("disputed"))
    stopping = {
        "not_revoked": revoked,
        "authority_live": revoked or disputed or bool(known.get("said_to_end")),
        "line_with_fpu": line not in (None, "FPU"),
        "line_not_fpu": line == "FPU",
        "line_with_kfor": line not in (None, "KFOR"),
        "line_not_kfor": line == "KFOR",
    }
    return any(stopping.get(guard, False) for guard in row.guards)


def line_holdings(history: Sequence[Event]) -> list[Holding]:
    """Who held the line, one after the other; Kosovo Police from the beginning."""
    moves = transitions_of(history)
    if not moves:
        return []
    changes = [("KP", moves[0]["occurred_at"])]
    changes += [(one["to_state"], one["occurred_at"]) for one in moves if one["region"] == LINE]
    ends = [start for _, start in changes[1:]]
    return [
        Holding(holder, start, end)
        for (holder, start), end in zip(changes, [*ends, None], strict=True)
    ]


def holds_line(region: str, summary: Mapping[str, Any]) -> bool:
    """Whether the responder of this lane holds the line."""
    return bool(HOLDER_OF[region] == summary["line"])


def own_mandate(history: Sequence[Event], present: str) -> bool:
    """Whether KFOR is here on its own mandate, without a request."""
    if present in ("NONE", "INFORMED"):
        return False
    paths = [one["event"] for one in transitions_of(history) if one["event"] in _WAYS_IN]
    return bool(paths) and paths[-1] == "own_mandate"


def _start_of(region: str) -> str:
    return "NONE" if region in (T2, T3) else "KP" if region == LINE else STATES[region][0]


def _walk(path: LanePath, event: Event) -> None:
    before, after = event["from_state"], event["to_state"]
    if before in _RESTARTS.get(path.region, ()):
        path.moves.clear()
        path.visits = {state: replace(visit, earlier=True) for state, visit in path.visits.items()}
    known = path.visits.get(after)
    count = 1 if known is None or known.earlier else known.count + 1
    if before != after:
        path.visits[after] = Visit(
            event["occurred_at"], event["late_entry"], count, False, event.get("first_at")
        )
        path.moves.append((before, after))
        path.since = event["occurred_at"]
    path.present = after
