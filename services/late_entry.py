"""Late entry: a whole sequence in one command, and the drafts of what somebody else must enter.

One transaction a command. Each step is its own event with its own record and guards; the first one
that this user may not enter, and all behind it, wait together as one draft.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from domain.drafts import (
    DRAFT,
    DRAFT_CONFIRMED,
    DRAFT_REJECTED,
    as_if,
    closing_event,
    draft_event,
    first_out_of_order,
    marked_late,
    must_wait,
    open_drafts,
    somebody_else,
    step_id,
    with_platoons,
)
from domain.errors import (
    DashboardError,
    GuardRefused,
    InvalidField,
    NotFound,
    NotPermitted,
    VersionConflict,
)
from domain.events import Actor, Command, Event, NewEvent
from domain.incident import may_write
from domain.policy import Policy
from domain.roster import Operation
from domain.situation import Situation
from domain.state import fold
from domain.transitions import INC, ROWS_OF, WITHOUT_TRANSITION
from domain.words import clean
from services.clock import Clock
from services.commands import read_command
from services.drafts import draft_view, may_reject
from services.event_ports import EventLog, OperationFacts, Places
from services.incident_writing import IncidentWriting
from services.ports import JournalWriter, Transaction
from services.shape import check_envelope
from services.summaries import event_view

Step = Mapping[str, Any]
Moves = list[tuple[str | None, str | None]]


@dataclass(frozen=True, slots=True)
class Entered:
    """What a command led to; ``draft`` is what waits now, None when nothing does."""

    created: bool
    events: tuple[Event, ...]
    state: dict[str, Any]
    draft: dict[str, Any] | None

    def view(self) -> dict[str, Any]:
        """For the interface."""
        events = [event_view(event) for event in self.events]
        return {"state": self.state, "events": events, "draft": self.draft}


@dataclass(slots=True)
class _Work:
    """One command under way: what was there, what was stored, and what is only said."""

    connection: Transaction
    operation: Operation
    incident: str
    actor: Actor
    history: list[Event]
    stored: list[Event] = field(default_factory=list)
    said: list[Event] = field(default_factory=list)

    def keep(self, stored: Sequence[Event]) -> None:
        self.stored += stored
        self.history += [event for event in stored if event.stream == self.incident]


class LateEntry:
    """The use cases; everything outside is handed in. ``wake`` tells the live stream."""

    def __init__(
        self,
        log: EventLog,
        journal: JournalWriter,
        roster: OperationFacts,
        places: Places,
        clock: Clock,
        wake: Callable[[], None],
        policy: Policy | None = None,
    ) -> None:
        self._log = log
        self._roster = roster
        self._places = places
        self._clock = clock
        self._wake = wake
        self._writing = IncidentWriting(log, journal, roster, places, clock, policy or Policy())

    def enter(self, operation_id: str, incident_id: str, actor: Actor, sent: object) -> Entered:
        """A sequence of steps. Raises what one event raises, with the number of the step."""
        operation = self._roster.operation(operation_id)
        envelope = check_envelope("sequence", clean(sent))
        command_id, steps = str(envelope["command_id"]).lower(), envelope["steps"]
        self._writing.warm_up(operation_id)
        with self._log.transaction() as connection:
            before = self._before(connection, operation_id, command_id, len(steps))
            if before:
                return self._again(connection, operation, actor, before)
            work = self._work(connection, operation, incident_id, actor)
            _check_version(envelope["expected_version"], work.history)
            may_write(self._situation(work, actor))
            commands = self._commands(steps, command_id, actor)
            waiting: list[Step] = []
            moves: Moves = []
            for number, (step, command) in enumerate(zip(steps, commands, strict=True)):
                with _at_step(number, step):
                    waits = bool(waiting) and command.event not in WITHOUT_TRANSITION
                    if not waits and self._entered(work, command, [actor]):
                        continue
                    waiting.append(step)
                    moves.append(self._rehearsed(work, command, actor, number))
            if waiting:
                new = draft_event(incident_id, actor, waiting, moves)
                self._keep(work, new, self._bookkeeping(command_id, DRAFT, actor))
            entered = self._finished(work)
        self._wake()
        return entered

    def confirm(
        self, operation_id: str, incident_id: str, draft_id: str, actor: Actor, sent: object
    ) -> Entered:
        """Enter what waits: the first step as this user, those behind it as their author."""
        operation = self._roster.operation(operation_id)
        envelope = check_envelope("confirm", clean(sent))
        command_id = str(envelope["command_id"]).lower()
        self._writing.warm_up(operation_id)
        with self._log.transaction() as connection:
            before = self._before(connection, operation_id, command_id)
            if before:
                return self._again(connection, operation, actor, before)
            work = self._work(connection, operation, incident_id, actor)
            draft = _waiting_draft(work.history, draft_id)
            may_write(self._situation(work, actor))
            steps, moves = list(draft.record["steps"]), draft.record["moves"]
            if "record" in envelope:
                steps[0] = {**steps[0], "record": envelope["record"]}
            author = Actor(draft.entered_by, draft.entered_role, draft.body.get("session", ""))
            new = closing_event(incident_id, DRAFT_CONFIRMED, actor, {"draft": draft_id})
            self._keep(work, new, self._bookkeeping(command_id, DRAFT_CONFIRMED, actor))
            also: dict[str, Any] = {"draft": draft_id}
            for number, step in enumerate(steps):
                with _at_step(number, step):
                    command = self._command(step, step_id(command_id, number), author)
                    people = [author, actor] if number else [actor]
                    if self._entered(work, command, people, also, insist=number == 0):
                        also["confirmed_by"] = actor.name
                        continue
                rest = draft_event(incident_id, author, steps[number:], moves[number:], also)
                rest_id = step_id(command_id, "rest")
                self._keep(work, rest, self._bookkeeping(rest_id, DRAFT, author))
                break
            entered = self._finished(work)
        self._wake()
        return entered

    def reject(
        self, operation_id: str, incident_id: str, draft_id: str, actor: Actor, sent: object
    ) -> Entered:
        """Strike a draft, for those who could confirm it, or withdraw one's own."""
        operation = self._roster.operation(operation_id)
        envelope = check_envelope("reject", clean(sent))
        command_id = str(envelope["command_id"]).lower()
        with self._log.transaction() as connection:
            before = self._before(connection, operation_id, command_id)
            if before:
                return self._again(connection, operation, actor, before)
            work = self._work(connection, operation, incident_id, actor)
            draft = _waiting_draft(work.history, draft_id)
            situation = self._situation(work, actor)
            may_write(situation)
            if not may_reject(draft, situation):
                raise NotPermitted("only who wrote it or could confirm it may reject", guard="role")
            record = {"draft": draft_id, "reason_text": envelope["reason_text"]}
            new = closing_event(incident_id, DRAFT_REJECTED, actor, record)
            self._keep(work, new, self._bookkeeping(command_id, DRAFT_REJECTED, actor))
            entered = self._finished(work)
        self._wake()
        return entered

    # --- one step --------------------------------------------------------------------------------

    def _entered(
        self,
        work: _Work,
        command: Command,
        people: Sequence[Actor],
        also: Mapping[str, Any] | None = None,
        *,
        insist: bool = False,
    ) -> bool:
        """Store the step as the first of ``people`` who may; False when it has to wait.

        Any other refusal is raised; with ``insist``, that somebody else must enter it as well.
        """
        for person in people:
            situation = self._situation(work, person, command)
            late = marked_late(replace(command, actor=person), situation)
            try:
                new = self._writing.enter(
                    work.connection, situation, late, work.incident, work.operation.id, also
                )
            except (NotPermitted, GuardRefused) as refused:
                if insist or not must_wait(refused):
                    raise
            else:
                work.keep(new)
                return True
        return False

    def _rehearsed(
        self, work: _Work, command: Command, actor: Actor, number: int
    ) -> tuple[str | None, str | None]:
        """What a waiting step will do, judged now, so that the typist hears of a mistake at once.

        Judged as the author where that role may enter it, else as somebody who may.
        """
        rows = self._situation(work, actor).policy.rows_of[command.region, command.event]
        people = [actor, somebody_else(rows[0], number, work.operation.kind)]
        for person in people:
            situation = self._situation(work, person, command)
            tried = marked_late(replace(command, actor=person), situation)
            try:
                new = self._writing.judge(situation, tried, work.incident)
            except (NotPermitted, GuardRefused) as refused:
                if person is people[-1] or not must_wait(refused):
                    raise
            else:
                seq = len(work.history) + len(work.said) + 1
                work.said += [as_if(one, tried, work.operation.id, seq) for one in new]
                break
        return new[0].from_state, new[0].to_state

    def _situation(self, work: _Work, actor: Actor, command: Command | None = None) -> Situation:
        """What the guards may look at, with what is only said taken for true."""
        said = [event for event in work.said if event.stream == work.incident]
        history = [*work.history, *said]
        situation = self._writing.situation(
            work.connection,
            work.operation,
            actor,
            fold(work.incident, history),
            history,
            _named_incident(command) if command else None,
            at=command.occurred_at if command else None,
        )
        return with_platoons(situation, work.said)

    # --- around the steps ------------------------------------------------------------------------

    def _commands(self, steps: Sequence[Step], command_id: str, actor: Actor) -> list[Command]:
        commands = []
        for number, step in enumerate(steps):
            with _at_step(number, step):
                command = self._command(step, step_id(command_id, number), actor)
                known = (command.region, command.event) in ROWS_OF
                if not known and command.event not in WITHOUT_TRANSITION:
                    detail = f"no event {command.event!r} in region {command.region!r}"
                    raise InvalidField("event", detail)
                commands.append(command)
        wrong = first_out_of_order(commands)
        if wrong is not None:
            with _at_step(wrong, steps[wrong]):
                detail = "occurred_at is before an earlier step of this lane"
                raise GuardRefused("in_order", detail, "occurred_at")
        return commands

    def _command(self, step: Step, command_id: str, actor: Actor) -> Command:
        sent = {**step, "command_id": command_id, "expected_version": 0}
        return read_command("event", sent, actor, self._places)

    def _bookkeeping(self, command_id: str, event: str, actor: Actor) -> Command:
        return Command(command_id, INC, event, self._clock(), actor, {})

    def _keep(self, work: _Work, new: NewEvent, command: Command) -> None:
        work.keep(self._writing.add(work.connection, work.operation.id, [new], command))

    def _work(
        self, connection: Transaction, operation: Operation, incident: str, actor: Actor
    ) -> _Work:
        self._writing.competing.follow(connection, operation.id)
        history = self._writing.history(connection, operation.id, incident)
        return _Work(connection, operation, incident, actor, list(history))

    def _finished(self, work: _Work) -> Entered:
        views = self._writing.tell(work.connection, work.operation.id, work.stored)
        work.said.clear()
        drafts = [one for one in work.stored if one.event == DRAFT]
        draft = draft_view(drafts[0], self._situation(work, work.actor)) if drafts else None
        return Entered(True, tuple(work.stored), views[work.incident], draft)

    def _before(
        self, connection: Transaction, operation: str, command_id: str, steps: int = 20
    ) -> list[Event]:
        """What this command has led to already, in the order of recording."""
        names = [command_id, *(step_id(command_id, n) for n in (*range(steps), "rest"))]
        first = self._log.by_command(connection, operation, names[0])
        if not first and not self._log.by_command(connection, operation, names[1]):
            return []
        found = [one for name in names for one in self._log.by_command(connection, operation, name)]
        return sorted(found, key=lambda event: event.chain_seq)

    def _again(
        self, connection: Transaction, operation: Operation, actor: Actor, before: list[Event]
    ) -> Entered:
        """The first answer to a command that comes a second time."""
        answer = self._writing.again(connection, before)
        drafts = [one for one in before if one.event == DRAFT]
        work = self._work(connection, operation, before[0].stream, actor)
        draft = draft_view(drafts[0], self._situation(work, actor)) if drafts else None
        return Entered(False, answer.events, answer.state, draft)


