"""Drafts are confirmed or struck: by whom, as whose word, and what becomes of the steps behind.

The confirmer enters the first step; those behind are entered as their author's word, with the
rights that the author holds now. A record that the confirmer changes is the confirmer's word, and
what is behind goes back to the author. What Kosovo Police said stands, even in a draft that is
struck.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.authority_guards import made_by_the_other
from domain.drafts import (
    begins_with_end,
    end_as_it_stands,
    end_said,
    queued_behind,
    step_id,
    waits_behind,
    with_those_behind,
)
from domain.errors import GuardRefused, NotPermitted
from domain.events import DRAFT_CONFIRMED, DRAFT_ENDED, DRAFT_REJECTED, Actor, Command, Event
from domain.permission import may_write
from domain.state import fold
from domain.transitions import asks_for
from domain.words import clean
from services.command_ids import Sent, fingerprint
from services.drafts import may_reject
from services.event_ports import EventLog, OperationFacts
from services.incident_writing import IncidentWriting
from services.late_work import Entered, Person, Steps, Work, at_step, waiting_draft
from services.shape import check_envelope


class DraftEntry:
    """Confirm and reject; part of ``services/late_entry.py``."""

    def __init__(
        self,
        log: EventLog,
        roster: OperationFacts,
        writing: IncidentWriting,
        steps: Steps,
        wake: Callable[[], None],
    ) -> None:
        self._log = log
        self._roster = roster
        self._writing = writing
        self._steps = steps
        self._reading = steps.reading
        self._wake = wake

    def confirm(
        self, operation_id: str, incident_id: str, draft_id: str, actor: Actor, sent: object
    ) -> Entered:
        """Enter what waits: the first step as this user, those behind it as their author, as far
        as both may now; then what waits behind the draft, until somebody else is needed.

        A step behind that is refused goes back to its author and undoes nothing.
        """
        where = operation_id, incident_id, draft_id
        return self._carried_out("confirm", where, actor, sent, self._confirm)

    def reject(
        self, operation_id: str, incident_id: str, draft_id: str, actor: Actor, sent: object
    ) -> Entered:
        """Strike a draft, for those who could confirm it, or withdraw one's own.

        An end that Kosovo Police said behind what is struck is entered all the same; one that is
        struck itself was not said.
        """
        where = operation_id, incident_id, draft_id
        return self._carried_out("reject", where, actor, sent, self._reject)

    def _carried_out(
        self,
        kind: str,
        where: tuple[str, str, str],
        actor: Actor,
        sent: object,
        close: Callable[[Work, Event, _Act], None],
    ) -> Entered:
        """One command about a draft that waits, in one transaction; the second time its answer."""
        operation = self._roster.operation(where[0])
        act = _Act(kind, where, actor, sent)
        self._writing.warm_up(operation.id)
        with self._log.transaction() as connection:
            asked = Sent(act.command_id, act.mark, actor, act.incident)
            before = self._steps.before(connection, operation.id, asked)
            if before:
                return self._steps.again(connection, operation, actor, before)
            work = self._steps.work(connection, operation, act.incident, actor, act.mark)
            draft = waiting_draft(work.history, act.draft)
            may_write(self._steps.situation(work, actor))
            close(work, draft, act)
            entered = self._steps.finished(work)
        self._wake()
        return entered

    def _confirm(self, work: Work, draft: Event, act: _Act) -> None:
        self._check_confirmer(work, draft, act.actor)
        behind = queued_behind(draft, work.history)
        queue = with_those_behind(draft, work.history)
        work.confirming = frozenset(one.event_id for one in queue)
        self._steps.close(work, act.command_id, DRAFT_CONFIRMED, act.actor, {"draft": act.draft})
        said_again = bool(draft.record.get("back_to")) and act.actor.name == draft.entered_by
        entering = _Entering(
            act.command_id, draft, act.actor, behind, act.envelope.get("record"),
            insist=not said_again,
        )  # fmt: skip
        self._enter_draft(work, entering)

    def _reject(self, work: Work, draft: Event, act: _Act) -> None:
        if not may_reject(draft, self._steps.situation(work, act.actor)):
            raise NotPermitted("only who wrote it or could confirm it may reject", guard="role")
        self._check_denial(draft, act.actor)
        queued = with_those_behind(draft, work.history)
        record = {"draft": act.draft, "reason_text": act.envelope["reason_text"]}
        self._steps.close(work, act.command_id, DRAFT_REJECTED, act.actor, record)
        for one in queued[1:]:
            ended = {"draft": one.event_id, "why": "behind"}
            self._steps.close(work, step_id(one.event_id, "end"), DRAFT_ENDED, act.actor, ended)
        for number, one in enumerate(queued):
            if one is not draft or not begins_with_end(draft):  # else it is the end that is struck
                self._enter_end_said(work, one, act.actor, step_id(act.command_id, f"end {number}"))

    def _check_denial(self, draft: Event, actor: Actor) -> None:
        """Raise ``NotPermitted`` where somebody else than its author says that an end of Kosovo
        Police was not said: that would give authority back."""
        others = actor.name != draft.entered_by
        if begins_with_end(draft) and others and _has_its_rights(draft, self._reading.now(draft)):
            raise NotPermitted(
                f"{draft.entered_by} wrote down the word of Kosovo Police: who did may take it "
                "back, others confirm it",
                guard="back_to_author",
            )

    # --- who confirms ----------------------------------------------------------------------------

    def _check_confirmer(self, work: Work, draft: Event, actor: Actor) -> None:
        """Whether this user may confirm the draft at all; the step's own rules come after."""
        before = waits_behind(draft, work.history)
        if before is not None:
            raise GuardRefused("waits_behind", "the draft before it is confirmed or rejected first")
        author = self._reading.now(draft)
        back = draft.record.get("back_to") and _has_its_rights(draft, author)
        if back and actor.name != draft.entered_by:
            raise NotPermitted(
                f"it has gone back to {draft.entered_by}, whose word it is", guard="back_to_author"
            )
        if self._reading.linked(actor, draft.entered_by):
            raise GuardRefused(
                "independent_persons", made_by_the_other(actor.name, draft.entered_by)
            )

    # --- the steps of a draft --------------------------------------------------------------------

    def _enter_draft(self, work: Work, entering: _Entering) -> None:
        """Enter the steps of a draft that was closed by a confirmation, and what waits behind."""
        draft, actor = entering.draft, entering.actor
        steps, moves = list(draft.record["steps"]), draft.record["moves"]
        changed = entering.record is not None and entering.record != steps[0].get("record", {})
        if changed:
            steps[0] = {**steps[0], "record": entering.record}
        author = self._reading.now(draft)
        also: dict[str, Any] = {"draft": draft.event_id}
        for number, step in enumerate(steps):
            command = self._steps.command(step, step_id(entering.command_id, number), actor)
            first = number == 0 and entering.insist
            back_to = {"why": "changed"} if changed and number else None
            if back_to is None:
                people = _people(command, author, actor, first=first, changed=changed)
                try:
                    with at_step(number, step):
                        if self._steps.entered(work, command, people, also, insist=first):
                            also["confirmed_by"] = actor.name
                            continue
                except (NotPermitted, GuardRefused) as refused:
                    if first:
                        raise
                    back_to = {"why": _guard_of(refused), "detail": refused.detail}
            self._steps.keep_draft(
                work, step_id(entering.command_id, "rest"), _author(draft, author),
                steps[number:], moves[number:], also,
                back_to=back_to, follows=draft.event_id,
            )  # fmt: skip
            return
        for number, one in enumerate(entering.behind):
            command_id = step_id(entering.command_id, f"behind {number}")
            behind = queued_behind(one, work.history)
            record = {"draft": one.event_id, "behind": draft.event_id}
            self._steps.close(work, command_id, DRAFT_CONFIRMED, actor, record)
            self._enter_draft(work, _Entering(command_id, one, actor, behind, insist=False))

    def _enter_end_said(self, work: Work, draft: Event, actor: Actor, command_id: str) -> None:
        """Enter the end that Kosovo Police said in a draft which is struck: their word stands."""
        said = end_said(draft.record["steps"]) if draft.record.get("ends") else None
        state = fold(work.incident, work.history)
        if said is None or state.t2_request != draft.record["ends"] or state.t2_revoked:
            return
        step, move = end_as_it_stands(said, state.t2)
        author = self._reading.now(draft)
        command = self._steps.command(step, command_id, actor)
        people = [Person(one) for one in (author, actor) if one is not None]
        also = {"draft": draft.event_id}
        try:
            if self._steps.entered(work, command, people, also):
                return
        except GuardRefused:
            pass  # it cannot be entered as it was said: it goes on waiting, and counts
        self._steps.keep_draft(
            work, step_id(command_id, "rest"), _author(draft, author), [step], [move], also
        )


