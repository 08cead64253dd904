"""What the log says now, kept in memory and caught up with the log before every answer.

Each process follows the log by itself: an answer first asks the store for the newest number of the
operation and folds what is missing, so nothing is ever invalidated by hand and no worker shows an
older state than it was asked for.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from typing import Any

from domain.alerts import Alert, AlertBook
from domain.events import BriefEvent, Event
from domain.state import IncidentState, PlatoonState, evolve_platoon
from domain.streams import LOG_STREAM, PLATOON, is_incident
from services.event_ports import EventLog, OperationFacts
from services.in_bulk import without_collecting
from services.paging import Part, part
from services.summaries import IncidentPicture, event_view
from services.timers import TimerBooks


class _Operation:
    def __init__(self) -> None:
        self.head = 0
        self.log_seq = 0
        self.incidents: dict[str, IncidentPicture] = {}
        self.platoons: dict[str, PlatoonState] = {}
        self.alerts = AlertBook()
        self.log: list[Event] = []

    def absorb(self, events: Iterable[BriefEvent]) -> None:
        """Take in the events of incidents and platoons; those of the log come whole."""
        incidents = self.incidents
        for event in events:
            stream = event.stream
            picture = incidents.get(stream)
            if picture is not None:
                picture.absorb(event)
            elif stream.startswith(PLATOON):
                name = stream.removeprefix(PLATOON)
                state = self.platoons.get(name) or PlatoonState(name)
                self.platoons[name] = evolve_platoon(state, event)
            elif is_incident(stream):
                picture = incidents[stream] = IncidentPicture(IncidentState(stream))
                picture.absorb(event)

    def absorb_log(self, events: Iterable[Event]) -> None:
        """Take in the events of the occurrence log and of the alerts."""
        for event in events:
            self.log_seq = event.seq
            if event.event == "entry":
                self.log.append(event)
            else:
                self.alerts.absorb(event)


class Picture:
    """Read models of every operation, one lock an operation."""

    def __init__(
        self, log: EventLog, roster: OperationFacts, timers: TimerBooks | None = None
    ) -> None:
        self._log = log
        self._roster = roster
        self._timers = timers or TimerBooks(log, roster)
        self._lock = threading.Lock()
        self._operations: dict[str, _Operation] = {}

    def incidents(self, operation: str) -> list[dict[str, Any]]:
        """Summaries with the clocks that run, newest occurrence first; raises ``NotFound``."""
        return self.incidents_from(operation, sys.maxsize).items

    def incidents_from(
        self, operation: str, most: int, before: str | None = None
    ) -> Part[dict[str, Any]]:
        """At most so many of ``incidents``, from the one behind ``before`` on."""
        clocks = self._timers.running(operation)
        with self._lock:
            pictures = list(self._current(operation).incidents.values())
            pictures.sort(key=lambda one: (one.occurred_us, one.state.incident_id), reverse=True)
            found = part(
                pictures,
                most,
                before,
                lambda one: one.state.incident_id,
                lambda one: one.summary(),
            )
        for one in found.items:
            one["timers"] = [timer.view() for timer in clocks.get(one["id"], ())]
        return found

    def disputed(self, operation: str) -> set[str]:
        """The incidents at which the authority of the present engagement is disputed."""
        with self._lock:
            incidents = self._current(operation).incidents
            return {name for name, one in incidents.items() if one.state.t2_disputed}

    def platoon_states(self, operation: str) -> dict[str, str]:
        """State by platoon id, of those with an event."""
        with self._lock:
            platoons = self._current(operation).platoons
            return {name: state.state for name, state in platoons.items()}

    def platoons(self, operation: str) -> dict[str, PlatoonState]:
        """The folded platoons, of those with an event."""
        with self._lock:
            return dict(self._current(operation).platoons)

    def alerts(self, operation: str, only_open: bool = False) -> list[Alert]:
        """The alerts, newest first."""
        with self._lock:
            found = self._current(operation).alerts.newest_first(only_open)
            with self._log.view() as connection:
                repeats = self._log.repeats(connection, operation)
            return [alert.with_repeats(repeats.get(alert.id)) for alert in found]

    def log(self, operation: str, limit: int = 200) -> list[dict[str, Any]]:
        """The newest lines of the occurrence log, newest occurrence first."""
        return self.log_from(operation, limit).items

    def log_from(
        self, operation: str, most: int, before: str | None = None
    ) -> Part[dict[str, Any]]:
        """At most so many lines, from the one behind the event ``before`` on."""
        with self._lock:
            lines = list(self._current(operation).log)
        lines.sort(key=lambda event: (event.occurred_us, event.seq), reverse=True)
        return part(lines, most, before, lambda event: event.event_id, event_view)

    def version(self, operation: str) -> int:
        """The number of the newest event folded: the key under which derived frames are cached."""
        with self._lock:
            return self._current(operation).head

    def _current(self, operation: str) -> _Operation:
        self._roster.operation(operation)
        with self._log.view() as connection:
            head = self._log.head(connection, operation)
            known = self._operations.setdefault(operation, _Operation())
            if known.head > head:  # an older log was put back
                known = self._operations[operation] = _Operation()
            if head > known.head:
                del self._operations[operation]  # what is folded halfway must not be kept
                with without_collecting():
                    known.absorb(self._log.brief(connection, operation, known.head, head))
                log = self._log.tail(connection, operation, LOG_STREAM, known.log_seq, head)
                known.absorb_log(log)
                known.head = head
                self._operations[operation] = known
        return known
