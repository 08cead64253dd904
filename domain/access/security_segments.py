"""The segments of the security log, held against what the chain of the system says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from domain.access.security import SecurityEvent
from domain.chain import GENESIS, digest
from domain.system_log import SystemEvent

CLOSED = "security_closed"
"""A segment is full and the next one begun: ``entries`` and ``head`` are its end."""

NOTED = "security_noted"
"""How far the open segment had come."""

DROPPED = "security_dropped"
"""Every segment up to this one was taken away on purpose, because it was old."""


@dataclass(slots=True)
class RecordedSegments:
    """What the chain of the system says: by segment its end, by segment numbers and hashes that it
    had, and the last segment that was dropped."""

    closed: dict[int, tuple[int, str]] = field(default_factory=dict)
    noted: dict[int, dict[int, str]] = field(default_factory=dict)
    dropped: int = 0

    @property
    def newest(self) -> int:
        """The segment that must be there and open, 0 where none is known."""
        return max(max(self.closed, default=-1) + 1, max(self.noted, default=0))


@dataclass(slots=True)
class SegmentCheck:
    """What reading all segments has shown: ``unnoted`` entries of the open one can still be cut off
    unseen."""

    faults: list[str] = field(default_factory=list)
    segments: int = 0
    entries: int = 0
    unnoted: int = 0


def recorded_segments(events: Iterable[SystemEvent]) -> RecordedSegments:
    """What a whole chain of the system says of the security log."""
    found = RecordedSegments()
    for event in events:
        if event.event == DROPPED:
            found.dropped = max(found.dropped, int(event.subject))
        elif event.event in (CLOSED, NOTED):
            number, (entries, head) = int(event.subject), _end(event)
            found.noted.setdefault(number, {})[entries] = head
            if event.event == CLOSED:
                found.closed[number] = (entries, head)
    return found


def check_segments(recorded: RecordedSegments, entries: Iterable[SecurityEvent]) -> SegmentCheck:
    """Hold ``entries``, in order, against what is recorded of their segments."""
    found = SegmentCheck()
    expected = recorded.dropped + 1
    for number, rows in groupby(entries, key=lambda entry: entry.segment):
        if number <= recorded.dropped:
            found.faults.append(f"segment {number} was dropped and is there")
        found.faults += [f"segment {gone} is gone" for gone in range(expected, number)]
        _check_segment(recorded, number, rows, found)
        expected = max(expected, number + 1)
    known = range(expected, recorded.newest + 1)
    found.faults += [f"segment {gone} is gone" for gone in known]
    return found


def _check_segment(
    recorded: RecordedSegments, number: int, rows: Iterator[SecurityEvent], found: SegmentCheck
) -> None:
    before = recorded.closed.get(number - 1)
    previous = before[1] if before else GENESIS
    notes = dict(recorded.noted.get(number, {}))
    last = 0
    for row in rows:
        faults = _faults(row, last + 1, previous)
        if notes.get(row.seq, row.hash) != row.hash:
            faults.append(f"entry {row.seq} is not the one that the chain of the system has noted")
        notes.pop(row.seq, None)
        found.faults += [f"segment {number}: {fault}" for fault in faults]
        previous, last = row.hash, row.seq
        found.entries += 1
    if notes:
        found.faults.append(f"segment {number}: its end was cut off after entry {last}")
    closed = recorded.closed.get(number)
    if closed is not None and last > closed[0]:
        found.faults.append(f"segment {number}: entries were added after it was closed")
    if number > 1 and before is None:
        found.faults.append(f"segment {number} follows one that was never closed")
    found.segments += 1
    found.unnoted = last - max(recorded.noted.get(number, {0: ""}))


def _faults(row: SecurityEvent, expected: int, previous: str) -> list[str]:
    faults = []
    if row.seq != expected:
        faults.append(f"entry {expected} is missing")
    elif row.prev_hash != previous:
        faults.append(f"entry {row.seq} does not follow the one before it")
    if digest(row) != row.hash:
        faults.append(f"entry {row.seq} was changed after it was recorded")
    return faults


def _end(event: SystemEvent) -> tuple[int, str]:
    body = event.body
    return int(body["entries"]), str(body["head"])


def remarks_on(check: SegmentCheck) -> Sequence[str]:
    """What has to be known of a check beside its faults."""
    if not check.entries:
        return ()
    said = f"{check.entries} entries in {check.segments} segment(s)"
    if check.unnoted:
        said += f", the newest {check.unnoted} not noted yet in the chain of the system"
    return (said,)
