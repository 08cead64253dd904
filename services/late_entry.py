"""Late entry: a whole sequence in one command, and the drafts of what somebody else must enter.

One transaction a command. Each step is its own event with its own record and guards; the first one
that this user may not enter, and all behind it, wait together as one draft
(``services/draft_entry.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain.drafts import first_out_of_order, step_id, waits_behind
from domain.errors import GuardRefused, InvalidField
from domain.events import Actor, Command
from domain.permission import may_write
from domain.policy import Policy
from domain.transitions import ROWS_OF, WITHOUT_TRANSITION
from domain.words import clean
from services.clock import Clock
from services.command_ids import Sent, fingerprint
from services.draft_entry import DraftEntry
from services.event_ports import EventLog, OperationFacts, Persons, Places
from services.incident_writing import IncidentWriting, check_version
from services.late_work import Entered, Moves, Person, Step, Steps, Work, at_step, waiting_draft
from services.ports import JournalWriter
from services.shape import check_envelope

__all__ = ["Entered", "LateEntry"]


class LateEntry:
    """The use cases; everything outside is handed in. ``wake`` tells the live stream."""

    def __init__(
        self,
        log: EventLog,
        journal: JournalWriter,
        roster: OperationFacts,
        places: Places,
        persons: Persons,
        clock: Clock,
        wake: Callable[[], None],
        policy: Policy | None = None,
    ) -> None:
        self._log = log
        self._roster = roster
        self._wake = wake
        self._writing = IncidentWriting(
            log, journal, roster, places, persons, clock, policy or Policy()
        )
        self._steps = Steps(log, self._writing, places, clock)
        self._drafts = DraftEntry(log, roster, self._writing, self._steps, wake)

    def enter(self, operation_id: str, incident_id: str, actor: Actor, sent: object) -> Entered:
        """A sequence of steps. Raises what one event raises, with the number of the step."""
        operation = self._roster.operation(operation_id)
        envelope = check_envelope("sequence", clean(sent))
        command_id, steps = str(envelope["command_id"]).lower(), envelope["steps"]
        mark = fingerprint(f"sequence {operation_id}/{incident_id}", actor, envelope)
        self._writing.warm_up(operation_id)
        with self._log.transaction() as connection:
            asked = Sent(command_id, mark, actor, incident_id)
            before = self._steps.before(connection, operation_id, asked)
            if before:
                return self._steps.again(connection, operation, actor, before)
            work = self._steps.work(connection, operation, incident_id, actor, mark)
            if any(step["event"] not in WITHOUT_TRANSITION for step in steps):
                check_version(envelope["expected_version"], work.history)
            may_write(self._steps.situation(work, actor))
            commands = self._commands(steps, command_id, actor)
            behind = self._queue_up(work, envelope.get("behind"))
            waiting: list[Step] = []
            moves: Moves = []
            for number, (step, command) in enumerate(zip(steps, commands, strict=True)):
                with at_step(number, step):
                    waits = bool(waiting or behind) and command.event not in WITHOUT_TRANSITION
                    if not waits and self._steps.entered(work, command, [Person(actor)]):
                        continue
                    waiting.append(step)
                    moves.append(self._steps.rehearsed(work, command, actor, number))
            if waiting:
                self._steps.keep_draft(work, command_id, actor, waiting, moves, behind=behind)
            entered = self._steps.finished(work)
        self._wake()
        return entered

    def confirm(
        self, operation_id: str, incident_id: str, draft_id: str, actor: Actor, sent: object
    ) -> Entered:
        """Enter a draft that waits; see ``services/draft_entry.py``."""
        return self._drafts.confirm(operation_id, incident_id, draft_id, actor, sent)

    def reject(
        self, operation_id: str, incident_id: str, draft_id: str, actor: Actor, sent: object
    ) -> Entered:
        """Strike a draft, or withdraw one's own; see ``services/draft_entry.py``."""
        return self._drafts.reject(operation_id, incident_id, draft_id, actor, sent)

    def _queue_up(self, work: Work, behind: str | None) -> str | None:
        """Take for said what the drafts say behind which the sequence is typed."""
        if behind is None:
            return None
        chain = [waiting_draft(work.history, behind.lower())]
        while (before := waits_behind(chain[0], work.history)) is not None:
            chain.insert(0, waiting_draft(work.history, before))
        for draft in chain:
            author = Actor(draft.entered_by, draft.entered_role)
            for number, step in enumerate(draft.record["steps"]):
                command = self._steps.command(step, step_id(draft.event_id, number), author)
                self._steps.rehearsed(work, command, author, number)
        return behind.lower()

    def _commands(self, steps: Sequence[Step], command_id: str, actor: Actor) -> list[Command]:
        commands = []
        for number, step in enumerate(steps):
            with at_step(number, step):
                command = self._steps.command(step, step_id(command_id, number), actor)
                known = (command.region, command.event) in ROWS_OF
                if not known and command.event not in WITHOUT_TRANSITION:
                    detail = f"no event {command.event!r} in region {command.region!r}"
                    raise InvalidField("event", detail)
                commands.append(command)
        wrong = first_out_of_order(commands)
        if wrong is not None:
            with at_step(wrong, steps[wrong]):
                detail = "occurred_at is before an earlier step of this lane"
                raise GuardRefused("in_order", detail, "occurred_at")
        return commands
