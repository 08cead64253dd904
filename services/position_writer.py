"""One group of submissions into one transaction: fixes, quarantine, alarms, visits, journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from domain.fixes import (
    CONNECTION_LOST,
    Fix,
    Heartbeat,
    Rejection,
    said_besides,
    same_place,
)
from domain.stored_fixes import QuarantineEntry, StoredFix, Storing
from domain.time import to_rfc3339
from domain.tracks import Freshness
from services.alarm_ports import AlarmLog
from services.features import Source, position_feature, positions_message
from services.ports import (
    Filing,
    FixWriter,
    JournalWriter,
    QuarantineWriter,
    Transaction,
    Transactions,
    VisitObserver,
)
from services.submissions import Item, Receipt, Submission, quarantine_entry

ALARM_HORIZON = timedelta(minutes=10)
"""A late fix older than this is history: its alarm no longer lights a screen."""

OVERTAKEN_AFTER = timedelta(minutes=1)
"""Nor does that of a fix whose own device had already told of a time so much later. Requests that
overtake each other by seconds are one moment, and a call for help among them must ring."""

_Message = tuple[str, str, dict[str, Any]]
_fix_time = attrgetter("fix_time")


@dataclass(slots=True)
class _Kept:
    """A newly stored fix."""

    fix: Fix
    filing: Filing
    received_at: datetime
    late: bool


@dataclass(slots=True)
class _Tally:
    """What is found out about one submission while its group is written."""

    submission: Submission
    kept: list[_Kept] = field(default_factory=list)
    quarantined: list[tuple[Item, QuarantineEntry]] = field(default_factory=list)
    heartbeats: list[tuple[str, str, Heartbeat]] = field(default_factory=list)
    besides: list[tuple[str, str, Heartbeat]] = field(default_factory=list)
    lost: list[tuple[Filing, Heartbeat]] = field(default_factory=list)
    duplicates: int = 0
    alarming: list[Item] = field(default_factory=list)
    too_late: list[Item] = field(default_factory=list)  # alarms that no longer ring

    def receipt(self) -> Receipt:
        return Receipt(
            stored=len(self.kept),
            duplicates=self.duplicates,
            quarantined=len(self.quarantined),
            heartbeats=len(self.heartbeats) + len(self.besides),
            late=sum(kept.late for kept in self.kept),
            reasons=dict(Counter(entry.rejection.reason for _, entry in self.quarantined)),
            refused=self.refused(),
        )

    def refused(self) -> frozenset[int]:
        if not self.quarantined:
            return frozenset()
        its = {id(item) for item, _ in self.quarantined}
        return frozenset(
            place for place, item in enumerate(self.submission.items) if id(item) in its
        )


class PositionWriter:
    """Writes groups; every method's failure leaves nothing behind."""

    def __init__(
        self,
        transactions: Transactions,
        fixes: FixWriter,
        quarantine: QuarantineWriter,
        journal: JournalWriter,
        alarms: AlarmLog,
        visits: VisitObserver,
        freshness: Freshness,
    ) -> None:
        self._transactions = transactions
        self._fixes = fixes
        self._quarantine = quarantine
        self._journal = journal
        self._alarms = alarms
        self._visits = visits
        self._freshness = freshness

    def write(self, group: Sequence[Submission]) -> list[Receipt]:
        """All submissions in one transaction; a receipt for each. Raises ``StoreUnavailable``.

        Of submissions without items nothing stays, but the store has been tried.
        """
        tallies = [_Tally(submission) for submission in group]
        with self._transactions.writing() as connection:
            self._store_fixes(connection, tallies)
            for tally in tallies:
                _sort_the_rest(tally)
            self._store_the_rest(connection, tallies)
            for tally in tallies:
                if tally.submission.then is not None:
                    fixes = [(kept.filing, kept.fix) for kept in tally.kept]
                    tally.submission.then(connection, tally.receipt(), fixes)
            for tally in tallies:
                self._raise_alarms(connection, tally)
            self._tell_visits(connection, tallies)
            messages = list(self._messages(tallies))
            received_at = max(submission.received_at for submission in group)
            self._journal.append_many(connection, messages, received_at)
            if not any(submission.items for submission in group):
                self._journal.try_out(connection)
        return [tally.receipt() for tally in tallies]

    def _store_fixes(self, connection: Transaction, tallies: Sequence[_Tally]) -> None:
        offered = [
            (tally, item, item.filing, item.verdict)
            for tally in tallies
            for item in tally.submission.items
            if isinstance(item.verdict, Fix) and item.filing is not None
        ]
        units = {(filing.operation, filing.unit): None for filing in {one[2] for one in offered}}
        newest = self._fixes.newest(connection, list(units))
        stored = [
            StoredFix(filing.operation, filing.unit, fix, tally.submission.received_at)
            for tally, _, filing, fix in offered
        ]
        outcomes = self._fixes.insert(connection, stored, newest)
        for (tally, item, filing, fix), one, outcome in zip(offered, stored, outcomes, strict=True):
            unit = filing.operation, filing.unit
            last = newest.get(unit)
            late = last is not None and fix.fix_time < last
            if not late:
                newest[unit] = fix.fix_time
            kept = _Kept(fix, filing, tally.submission.received_at, late)
            if outcome is Storing.STORED and item.alarm is None:  # nearly every one
                tally.kept.append(kept)
                continue
            overtaken = late and item.alarm is not None and self._is_overtaken(connection, kept)
            besides = outcome is Storing.CONFLICT and self._is_besides(connection, item, one)
            _sort_fix(tally, item, kept, outcome, overtaken=overtaken, besides=besides)

    def _is_besides(self, connection: Transaction, item: Item, one: StoredFix) -> bool:
        """Whether it says in other words what its device has said of the same moment and place.
        The store is asked, since no memory of what was said last would outlive the process."""
        if item.report is None or not item.report.in_parts:
            return False
        there = self._fixes.find(connection, one)
        return there is not None and same_place(there.fix, one.fix)

    def _is_overtaken(self, connection: Transaction, kept: _Kept) -> bool:
        """Whether a late alarm is history by now."""
        return kept.received_at - kept.fix.fix_time > ALARM_HORIZON or self._fixes.has_told(
            connection,
            kept.filing.operation,
            kept.filing.unit,
            kept.fix.device,
            after=kept.fix.fix_time + OVERTAKEN_AFTER,
            received_before=kept.received_at,
        )

    def _store_the_rest(self, connection: Transaction, tallies: Sequence[_Tally]) -> None:
        heartbeats = [beat for tally in tallies for beat in tally.heartbeats]
        self._fixes.insert_heartbeats(connection, heartbeats)
        besides = [beat for tally in tallies for beat in tally.besides]
        self._fixes.insert_besides(connection, besides)
        for tally in tallies:
            if tally.quarantined and not tally.submission.live:
                self._leave_out_known(connection, tally)
            if any(item.again for item, _ in tally.quarantined):
                self._leave_out_delivered_again(connection, tally)
        entries = [entry for tally in tallies for _, entry in tally.quarantined]
        self._quarantine.insert(connection, entries)

    def _leave_out_known(self, connection: Transaction, tally: _Tally) -> None:
        """A file that is imported again adds nothing. What a device sends is always kept: the
        search would cost the live feeds time, and that it was sent twice tells something. What a
        broker says to deliver once more was sent once: ``_leave_out_delivered_again``."""
        known = self._quarantine.known(connection, [entry for _, entry in tally.quarantined])
        tally.duplicates += sum(known)
        tally.quarantined = [
            one for one, is_known in zip(tally.quarantined, known, strict=True) if not is_known
        ]

    def _leave_out_delivered_again(self, connection: Transaction, tally: _Tally) -> None:
        """What was kept before its broker was told so. Each entry answers for one message: of
        three that are delivered again and two that are kept, the third is new. It is looked for
        whatever it was refused for and wherever the device belonged then, as both may have
        changed since."""
        again = [(item, entry) for item, entry in tally.quarantined if item.again]
        copies = self._quarantine.copies(connection, [entry for _, entry in again])
        known = {
            id(item) for (item, _), kept in zip(again, copies, strict=True) if item.again <= kept
        }
        tally.duplicates += len(known)
        tally.quarantined = [one for one in tally.quarantined if id(one[0]) not in known]
        tally.alarming = [item for item in tally.alarming if id(item) not in known]
        tally.too_late = [item for item in tally.too_late if id(item) not in known]

    def _raise_alarms(self, connection: Transaction, tally: _Tally) -> None:
        ways = ((tally.alarming, self._alarms.alarm), (tally.too_late, self._alarms.came_late))
        for items, say in ways:
            for item in items:
                if item.alarm is None:
                    continue
                if item.alarm.kind:
                    say(connection, replace(item.alarm, told=item.told))
                else:
                    self._alarms.taken_back(connection, item.alarm)

    def _tell_visits(self, connection: Transaction, tallies: Sequence[_Tally]) -> None:
        by_unit: dict[Filing, list[Fix]] = {}
        for tally in tallies:
            for kept in tally.kept:
                by_unit.setdefault(kept.filing, []).append(kept.fix)
        for fixes in by_unit.values():
            fixes.sort(key=_fix_time)
        if by_unit:
            self._visits.observe_all(connection, by_unit)

    def _messages(self, tallies: Sequence[_Tally]) -> Iterator[_Message]:
        by_operation: dict[str, list[_Kept]] = {}
        for tally in tallies:
            if tally.submission.live:
                for kept in tally.kept:
                    by_operation.setdefault(kept.filing.operation, []).append(kept)
        for operation, together in by_operation.items():
            yield self._positions(operation, together)
        for tally in tallies:
            if not tally.submission.live:
                yield from _track_messages(tally)
            yield from _contact_messages(tally)
            yield from _quarantine_messages(tally)

    def _positions(self, operation: str, together: Sequence[_Kept]) -> _Message:
        """One message for all positions of a commit: what is sent to every screen is sent often."""
        if len(together) > 1:
            return operation, "fixes", positions_message(_rows(together))
        kept = together[0]
        return (
            operation,
            "fix",
            position_feature(
                kept.filing.unit,
                kept.filing.callsign,
                kept.fix,
                kept.received_at,
                kept.received_at,
                self._freshness,
                late=kept.late,
            ),
        )


