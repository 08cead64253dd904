"""What an incident leaves behind: casualties and the use of force, as they were counted and told.

Counts are kept per side and degree, each with its source and time; a newer count supersedes an
older one and none is deleted. Both must agree with what the incident is closed with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.effective import effective
from domain.events import Event
from domain.transitions import INC

BY_FORCE = ("physical", "less_lethal", "firearm")
"""Levels of force that touch a person: they are recorded before an incident is closed."""

Casualties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tally:
    """One count of casualties; ``version`` counts from 1."""

    version: int
    event: Event

    @property
    def casualties(self) -> Casualties:
        """Per side and degree, or ``none``."""
        found: Casualties = self.event.record["casualties"]
        return found


def tally_of(history: Sequence[Event]) -> list[Tally]:
    """Every count, the newest last."""
    counts = [event for event in effective(history) if _is(event, "casualties")]
    return [Tally(version, event) for version, event in enumerate(counts, start=1)]


def force_of(history: Sequence[Event]) -> list[Event]:
    """Every record of the use of force in its order, corrections laid over."""
    return [event for event in effective(history) if _is(event, "force")]


def since_opening(history: Sequence[Event]) -> Sequence[Event]:
    """The part of the history that counts for closing: after the newest reopening.

    Corrections of what came before are left out with it.
    """
    for at in range(len(history) - 1, -1, -1):
        event = history[at]
        if event.event == "reopen" and event.region == INC and event.corrects is None:
            return history[at + 1 :]
    return history


def unreconciled(
    casualties: Casualties, tally: Casualties | None, force: Sequence[Mapping[str, Any]]
) -> str | None:
    """Why an incident may not be closed with these casualties, None where it may."""
    if tally is None:
        if any(one["injuries"] > 0 for one in force):
            return "a use of force caused injuries: count the casualties first"
        return None
    if _counted(casualties) == _counted(tally):
        return None
    return "the casualties differ from the latest count: correct them or count again"


def force_denied(force_used: bool, force: Sequence[Mapping[str, Any]]) -> str | None:
    """Why an incident may not be closed with this word on force, None where it may."""
    if force_used and not force:
        return "force was used: record it first"
    if not force_used and any(one["level"] in BY_FORCE for one in force):
        return "a use of force is recorded here, so force was used"
    return None


def _counted(casualties: Casualties) -> dict[tuple[str, str], int]:
    return {
        (side, degree): number
        for side, degrees in casualties.items()
        if side != "none"
        for degree, number in degrees.items()
        if number
    }


def _is(event: Event, name: str) -> bool:
    return event.region == INC and event.event == name