class _Act:
    """One command about a draft, its shape checked; ``mark`` is its fingerprint.

    Raises ``InvalidField``.
    """

    def __init__(self, kind: str, where: tuple[str, str, str], actor: Actor, sent: object) -> None:
        operation, self.incident, self.draft = where
        self.actor = actor
        self.envelope = check_envelope(kind, clean(sent))
        self.command_id = str(self.envelope["command_id"]).lower()
        target = f"{kind} {operation}/{self.incident}/{self.draft}"
        self.mark = fingerprint(target, actor, self.envelope)


@dataclass(frozen=True, slots=True)
class _Entering:
    """A draft that is being entered, and those that wait ``behind`` it.

    ``record`` takes the place of its first step's; ``insist``: that step must not wait again, as it
    may where its author only says it once more.
    """

    command_id: str
    draft: Event
    actor: Actor
    behind: Sequence[Event]
    record: Mapping[str, Any] | None = None
    insist: bool = True


def _people(
    command: Command, author: Actor | None, actor: Actor, *, first: bool, changed: bool
) -> list[Person]:
    """Who may enter a step of a draft, in the order in which they are asked.

    A step of two people is entered by one of author and confirmer beside the other; a record that
    the confirmer has changed is nobody's word but the confirmer's.
    """
    if asks_for(command.region, command.event, "second_person"):
        if author is None or author.name == actor.name or changed:
            return [Person(actor)]
        return [Person(author, actor), Person(actor, author)]
    if first or author is None or author.name == actor.name:
        return [Person(actor)]
    return [Person(author), Person(actor)]


def _author(draft: Event, now: Actor | None) -> Actor:
    """Who wrote a draft, for what is left of it."""
    return now or Actor(draft.entered_by, draft.entered_role, draft.body.get("session", ""))


def _has_its_rights(draft: Event, now: Actor | None) -> bool:
    """Whether who wrote a draft may still act in the role in which it was written."""
    return now is not None and now.role == draft.entered_role


def _guard_of(refused: NotPermitted | GuardRefused) -> str:
    return str(refused.extra.get("guard", "role"))
