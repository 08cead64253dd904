"""Track files in: looked at, then stored through the one writer, and undone as a whole.

A file waits in the database, so it does not matter which worker answers next. It is stored in steps
so that the live feeds go on meanwhile; the step, the keys of what was new and the counts are
written in the transaction of the fixes themselves. Breaking off anywhere therefore loses nothing
and doubles nothing: storing goes on after the last step, and undoing takes away exactly what this
import has added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from domain.access.rights import Act, Data, require
from domain.analysis_settings import AnalysisSettings
from domain.errors import (
    DashboardError,
    InvalidField,
    NotFound,
    VersionConflict,
)
from domain.events import Actor
from domain.file_budget import FileBudget
from domain.fixes import Fix
from domain.permission import may_write
from domain.situation import Situation
from domain.stored_fixes import StoredFix, Storing
from domain.time import from_microseconds, to_microseconds, to_rfc3339
from domain.track_imports import ImportStatus, NewImport, TrackImport
from domain.words import clean_text
from services.clock import Clock
from services.file_ports import FileReader, ReadFile, TrackFormat, TrackFormats
from services.import_ports import (
    DrawnAgain,
    Imports,
    LogNotes,
    Operations,
    QuarantineOfImports,
    VisitsAgain,
)
from services.import_views import REASON, import_view, reason_given, stored_words
from services.ingest import Ingest
from services.ports import Filing, FixKey, FixWriter, JournalWriter, Transaction, Transactions
from services.submissions import Receipt
from services.track_preview import Preview
from services.track_reading import TrackReading, device_of, filings
from services.track_steps import no_points, spells, steps
from services.turns import Turns

MOST_BYTES = 16 * 1024 * 1024
"""Of one file on the screen; more goes through the command line."""

STEP = 500
"""Points that are stored together; the live feeds come in between two steps."""

LISTED = 50


def _still_here() -> bool:
    return False


class TrackFiles:
    """``format_of`` gives name and format by how a file's name ends, or raises ``InvalidField``.

    Methods raise ``StoreUnavailable``, ``NotFound`` and, for who may not, ``NotPermitted``.
    """

    def __init__(
        self,
        transactions: Transactions,
        *,
        reader: FileReader,
        budget: FileBudget,
        turns: Turns,
        formats: TrackFormats,
        format_of: Callable[[str], tuple[str, TrackFormat]],
        imports: Imports,
        fixes: FixWriter,
        ingest: Ingest,
        visits: VisitsAgain,
        drawn: DrawnAgain,
        quarantine: QuarantineOfImports,
        journal: JournalWriter,
        log: LogNotes,
        roster: Operations,
        settings: AnalysisSettings,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._transactions = transactions
        self._reader = reader
        self._budget = budget
        self._turns = turns
        self._formats = formats
        self._format_of = format_of
        self._imports = imports
        self._fixes = fixes
        self._ingest = ingest
        self._visits = visits
        self._drawn = drawn
        self._quarantine = quarantine
        self._journal = journal
        self._log = log
        self._roster = roster
        self._settings = settings
        self._clock = clock
        self._wake = wake

    # --- looking -------------------------------------------------------------------------------

    def expect(self, operation: str, actor: Actor) -> None:
        """Raise what ``upload`` would raise of any file, before its bytes are taken."""
        self._check(operation, actor)
        self._turns.check(actor.name)

    def upload(
        self,
        operation: str,
        actor: Actor,
        file_name: str,
        data: bytes,
        *,
        unit: str = "",
        anywhere: bool = False,
        utc: bool = False,
        gone: Callable[[], bool] = _still_here,
    ) -> dict[str, Any]:
        """Keep a file for an hour and tell what importing it would do; nothing of it is stored.

        ``unit`` is an id or a call sign; empty: as the file says. ``gone`` tells that the person
        does not wait any more. Raises ``InvalidField`` (file, unit), ``TooCostly``, and ``NoRoom``
        and ``TooManyRequests`` while other files are being read.
        """
        self._check(operation, actor)
        if not data:
            raise InvalidField("file", "is empty")
        if len(data) > MOST_BYTES:
            raise InvalidField("file", f"is larger than {MOST_BYTES // 1024 // 1024} MB")
        name = clean_text(file_name).strip()[-200:]
        source, _ = self._format_of(name)
        filing = filings(self._roster.roster(), operation).get(unit.casefold())
        if unit and filing is None:
            raise InvalidField("unit", "is no unit of the roster")
        new = NewImport(
            operation=operation,
            file_name=name,
            source=source,
            device=device_of(name),
            unit=filing.unit if filing else None,
            anywhere=anywhere,
            utc=utc,
            data=data,
            uploaded_by=actor.name,
            uploaded_role=actor.role,
            uploaded_at=self._clock(),
        )
        seen = self._look(new, data, actor, gone)
        if not seen["points"]:
            raise InvalidField("file", no_points(seen["passed_over"]))
        with self._transactions.writing() as connection:
            number = self._imports.add(connection, new)
            kept = self._imports.find(connection, operation, number)
        return {**self._view(kept), **seen}

    def look(
        self,
        operation: str,
        number: int,
        actor: Actor,
        gone: Callable[[], bool] = _still_here,
    ) -> dict[str, Any]:
        """An import; of one that waits also what it would do, as ``upload`` tells."""
        with self._transactions.reading() as connection:
            kept = self._imports.find(connection, self._roster.operation(operation).id, number)
            if kept.status != ImportStatus.PREVIEWED:
                return self._view(kept)
            self._check_own(kept, actor)
            data = self._imports.data(connection, number)
        return {**self._view(kept), **self._look(kept, data, actor, gone)}

    def listing(self, operation: str, actor: Actor) -> list[dict[str, Any]]:
        """The newest imports, without the files that others only look at."""
        with self._transactions.reading() as connection:
            found = self._imports.listing(connection, self._roster.operation(operation).id, LISTED)
        return [
            self._view(one)
            for one in found
            if one.status != ImportStatus.PREVIEWED or one.uploaded_by == actor.name
        ]

    # --- doing ---------------------------------------------------------------------------------

    def commit(self, operation: str, number: int, actor: Actor) -> dict[str, Any]:
        """Store a file that waits, or go on with one that was broken off. Returns the import with
        its counts. Raises ``VersionConflict`` while somebody else stores it or when it is done, and
        what reading it raises; then it is where it was."""
        self._check(operation, actor)
        with self._transactions.reading() as connection:
            kept = self._imports.find(connection, operation, number)
            if kept.status == ImportStatus.STORED:
                return self._view(kept)
            if kept.status == ImportStatus.UNDONE:
                raise VersionConflict(f"{kept.undone_by} has undone it: bring the file in again")
            if kept.status == ImportStatus.PREVIEWED:
                self._check_own(kept, actor)
            data = self._imports.data(connection, number)
        if not kept.at_rest(self._clock()):
            raise VersionConflict("somebody else has this import in hand: load the list again")
        with ExitStack() as stack:
            with self._turns.taken(actor.name):
                read = stack.enter_context(self._read(kept, data))
            with self._transactions.writing() as connection:
                self._imports.claim(connection, number, self._clock())
                kept = self._imports.find(connection, operation, number)
            try:
                self._store(kept, read)
            except DashboardError:
                self._break_off(number)
                raise
        with self._transactions.writing() as connection:
            self._imports.settle(connection, number, ImportStatus.STORED)
            kept = self._imports.find(connection, operation, number)
            self._log.note(connection, operation, actor, stored_words(kept), self._clock())
        self._wake()
        return self._view(kept)

    def discard(self, operation: str, number: int, actor: Actor) -> None:
        """Let go of a file that was only looked at. Raises ``VersionConflict`` where something of
        it was stored: that is undone, with a reason."""
        self._check(operation, actor)
        with self._transactions.writing() as connection:
            kept = self._imports.find(connection, self._roster.operation(operation).id, number)
            self._check_own(kept, actor)
            self._imports.discard(connection, number)

    def undo(self, operation: str, number: int, actor: Actor, reason: object) -> dict[str, Any]:
        """Take away every fix that this import has added, and nothing else; what it put into
        quarantine and nobody has decided is discarded. The log tells who and why.

        Raises ``InvalidField`` without a reason, ``VersionConflict`` where there is nothing to undo
        or it is being stored.
        """
        self._check(operation, actor)
        why = reason_given(reason)
        now = self._clock()
        with self._transactions.writing() as connection:
            kept = self._imports.find(connection, operation, number)
            if kept.status == ImportStatus.UNDONE:
                raise VersionConflict(f"{kept.undone_by} has undone it already")
            if kept.status == ImportStatus.PREVIEWED:
                raise VersionConflict("nothing of it is stored")
            if not kept.at_rest(now):
                raise VersionConflict("it is being stored: wait until that has ended")
            removed = self._take_away(connection, kept, now)
            discarded = 0
            if kept.received_at is not None:
                discarded = self._quarantine.discard_of_import(
                    connection, operation, kept.source, kept.received_at, actor, why, now
                )
            self._imports.undone(connection, number, actor.name, why, removed, now)
            words = (
                f"Import {number} of {kept.file_name} undone: {removed} positions taken away, "
                f"{discarded} entries of the quarantine discarded. Reason: {why}"
            )
            self._log.note(connection, operation, actor, words, now)
            undone = self._imports.find(connection, operation, number)
        self._wake()
        return self._view(undone)

    # --- parts ---------------------------------------------------------------------------------

    def _check(self, operation: str, actor: Actor) -> None:
        found = self._roster.operation(operation)
        now = self._clock()
        may_write(Situation(now, actor, found.kind, sealed=found.over(now)))
        require(actor.role, Act.CHANGE, Data.IMPORTS)

    def _check_own(self, kept: TrackImport, actor: Actor) -> None:
        if kept.status == ImportStatus.PREVIEWED and kept.uploaded_by != actor.name:
            raise NotFound("there is no such import: a file waits one hour to be stored")

    def _reading(self, of: NewImport | TrackImport) -> TrackReading:
        units = filings(self._roster.roster(), of.operation)
        filing = units.get(of.unit.casefold()) if of.unit else None
        if of.unit and filing is None:
            raise InvalidField("unit", "is not in the roster any more")
        return TrackReading(filing, units, of.anywhere)

    def _read(
        self, of: NewImport | TrackImport, data: bytes, gone: Callable[[], bool] = _still_here
    ) -> AbstractContextManager[ReadFile]:
        module = self._formats[of.source].decode.__module__
        return self._reader.read(
            data, module, self._budget, device=of.device, utc=of.utc, gone=gone
        )

    def _look(
        self, of: NewImport | TrackImport, data: bytes, actor: Actor, gone: Callable[[], bool]
    ) -> dict[str, Any]:
        now, reading = self._clock(), self._reading(of)
        preview = Preview(self._compare, self._quarantine.known, of.source, now, self._settings)
        with self._turns.taken(actor.name, gone), self._read(of, data, gone) as read:
            preview.read(reading.points(read.reports(), now))
            others = dict(read.passed_over)
            return {**preview.facts(), "passed_over": others, "lines": preview.lines()}

    def _compare(self, stored: Sequence[StoredFix]) -> Sequence[Storing]:
        with self._transactions.reading() as connection:
            return self._fixes.compare(connection, stored)

    def _store(self, kept: TrackImport, read: ReadFile) -> None:
        assert kept.received_at is not None
        received_at = kept.received_at
        every = self._reading(kept).points(read.reports(), received_at)
        points = islice(every, kept.done, None)
        done, counts = kept.done, Counter(kept.counts)
        for filing, chunk in steps(points, STEP):
            step = done, done + len(chunk)
            after = Counter(counts)
            then = partial(self._record, kept.id, step, after)
            self._ingest.accept(
                kept.source,
                [point.report for point in chunk],
                b"",
                received_at,
                anywhere=kept.anywhere,
                live=False,
                filing=filing,
                then=then,
            )
            done, counts = step[1], after

    def _record(
        self,
        number: int,
        step: tuple[int, int],
        counts: Counter[str],
        connection: Transaction,
        receipt: Receipt,
        fixes: Sequence[tuple[Filing, Fix]],
    ) -> None:
        counts["accepted"] += receipt.stored
        counts["duplicates"] += receipt.duplicates
        counts["quarantined"] += receipt.quarantined
        for reason, count in receipt.reasons.items():
            counts[REASON + reason] += count
        keys: dict[tuple[str, str, str], list[int]] = {}
        for filing, fix in fixes:
            place = filing.operation, filing.unit, fix.device
            keys.setdefault(place, []).append(to_microseconds(fix.fix_time))
        self._imports.advance(connection, number, step, counts, keys, self._clock())

    def _break_off(self, number: int) -> None:
        """Say that nobody is storing it now; where even that cannot be kept, time will tell."""
        try:
            with self._transactions.writing() as connection:
                self._imports.settle(connection, number, ImportStatus.INTERRUPTED)
        except DashboardError:
            return

    def _take_away(self, connection: Transaction, kept: TrackImport, now: datetime) -> int:
        taken: dict[tuple[str, str], list[FixKey]] = {}
        for operation, unit, keys in self._imports.keys(connection, kept.id):
            taken.setdefault((operation, unit), []).extend(keys)
        removed, units = 0, self._roster.roster().units
        for (operation, unit), its in taken.items():
            removed += self._fixes.remove(connection, its)  # at once: a seal is changed once
            filing = Filing(operation, unit, units[unit].callsign if unit in units else unit)
            self._tell_removed(connection, filing, [key[2] for key in its], now)
        return removed

    def _tell_removed(
        self, connection: Transaction, filing: Filing, times: Sequence[int], now: datetime
    ) -> None:
        start, end = from_microseconds(min(times)), from_microseconds(max(times))
        self._visits.fixes_removed(connection, filing, start, end)
        for first, last in spells(times):
            span = from_microseconds(first), from_microseconds(last)
            self._drawn.forget(connection, filing.operation, *span)
        said = {
            "unit": filing.unit,
            "callsign": filing.callsign,
            "start": to_rfc3339(start),
            "end": to_rfc3339(end),
            "stored": 0,
            "removed": True,
        }
        self._journal.append(connection, filing.operation, "tracks", said, now)

    def _view(self, kept: TrackImport) -> dict[str, Any]:
        label = self._formats[kept.source].label
        return import_view(kept, label, self._roster.roster(), self._clock())
