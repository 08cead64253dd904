"""Where decisions about the quarantine are kept: who may decide, what is open, and one transaction
for a decision and what it makes of an entry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.access import rights
from domain.errors import DashboardError, GuardRefused, NotFound, VersionConflict
from domain.events import Actor
from domain.fixes import Fix, Report
from domain.permission import may_write
from domain.quarantine import DECIDED, Decision
from domain.situation import Situation
from domain.stored_fixes import QuarantineEntry
from services import quarantine_sent as shape
from services.clock import Clock
from services.import_ports import Operations
from services.import_views import reason_given
from services.ingest import Ingest
from services.ports import Filing, JournalWriter, Transaction, Transactions
from services.quarantine_ports import Kept, QuarantineStore
from services.submissions import Receipt

_STORED = "its device has a position of that time already"


@dataclass(frozen=True, slots=True)
class Act:
    """Who decides, in which operation, when (UTC) and why; sent again it is the same command."""

    operation: str
    actor: Actor
    now: datetime
    reason: str
    command_id: str

    def about(self, entry: int, decision: str, said: Mapping[str, Any] | None = None) -> Decision:
        """The decision about an entry."""
        return Decision(
            entry=entry,
            command_id=self.command_id,
            decision=decision,
            decided_by=self.actor.name,
            decided_role=self.actor.role,
            decided_at=self.now,
            operation=self.operation,
            reason=self.reason,
            said=said or {},
        )

    def is_to_decide(self, kept: Kept, decision: str) -> bool:
        """Whether an entry is open; False where this command has decided it before.

        Raises ``VersionConflict`` where another one has, or where the id is another command's.
        """
        made = kept.decision
        if made is None:
            return True
        if made.command_id != self.command_id:
            raise VersionConflict(f"{made.decided_by} has decided it already: {made.decision}")
        same = (self.actor.name, self.operation, self.reason, decision)
        if (made.decided_by, made.operation, made.reason, made.decision) != same:
            raise VersionConflict(
                "this command_id was used for another command", field="command_id"
            )
        return False


@dataclass(frozen=True, slots=True)
class Settled:
    """A decision, and the position that it makes of an entry."""

    made: Decision
    entry: QuarantineEntry
    report: Report
    filing: Filing


class _Refused(Exception):
    """Ends a transaction; why, by the number of the entry."""

    def __init__(self, why: Mapping[int, DashboardError]) -> None:
        super().__init__(f"{len(why)} refused")
        self.why = why


class QuarantineDesk:
    """One for all ways to decide."""

    def __init__(
        self,
        store: QuarantineStore,
        roster: Operations,
        transactions: Transactions,
        ingest: Ingest,
        journal: JournalWriter,
        clock: Clock,
    ) -> None:
        self._store = store
        self._roster = roster
        self._transactions = transactions
        self._ingest = ingest
        self._journal = journal
        self._clock = clock

    def begin(self, operation: str, actor: Actor, sent: object, entries: Collection[int]) -> Act:
        """An act of somebody who may decide about ``entries``; ``sent``: reason, command_id. Raises
        ``NotFound``, ``NotPermitted``, ``GuardRefused``, ``InvalidField``, and ``VersionConflict``
        where the command_id has decided about others."""
        now = self.permit(operation, actor)
        fields = shape.mapping(sent)
        command, reason = shape.command_id(fields), reason_given(fields.get("reason"))
        with self._transactions.reading() as connection:
            others = self._store.decided_by(connection, command) - set(entries)
        if others:
            raise VersionConflict(
                "this command_id was used for another command", field="command_id"
            )
        return Act(operation, actor, now, reason, command)

    def permit(self, operation: str, actor: Actor) -> datetime:
        """The time now, where this person may decide here; raises as ``begin`` does."""
        found, now = self._roster.operation(operation), self._clock()
        may_write(Situation(now, actor, found.kind, sealed=found.over(now)))
        rights.require(actor.role, rights.Act.CHANGE, rights.Data.QUARANTINE)
        return now

    def find(self, operation: str, number: int, role: str) -> Kept:
        """An entry of the operation, or of a device that was in none, for those who have rights
        outside operations; raises ``NotFound``."""
        self._roster.operation(operation)
        with self._transactions.reading() as connection:
            kept = self._store.find(connection, number)
        its = kept.entry.operation
        if its != operation and (its is not None or not rights.may_outside(role)):
            raise NotFound("there is no such entry in the quarantine")
        return kept

    def discard(self, act: Act, several: Sequence[Kept], decision: str) -> None:
        """Decide, all or nothing, that nothing can be made of them."""
        with self._transactions.writing() as connection:
            made = [act.about(kept.id, decision) for kept in several]
            for late in self._store.decide_several(connection, made).values():
                raise late
            for kept, one in zip(several, made, strict=True):
                self._tell(connection, kept.entry, one)

    def keep(
        self, several: Sequence[Settled], *, anywhere: bool = False
    ) -> Mapping[int, DashboardError]:
        """Store the positions with their decisions: those of a unit in one transaction, without
        the ones that are refused, each for its own reason, by the number of the entry.

        Raises ``StoreUnavailable``; what was stored by then stays, and sending the same command
        again goes on.
        """
        refused: dict[int, DashboardError] = {}
        by_filing: dict[Filing, list[Settled]] = {}
        for one in several:
            by_filing.setdefault(one.filing, []).append(one)
        for filing, waiting in by_filing.items():
            while waiting:
                try:
                    self._store_together(waiting, filing, anywhere)
                    break
                except _Refused as stopped:
                    refused |= stopped.why
                    waiting = [one for one in waiting if one.made.entry not in stopped.why]
        return refused

    def _store_together(self, several: Sequence[Settled], filing: Filing, anywhere: bool) -> None:
        """All of them, or none: then ``_Refused`` tells at least one that is in the way."""

        def decide(
            connection: Transaction, receipt: Receipt, fixes: Sequence[tuple[Filing, Fix]]
        ) -> None:
            late = self._store.decide_several(connection, [one.made for one in several])
            if late:  # before the others: a position in the way may be one of these
                raise _Refused(late)
            stored = {fix.attributes[DECIDED]["entry"] for _, fix in fixes}
            missing = [one.made.entry for one in several if one.made.entry not in stored]
            if missing:
                raise _Refused({number: _unbelievable(receipt) for number in missing})
            for one in several:
                self._tell(connection, one.entry, one.made)

        self._ingest.accept(
            "quarantine",
            [_marked(one) for one in several],
            b"",
            several[0].made.decided_at,
            anywhere=anywhere,
            live=False,
            filing=filing,
            then=decide,
        )

    def _tell(self, connection: Transaction, entry: QuarantineEntry, made: Decision) -> None:
        said = {
            "unit": entry.unit,
            "device": entry.device,
            "entry": made.entry,
            "decision": made.decision,
            "by": made.decided_by,
        }
        self._journal.append(connection, made.operation, "quarantine", said, made.decided_at)


def _marked(one: Settled) -> Report:
    """The position, which says where it comes from."""
    mark = {"entry": one.made.entry, "decision": one.made.decision, "by": one.made.decided_by}
    return replace(one.report, attributes={**one.report.attributes, DECIDED: mark})


def _unbelievable(receipt: Receipt) -> GuardRefused:
    for reason in sorted({*receipt.reasons} - {"conflicting_duplicate"}):
        return GuardRefused("believable", f"it is refused again: {reason}; correct or discard it")
    return GuardRefused("believable", _STORED)
