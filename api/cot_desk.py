"""What becomes of the events of TAK clients: stored, raised, kept for a person, or refused.

One call stores what came on all connections since the last one, so the disk is reached once for
many. It knows no sockets; ``cot_listener`` has them and shows the others what is durable.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from api.feed_services import Ingest, Roster
from api.one_by_one import OneByOne
from domain.errors import StoreUnavailable
from domain.fixes import MISSION_START, Rejection
from formats.cot import REPORTED, CotEvent, Kind, Reading, Refused
from services.ports import Filing

SOURCE = "cot"

SAME_MOMENT = timedelta(seconds=3)
"""One press may be sent several times at once, over several ways, each with a time of its own. What
a client repeats later is for ``domain.alerts`` to judge, from what is stored."""

_LOG = logging.getLogger(__name__)


class Spots(Protocol):
    """Where what a person saw waits until somebody at a desk decides on it."""

    def spotted(
        self,
        *,
        filing: Filing,
        device: str,
        uid: str,
        what: str,
        title: str,
        remarks: str,
        occurred_at: datetime,
        received_at: datetime,
        position: tuple[float, float] | None,
    ) -> None:
        """Keep one; the same ``uid`` again is the same one."""

    def call_cancelled(self, *, filing: Filing, device: str, occurred_at: datetime) -> None:
        """Write down that the device took its call for help back. No alert ends by that."""


_Call = tuple[str, str, str]
"""Device, whose call it is, and the word for it."""

_Calls = dict[_Call, datetime]
"""When each call counted last."""


@dataclass(slots=True)
class Arrival:
    """One event of a connection. ``proven`` is the device of the certificate, None without one;
    ``speaker`` the known device that the connection has spoken for before."""

    origin: Hashable
    proven: str | None
    speaker: str | None
    reading: Reading
    received_at: datetime


@dataclass(slots=True)
class Outcome:
    """What the listener has to know after everything is durable.

    ``shown`` is by operation what the other clients get, ``speakers`` the known devices that each
    origin spoke for, in order, ``faults`` how much of an origin was no event or not its own.
    Of the devices that were ``looked_up``, those that are ``known``, and their operation in
    ``places``.
    """

    shown: dict[str, list[tuple[Hashable, bytes]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    speakers: dict[Hashable, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    faults: Counter[Hashable] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    strangers: set[str] = field(default_factory=set)
    looked_up: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    places: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Work:
    """The arrivals of one call, sorted by what is to be done with them. ``showable`` is what the
    others may see, in the order in which it came, unless it is ``refused``."""

    reported: list[tuple[Arrival, CotEvent]] = field(default_factory=list)
    showable: list[tuple[str, Arrival, CotEvent]] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)  # by the identity of the event
    unreadable: list[tuple[Arrival, Refused, str]] = field(default_factory=list)
    spots: list[tuple[Arrival, CotEvent, Filing]] = field(default_factory=list)
    cancelled: list[tuple[Arrival, CotEvent, Filing]] = field(default_factory=list)
    calls: list[tuple[Arrival, CotEvent]] = field(default_factory=list)  # and what ends them


class Desk:
    """One a process. ``write`` is called from one thread at a time."""

    def __init__(self, ingest: Ingest, roster: Roster, spots: Spots) -> None:
        self._ingest = ingest
        self._roster = roster
        self._spots = spots
        self._calls: _Calls = {}
        self._one_by_one = OneByOne(_LOG, "an event")
        self._pool = ThreadPoolExecutor(8, "cot-quarantine")

    def write(
        self, arrivals: Sequence[Arrival], present: Collection[str], now: datetime
    ) -> Outcome:
        """Everything of ``arrivals`` that is to be kept is durable when this returns.

        ``present`` are the devices that are connected, for ``Outcome.places``.
        Raises ``StoreUnavailable``: then call it again with the same; what was stored before is
        not stored twice.
        """
        outcome = Outcome()
        self._one_by_one.begin()
        work = self._sort(arrivals, outcome)
        calls = self._mark_calls(work)
        self._store(work, outcome)
        self._tell(work, outcome)
        _show(work, outcome)
        self._calls = calls
        speakers = {device for said in outcome.speakers.values() for device in said}
        self._look_up({*present, *speakers}, now, outcome)
        return outcome

    def close(self) -> None:
        """Give the threads back."""
        self._pool.shutdown()

    # --- who may say what ----------------------------------------------------------------------

    def _sort(self, arrivals: Sequence[Arrival], outcome: Outcome) -> _Work:
        work = _Work()
        known: dict[str, bool] = {}
        places: dict[str, Filing | None] = {}
        for arrival in arrivals:
            reading = arrival.reading
            if isinstance(reading, Refused):
                self._refuse(arrival, reading, work, outcome)
                continue
            device = reading.device
            if device not in known:
                known[device] = self._is_known(device)
                places[device] = self._roster.filing(device, arrival.received_at)
            if arrival.proven is not None and device != arrival.proven:
                _count_fault(outcome, arrival, "of another device")
            elif not known[device]:
                _count_fault(outcome, arrival, "unknown")
                outcome.strangers.add(device)
            else:
                outcome.speakers[arrival.origin][device] = None
                self._file(arrival, reading, places[device], work, outcome)
        return work

    def _look_up(self, devices: Collection[str], now: datetime, outcome: Outcome) -> None:
        for device in devices:
            outcome.looked_up.add(device)
            if self._is_known(device):
                outcome.known.add(device)
                filing = self._roster.filing(device, now)
                if filing is not None:
                    outcome.places[device] = filing.operation

    def _is_known(self, device: str) -> bool:
        found = self._roster.find(device)
        return found is not None and found.enabled

    def _refuse(self, arrival: Arrival, refused: Refused, work: _Work, outcome: Outcome) -> None:
        _count_fault(outcome, arrival, "unreadable")
        said = arrival.proven or arrival.speaker or next(iter(outcome.speakers[arrival.origin]), "")
        if said and self._is_known(said):
            work.unreadable.append((arrival, refused, said))

    def _file(
        self,
        arrival: Arrival,
        event: CotEvent,
        filing: Filing | None,
        work: _Work,
        outcome: Outcome,
    ) -> None:
        kind = event.kind
        outcome.counts[kind] += 1
        if kind in (Kind.EMERGENCY, Kind.CANCEL):
            work.calls.append((arrival, event))
        if kind in REPORTED:
            work.reported.append((arrival, event))
            if filing is not None:
                work.showable.append((filing.operation, arrival, event))
        elif filing is None:
            outcome.counts["in no operation"] += 1
        elif kind is Kind.SPOT:
            work.spots.append((arrival, event, filing))
        elif kind is Kind.CANCEL:
            work.cancelled.append((arrival, event, filing))
            work.showable.append((filing.operation, arrival, event))

    # --- emergencies ---------------------------------------------------------------------------

    def _mark_calls(self, work: _Work) -> _Calls:
        """Marks what is the same press once more, and gives the calls known after it."""
        calls, cancelled = dict(self._calls), set()
        for arrival, event in work.calls:
            now, word = arrival.received_at, event.report.alarm
            if event.kind is Kind.CANCEL:
                calls = {one: last for one, last in calls.items() if one[0] != event.device}
                cancelled.add(event.device)  # which is written down only after all are stored
            elif word is not None:
                call = event.device, event.report.uid, word
                counted = calls.get(call)
                if counted is not None and now - counted <= SAME_MOMENT:
                    attributes = {**event.report.attributes, "emergency": word}
                    event.report = replace(event.report, alarm=None, attributes=attributes)
                else:
                    goes_on = event.device not in cancelled
                    event.report = replace(event.report, goes_on=goes_on)
                    calls[call] = now
        # what was invented must not stay for ever
        newest = max((arrival.received_at for arrival, _ in work.calls), default=None)
        if newest is not None:
            calls = {one: last for one, last in calls.items() if newest - last <= SAME_MOMENT}
        return calls

    # --- storing -------------------------------------------------------------------------------

    def _store(self, work: _Work, outcome: Outcome) -> None:
        alone: Sequence[tuple[Arrival, CotEvent]] = ()
        if work.reported:
            try:
                self._store_together(work)
            except StoreUnavailable:
                raise
            except Exception:  # one bad event must not cost the others theirs
                _LOG.exception("%d events are stored one by one", len(work.reported))
                alone = work.reported
        tasks = [
            *(self._pool.submit(self._store_alone, *one, work) for one in alone),
            *(self._pool.submit(self._store_unreadable, *one) for one in work.unreadable),
        ]
        for task in tasks:
            if not task.result():
                outcome.counts["failed"] += 1

    def _store_together(self, work: _Work) -> None:
        received_at = max(arrival.received_at for arrival, _ in work.reported)
        reports = [event.report for _, event in work.reported]
        raw = [event.raw for _, event in work.reported]
        receipt = self._ingest.accept(SOURCE, reports, raw, received_at)
        work.refused |= {id(work.reported[place][1]) for place in receipt.refused}

    def _store_alone(self, arrival: Arrival, event: CotEvent, work: _Work) -> bool:
        work.refused.add(id(event))  # unless it is stored

        def store() -> None:
            receipt = self._ingest.accept(SOURCE, [event.report], [event.raw], arrival.received_at)
            if not receipt.refused:
                work.refused.discard(id(event))

        return self._one_by_one.stored(store)

    def _store_unreadable(self, arrival: Arrival, refused: Refused, device: str) -> bool:
        rejection = Rejection("unreadable", refused.fault.field, refused.fault.detail)
        return self._one_by_one.stored(
            lambda: self._ingest.quarantine(
                SOURCE, device, refused.raw, rejection, arrival.received_at
            )
        )

    def _tell(self, work: _Work, outcome: Outcome) -> None:
        for arrival, event, filing in work.spots:
            if not self._one_by_one.stored(partial(self._keep_spot, arrival, event, filing)):
                outcome.counts["failed"] += 1
        for arrival, event, filing in work.cancelled:
            say = partial(
                self._spots.call_cancelled,
                filing=filing,
                device=event.device,
                occurred_at=_moment(arrival, event),
            )
            if not self._one_by_one.stored(say):
                outcome.counts["failed"] += 1

    def _keep_spot(self, arrival: Arrival, event: CotEvent, filing: Filing) -> None:
        report = event.report
        position = None
        if report.latitude is not None and report.longitude is not None:
            position = report.latitude, report.longitude
        self._spots.spotted(
            filing=filing,
            device=event.device,
            uid=event.uid,
            what=event.type,
            title=event.title,
            remarks=event.remarks,
            occurred_at=_moment(arrival, event),
            received_at=arrival.received_at,
            position=position,
        )


def _show(work: _Work, outcome: Outcome) -> None:
    """What is in quarantine is for the desk to judge, not for the other clients to see."""
    for operation, arrival, event in work.showable:
        if id(event) not in work.refused:
            outcome.shown[operation].append((arrival.origin, event.raw))


def _moment(arrival: Arrival, event: CotEvent) -> datetime:
    """When it was said; the time of receipt where the clock of the device cannot be right."""
    said = event.report.fix_time
    if said is None or not MISSION_START <= said <= arrival.received_at:
        return arrival.received_at
    return said


def _count_fault(outcome: Outcome, arrival: Arrival, what: str) -> None:
    outcome.counts[what] += 1
    outcome.faults[arrival.origin] += 1
