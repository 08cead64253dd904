"""The quarantine as the screen and the interface tell it."""

from __future__ import annotations

from typing import Any

from domain.errors import DashboardError, GuardRefused, InvalidField, NotFound, VersionConflict
from domain.stored_fixes import QuarantineEntry
from domain.time import to_rfc3339
from services.quarantine_ports import Kept

_SHOWN_BYTES = 2000


def entry_view(kept: Kept) -> dict[str, Any]:
    """An entry; ``decision`` is None while it is open."""
    entry, made = kept.entry, kept.decision
    return {
        "id": kept.id,
        "unit": entry.unit,
        "device": entry.device,
        "received_at": to_rfc3339(entry.received_at),
        "source": entry.source,
        "reason": entry.rejection.reason,
        "field": entry.rejection.field,
        "detail": entry.rejection.detail,
        "raw": entry.raw[:_SHOWN_BYTES].decode("utf-8", "replace"),
        "fix_time": None if entry.fix_time is None else to_rfc3339(entry.fix_time),
        "clock_skew_s": _skew(entry),
        "decision": None
        if made is None
        else {
            "decision": made.decision,
            "by": made.decided_by,
            "role": made.decided_role,
            "at": to_rfc3339(made.decided_at),
            "reason": made.reason,
            "said": dict(made.said),
        },
    }


def refusal_view(number: int, refused: DashboardError) -> dict[str, Any]:
    """Why one of many entries stayed as it was: ``why`` is *unknown*, *decided*, *acceptable*,
    *believable* or *field*, and ``field`` names that one."""
    view = {"entry": number, "became": "refused", "why": _why(refused), "detail": refused.detail}
    return view | ({"field": refused.field} if isinstance(refused, InvalidField) else {})


def _why(refused: DashboardError) -> str:
    if isinstance(refused, GuardRefused):
        return refused.guard
    named = {InvalidField: "field", VersionConflict: "decided", NotFound: "unknown"}
    return named[type(refused)]


def _skew(entry: QuarantineEntry) -> float | None:
    """By how many seconds the clock was ahead (negative: behind) of a device that was refused for
    it; the message took some time, so this is a little less than true."""
    if entry.fix_time is None:
        return None
    return round((entry.fix_time - entry.received_at).total_seconds(), 1)
