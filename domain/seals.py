"""The seals of an operation: what its chain says of positions, decisions and imports.

Positions are sealed by spans of fix time, without a gap, and by unit: how many, and a digest of all
of them in order. What changes a sealed span afterwards, late positions or an import that is undone,
is an event that says what there was before and what there is after: where *before* is not what was
sealed last, somebody else has changed it in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.events import Event
from domain.streams import SEAL_STREAM
from domain.time import from_microseconds, to_rfc3339

POSITIONS_SEALED = "positions_sealed"
POSITIONS_CAME_LATE = "positions_came_late"
POSITIONS_TAKEN_AWAY = "positions_taken_away"
DECISIONS_MADE = "decisions_made"
IMPORT_CHANGED = "import_changed"
RECORDS_FOUND = "records_found"

BEGINNING = -(1 << 53)
"""Where the first span begins, microseconds: before every fix time."""

MOST_TOLD = 20
"""Faults of one kind; of the others only the number is told."""

Content = tuple[int, str]
"""How many positions, and their digest; ``NOTHING`` where there are none."""

NOTHING: Content = (0, "")
Span = tuple[int, int]
"""From (included) to (not included), microseconds."""


@dataclass(slots=True)
class Seals:
    """What was sealed last. ``since_us``: when the first positions were, None where none are."""

    spans: list[Span] = field(default_factory=list)
    contents: dict[tuple[str, int], Content] = field(default_factory=dict)
    decisions: dict[int, str] = field(default_factory=dict)
    imports: dict[int, tuple[str, str]] = field(default_factory=dict)
    since_us: int | None = None
    faults: list[str] = field(default_factory=list)

    @property
    def until(self) -> int:
        """Where the last span ends."""
        return self.spans[-1][1] if self.spans else BEGINNING


@dataclass(slots=True)
class Stored:
    """What there is: positions by unit and beginning of a sealed span, without those that came
    late and are not sealed yet (``late``) and those after the last span (``open``)."""

    contents: dict[tuple[str, int], Content] = field(default_factory=dict)
    decisions: dict[int, str] = field(default_factory=dict)
    imports: dict[int, tuple[str, str]] = field(default_factory=dict)
    late: int = 0
    open: int = 0


def read_seals(events: Iterable[Event]) -> Seals:
    """The seals that a whole chain holds."""
    seals = Seals()
    for event in events:
        if event.stream == SEAL_STREAM:
            _absorb(seals, event)
    return seals


def _absorb(seals: Seals, event: Event) -> None:
    record = event.record
    if event.event == POSITIONS_SEALED:
        if seals.since_us is None:
            seals.since_us = event.recorded_us
        for segment in record["segments"]:
            _add(seals, event, segment)
    elif event.event in (POSITIONS_CAME_LATE, POSITIONS_TAKEN_AWAY):
        for change in record["changes"]:
            _change(seals, event, change)
    for entry, digest in record.get("decisions", ()):
        if seals.decisions.setdefault(entry, digest) != digest:
            seals.faults.append(f"event {event.chain_seq} decides entry {entry} once more")
    for number, status, digest in record.get("imports", ()):
        seals.imports[number] = (status, digest)


def _add(seals: Seals, event: Event, segment: Mapping[str, Any]) -> None:
    span = segment["from"], segment["until"]
    if span[0] != seals.until or span[1] <= span[0]:
        seals.faults.append(f"event {event.chain_seq} seals positions from {span[0]}, out of turn")
    seals.spans.append(span)
    for unit, content in segment["units"].items():
        seals.contents[unit, span[0]] = tuple(content)


def _change(seals: Seals, event: Event, change: Mapping[str, Any]) -> None:
    key = change["unit"], change["from"]
    before = tuple(change["before"])
    if before != seals.contents.get(key, NOTHING):
        why = f"when event {event.chain_seq} changed the seal, "
        sealed = seals.contents.get(key, NOTHING)
        span = change["from"], change["until"]
        seals.faults.append(why + _difference(key[0], span, sealed, (before[0], before[1])))
    seals.contents[key] = tuple(change["after"])


def held_against(seals: Seals, stored: Stored) -> list[str]:
    """Positions, decisions and imports that are not what was sealed."""
    ends = dict(seals.spans)
    positions = [
        _difference(unit, (start, ends.get(start, start)), sealed, there)
        for unit, start in sorted(seals.contents.keys() | stored.contents)
        if (sealed := seals.contents.get((unit, start), NOTHING))
        != (there := stored.contents.get((unit, start), NOTHING))
    ]
    decisions = list(_of_rows("decision about entry", seals.decisions, stored.decisions))
    imports = list(_of_rows("import", seals.imports, stored.imports))
    return [*_shortened(seals.faults), *_shortened(positions), *_shortened([*decisions, *imports])]


def coverage(seals: Seals, stored: Stored) -> list[str]:
    """How many positions the seals cover, and how many they do not cover yet; empty where there
    are none."""
    covered = sum(count for count, _ in stored.contents.values())
    said = []
    if seals.since_us is not None:
        since = to_rfc3339(from_microseconds(seals.since_us))
        until = to_rfc3339(from_microseconds(seals.until))
        said.append(f"{covered:,} positions covered, of before {until}; sealed from {since} on")
    if stored.late or stored.open:
        said.append(
            f"{stored.late + stored.open:,} positions not covered yet: {stored.open:,} newer ones, "
            f"{stored.late:,} that came late"
        )
    return said


def _difference(unit: str, span: Span, sealed: Content, there: Content) -> str:
    if there[0] != sealed[0]:
        what = f"{there[0]:,} positions, sealed were {sealed[0]:,}"
    else:
        what = f"{there[0]:,} positions, but not those that were sealed"
    return f"unit {unit}, {_words(span[0])} to {_words(span[1])}: {what}"


def _words(moment: int) -> str:
    return "the beginning" if moment <= BEGINNING else to_rfc3339(from_microseconds(moment))


def _of_rows(what: str, sealed: Mapping[int, Any], there: Mapping[int, Any]) -> Iterable[str]:
    for number in sorted(sealed.keys() | there):
        if number not in there:
            yield f"the {what} {number} was sealed and is gone"
        elif number not in sealed:
            yield f"the {what} {number} was never sealed"
        elif sealed[number] != there[number]:
            yield f"the {what} {number} is not what was sealed"


def _shortened(faults: list[str]) -> list[str]:
    more = len(faults) - MOST_TOLD
    return faults if more <= 0 else [*faults[:MOST_TOLD], f"and {more:,} more of that kind"]
