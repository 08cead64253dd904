"""Which incidents of an operation compete for its platoons, kept in memory in their order.

One decision must not fold every incident: this follows the log like ``services/picture.py``, keeps
only the incidents where tier 2 is asked for or served, and looks again at those that changed.
``follow`` is called where nothing of the caller's own is stored yet, so that an event that is
rolled back later is never taken in.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.competition import COMPETING, Competitor, marked, ranked, urgency
from domain.effective import effective
from domain.events import BriefEvent, Event
from domain.geodesy import distance_m
from domain.policy import Policy
from domain.roster import Operation
from domain.state import IncidentState, fold
from domain.streams import is_incident
from domain.transitions import T2, T2_REQUESTS
from services.event_ports import EventLog, OperationFacts, Places
from services.incident_places import base_of, location_of
from services.ports import Transaction

MOST = 9
"""Other incidents in a ranking, the most urgent of them; the one that it is made for is added."""

Key = tuple[bool, float, float, str]


@dataclass(slots=True)
class _Operation:
    head: int = 0
    present: dict[str, str] = field(default_factory=dict)  # tier 2 where it competes
    known: dict[str, Competitor] = field(default_factory=dict)
    order: list[Key] = field(default_factory=list)

    def absorb(self, events: Iterable[BriefEvent]) -> set[str]:
        """Take in what happened; gives the incidents to look at again."""
        changed: set[str] = set()
        for event in events:
            stream = event.stream
            if not is_incident(stream):
                continue
            if event.region == T2 and event.to_state is not None and event.corrects is None:
                changed.add(stream)
                if event.to_state in COMPETING:
                    self.present[stream] = event.to_state
                else:
                    self.present.pop(stream, None)
            elif event.corrects is not None and stream in self.present:
                changed.add(stream)
        return changed

    def put(self, incident: str, competitor: Competitor | None) -> None:
        """Replace what is known of an incident."""
        before = self.known.pop(incident, None)
        if before is not None:
            del self.order[bisect_left(self.order, urgency(before))]
        if competitor is not None:
            self.known[incident] = competitor
            insort(self.order, urgency(competitor))


class Competing:
    """The competitors of every operation, one lock for all."""

    def __init__(self, log: EventLog, roster: OperationFacts, places: Places) -> None:
        self._log = log
        self._roster = roster
        self._places = places
        self._lock = threading.Lock()
        self._operations: dict[str, _Operation] = {}

    def follow(self, connection: Transaction, operation_id: str) -> None:
        """Catch up with the log, as far as it is stored for good."""
        operation = self._roster.operation(operation_id)
        with self._lock:
            known = self._operations.pop(operation_id, None) or _Operation()
            head = self._log.head(connection, operation_id)
            changed: set[str] = set()
            if head > known.head:
                changed = known.absorb(self._log.brief(connection, operation_id, known.head, head))
            for incident in changed:
                competitor = None
                if incident in known.present:
                    history = self._log.stream(connection, operation_id, incident)
                    competitor = self.competitor(operation, fold(incident, history), history)
                known.put(incident, competitor)
            known.head = head
            self._operations[operation_id] = known  # never one that is folded halfway

    def ranking(self, operation_id: str, here: Competitor, policy: Policy) -> list[dict[str, Any]]:
        """The suggested order with ``here`` in it; empty where nobody else competes."""
        with self._lock:
            known = self._operations.get(operation_id) or _Operation()
            others = [key for key in known.order[: MOST + 1] if key[-1] != here.incident][:MOST]
            if not others:
                return []
            ahead = bisect_left(known.order, urgency(here))
            itself = known.known.get(here.incident)
            if itself is not None and urgency(itself) < urgency(here):
                ahead -= 1
            before = [known.known[key[-1]] for key in others[:ahead]]
            after = [known.known[key[-1]] for key in others[ahead:]]
        lines = [ranked(one, place, policy) for place, one in enumerate(before, start=1)]
        lines.append(ranked(here, ahead + 1, policy))
        lines += [ranked(one, place, policy) for place, one in enumerate(after, start=ahead + 2)]
        return list(marked(lines, here.incident))

    def competitor(
        self, operation: Operation, state: IncidentState, history: Sequence[Event]
    ) -> Competitor:
        """One incident as the ranking sees it."""
        asked: dict[str, Any] = {}
        report: dict[str, Any] = {}
        for event in effective(history):
            if event.event == "report":
                report = event.record
            elif event.region == T2 and event.event in T2_REQUESTS:
                asked = event.record.get("request", {})
        return Competitor(
            incident=state.incident_id,
            title=str(report.get("title", "")),
            state=state.t2,
            threat_to_life=bool(asked.get("threat_to_life")),
            crowd_size=asked.get("crowd_size", report.get("crowd_size")),
            kp_strength=asked.get("kp_strength"),
            distance_m=self._distance(operation, history),
        )

    def _distance(self, operation: Operation, history: Sequence[Event]) -> float | None:
        base, there = base_of(operation, self._places), location_of(history, self._places)
        return None if base is None or there is None else distance_m(*base, *there)
