"""What a person decides about an entry of the quarantine; one decision an entry, for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ACCEPTED, CORRECTED, DISCARDED = "accepted", "corrected", "discarded"

UNDONE = "undone"
"""The import that put the entry there was undone; importing the file again brings it back."""

ACCEPTABLE = ("outside_area", "conflicting_duplicate", "marked_invalid")
"""Reasons for which the position can be true as it came. For the others something is missing or
impossible: such an entry is corrected or discarded."""

TIMELESS = ("no_time", "no_zone", "unreadable")
"""Reasons for which there is no time that could be shifted."""

DECIDED = "quarantine"
"""The attribute of a fix that a decision has made: entry, decision, by whom."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided what about the entry, when (UTC), in which operation, and why; ``said`` is what
    was put in the place of what had come."""

    entry: int
    command_id: str
    decision: str
    decided_by: str
    decided_role: str
    decided_at: datetime
    operation: str
    reason: str
    said: Mapping[str, Any] = field(default_factory=dict)
