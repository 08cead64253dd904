"""What a chain must say for itself beyond its links: whoever makes hashes anew can link anything.

A request that was taken out and a chain that was numbered again leave a gap in its stream, a state
that nothing led to, a correction of nothing, or an incident that is missing among its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from domain.events import Event
from domain.transitions import INC, INITIAL

_NUMBERED = re.compile(r"(?P<operation>.+)-(?P<number>[0-9]{4,})")


def doubtful_contents(events: Iterable[Event]) -> list[str]:
    """What cannot be in the whole chain of one operation, read in order."""
    reading = _Reading()
    for event in events:
        reading.read(event)
    return [*reading.faults, *reading.missing_incidents()]


class _Reading:
    def __init__(self) -> None:
        self.faults: list[str] = []
        self._seqs: dict[str, int] = {}
        self._states: dict[tuple[str, str], str] = {}
        self._ids: set[str] = set()
        self._recorded_us = 0
        self._incidents: set[int] = set()
        self._operation = ""

    def read(self, event: Event) -> None:
        self._operation = event.operation
        self._count(event)
        self._follow(event)
        if event.event_id in self._ids:
            self._doubt(event, "has the identity of an earlier one")
        self._ids.add(event.event_id)
        if event.corrects is not None and event.corrects not in self._ids:
            self._doubt(event, "corrects an event that is not there")
        if event.recorded_us < self._recorded_us:
            self._doubt(event, "was recorded before the one it follows")
        self._recorded_us = event.recorded_us

    def missing_incidents(self) -> list[str]:
        """Incidents are numbered one after the other, so every number up to the last is there."""
        expected = range(1, max(self._incidents, default=0) + 1)
        return [
            f"incident {self._operation}-{number:04d} is missing"
            for number in expected
            if number not in self._incidents
        ]

    def _count(self, event: Event) -> None:
        expected = self._seqs.get(event.stream, 0) + 1
        if event.seq != expected:
            self._doubt(event, f"is number {event.seq} of {event.stream}, where {expected} follows")
        self._seqs[event.stream] = event.seq
        named = _NUMBERED.fullmatch(event.stream) if event.region == INC else None
        if named is not None and named["operation"] == event.operation:
            self._incidents.add(int(named["number"]))

    def _follow(self, event: Event) -> None:
        if event.to_state is None or event.corrects is not None:
            return
        lane = event.stream, event.region
        present = self._states.get(lane, INITIAL.get(event.region))
        if event.from_state != present:
            self._doubt(
                event, f"{event.stream} goes from {event.from_state}, where {present} was the state"
            )
        self._states[lane] = event.to_state

    def _doubt(self, event: Event, why: str) -> None:
        self.faults.append(f"event {event.chain_seq}: {why}")
