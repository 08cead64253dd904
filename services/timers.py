"""Watches the clocks of every running operation and raises an alert for each that ran out.

A clock never moves a state. Its alert is raised once for ever: the id of the command that raises it
follows from the operation, the clock and the event that started it, and is looked for in the same
transaction. So a restart, a second worker or a machine whose clock jumps raises nothing twice.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from domain.alerts import RAISED, TIMER, alert_of
from domain.events import RETIMED, BriefEvent, Event
from domain.policy import Policy
from domain.roster import Operation
from domain.streams import LOG_STREAM, is_incident
from domain.system_entries import system_entry
from domain.time import from_microseconds, to_rfc3339
from domain.timers import READ_WITH_BODY, Timer, TimerBook, fold_timers
from services.clock import Clock, utc_now
from services.event_ports import EventLog, OperationFacts
from services.in_bulk import without_collecting
from services.ports import JournalWriter, Transaction
from services.scenario_loading import Loading

_COMMANDS = uuid.UUID("6f1d3f0e-2b1a-4c57-9a55-7c0d5f6f3c11")
"""A namespace of this program; the ids of raising commands are made in it."""
_BODIES = ("report", *READ_WITH_BODY)


class _Books:
    """The clocks of one operation as far as its log was read."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.head = 0
        self.log_seq = 0
        self.books: dict[str, TimerBook] = {}
        self.titles: dict[str, str] = {}
        self.raised: set[str] = set()
        self.watched: set[str] = set()
        self.moved: set[str] = set()

    def absorb(self, event: BriefEvent) -> None:
        stream = event.stream
        if not is_incident(stream):
            return
        book = self.books.get(stream)
        if book is None:
            book = self.books[stream] = TimerBook(stream, self.policy)
        book.absorb(event)
        self.watched.add(stream)
        if event.reason == RETIMED:
            self.moved.add(stream)
        if event.event == "report":
            self.titles[stream] = event.record.get("title", "")

    def rebuild(self, incident: str, history: Iterable[Event]) -> None:
        """Make the clocks of an incident anew: a time in its past was corrected."""
        self.books[incident] = fold_timers(incident, self.policy, history)

    def absorb_log(self, event: Event) -> None:
        self.log_seq = event.seq
        if event.event == RAISED:
            self.raised.add(event.command_id)