def _named_incident(command: Command) -> str | None:
    named = command.record.get("duplicate_of")
    return named if isinstance(named, str) else None


def _check_version(expected: int, history: Sequence[Event]) -> None:
    version = history[-1].seq
    if expected != version:
        raise VersionConflict(
            f"the version is now {version}; look at what happened and decide again",
            field="expected_version",
            version=version,
            since=[event_view(event) for event in history[expected:]],
        )


def _waiting_draft(history: Sequence[Event], draft_id: str) -> Event:
    """The draft that is to be closed; raises ``NotFound``, and ``VersionConflict`` when it is."""
    for event in open_drafts(history):
        if event.event_id == draft_id:
            return event
    for at, event in enumerate(history):
        if event.event == DRAFT and event.event_id == draft_id:
            since = history[at + 1 :]
            raise VersionConflict(
                "this draft has been confirmed or rejected already",
                version=history[-1].seq,
                since=[event_view(one) for one in since],
            )
    raise NotFound(f"no draft {draft_id!r} at this incident")


@contextmanager
def _at_step(number: int, step: Step) -> Iterator[None]:
    """Name the step in every refusal: ``field`` becomes its path, ``step`` says which it is."""
    try:
        yield
    except DashboardError as refused:
        inside = refused.extra.get("field")
        path = f"steps.{number}" + (f".{inside}" if inside else "")
        refused.extra["field"] = path
        refused.extra["step"] = {
            "number": number + 1,
            "region": step["region"],
            "event": step["event"],
        }
        raise
