"""What one message of a device amounts to before it is stored: each report judged and filed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import repeat

from domain.fixes import CLOCK_FAULTS, Fix, Heartbeat, Rejection, Report, judge
from domain.stored_fixes import QuarantineEntry
from domain.time import to_rfc3339
from services.alarm_ports import Alarm
from services.ports import Filing, Roster, Transaction


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the reports of one submission; all of it is durable.

    ``late`` counts those of the stored ones that are older than the unit's newest; ``reasons``
    splits ``quarantined`` by reason; ``refused`` has the places in the submission, from 0, of what
    went to quarantine.
    """

    stored: int = 0
    duplicates: int = 0
    quarantined: int = 0
    heartbeats: int = 0
    late: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    refused: frozenset[int] = frozenset()


@dataclass(slots=True)  # see Report
class Item:
    """One report, judged and filed. A fix and a heartbeat always have a filing.

    ``raw`` is empty for what came in a file; quarantine then keeps a description of ``report``.
    ``told`` is set where its fix is stored already: its alarm may have been, too.
    ``again`` is 0 for what is new. A broker that was not told that a message is stored delivers it
    again; of those with the same bytes of the same device this is then the first, the second ...
    """

    device: str
    verdict: Fix | Heartbeat | Rejection
    filing: Filing | None
    alarm: Alarm | None
    raw: bytes
    report: Report | None = None
    again: int = 0
    told: bool = False


Then = Callable[[Transaction, Receipt, Sequence[tuple[Filing, Fix]]], None]
"""What is to be done in the transaction that has just stored these fixes; when it raises, nothing
of the submission is stored."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The items of one message or one piece of a file, received at one time."""

    source: str
    received_at: datetime
    live: bool
    items: tuple[Item, ...]
    then: Then | None = None


def quarantine_entry(submission: Submission, item: Item, rejection: Rejection) -> QuarantineEntry:
    """The entry of the quarantine for an item."""
    return QuarantineEntry(
        operation=item.filing.operation if item.filing else None,
        unit=item.filing.unit if item.filing else None,
        device=item.device,
        received_at=submission.received_at,
        source=submission.source,
        rejection=rejection,
        raw=item.raw or (b"" if item.report is None else _described(item.report)),
        fix_time=_clock_of(submission, item, rejection),
    )


def _clock_of(submission: Submission, item: Item, rejection: Rejection) -> datetime | None:
    """What the clock of the device said; a file tells nothing of the clock that there is now."""
    if item.report is None or not submission.live or rejection.reason not in CLOCK_FAULTS:
        return None
    told = item.report.fix_time
    return None if told is None else _with_zone(told)


def judged(
    reports: Sequence[Report],
    raw: bytes | Sequence[bytes],
    received_at: datetime,
    roster: Roster,
    *,
    anywhere: bool,
    live: bool,
    filing: Filing | None,
    again: Sequence[int] = (),
) -> Iterator[Item]:
    """Judge and file each report. An explicit ``filing`` goes before the roster.

    ``raw`` is what all the reports were read from, or a sequence with the bytes of each; ``again``
    has that of each item, and is empty where all are new.
    """
    sent = repeat(raw, len(reports)) if isinstance(raw, bytes) else raw
    counted = again or repeat(0, len(reports))
    for report, its_bytes, its_again in zip(reports, sent, counted, strict=True):
        verdict = judge(report, received_at, anywhere=anywhere)
        filed = filing or roster.filing(report.device, _moment(verdict, received_at))
        alarm = None
        if filed is None and not isinstance(verdict, Rejection):
            verdict = _unassigned(report.device, _moment(verdict, received_at))
        if live and (report.alarm or report.takes_back):
            # an alarm is worth more than its position: it is raised for whoever has the device now
            answerable = filed or roster.filing(report.device, received_at)
            alarm = _alarm(report, verdict, answerable, received_at) if answerable else None
        yield Item(report.device, verdict, filed, alarm, its_bytes, report, its_again)


def _moment(verdict: Fix | Heartbeat | Rejection, received_at: datetime) -> datetime:
    return verdict.fix_time if isinstance(verdict, Fix) else received_at


def _unassigned(device: str, moment: datetime) -> Rejection:
    detail = f"device {device} was in no operation at {to_rfc3339(moment)}"
    return Rejection("no_assignment", "device", detail)


def _alarm(
    report: Report, verdict: Fix | Heartbeat | Rejection, filing: Filing, received_at: datetime
) -> Alarm:
    at, latitude, longitude = received_at, None, None
    if isinstance(verdict, Fix):
        at, latitude, longitude = verdict.fix_time, verdict.latitude, verdict.longitude
    elif report.takes_back and report.fix_time is not None:
        at = min(received_at, _with_zone(report.fix_time))
    kind = report.alarm or ""
    return Alarm(
        *filing,
        device=report.device,
        kind=kind,
        occurred_at=at,
        received_at=received_at,
        latitude=latitude,
        longitude=longitude,
        uid=report.uid,
        goes_on=report.goes_on,
    )


def _with_zone(told: datetime) -> datetime:
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _described(report: Report) -> bytes:
    """What to keep of a report from a file, whose bytes as a whole are too many to keep."""
    moment = report.fix_time.isoformat() if report.fix_time else None
    said = {
        "latitude": report.latitude,
        "longitude": report.longitude,
        "time": moment,
        "altitude": report.altitude,
        "speed": report.speed,
        "course": report.course,
        "accuracy": report.accuracy,
        "battery": report.battery,
        **report.attributes,
    }
    known = {name: value for name, value in said.items() if value is not None}
    return json.dumps(known, default=str).encode()