class TimerBooks:
    """The clocks of every incident, in memory, caught up with the log before every answer."""

    def __init__(
        self,
        log: EventLog,
        roster: OperationFacts,
        policy: Policy | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._log = log
        self._roster = roster
        self._policy = policy or Policy()
        self._clock = clock
        self._lock = threading.Lock()
        self._operations: dict[str, _Books] = {}

    def running(self, operation: str) -> dict[str, list[Timer]]:
        """By incident, the clocks that run, the most urgent first; raises ``NotFound``."""
        if not clocks_run(self._roster.operation(operation), self._clock()):
            return {}
        with self._lock, self._log.view() as connection:
            known = self._current(connection, operation)
            # what is not watched has no clock that runs, see ``breached``
            named = ((name, known.books[name].running()) for name in known.watched)
            return {name: running for name, running in named if running}

    def breached(self, operation: str, now: datetime) -> list[Timer]:
        """The clocks that have run out and have raised no alert, in order of their time."""
        with self._lock, self._log.view() as connection:
            known = self._current(connection, operation)
            found = []
            for incident in list(known.watched):
                book = known.books[incident]
                late = [one for one in book.breached(now) if not _has_raised(known, one)]
                found += late
                if not late and not book.running():
                    known.watched.discard(incident)
        return sorted(found, key=lambda timer: (timer.due_us, timer.incident, timer.key))

    def to_raise(self, connection: Transaction, timer: Timer, now: datetime) -> str | None:
        """The title of its incident if the clock is still to raise its alert, now, in this
        transaction; None if it was stopped in time or the alert is there."""
        operation = operation_of(timer)
        with self._lock:
            known = self._current(connection, operation)
            present = known.books[timer.incident].find(timer.key)
            if present is None or present not in known.books[timer.incident].breached(now):
                return None
            return None if _has_raised(known, timer) else known.titles.get(timer.incident, "")

    def _current(self, connection: Transaction, operation: str) -> _Books:
        policy = self._policy.of(self._roster.operation(operation))
        head = self._log.head(connection, operation)
        known = self._operations.pop(operation, None)  # what is read halfway is not kept
        if known is None or known.head > head or known.policy.timers != policy.timers:
            known = _Books(policy)
        if known.head < head:
            with without_collecting():
                for event in self._log.brief(connection, operation, known.head, head, _BODIES):
                    known.absorb(event)
            while known.moved:
                incident = known.moved.pop()
                history = self._log.stream(connection, operation, incident)
                known.rebuild(incident, history)
            for line in self._log.tail(connection, operation, LOG_STREAM, known.log_seq, head):
                known.absorb_log(line)
            known.head = head
        self._operations[operation] = known
        return known


class Timers:
    """The duty; ``wake`` tells the live stream that something was committed."""

    def __init__(
        self,
        books: TimerBooks,
        log: EventLog,
        journal: JournalWriter,
        roster: OperationFacts,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._books = books
        self._log = log
        self._journal = journal
        self._roster = roster
        self._clock = clock
        self._wake = wake

    def watch(self) -> int:
        """Raise the alert of every clock that has run out since; how many there were."""
        now = self._clock()
        raised = 0
        for operation in self._roster.operations():
            if not clocks_run(operation, now):
                continue
            for timer in self._books.breached(operation.id, now):
                if self._raise(operation.id, timer, now):
                    raised += 1
                    self._wake()
        return raised

    def _raise(self, operation: str, timer: Timer, now: datetime) -> bool:
        command_id = _command_id(operation, timer)
        with self._log.transaction() as connection:
            if self._log.by_command(connection, operation, command_id):
                return False
            title = self._books.to_raise(connection, timer, now)
            if title is None:
                return False
            record = _record(timer, title)
            due = from_microseconds(timer.due_us)
            new, command = system_entry(command_id, RAISED, due, record)
            (stored,) = self._log.append(connection, operation, [new], command, now)
            self._journal.append(connection, operation, "alert", alert_of(stored).view(), now)
        return True


def operation_of(timer: Timer) -> str:
    """The operation of a clock's incident."""
    return timer.incident.rpartition("-")[0]


def clocks_run(operation: Operation, now: datetime) -> bool:
    """Whether clocks run in an operation: not in a history, not in what is over, and not in what is
    only just being entered from a file."""
    if operation.kind == "history" or operation.over(now):
        return False
    loading = Loading.of(operation)
    return loading is None or loading.complete


def _has_raised(known: _Books, timer: Timer) -> bool:
    return _command_id(operation_of(timer), timer) in known.raised


def _command_id(operation: str, timer: Timer) -> str:
    return str(uuid.uuid5(_COMMANDS, f"{operation}/{timer.incident}/{timer.key}"))


def _record(timer: Timer, title: str) -> dict[str, Any]:
    return {
        "kind": TIMER,
        "unit": None,
        "timer": timer.name,
        "incident": timer.incident,
        "title": title,
        "region": timer.region,
        "since": to_rfc3339(from_microseconds(timer.started_us)),
        "due": to_rfc3339(from_microseconds(timer.due_us)),
        "owner": timer.owner,
        "event_id": timer.event_id,
    }


def timers_view(
    incident: str, history: Iterable[Event], policy: Policy, now: datetime | None = None
) -> list[dict[str, Any]]:
    """The clocks that run after ``history``, the most urgent first, for the interface."""
    return [timer.view(now) for timer in fold_timers(incident, policy, history).running()]
