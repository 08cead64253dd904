"""The steps of a sequence and of a draft, as they are entered, rehearsed and kept waiting.

``services/late_entry.py`` and ``services/draft_entry.py`` both stand on this. Every method runs in
the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from domain.drafts import (
    MOST_STEPS,
    as_if,
    closing_event,
    draft_event,
    end_said,
    live_requests,
    marked_late,
    must_wait,
    open_drafts,
    somebody_else,
    step_id,
    with_platoons,
)
from domain.errors import DashboardError, GuardRefused, NotFound, NotPermitted, VersionConflict
from domain.events import (
    CLOSES_A_DRAFT,
    DRAFT,
    DRAFT_CONFIRMED,
    DRAFT_ENDED,
    DRAFT_REJECTED,
    Actor,
    Command,
    Event,
    NewEvent,
)
from domain.roster import Operation
from domain.situation import Situation
from domain.state import fold
from domain.streams import LOG_STREAM
from domain.transitions import INC, WITHOUT_TRANSITION
from services.clock import Clock
from services.command_ids import Sent, carried_out
from services.commands import read_command
from services.drafts import draft_view
from services.event_ports import EventLog, Places
from services.incident_writing import IncidentWriting
from services.ports import Transaction
from services.summaries import event_view

_MOST_EVENTS = 500
"""More than one command leads to, with all that waits behind a draft."""

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
class Work:
    """One command under way: what was there, what was stored, and what is only said.

    ``mark`` is the fingerprint of the command.
    """

    connection: Transaction
    operation: Operation
    incident: str
    actor: Actor
    mark: str
    history: list[Event]
    stored: list[Event] = field(default_factory=list)
    said: list[Event] = field(default_factory=list)
    confirming: frozenset[str] = frozenset()

    def take(self, stored: Sequence[Event]) -> None:
        self.stored += stored
        self.history += [event for event in stored if event.stream == self.incident]


@dataclass(frozen=True, slots=True)
class Person:
    """Who enters a step, and who stands beside where its rules ask for two people."""

    actor: Actor
    second: Actor | None = None


class Steps:
    """What both use cases do with a step."""

    def __init__(
        self, log: EventLog, writing: IncidentWriting, places: Places, clock: Clock
    ) -> None:
        self._log = log
        self._writing = writing
        self._places = places
        self._clock = clock
        self.reading = writing.reading

    def entered(
        self,
        work: Work,
        command: Command,
        people: Sequence[Person],
        also: Mapping[str, Any] | None = None,
        *,
        insist: bool = False,
    ) -> bool:
        """Store the step as the first of ``people`` who may; False when it has to wait.

        Any other refusal is raised; with ``insist``, that somebody else must enter it as well.
        """
        refusal: NotPermitted | GuardRefused | None = None
        for person in people:
            by = replace(command, actor=person.actor, second_person=person.second)
            situation = self.situation(work, person.actor, by)
            late = marked_late(replace(by, fingerprint=work.mark), situation)
            try:
                new = self._writing.enter(
                    work.connection, situation, late, work.incident, work.operation.id, also
                )
            except (NotPermitted, GuardRefused) as refused:
                if command.event in WITHOUT_TRANSITION or not must_wait(refused):
                    raise  # a fact waits for nobody
                refusal = refusal or refused
            else:
                work.take(new)
                return True
        if insist and refusal is not None:
            raise refusal
        return False

    def rehearsed(
        self, work: Work, command: Command, actor: Actor, number: int
    ) -> tuple[str | None, str | None]:
        """What a waiting step will do, judged now, so that the typist hears of a mistake at once.

        Judged as the author where that role may enter it, else as somebody who may.
        """
        policy = self.reading.policy_of(work.operation)
        rows = policy.rows_of[command.region, command.event]
        other = somebody_else(rows[0], number, work.operation.kind)
        second = Actor(f"somebody beside {number}", "FPU_DUTY")
        people = [Person(actor), Person(actor, second), Person(other), Person(other, second)]
        for person in people:
            by = replace(command, actor=person.actor, second_person=person.second)
            situation = self.situation(work, person.actor, by)
            tried = marked_late(by, situation)
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

    def situation(self, work: Work, actor: Actor, command: Command | None = None) -> Situation:
        """What the guards may look at, with what is only said taken for true."""
        said = [event for event in work.said if event.stream == work.incident]
        history = [*work.history, *said]
        situation = self.reading.situation(
            work.connection,
            work.operation,
            actor,
            fold(work.incident, history),
            history,
            command,
            at=command.occurred_at if command else None,
        )
        situation = replace(situation, confirming=work.confirming)
        return with_platoons(situation, work.said)

    def command(self, step: Step, command_id: str, actor: Actor) -> Command:
        """One step as a command."""
        sent = {**step, "command_id": command_id, "expected_version": 0}
        return read_command("event", sent, actor, self._places)

    def keep_draft(
        self,
        work: Work,
        command_id: str,
        author: Actor,
        steps: Sequence[Step],
        moves: Sequence[Sequence[str | None]],
        also: Mapping[str, Any] | None = None,
        *,
        behind: str | None = None,
        follows: str | None = None,
        back_to: Mapping[str, str] | None = None,
    ) -> None:
        """Keep what waits; it stands on the requests that are live now."""
        state = fold(work.incident, work.history)
        requests = live_requests(state, steps)
        ending = end_said(steps) if state.t2_request in requests else None
        new = draft_event(
            work.incident, author, steps, moves, {**(also or {}), "fingerprint": work.mark},
            requests=requests, ends=state.t2_request if ending else None,
            behind=behind, follows=follows, back_to=back_to,
        )  # fmt: skip
        self.keep(work, new, self._bookkeeping(command_id, DRAFT, author))

    def close(
        self, work: Work, command_id: str, event: str, actor: Actor, record: Mapping[str, Any]
    ) -> None:
        """Close a draft."""
        new = closing_event(work.incident, event, actor, record, work.mark)
        self.keep(work, new, self._bookkeeping(command_id, event, actor))

    def _bookkeeping(self, command_id: str, event: str, actor: Actor) -> Command:
        return Command(command_id, INC, event, self._clock(), actor, {})

    def keep(self, work: Work, new: NewEvent, command: Command) -> None:
        """Store what was decided here."""
        work.take(self._writing.add(work.connection, work.operation.id, [new], command))

    def work(
        self,
        connection: Transaction,
        operation: Operation,
        incident: str,
        actor: Actor,
        mark: str,
    ) -> Work:
        """A command under way."""
        self.reading.competing.follow(connection, operation.id)
        history = self.reading.history(connection, operation.id, incident)
        return Work(connection, operation, incident, actor, mark, list(history))

    def finished(self, work: Work) -> Entered:
        """Tell what changed; the answer to the command."""
        views = self._writing.tell(work.connection, work.operation.id, work.stored)
        work.said.clear()
        drafts = [one for one in work.stored if one.event == DRAFT]
        draft = self._view(work, drafts[0], work.actor) if drafts else None
        return Entered(True, tuple(work.stored), views[work.incident], draft)

    def _view(self, work: Work, draft: Event, actor: Actor) -> dict[str, Any]:
        return draft_view(draft, self.situation(work, actor), work.history)

    def before(self, connection: Transaction, operation: str, sent: Sent) -> list[Event]:
        """What this command has led to already, in the order of recording.

        Its events stand together in the chain, each under its mark; those of an older program carry
        none, and are found by the ids of its steps.
        """
        found = carried_out(self._log, connection, operation, sent)
        if not found:
            return []
        if "fingerprint" not in found[0].body:
            ids = (step_id(sent.command_id, number) for number in (*range(MOST_STEPS), "rest"))
            return self._log.by_commands(connection, [sent.command_id, *ids])
        first = min(one.chain_seq for one in found)
        since = self._log.since(connection, operation, first - 1, _MOST_EVENTS)
        own = (one for one in since if one.stream != LOG_STREAM)
        return list(takewhile(lambda one: one.body.get("fingerprint") == sent.mark, own))

    def again(
        self, connection: Transaction, operation: Operation, actor: Actor, before: list[Event]
    ) -> Entered:
        """The first answer to a command that comes a second time."""
        answer = self._writing.again(connection, before)
        drafts = [one for one in before if one.event == DRAFT]
        work = self.work(connection, operation, before[0].stream, actor, "")
        draft = self._view(work, drafts[0], actor) if drafts else None
        return Entered(False, answer.events, answer.state, draft)


def waiting_draft(history: Sequence[Event], draft_id: str) -> Event:
    """The draft that is to be closed; raises ``NotFound``, and ``VersionConflict`` when it is."""
    for event in open_drafts(history):
        if event.event_id == draft_id:
            return event
    for at, event in enumerate(history):
        if event.event == DRAFT and event.event_id == draft_id:
            since = history[at + 1 :]
            closed = next(
                one
                for one in since
                if one.event in CLOSES_A_DRAFT and one.record["draft"] == draft_id
            )
            raise VersionConflict(
                _CLOSED[closed.event].format(why=closed.record.get("why", "")),
                version=history[-1].seq,
                since=[event_view(one) for one in since],
            )
    raise NotFound(f"no draft {draft_id!r} at this incident")


_CLOSED = {
    DRAFT_CONFIRMED: "this draft has been confirmed already",
    DRAFT_REJECTED: "this draft has been rejected already",
    DRAFT_ENDED: "this draft has ended with the request that it stood on ({why})",
}


@contextmanager
def at_step(number: int, step: Step) -> Iterator[None]:
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