def _rows(together: Sequence[_Kept]) -> Iterator[tuple[Source, Fix, datetime, bool]]:
    for kept in together:
        source = kept.filing.unit, kept.filing.callsign, kept.fix.device
        yield source, kept.fix, kept.received_at, kept.late


def _sort_fix(
    tally: _Tally, item: Item, kept: _Kept, outcome: Storing, *, overtaken: bool, besides: bool
) -> None:
    item.told = outcome is Storing.DUPLICATE
    if item.told:  # but its alarm may be of another person, or new
        tally.duplicates += 1
    elif besides:
        said = said_besides(kept.fix, kept.received_at)
        tally.besides.append((kept.filing.operation, kept.filing.unit, said))
    elif outcome is Storing.CONFLICT:
        moment = to_rfc3339(kept.fix.fix_time)
        detail = f"{item.device} has already said something else about {moment}"
        rejection = Rejection("conflicting_duplicate", "fix_time", detail)
        tally.quarantined.append((item, quarantine_entry(tally.submission, item, rejection)))
    else:
        tally.kept.append(kept)
    if item.alarm:
        (tally.too_late if overtaken else tally.alarming).append(item)


def _sort_the_rest(tally: _Tally) -> None:
    for item in tally.submission.items:
        if isinstance(item.verdict, Rejection):
            entry = quarantine_entry(tally.submission, item, item.verdict)
            tally.quarantined.append((item, entry))
            tally.alarming.append(item)
        elif isinstance(item.verdict, Heartbeat) and item.filing is not None:
            tally.heartbeats.append((item.filing.operation, item.filing.unit, item.verdict))
            if item.verdict.attributes.get(CONNECTION_LOST) is True:
                tally.lost.append((item.filing, item.verdict))
            tally.alarming.append(item)


