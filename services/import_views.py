"""Imports of track files as the screen, the interface and the log tell them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.errors import InvalidField
from domain.roster_rules import Roster
from domain.time import to_rfc3339
from domain.track_imports import ImportStatus, TrackImport
from domain.words import clean_text

LONGEST_REASON = 500
REASON = "reason_"
"""Before a reason among the counts of an import."""

_COUNTED = ("accepted", "duplicates", "quarantined")


def import_view(kept: TrackImport, label: str, roster: Roster, now: datetime) -> dict[str, Any]:
    """One import, of the format called ``label``.

    Where the worker that stored it is gone, it counts as interrupted.
    """
    units = roster.units
    stalled = kept.status == ImportStatus.STORING and kept.at_rest(now)
    reasons = {
        name.removeprefix(REASON): count
        for name, count in kept.counts.items()
        if name.startswith(REASON)
    }
    return {
        "id": kept.id,
        "file": kept.file_name,
        "format": label,
        "unit": kept.unit,
        "callsign": units[kept.unit].callsign if kept.unit in units else kept.unit,
        "anywhere": kept.anywhere,
        "utc": kept.utc,
        "size": kept.size,
        "status": (ImportStatus.INTERRUPTED if stalled else kept.status).value,
        "uploaded_by": kept.uploaded_by,
        "uploaded_at": to_rfc3339(kept.uploaded_at),
        "done": kept.done,
        **{name: kept.counts.get(name, 0) for name in _COUNTED},
        "reasons": reasons,
        "undone_by": kept.undone_by,
        "undone_at": to_rfc3339(kept.undone_at) if kept.undone_at else None,
        "undone_reason": kept.undone_reason,
        "removed": kept.removed,
    }


def reason_given(reason: object) -> str:
    """A reason as a person typed it; raises ``InvalidField`` where it says nothing."""
    words = clean_text(reason).strip() if isinstance(reason, str) else ""
    if not words:
        raise InvalidField("reason", "is required")
    if len(words) > LONGEST_REASON:
        raise InvalidField("reason", f"must not be longer than {LONGEST_REASON} characters")
    return words


def stored_words(kept: TrackImport) -> str:
    """The line of the log about an import."""
    counts = ", ".join(f"{kept.counts.get(name, 0)} {name}" for name in _COUNTED)
    return f"Import {kept.id} of {kept.file_name}: {counts}"
