"""What the lanes show of one incident: where each responder stands, which way it came, what next.

Pure: from the events of the incident (``services.summaries.event_view``) and the options of the
user (``Incidents.look``) to what ``pages/lanes.py`` draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.transitions import LINE, ROWS_OF, STATES, T2, T2_TERMINAL, T3, T3_TERMINAL
from pages.lane_layout import HOLDER_OF

_RESTARTS = {T2: ("NONE", *T2_TERMINAL), T3: ("NONE", *T3_TERMINAL)}

_WAYS_IN = ("own_mandate", "request_by_kp", "request_via_eulex")

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """When a state was entered; ``earlier`` when that was in an engagement that is over since."""

    at: str
    late: bool
    count: int
    earlier: bool


@dataclass(slots=True)
class LanePath:
    """One region: ``moves`` are the (from, to) taken in the present engagement, ``following``
    what the table allows from here: state to whether this user may lead there now. ``said`` are the
    states that drafts would lead to, with their times, and ``said_moves`` the way there."""

    region: str
    present: str
    since: str | None
    visits: dict[str, Visit] = field(default_factory=dict)
    moves: list[tuple[str, str]] = field(default_factory=list)
    following: dict[str, bool] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    said_moves: list[tuple[str, str]] = field(default_factory=list)


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
    drafts: Iterable[Mapping[str, Any]] = (),
) -> LanePath:
    """The way of one region; ``drafts`` as of ``services/drafts.py``."""
    path = LanePath(region, _start_of(region), None)
    for event in transitions_of(history):
        if event["region"] == region:
            _walk(path, event)
    allowed = {one["event"] for one in options if one["region"] == region and one["allowed"]}
    for (lane, event_name), rows in ROWS_OF.items():
        for row in rows:
            if lane == region and path.present in row.from_states:
                now = path.following.get(row.to_state, False)
                path.following[row.to_state] = now or event_name in allowed
    path.following.pop(path.present, None)
    for step in (step for draft in drafts for step in draft["steps"]):
        if step["region"] == region and step["to_state"] is not None:
            path.said[step["to_state"]] = step["occurred_at"]
            path.said_moves.append((step["from_state"], step["to_state"]))
    return path


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
        path.visits = {
            state: Visit(visit.at, visit.late, visit.count, earlier=True)
            for state, visit in path.visits.items()
        }
    known = path.visits.get(after)
    count = 1 if known is None or known.earlier else known.count + 1
    if before != after:
        path.visits[after] = Visit(event["occurred_at"], event["late_entry"], count, earlier=False)
        path.moves.append((before, after))
        path.since = event["occurred_at"]
    path.present = after