def _track_messages(tally: _Tally) -> Iterator[_Message]:
    """One message a unit: an import of thousands of fixes must not flood every screen."""
    by_unit: dict[Filing, list[datetime]] = {}
    for kept in tally.kept:
        by_unit.setdefault(kept.filing, []).append(kept.fix.fix_time)
    for filing, times in by_unit.items():
        said = {
            "unit": filing.unit,
            "callsign": filing.callsign,
            "start": to_rfc3339(min(times)),
            "end": to_rfc3339(max(times)),
            "stored": len(times),
        }
        yield filing.operation, "tracks", said


def _contact_messages(tally: _Tally) -> Iterator[_Message]:
    for filing, beat in tally.lost:
        said = {
            "unit": filing.unit,
            "callsign": filing.callsign,
            "device": beat.device,
            "lost_at": to_rfc3339(beat.at),
        }
        yield filing.operation, "contact", said


def _quarantine_messages(tally: _Tally) -> Iterator[_Message]:
    by_unit: dict[tuple[Filing, str], Counter[str]] = {}
    for item, entry in tally.quarantined:
        if item.filing is not None:
            counts = by_unit.setdefault((item.filing, item.device), Counter())
            counts[entry.rejection.reason] += 1
    for (filing, device), counts in by_unit.items():
        said = {
            "unit": filing.unit,
            "callsign": filing.callsign,
            "device": device,
            "reasons": dict(counts),
            "received_at": to_rfc3339(tally.submission.received_at),
        }
        yield filing.operation, "quarantine", said
