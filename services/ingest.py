"""Positions in: judged, filed by fix time, stored with many others at once, acknowledged after.

``accept`` returns when what it was given is durable, as a fix, a heartbeat or in quarantine, so a
feed may answer 200 and the device may forget.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from domain.errors import StoreUnavailable
from domain.fixes import Rejection, Report
from domain.tracks import Freshness
from services.alarm_ports import AlarmLog
from services.clock import utc_now
from services.group_commit import GroupCommit
from services.ports import (
    Filing,
    FixWriter,
    JournalWriter,
    QuarantineWriter,
    Roster,
    Transactions,
    VisitObserver,
)
from services.position_writer import PositionWriter
from services.submissions import Item, Receipt, Submission, Then, judged

__all__ = ["Ingest", "Receipt"]


class Ingest:
    """One a process. ``notify`` is called after every commit (``LiveHub.wake``)."""

    def __init__(
        self,
        transactions: Transactions,
        *,
        fixes: FixWriter,
        quarantine: QuarantineWriter,
        journal: JournalWriter,
        roster: Roster,
        alarms: AlarmLog,
        visits: VisitObserver,
        notify: Callable[[], None],
        freshness: Freshness | None = None,
        room: int = 16_384,
        patience_s: float = 15.0,
    ) -> None:
        self._roster = roster
        self._notify = notify
        self._writer = PositionWriter(
            transactions, fixes, quarantine, journal, alarms, visits, freshness or Freshness()
        )
        self._commits: GroupCommit[Submission, Receipt] = GroupCommit(
            self._write, weigh=_reports_in, room=room, patience_s=patience_s
        )

    def accept(
        self,
        source: str,
        reports: Sequence[Report],
        raw: bytes | Sequence[bytes],
        received_at: datetime,
        *,
        anywhere: bool = False,
        live: bool = True,
        filing: Filing | None = None,
        again: Sequence[int] = (),
        then: Then | None = None,
    ) -> Receipt:
        """Store the reports of one message of ``source`` (osmand, owntracks, gpx ...).

        ``anywhere`` waives the area of operations. ``live=False`` is for files: no alarm, and one
        message a unit on the live stream instead of one a fix. ``filing`` is for what no roster
        knows. ``raw`` is kept with whatever goes to quarantine: the message that all the reports
        came from, or the bytes of each report. ``again`` tells of each report whether its message
        is delivered once more (see ``Item``): what of it is in quarantine already adds nothing.
        ``then`` is called in the same transaction. Raises ``StoreUnavailable``: then nothing was
        acknowledged, and sending it again is safe.
        """
        items = judged(
            reports,
            raw,
            received_at,
            self._roster,
            anywhere=anywhere,
            live=live,
            filing=filing,
            again=again,
        )
        submission = Submission(source, received_at, live, tuple(items), then)
        return self._commits.submit(submission) if submission.items else Receipt()

    def quarantine(
        self,
        source: str,
        device: str,
        raw: bytes,
        rejection: Rejection,
        received_at: datetime,
        again: int = 0,
    ) -> Receipt:
        """Keep a message of a known device that no report could be read from.

        ``again`` as in ``Item``. Raises ``StoreUnavailable``.
        """
        filing = self._roster.filing(device, received_at)
        item = Item(device, rejection, filing, None, raw, again=again)
        return self._commits.submit(Submission(source, received_at, True, (item,)))

    def check(self) -> None:
        """Find out whether the store takes anything, when no device tries it; see ``trouble``."""
        with suppress(StoreUnavailable):  # which the next caller of ``trouble`` is told
            self._commits.submit(Submission("check", utc_now(), True, ()))

    def trouble(self) -> str:
        """Why no position can be stored now; empty while all is well."""
        return self._commits.trouble()

    def close(self) -> None:
        """Store what waits, then refuse everything."""
        self._commits.close()

    def _write(self, group: Sequence[Submission]) -> list[Receipt]:
        receipts = self._writer.write(group)
        self._notify()
        return receipts


def _reports_in(submission: Submission) -> int:
    return max(1, len(submission.items))
